"""Review: people decide what the panel could not, and what they decide becomes gold.

The queue is made of disputed items; it goes out as files for Label Studio and Argilla or as forms, and the
answers come back by `read_answers` and are folded into gold. Who asks, and waits, is not decided here.
"""

from techne.annotation.review.answer_files import read_answers
from techne.annotation.review.answers import CollectedAnswers, Labels
from techne.annotation.review.export import REVIEW_FILES, write_review_files
from techne.annotation.review.gold import Conflict, FoldedGold, GoldAnswer, fold, read_gold_file, write_gold
from techne.annotation.review.queue import ReviewItem, queue_lines, read_queue, review_items
from techne.annotation.review.request import ReviewRequest, ReviewResult

__all__ = [
    "REVIEW_FILES",
    "CollectedAnswers",
    "Conflict",
    "FoldedGold",
    "GoldAnswer",
    "Labels",
    "ReviewItem",
    "ReviewRequest",
    "ReviewResult",
    "fold",
    "queue_lines",
    "read_answers",
    "read_gold_file",
    "read_queue",
    "review_items",
    "write_gold",
    "write_review_files",
]

"""How many words a document may have: its share of what was said, less what it needs for itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from techne.documents.engines.extractive.lexicon import Lexicon
from techne.documents.engines.extractive.pairing import problems_of
from techne.documents.model import Item, ItemKind
from techne.transcripts.model import Turn

_SHARE = 0.52
"""Share of the words up to which a statement is selected that is merely worth telling."""
_LIMIT = 0.612
"""Share of the words that the whole document may have; cleaning has taken some of them before."""
_OWN_WORDS = 42
"""Words of a document's title, tables and headings, whatever it says."""
_PROBLEM_WORDS = 9
"""Words that a problem costs besides its title, which stands in a heading and in a table."""
_WORDS_PER_PROBLEM = 170
"""Words of talk to a problem, as long as the problems are not known."""
_SHORT_RECORDING = 500
_LEAST_SHARE = 0.38
_SHORT_SHARE = 0.6
"""In a short recording the document's own words weigh so much that being complete is what is left."""
_LEAST_WORDS = 90
_PAUSE_SECONDS = 5.0
_MOST_CLEANED = 0.09


def room(words: int, own: float) -> tuple[float, float]:
    """Words for what is worth telling, and for what is surely so.

    Args:
        words: Words of the recording.
        own: Words of the document that no statement has.
    """
    least = max((_LEAST_SHARE if words > _SHORT_RECORDING else _SHORT_SHARE) * words, _LEAST_WORDS)
    limit = max(_LIMIT * words - own, least)
    return max(min(_SHARE * words, limit), _LEAST_WORDS), limit


def own_words_expected(words: int) -> float:
    """Words of headings, tables and labels in the document of a recording of so many words."""
    return _OWN_WORDS + 2 * _PROBLEM_WORDS * words / _WORDS_PER_PROBLEM


def own_words_of(items: Sequence[Item], lexicon: Lexicon) -> float:
    """Words of the document that are not the items': headings, tables, labels and times."""
    errors = [item for item in items if item.kind is ItemKind.ERROR]
    others = [item for item in items if item.kind is not ItemKind.ERROR]
    problems = problems_of(errors, others, lexicon)
    titles = sum(2 * len(problem.title.split()) + _PROBLEM_WORDS for problem in problems)
    return _OWN_WORDS + len(items) + titles


def words_said(turns: Sequence[Turn]) -> int:
    """The words of the turns, and those that cleaning seems to have taken from between them."""
    words = sum(len(turn.text.split()) for turn in turns)
    seconds = sum(turn.end_seconds - turn.start_seconds for turn in turns)
    if seconds <= 0:
        return words
    silent = sum(
        max(following.start_seconds - turn.end_seconds - _PAUSE_SECONDS, 0.0)
        for turn, following in pairwise(turns)
    )
    return round(words * (1 + min(silent / seconds, _MOST_CLEANED)))

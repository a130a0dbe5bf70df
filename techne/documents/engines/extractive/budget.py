"""How many words a document may have: its share of what was said, less what it needs for itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from techne.documents.engines.extractive.lexicon import Lexicon
from techne.documents.engines.extractive.outlining import outline_of
from techne.documents.engines.extractive.pairing import problems_of
from techne.documents.engines.extractive.writing import markdown_of
from techne.documents.model import Item, ItemKind
from techne.transcripts.model import Turn

_SHARE = 0.587
"""Share of the words that the whole document may have."""
_OWN_WORDS = 51
"""Words of a document's title, first table, heading of the overview and report of what was checked."""
_PROBLEM_WORDS = 18
"""Words that a problem costs besides what is told of it, as long as the problems are not known."""
_WORDS_PER_PROBLEM = 170
"""Words of talk to a problem, as long as the problems are not known."""
_MOST_TIMES = 2
_SHORT_RECORDING = 500
_LEAST_SHARE = 0.38
_SHORT_SHARE = 0.6
"""In a short recording the document's own words weigh so much that being complete is what is left."""
_LEAST_WORDS = 90
_MOST_CLEANED = 0.15
_FILLERS = 0.012
"""Share of fillers, which cleaning takes out of sentences without a trace."""


def least_room(words: int) -> float:
    """Words that statements may have in any case, however many the document needs for itself."""
    return max((_LEAST_SHARE if words > _SHORT_RECORDING else _SHORT_SHARE) * words, _LEAST_WORDS)


def room(words: int) -> float:
    """Words for the whole document of a recording of so many words."""
    return _SHARE * words


def own_words_expected(words: int) -> float:
    """Words of headings, tables and labels in the document of a recording of so many words."""
    return _OWN_WORDS + _PROBLEM_WORDS * words / _WORDS_PER_PROBLEM


def document_words(items: Sequence[Item], lexicon: Lexicon, language: str) -> int:
    """Words of the whole document of these items, as it will be written."""
    errors = [item for item in items if item.kind is ItemKind.ERROR]
    others = [item for item in items if item.kind is not ItemKind.ERROR]
    problems = problems_of(errors, others, lexicon)
    outline = outline_of(items, problems, lexicon, language)
    written = [statement.text for statement in outline.summary]
    for section in outline.sections:
        own = [item for item in items if item.id in section.item_ids]
        concerned = [problem for problem in problems if problem.id in section.problem_ids]
        written += ["0", section.title, markdown_of(section, own, concerned, lexicon, language)]
    for problem in problems:
        written += [problem.title, *(["0"] * min(len(problem.item_ids), _MOST_TIMES))]
        written += [statement.text for statement in problem.solutions[:1]] or ["none given"]
    return _OWN_WORDS + len(outline.summary) + sum(_counted(text) for text in written)


def _counted(text: str) -> int:
    return sum(any(character.isalnum() for character in word) for word in text.split())


def words_said(turns: Sequence[Turn]) -> int:
    """The words of the turns, and those of the turns that cleaning has taken from between them."""
    words = sum(len(turn.text.split()) for turn in turns)
    seconds = sum(turn.end_seconds - turn.start_seconds for turn in turns)
    if seconds <= 0:
        return words
    taken = sum(
        max(following.start_seconds - turn.end_seconds, 0.0)
        for turn, following in pairwise(turns)
        if _number(following) - _number(turn) > 1
    )
    return round(words * (1 + min(taken / seconds + _FILLERS, _MOST_CLEANED)))


def _number(turn: Turn) -> int:
    return int(turn.id[1:])

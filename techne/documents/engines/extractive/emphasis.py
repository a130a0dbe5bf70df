"""What a statement is worth for its place and manner: it opens a problem, forbids, names an error."""

from __future__ import annotations

from collections.abc import Sequence

from techne.documents.engines.extractive.analysis import Statement
from techne.documents.engines.extractive.classification import kind_of
from techne.documents.engines.extractive.headings import is_heading
from techne.documents.engines.extractive.lexicon import Lexicon
from techne.documents.engines.extractive.ranking import Ranking
from techne.documents.model import ItemKind

OPENING = 3
"""Statements from the one that turns to another problem, itself included, in which it is named."""
_OPENING_BONUS = 0.8
_FOLLOWING_BONUS = 0.6
_FOLLOWING_WORDS = 6
_FIRST_SYMPTOM_BONUS = 0.9
_FIRST_CURE_BONUS = 0.4
_PAIRED = 0.7
_PAIR_STATEMENTS = 10
_PAIR_TURNS = 6
_CHANGED = 0.5
_PROHIBITION = 1.9
_CORRECTED = 1.2
"""A value that its speaker took the trouble to correct is one that matters."""
_NAMED_ERROR = 0.8
_FEWEST_WORDS = 5
"""Words below which a prohibition or an error's name says too little by itself."""
_CUES = 0.45
"""Weight of how a statement is said against what values it tells."""
_ENOUGH = 1.8
_BEYOND = 0.35


def emphasis_of(statements: Sequence[Statement], ranking: Ranking, lexicon: Lexicon) -> list[float]:
    """The worth of each statement without its values; it may be negative."""
    opening = _openings(statements, lexicon)
    turning = _turning_points(statements, lexicon)
    paired = _pairs(statements, lexicon)
    return [
        _tempered(ranking.cue_score(statement) * _CUES)
        + _stress(statement)
        + turning.get(place, 0.0)
        + _PAIRED * (place in paired)
        + _OPENING_BONUS * (place in opening and _tells_trouble(statement))
        + _FOLLOWING_BONUS * (place > 0 and _follows(statements[place - 1], statement))
        for place, statement in enumerate(statements)
    ]


def _openings(statements: Sequence[Statement], lexicon: Lexicon) -> frozenset[int]:
    """Where speakers turn to another problem: the statements that are likely to name it."""
    found: set[int] = set()
    for place, statement in enumerate(statements):
        if opens(statement, lexicon):
            found.update(range(place, min(place + OPENING, len(statements))))
    return frozenset(found)


def opens(statement: Statement, lexicon: Lexicon) -> bool:
    """Whether the speaker turns to another problem with it."""
    return (statement.has("new_problem") and not statement.is_question) or is_heading(statement.text, lexicon)


def _tempered(score: float) -> float:
    """Many cues in one sentence are often the same thing said twice; what they are worth levels off."""
    return score if score <= _ENOUGH else _ENOUGH + _BEYOND * (score - _ENOUGH)


def _turning_points(statements: Sequence[Statement], lexicon: Lexicon) -> dict[int, float]:
    """Bonuses of the sentences in which a problem begins, and in which its cure begins."""
    found: dict[int, float] = {}
    is_solved = True
    for place, statement in enumerate(statements):
        kind = kind_of(statement)
        is_solved = is_solved or opens(statement, lexicon) or statement.has("asks_of_trouble")
        if kind is ItemKind.ERROR and is_solved:
            is_solved = not statement.has("named_error", "message", "symptom")
            if not is_solved:
                found[place] = _FIRST_SYMPTOM_BONUS
        elif kind in {ItemKind.SOLUTION, ItemKind.COMMAND} and not is_solved:
            is_solved = not statement.is_question and statement.words >= _FEWEST_WORDS
            if is_solved:
                found[place] = _FIRST_CURE_BONUS
    return found


def _pairs(statements: Sequence[Statement], lexicon: Lexicon) -> frozenset[int]:
    """Symptoms that a cure follows in the next turns, and the cures."""
    found: set[int] = set()
    for place, statement in enumerate(statements):
        if kind_of(statement) is not ItemKind.ERROR or not statement.has(*_MARKS):
            continue
        if statement.has("noise", "logistics", "meta"):
            continue
        turns = {statement.utterance.sources[-1].turn.id}
        for after in range(place + 1, min(place + _PAIR_STATEMENTS, len(statements))):
            other = statements[after]
            turns.add(other.utterance.sources[-1].turn.id)
            if len(turns) > _PAIR_TURNS or opens(other, lexicon):
                break
            if not other.is_question and other.words >= _FEWEST_WORDS and kind_of(other) in _CURES:
                found |= {place, after}
                break
    return frozenset(found)


_MARKS = ("named_error", "message", "symptom", "quotes")
_CURES = frozenset({ItemKind.SOLUTION, ItemKind.COMMAND})


def _stress(statement: Statement) -> float:
    """What is told for its own sake, however little it looks like a value: a prohibition, an error's name."""
    if statement.is_question or statement.words < _FEWEST_WORDS:
        return 0.0
    told = bool(statement.numbers or statement.code_values)
    return (
        _CHANGED * (statement.has("changed") and told)
        + _CORRECTED * (statement.utterance.corrected and told)
        + _PROHIBITION * statement.has("prohibition")
        + _NAMED_ERROR * statement.has("named_error", "message", "reports")
    )


def _tells_trouble(statement: Statement) -> bool:
    return statement.has("error", "symptom", "named_error") or bool(statement.code_values)


def _follows(previous: Statement, statement: Statement) -> bool:
    """Whether a few words complete what was just said: "The policy was wrong. The right one is strict"."""
    return (
        statement.words <= _FOLLOWING_WORDS
        and statement.utterance.sources[0].turn is previous.utterance.sources[-1].turn
        and statement.has("solution", "setting", "prohibition", "action")
        and not statement.has("meta", "personal", "noise", "logistics")
    )

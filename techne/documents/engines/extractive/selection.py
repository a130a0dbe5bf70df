"""From turns to items: what is selected, how sentences are joined, and what an item rests on."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from math import sqrt

from techne.documents.engines.extractive.analysis import Analyst, Statement
from techne.documents.engines.extractive.classification import kind_of
from techne.documents.engines.extractive.corrections import resolve
from techne.documents.engines.extractive.lexicon import Lexicon
from techne.documents.engines.extractive.ranking import SURE, WORTHY, Ranking, keys_of
from techne.documents.engines.extractive.sentences import sentences_of
from techne.documents.model import Evidence, Item, ItemKind
from techne.documents.wording import overlap, wording
from techne.transcripts.model import Turn

SHARE = 0.46
"""Share of the words up to which a statement is selected that is merely worth telling."""
LIMIT = 0.56
"""Share of the words that is never exceeded, less `_APPARATUS`."""
_APPARATUS = 40
"""Words that a document needs for itself, however short the recording."""
_MOST_JOINED_WORDS = 44
_ANSWER_WORDS = 9
_SHORT_RECORDING = 600
_SHORT_LIMIT = 0.6
"""In a short recording the document's own words weigh so much that being complete is what is left."""
_SURE_FOR_LENGTH = 0.55
_SAME = 0.75
_OPENING = 3
"""Statements from the one that turns to another problem, itself included, in which it is named."""
_OPENING_BONUS = 0.8
_FOLLOWING_BONUS = 0.6
_FOLLOWING_WORDS = 6
CUES = 0.85

_JOINS = {
    frozenset({ItemKind.ERROR, ItemKind.DIAGNOSTIC}),
    frozenset({ItemKind.SOLUTION, ItemKind.COMMAND}),
    frozenset({ItemKind.SOLUTION, ItemKind.CONFIGURATION}),
    frozenset({ItemKind.RULE, ItemKind.RISK}),
    frozenset({ItemKind.CONFIGURATION, ItemKind.RULE}),
}
_STRENGTH = [
    ItemKind.ERROR,
    ItemKind.RISK,
    ItemKind.SOLUTION,
    ItemKind.RULE,
    ItemKind.PREVENTION,
    ItemKind.COMMAND,
    ItemKind.CONFIGURATION,
    ItemKind.DIAGNOSTIC,
    ItemKind.CONCEPT,
]


@dataclass(frozen=True, slots=True)
class _Passage:
    """Statements that become one item."""

    statements: tuple[Statement, ...]
    kind: ItemKind
    score: float

    @property
    def words(self) -> int:
        return sum(statement.words for statement in self.statements)


def items_of(turns: Sequence[Turn], lexicon: Lexicon, language: str) -> list[Item]:
    """The items of a chunk, in order of time."""
    utterances = resolve(sentences_of(turns, lexicon), lexicon, language)
    analyst = Analyst(utterances, lexicon, language)
    read = [analyst.read(utterance) for utterance in utterances]
    statements = _with_answers([statement for statement in read if statement], analyst, lexicon)
    ranking = Ranking(statements, lexicon)
    opening = _openings(statements)
    words = sum(len(turn.text.split()) for turn in turns)
    limit = LIMIT * words - _APPARATUS if words > _SHORT_RECORDING else _SHORT_LIMIT * words
    selected = _selected(statements, opening, ranking, SHARE * words, limit)
    passages = _joined(selected)
    return [_item(number, passage, statements) for number, passage in enumerate(passages, 1)]


def _openings(statements: Sequence[Statement]) -> frozenset[int]:
    """Where speakers turn to another problem: the statements that are likely to name it."""
    found: set[int] = set()
    for place, statement in enumerate(statements):
        if _opens(statement):
            found.update(range(place, min(place + _OPENING, len(statements))))
    return frozenset(found)


def _opens(statement: Statement) -> bool:
    return statement.has("new_problem") and not statement.is_question


def _with_answers(statements: Sequence[Statement], analyst: Analyst, lexicon: Lexicon) -> list[Statement]:
    """A short answer that means nothing without its question is told together with it."""
    joined: list[Statement] = []
    for statement in statements:
        question = joined[-1] if joined else None
        if (
            question is not None
            and question.is_question
            and not statement.is_question
            and statement.words <= _ANSWER_WORDS
            and (statement.values or statement.codes)
            and statement.utterance.speaker != question.utterance.speaker
            and lexicon.interrogative.match(question.folded)
            and question.words <= 16
            and statement.utterance.position - question.utterance.position <= 2
        ):
            utterance = replace(
                statement.utterance, sources=(*question.utterance.sources, *statement.utterance.sources)
            )
            joined[-1] = analyst.describe(utterance, f"{question.text} {statement.text}")
            continue
        joined.append(statement)
    return joined


def _selected(
    statements: Sequence[Statement], opening: Collection[int], ranking: Ranking, budget: float, limit: float
) -> list[tuple[float, Statement]]:
    """Every sure statement, and the best of the rest as long as there is room; none twice.

    Greedy by worth for length, worth being reckoned anew against what has been told already. Worth only
    falls as more is told, so a statement that stays the best after reckoning is the best of all.
    """
    cues = [
        ranking.cue_score(statement) * CUES
        + _OPENING_BONUS * (place in opening)
        + _FOLLOWING_BONUS * (place > 0 and _follows(statements[place - 1], statement))
        for place, statement in enumerate(statements)
    ]
    known: set[str] = set()

    def worth(place: int) -> float:
        return cues[place] + ranking.value_score(statements[place], known)

    queue = [
        (-score / _cost(statements[place]), place, score)
        for place in range(len(statements))
        if (score := worth(place)) >= WORTHY
    ]
    heapify(queue)
    chosen: dict[int, float] = {}
    kept: dict[str, list[Statement]] = {}
    spent = 0
    while queue:
        _, place, before = heappop(queue)
        statement = statements[place]
        score = worth(place)
        if score < before:
            if score >= WORTHY:
                heappush(queue, (-score / _cost(statement), place, score))
            continue
        if spent + statement.words > (limit if _is_sure(score, statement) else budget):
            continue
        words = wording(statement.text)
        keys = sorted(words.stems | words.numbers)
        if any(_repeats(statement, rival) for key in keys[:8] for rival in kept.get(key, ())):
            continue
        for key in keys:
            kept.setdefault(key, []).append(statement)
        chosen[place] = score
        known |= keys_of(statement)
        spent += statement.words
    return [(chosen[place], statements[place]) for place in sorted(chosen)]


def _follows(previous: Statement, statement: Statement) -> bool:
    """Whether a few words complete what was just said: "The policy was wrong. The right one is strict"."""
    return (
        statement.words <= _FOLLOWING_WORDS
        and statement.utterance.sources[0].turn is previous.utterance.sources[-1].turn
        and statement.has("solution", "setting", "prohibition", "action")
        and not statement.has("meta", "personal", "noise", "logistics")
    )


def _is_sure(score: float, statement: Statement) -> bool:
    return score >= SURE or score / _cost(statement) >= _SURE_FOR_LENGTH


def _cost(statement: Statement) -> float:
    return sqrt(6 + statement.words)


def _repeats(statement: Statement, rival: Statement) -> bool:
    one, other = wording(statement.text), wording(rival.text)
    if one.negated != other.negated or not one.numbers <= other.numbers:
        return False
    mine, theirs = one.stems | one.numbers, other.stems | other.numbers
    keys = {value.key for value in statement.values if value.kind != "name"}
    if not keys <= {value.key for value in rival.values}:
        return False
    return mine <= theirs or overlap(mine, theirs) >= _SAME


def _joined(selected: Sequence[tuple[float, Statement]]) -> list[_Passage]:
    """Neighbouring statements of one speaker become one item where their kinds go together."""
    passages: list[_Passage] = []
    for score, statement in selected:
        passage = _Passage((statement,), kind_of(statement), score)
        previous = passages[-1] if passages else None
        together = previous and _go_together(previous, passage)
        if previous and together:
            passages[-1] = _Passage(
                (*previous.statements, statement),
                min(previous.kind, passage.kind, key=_STRENGTH.index),
                max(previous.score, score),
            )
        else:
            passages.append(passage)
    return passages


def _go_together(one: _Passage, other: _Passage) -> bool:
    last, first = one.statements[-1], other.statements[0]
    if last.utterance.sources[-1].turn.id != first.utterance.sources[0].turn.id or len(one.statements) > 2:
        return False
    if first.utterance.position - last.utterance.position > 1 or one.words + other.words > _MOST_JOINED_WORDS:
        return False
    if any(s.commands for s in one.statements) and first.commands:
        return False
    if first.has("new_problem"):
        return False
    return (
        one.kind is other.kind
        or ItemKind.CONCEPT in {one.kind, other.kind}
        or frozenset({one.kind, other.kind}) in _JOINS
    )


def _item(number: int, passage: _Passage, told: Sequence[Statement]) -> Item:
    statements = passage.statements
    text = re.sub(r"\s+", " ", " ".join(statement.text for statement in statements))
    codes = dict.fromkeys(
        code.text
        for statement in statements
        for code in statement.codes
        if code.is_command or not code.is_verbatim(statement.text)
    )
    return Item(
        id=f"i{number:03d}",
        kind=passage.kind,
        text=text,
        code="\n".join(codes) or None,
        evidence=_evidence((*_opener(statements[0], told), *statements)),
    )


def _opener(statement: Statement, told: Sequence[Statement]) -> tuple[Statement, ...]:
    """The sentences from "the second problem is" on, if that was said right before in the same turn.

    They join the quote, so that whoever reads it sees where a new problem begins.
    """
    place = next(
        index for index, other in enumerate(told) if other.utterance.position == statement.utterance.position
    )
    turn = statement.utterance.sources[0].turn
    for back in range(1, _OPENING):
        if place - back < 0 or told[place - back].utterance.sources[0].turn is not turn:
            break
        if _opens(told[place - back]):
            return tuple(told[place - back : place])
    return ()


def _evidence(statements: Sequence[Statement]) -> tuple[Evidence, ...]:
    """One quote for sentences that follow each other, verbatim."""
    found: list[Evidence] = []
    spans: list[tuple[Turn, int, int]] = []
    for source in (source for statement in statements for source in statement.utterance.sources):
        if source.start >= source.end:
            continue
        if (
            spans
            and spans[-1][0].id == source.turn.id
            and spans[-1][0] is source.turn
            and 0 <= source.start - spans[-1][2] <= 2
        ):
            spans[-1] = (source.turn, spans[-1][1], source.end)
        else:
            spans.append((source.turn, source.start, source.end))
    for turn, start, end in spans:
        found.append(
            Evidence(
                turn_id=turn.id, quote=turn.text[start:end], start_seconds=round(turn.seconds_at(start), 2)
            )
        )
    return tuple(found)

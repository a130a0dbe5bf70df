"""Statements become items: neighbours are joined, and each item is given the words that it rests on."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from techne.documents.engines.extractive.analysis import Statement
from techne.documents.engines.extractive.classification import kind_of
from techne.documents.engines.extractive.continuations import pieces
from techne.documents.engines.extractive.emphasis import OPENING, opens
from techne.documents.engines.extractive.lexicon import Lexicon
from techne.documents.model import Evidence, Item, ItemKind
from techne.transcripts.model import Turn

_MOST_JOINED_WORDS = 52

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


def items_from(
    selected: Sequence[tuple[float, Statement]], told: Sequence[Statement], lexicon: Lexicon
) -> list[Item]:
    """The items of the selected statements, in order; `told` are all statements, for what led to them."""
    taken = {statement.utterance.position for _, statement in selected}
    items: list[Item] = []
    for number, passage in enumerate(_joined(selected), 1):
        opener = _opener(passage.statements[0], told, taken, lexicon)
        taken.update(statement.utterance.position for statement in opener)
        items.append(_item(number, passage, opener))
    return items


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
    if last.utterance.sources[-1].turn.id != first.utterance.sources[0].turn.id or len(one.statements) > 3:
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


def _item(number: int, passage: _Passage, opener: Sequence[Statement]) -> Item:
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
        evidence=_evidence((*opener, *statements)),
    )


def _opener(
    statement: Statement, told: Sequence[Statement], taken: Collection[int], lexicon: Lexicon
) -> tuple[Statement, ...]:
    """The sentences from "the second problem is" on, if that was said right before and is told nowhere else.

    They join the quote, so that whoever reads it sees where a new problem begins.
    """
    if opens(statement, lexicon):
        return ()
    place = next(
        index for index, other in enumerate(told) if other.utterance.position == statement.utterance.position
    )
    for back in range(1, min(OPENING, place + 1)):
        before = told[place - back]
        if before.utterance.position in taken:
            break
        if opens(before, lexicon):
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
    for turn, start, end in (piece for span in spans for piece in pieces(*span)):
        found.append(
            Evidence(
                turn_id=turn.id, quote=turn.text[start:end], start_seconds=round(turn.seconds_at(start), 2)
            )
        )
    return tuple(found)

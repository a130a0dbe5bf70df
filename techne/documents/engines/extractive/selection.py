"""From turns to items: which statements are worth their words, as far as there is room for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush

from techne.documents.engines.extractive.analysis import Analyst, Statement
from techne.documents.engines.extractive.budget import (
    document_words,
    least_room,
    own_words_expected,
    room,
    words_said,
)
from techne.documents.engines.extractive.continuations import joined
from techne.documents.engines.extractive.corrections import Utterance, resolve
from techne.documents.engines.extractive.emphasis import emphasis_of
from techne.documents.engines.extractive.lexicon import Lexicon
from techne.documents.engines.extractive.passages import items_from
from techne.documents.engines.extractive.ranking import WORTHY, Ranking, keys_of
from techne.documents.engines.extractive.sentences import sentences_of
from techne.documents.model import Item
from techne.documents.wording import overlap, wording
from techne.transcripts.model import Turn

_STEPS = (0, 0, -6, 10, -16, 24, -34)
"""By how much the room for statements changes from try to try, once the document's own words are known."""
_CLOSE_ENOUGH = 5
_BEARABLE_LOSS = 0.1
"""Share of the statements with codes that may be left out before sentences are cut closer."""
_ANSWER_WORDS = 9
_SAME = 0.75


def items_of(turns: Sequence[Turn], lexicon: Lexicon, language: str) -> list[Item]:
    """The items of a chunk, in order of time."""
    utterances = resolve(sentences_of(joined(turns), lexicon), lexicon, language)
    words = words_said(turns)
    items, left_out = _items(utterances, words, lexicon, language, is_tight=False)
    if left_out > _BEARABLE_LOSS:
        items, _ = _items(utterances, words, lexicon, language, is_tight=True)
    return items


def _items(
    utterances: Sequence[Utterance], words: int, lexicon: Lexicon, language: str, *, is_tight: bool
) -> tuple[list[Item], float]:
    """The items, and the share of what is surely worth telling that there was no room for."""
    analyst = Analyst(utterances, lexicon, language, is_tight=is_tight)
    read = [analyst.read(utterance) for utterance in utterances]
    statements = _with_answers([statement for statement in read if statement], analyst, lexicon)
    ranking = Ranking(statements, lexicon)
    emphasis = emphasis_of(statements, ranking, lexicon)
    least = least_room(words)
    limit = max(room(words) - own_words_expected(words), least)
    best: tuple[float, list[Item], list[tuple[float, Statement]]] | None = None
    tried: set[int] = set()
    for step in _STEPS:
        limit = max(limit + step, least)
        if round(limit) in tried:
            continue
        tried.add(round(limit))
        chosen = _selected(statements, emphasis, ranking, limit)
        items = items_from(chosen, statements, lexicon)
        left = room(words) - document_words(items, lexicon, language)
        if best is None or _is_better(left, best[0]):
            best = (left, items, chosen)
        if 0 <= left <= _CLOSE_ENOUGH:
            break
        if step == _STEPS[0]:
            limit = max(limit + left, least)
    _, items, chosen = best or (0.0, [], [])
    told = {statement.utterance.position for _, statement in chosen}
    sure = [s for s in statements if s.code_values or s.commands]
    left_out = sum(s.utterance.position not in told for s in sure) / max(len(sure), 1)
    return items, left_out


def _is_better(left: float, other: float) -> bool:
    """Whether a document fills its room better than another; one that needs more than it has is worse."""
    return (left >= 0, -abs(left)) > (other >= 0, -abs(other))


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
            and (
                statement.values or statement.codes or statement.has("obligation", "schedule", "prohibition")
            )
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
    statements: Sequence[Statement], emphasis: Sequence[float], ranking: Ranking, limit: float
) -> list[tuple[float, Statement]]:
    """The best statements as long as there is room; none twice.

    Greedy by worth for length, worth being reckoned anew against what has been told already. Worth only
    falls as more is told, so a statement that stays the best after reckoning is the best of all.
    """
    known: set[str] = set()

    def worth(place: int) -> float:
        return emphasis[place] + ranking.value_score(statements[place], known)

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
        if spent + statement.words > limit:
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


def _cost(statement: Statement) -> float:
    return float((6 + statement.words) ** 0.65)


def _repeats(statement: Statement, rival: Statement) -> bool:
    one, other = wording(statement.text), wording(rival.text)
    if one.negated != other.negated or not one.numbers <= other.numbers:
        return False
    mine, theirs = one.stems | one.numbers, other.stems | other.numbers
    keys = {value.key for value in statement.values if value.kind != "name"}
    if not keys <= {value.key for value in rival.values}:
        return False
    return mine <= theirs or overlap(mine, theirs) >= _SAME

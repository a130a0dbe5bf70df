"""Resolves what speakers take back at once: "thirty, no, sorry, sixty seconds" becomes "sixty seconds".

The words before a correcting cue (what is taken back) and after it (the repair) are aligned in one of
three ways: the repair begins again with words that were said ("at two, I mean, at three"), or it brings a
value of the same kind, or, being short, it replaces as many words. A weak cue ("no", "actually") corrects
only where a value follows it at once; without an alignment nothing is changed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.sentences import Sentence
from techne.documents.engines.extractive.values import Value, values_in
from techne.transcripts.model import Turn

_WORD = re.compile(r"[\w'’./:@=*-]*\w")
_CLAUSE = re.compile(r"[,;:…—]+\s*|\.{2,}\s*|[.!?]\s+")
_MOST_CLAUSES = 4
_RETRACE_WORDS = 14
_SHORT_REPAIR = 4
_EXPLANATION_WORDS = 6
_SHORT_CORRECTION = 6

_Cue = Literal["strong", "joined", "weak"]
"""A strong cue with a pause at its side, one without, and a word that is rarely a cue at all."""

_REACH = 12
"""Sentences back in which a value that is named as wrong is looked for."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a piece of what is said comes from: `turn.text[start:end]`."""

    turn: Turn
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Utterance:
    """A sentence as it was meant: `text` without what the speakers took back."""

    text: str
    sources: tuple[Source, ...]
    position: int
    speaker: str | None
    corrected: bool = False


def resolve(sentences: Sequence[Sentence], lexicon: Lexicon, language: str) -> list[Utterance]:
    """The sentences as they were meant, in order; one that only corrects another is gone."""
    resolver = _Resolver(lexicon, language)
    done: list[Utterance] = []
    for sentence in sentences:
        source = Source(sentence.turn, sentence.start, sentence.end)
        utterance = resolver.within(
            Utterance(sentence.text, (source,), sentence.position, sentence.turn.speaker)
        )
        if not resolver.across(done, utterance):
            done.append(utterance)
    return done


class _Resolver:
    def __init__(self, lexicon: Lexicon, language: str) -> None:
        self._lexicon = lexicon
        self._language = language

    def within(self, utterance: Utterance) -> Utterance:
        """Corrections inside one sentence, the first one first."""
        for _ in range(_MOST_CLAUSES):
            step = self._within_once(utterance)
            if step is None:
                return utterance
            utterance = step
        return utterance

    def _within_once(self, utterance: Utterance) -> Utterance | None:
        text = utterance.text
        folded = fold(text)
        cues = [
            (match, strong)
            for pattern, strong in (
                (self._lexicon.strong_correction, True),
                (self._lexicon.weak_correction, False),
            )
            for match in pattern.finditer(folded)
            if match.start() > 0 and (strong or _stands_apart(folded, match, strong=False))
        ]
        for match, strong in sorted(cues, key=lambda found: (found[0].start(), not found[1])):
            cue: _Cue = "weak"
            if strong:
                cue = "strong" if _stands_apart(folded, match, strong=True) else "joined"
            left = text[: match.start()].rstrip(" ,;:…—-.")
            joined = self._repair(left, text[match.end() :].lstrip(" ,;:…—.!?"), cue)
            if joined is None:
                continue
            kept, repair_length = joined
            repair = text[len(text) - repair_length :]
            source = utterance.sources[-1]
            quoted = Source(source.turn, source.end - repair_length, source.end)
            return replace(utterance, text=f"{kept} {repair}", sources=(quoted,), corrected=True)
        return None

    def _repair(self, left: str, right: str, cue: _Cue) -> tuple[str, int] | None:
        """What stays of the left side, and how many characters of the right side, from its end, follow it."""
        if not left or not right:
            return None
        starts = [0] + [match.end() for match in _CLAUSE.finditer(right)]
        left_values = values_in(left, self._lexicon, self._language)
        explained = True
        for number, start in enumerate(starts[:_MOST_CLAUSES]):
            clause = right[start:]
            if not clause.strip():
                break
            if number and cue != "strong":
                break
            copula = self._lexicon.copula.match(fold(clause))
            if copula:
                start += copula.end()
                clause = right[start:]
            first = _CLAUSE.split(clause, maxsplit=1)[0]
            values = values_in(first, self._lexicon, self._language)
            if self._repeats_wrong(first, values, left_values):
                continue
            cut = self._cut(left, first, values, left_values, cue)
            if cut is not None and (explained or _same_measure(left_values, values)):
                return left[:cut].rstrip(" ,;"), len(clause)
            explained = explained and self._is_explanation(first)
            if values or len(first.split()) > _EXPLANATION_WORDS:
                break
        return None

    def _repeats_wrong(self, clause: str, values: Sequence[Value], left_values: Sequence[Value]) -> bool:
        """Whether the clause only names the wrong value once more ("I said 50")."""
        if not values or not left_values or not self._lexicon.negated_value.search(fold(clause)):
            return False
        wrong = {value.key for value in left_values}
        return all(value.key in wrong for value in values)

    def _is_explanation(self, clause: str) -> bool:
        return self._lexicon.explanation.match(fold(clause)) is not None

    def _cut(
        self,
        left: str,
        first: str,
        values: Sequence[Value],
        left_values: Sequence[Value],
        cue: _Cue,
    ) -> int | None:
        """Where the left side is cut off so that the right side continues it."""
        left_words = list(_WORD.finditer(left))[-_RETRACE_WORDS:]
        right_words = list(_WORD.finditer(first))
        if not right_words or not left_words:
            return None
        lead = values[0] if values else None
        same = [value for value in left_values if lead and _same_kind(value, lead) and value.key != lead.key]
        retrace = _retraced(left_words, right_words)
        if retrace is not None:
            between = left[retrace:]
            if (same and same[-1].start >= retrace) or (
                cue == "strong" and not lead and len(between.split()) <= _SHORT_REPAIR + 2
            ):
                return retrace
        if lead and same:
            words_before = len(_WORD.findall(first[: lead.start]))
            tail = len(_WORD.findall(left[same[-1].end :]))
            if cue == "strong" and words_before <= 3 and tail <= _SHORT_REPAIR:
                return self._aligned(left, first, lead, same[-1])
            short = len(right_words) <= _SHORT_CORRECTION or cue == "joined"
            if cue != "strong" and words_before <= 2 and tail <= 2 and short:
                return self._aligned(left, first, lead, same[-1])
        return None

    def _aligned(self, left: str, first: str, lead: Value, wrong: Value) -> int:
        """The start of the wrong value, or of the words before it that the repair says again."""
        before_right = [fold(word) for word in _WORD.findall(first[: lead.start])]
        words = list(_WORD.finditer(left[: wrong.start]))
        cut = wrong.start
        drop = len(before_right)
        if drop:
            tail = words[-drop:]
            if tail and len(tail) == drop and len(fold(tail[-1].group())) <= 4:
                cut = tail[0].start()
        return cut

    def across(self, done: list[Utterance], utterance: Utterance) -> bool:
        """Corrects an earlier sentence; says whether the new one is used up by it."""
        if not done:
            return False
        text = utterance.text
        folded = fold(text)
        strong = self._lexicon.strong_correction.match(folded)
        weak = None if strong else self._lexicon.weak_correction.match(folded)
        match = strong or weak
        rest = text[match.end() :].lstrip(" ,;:…—.!?") if match else text
        if match and not rest and strong:
            return False
        for correction in dict.fromkeys((text, rest)):
            named = self._names_wrong(done, correction)
            if named is not None:
                return self._apply(done, utterance, *named)
        if match is None:
            # "Sorry." may stand as a sentence of its own between the two.
            return self._after_bare_cue(done, utterance)
        return self._replace_last(done, utterance, rest, strong=strong is not None)

    def _after_bare_cue(self, done: list[Utterance], utterance: Utterance) -> bool:
        cue = done[-1]
        folded = fold(cue.text).strip(" .!?…,")
        whole = self._lexicon.strong_correction.fullmatch(folded)
        if whole is None or len(done) < 2:
            return False
        removed = done.pop()
        if self._replace_last(done, utterance, utterance.text, strong=True):
            return True
        done.append(removed)
        return False

    def _replace_last(self, done: list[Utterance], utterance: Utterance, rest: str, *, strong: bool) -> bool:
        previous = done[-1]
        if not strong and len(rest.split()) > 7:
            return False
        left = previous.text.rstrip(" .!?…")
        joined = self._repair(left, rest, "strong" if strong else "weak")
        if joined is None:
            return False
        kept, length = joined
        repaired = f"{kept} {rest[len(rest) - length :]}"
        # The repair is quoted, and not the sentence that it takes back.
        done[-1] = replace(previous, text=repaired, sources=utterance.sources, corrected=True)
        return True

    def _names_wrong(self, done: Sequence[Utterance], rest: str) -> tuple[int, Value, Value, str] | None:
        """A repair that names the wrong value: "not 8080, it's 8443", "I said 50, it's 100"."""
        folded = fold(rest)
        values = values_in(rest, self._lexicon, self._language)
        if len(values) < 2:
            return None
        negation = self._lexicon.negated_value.search(folded)
        if negation is None or negation.start() > 30 or len(rest.split()) > 22:
            return None
        after = [value for value in values if value.start >= negation.end()]
        if len(after) < 2 or after[0].start - negation.end() > 12:
            return None
        wrong = after[0]
        right = next(
            (value for value in after[1:] if _same_kind(value, wrong) and value.key != wrong.key), None
        )
        if right is None:
            return None
        for index in range(len(done) - 1, max(len(done) - _REACH, 0) - 1, -1):
            for value in values_in(done[index].text, self._lexicon, self._language):
                if value.kind == wrong.kind and value.key == wrong.key:
                    return index, value, right, rest
        return None

    def _apply(
        self, done: list[Utterance], utterance: Utterance, index: int, wrong: Value, right: Value, rest: str
    ) -> bool:
        target = done[index]
        said = rest[right.start : right.end]
        repaired = target.text[: wrong.start] + said + target.text[wrong.end :]
        repaired = re.sub(r"\?\s*$", ".", repaired)
        done[index] = replace(target, text=repaired, sources=(utterance.sources[0],), corrected=True)
        return True


def _same_kind(one: Value, other: Value) -> bool:
    if one.kind != other.kind:
        return False
    return not (one.unit and other.unit) or one.unit[:4] == other.unit[:4]


def _same_measure(left: Sequence[Value], right: Sequence[Value]) -> bool:
    """Whether the last and the first value are quantities of the same unit."""
    return bool(left and right and left[-1].unit and left[-1].unit[:4] == right[0].unit[:4])


def _stands_apart(folded: str, match: re.Match[str], *, strong: bool) -> bool:
    """Whether a pause, written as a comma, stands before the cue; a weak cue needs one after it too."""
    before = folded[: match.start()].rstrip()
    after = folded[match.end() :].lstrip()
    pause_before = before[-1:] in ",;:…—-.!?"
    pause_after = after[:1] in ",;:…—.!?"
    if strong:
        return (pause_before or pause_after) and bool(after)
    return pause_before and pause_after


def _retraced(left: Sequence[re.Match[str]], right: Sequence[re.Match[str]]) -> int | None:
    """Where the left side says the first words of the right side, the longest and latest such place."""
    left_words = [fold(word.group()) for word in left]
    right_words = [fold(word.group()) for word in right]
    best: tuple[int, int] | None = None
    for position in range(len(left_words)):
        length = 0
        while (
            position + length < len(left_words)
            and length < len(right_words)
            and left_words[position + length] == right_words[length]
        ):
            length += 1
        if length and (best is None or length >= best[0]):
            best = (length, position)
    return left[best[1]].start() if best else None

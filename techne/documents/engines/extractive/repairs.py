"""Finds the repair in what follows a correcting cue, and where it takes up what was said before.

The clauses after the cue are read in turn until one aligns with what was said before (see `alignments`), or
follows one that names the wrong words ("I said eight hundred"). Clauses that explain the mistake are passed
over, but only a value of the same measure is then taken for the repair.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from techne.documents.engines.extractive.alignments import SHORT_TAIL, WORD, Aligner, Repair
from techne.documents.engines.extractive.correction_cues import CorrectionCues
from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.values import Value, alike, quantities, same_measure

_CLAUSE_END = re.compile(r"[,;:…—]+\s+|\s+[-—]\s+|\s+(?:but|mas)\s+|\.{2,}\s*|[.!?]\s+")
_MOST_CLAUSES = 8
_MOST_PASSED = 32
_ECHO_WORDS = 4
_ARTICLE = 4
"""Characters that may stand before a value that begins a sentence."""
_RESTATEMENT_WORDS = 5
_END = " .!?…"


class RepairFinder:
    """Finds what replaces what was taken back, in one language."""

    def __init__(self, lexicon: Lexicon, cues: CorrectionCues, language: str) -> None:
        self._lexicon = lexicon
        self._cues = cues
        self._language = language
        self._aligner = Aligner(lexicon, cues)

    def values(self, text: str, *, inside: bool = False) -> list[Value]:
        """The values of a text; `inside` a sentence, a capital at its start makes a name."""
        if inside and text[:1].isupper():
            values = quantities(f"- {text}", self._lexicon, self._language)
            return [replace(value, start=value.start - 2, end=value.end - 2) for value in values]
        return quantities(text, self._lexicon, self._language)

    def figures(self, text: str) -> list[Value]:
        """The values of a text that are no names."""
        return [value for value in self.values(text) if value.kind != "name"]

    def find(
        self,
        left: str,
        right: str,
        *,
        sure: bool,
        joined: bool = False,
        late: bool = False,
        inside: bool = False,
    ) -> Repair | None:
        """The repair of `left` in `right`.

        Args:
            left: What was said up to the cue.
            right: What was said after it.
            sure: Whether the cue is one that hardly means anything else.
            joined: Whether no pause stands between the cue and `right`.
            late: Whether other sentences stand between them.
            inside: Whether `right` goes on with the sentence of the mistake.
        """
        limit = self._without_mention(left)
        left = left[:limit]
        left_values = self.values(left)
        passed = int(late)
        named: tuple[int, int] | None = None
        for number, (begin, end) in enumerate(clauses_of(right)[:_MOST_CLAUSES]):
            start = self._past_lead(right, begin, end)
            clause = right[start:end]
            values = self.values(clause, inside=inside)
            if not WORD.search(clause) or self._is_cue(clause):
                continue
            mentioned = self._mentioned(left, right[begin:end])
            if mentioned and (sure or number == 0):
                named, sure = mentioned, True
                continue
            if values and self._mentions_wrong(right[begin:end], values, left_values):
                passed += len(clause.split())
                continue
            if named and values and values[0].start == 0:
                end = start + values[0].stop(clause)
                return Repair(named[0], _past_same(left, named[1], right[start:end]), start, end, ())
            repair = self._aligner.align(
                left,
                clause,
                left_values,
                values,
                sure=sure,
                at_once=passed == 0,
                lead=start > begin,
                joined=joined,
            )
            told_on = bool(values and clause[values[0].stop(clause) :].strip(" .!?"))
            if repair is not None and (sure or not passed or not told_on):
                if late and repair.rest is not None and sum(v.kind == "number" for v in left_values) > 1:
                    return None  # A statement of its own, and nothing says which number it is about.
                return repair.moved(start)
            if not values and len(clause.split()) <= 1:
                continue  # Somebody is addressed.
            if not sure and (passed or values or len(clause.split()) > SHORT_TAIL):
                return None
            passed += len(clause.split())
            if passed > _MOST_PASSED or any(value.kind != "name" for value in values):
                return None
        return None

    def _is_cue(self, clause: str) -> bool:
        folded = fold(clause).rstrip(" .!?…")
        opening = self._cues.opening(folded)
        return opening is not None and opening[0] == len(folded)

    def _past_lead(self, right: str, begin: int, end: int) -> int:
        """The clause without cues and without "it's" and the like, as long as something follows."""
        folded = fold(right[begin:end])
        opening = self._cues.opening(folded)
        start = opening[0] if opening and opening[0] < len(folded) else 0
        lead = self._cues.lead.match(folded, start)
        while lead and lead.end() < len(folded.rstrip(" .!?")) and folded[lead.end()].isspace():
            start = lead.end() + 1
            lead = self._cues.lead.match(folded, start)
        return begin + start

    def _without_mention(self, left: str) -> int:
        """`left` without a last clause that only says again what was said ("at eight, I said eight")."""
        parts = clauses_of(left)
        if len(parts) > 1:
            begin, end = parts[-1]
            said = self._cues.said.match(fold(left[begin:end]))
            if said and self._found(left[:begin], left[begin + said.end() : end]):
                return len(left[:begin].rstrip(" ,;:…—.-"))
        return len(left)

    def recalls(self, left: str, right: str) -> bool:
        """Whether `right` begins by naming words of `left` as said or wrong: "I said eight"."""
        spans = clauses_of(right)
        if len(spans) < 2:
            return False
        clause = right[slice(*spans[0])]
        return self._mentioned(left, clause) is not None or self.denies(left, clause)

    def recants(self, left: str, text: str) -> int | None:
        """Where `text` names a figure of `left`, not its own, as said, and then corrects it."""
        for begin, end in clauses_of(text):
            said = self._cues.said.match(fold(text[begin:end]))
            mention = text[begin + said.end() : end] if said else ""
            named = self.figures(mention)
            if len(named) != 1 or self._found(left, mention) is None or not self.figures(text[end:]):
                continue
            if named[0].key not in {value.key for value in self.figures(text[:begin])}:
                return begin
        return None

    def denies(self, left: str, clause: str) -> bool:
        """Whether the clause but denies a value of `left` or says it again: "not eight", "I said eight"."""
        values = self.figures(clause)
        if values and self._mentioned(left, clause) is not None:
            return True
        wrong = {value.key for value in self.figures(left)}
        if len(values) != 1 or values[0].key not in wrong or len(clause.split()) > _ECHO_WORDS:
            return False
        folded = fold(clause)
        denial = self._cues.contrasted.match(folded)
        before = denial is not None and not folded[denial.end() : values[0].start].strip()
        after = self._cues.denies.fullmatch(folded[values[0].stop(clause) :].strip(" .?!"))
        return before or (after is not None and values[0].start == 0)

    def only_mentions(self, text: str, wrong: Sequence[Value]) -> bool:
        """Whether a text after the repair tells only what the wrong value was: "eight was the first test"."""
        keys = {value.key for value in wrong}
        values = self.figures(text)
        if not values or not all(value.key in keys for value in values):
            return False
        folded = fold(text)
        if values[0].start <= _ARTICLE and self._cues.copula.match(folded[values[0].stop(text) :].lstrip()):
            return True
        return bool(self._cues.explained.search(folded) or self._cues.said.search(folded))

    def without_mentions(self, right: str, repair: Repair) -> list[tuple[int, int]]:
        """What follows the repair, but for clauses that tell only what the wrong value was."""
        begin = repair.end if repair.rest is None else repair.rest
        if begin >= len(right):
            return []
        spans = [(begin + start, begin + end) for start, end in clauses_of(right[begin:])]
        kept = [span for span in spans if not self.only_mentions(right[slice(*span)], repair.wrong)]
        return kept if len(kept) < len(spans) else [(begin, len(right))]

    def begins_with_value(self, text: str) -> bool:
        """Whether a figure comes first, or after "it's" and the like."""
        spans = clauses_of(text)
        if not spans:
            return False
        start = self._past_lead(text, *spans[0])
        values = self.values(text[start : spans[0][1]])
        return bool(values) and values[0].start == 0 and values[0].kind != "name"

    def _mentioned(self, left: str, clause: str) -> tuple[int, int] | None:
        """The words of `left` that the clause names as said or as wrong, and no more than them."""
        said = self._cues.said.match(fold(clause))
        return self._found(left, clause[said.end() :]) if said else None

    def _found(self, left: str, mention: str) -> tuple[int, int] | None:
        said = [fold(word) for word in WORD.findall(mention)]
        spoken = list(WORD.finditer(left))
        for place in range(len(spoken) - len(said), -1, -1) if said else ():
            if [fold(word.group()) for word in spoken[place : place + len(said)]] == said:
                return spoken[place].start(), spoken[place + len(said) - 1].end()
        return None

    def _mentions_wrong(self, clause: str, values: Sequence[Value], left_values: Sequence[Value]) -> bool:
        """Whether the clause only tells of the wrong value: "eight was the first test", "not 8"."""
        wrong = {value.key for value in left_values}
        if not all(value.key in wrong for value in values):
            return False
        folded = fold(clause)
        return bool(
            self._cues.negated.search(folded)
            or self._cues.explained.search(folded)
            or self._cues.said.search(folded)
        )

    def restates(self, left: str, right: str) -> bool:
        """Whether `right` is but the last value of `left` with another number."""
        said, again = self.figures(left), self.figures(right)
        if len(again) != 1 or not said or len(right.split()) > _RESTATEMENT_WORDS or right.endswith("?"):
            return False
        wrong, value = said[-1], again[0]
        if not alike(wrong, value) or wrong.key == value.key or sum(alike(one, value) for one in said) > 1:
            return False
        if self._cues.sequence.search(fold(right)) or self._cues.sequence.match(fold(left)):
            return False
        if left[wrong.stop(left) :].strip(_END) or right[value.stop(right) :].strip(_END):
            return False
        frame = fold(right[: value.start]).split()
        before = fold(left[: wrong.start]).split()
        repeated = bool(frame) and before[-len(frame) :] == frame and len(before) > len(frame)
        measured = same_measure(wrong, value) and value.kind == "number"
        return repeated or (measured and (not frame or (len(before) >= len(frame) and len(frame) == 1)))


def _past_same(left: str, place: int, repair: str) -> int:
    """Where `left` goes on after `place`, without the words that the repair ends with as well."""
    following = list(WORD.finditer(left, place))
    told = [fold(word) for word in WORD.findall(repair)]
    for count in range(min(len(following), len(told) - 1), 0, -1):
        if [fold(word.group()) for word in following[:count]] == told[-count:]:
            return following[count - 1].end()
    return place


def clauses_of(text: str) -> list[tuple[int, int]]:
    """Where the clauses of a text stand, without the signs between them."""
    cuts = [0]
    spans: list[tuple[int, int]] = []
    for match in _CLAUSE_END.finditer(text):
        spans.append((cuts[-1], match.start()))
        cuts.append(match.end())
    spans.append((cuts[-1], len(text)))
    return [(start, end) for start, end in spans if start < end]

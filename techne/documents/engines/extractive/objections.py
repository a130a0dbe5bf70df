"""What one speaker says against a value that was told before: "It's not 8080, it's 8443", "You mean 5051?".

A question that proposes another value corrects only where the answer agrees; one that is denied corrects
nothing, and is gone where the answer only tells the first value again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from techne.documents.engines.extractive.correction_cues import CorrectionCues
from techne.documents.engines.extractive.lexicon import fold
from techne.documents.engines.extractive.repairs import RepairFinder
from techne.documents.engines.extractive.values import Value, alike

_REACH = 12
_NEAR = 3
_LONGEST = 22
_BEGINNING = 30
_BETWEEN = 12
_ANSWER_WORDS = 8

Spoken = tuple[str, str | None]
"""A text and its speaker."""


@dataclass(frozen=True, slots=True)
class Objection:
    """`wrong`, a value of the statement at `place`, is `right`, a value of the objection.

    `right` is None where nothing is corrected and the objection is only left out; `used` is how many
    of the next sentences are left out with it.
    """

    place: int
    wrong: Value
    right: Value | None
    used: int = 0


class Objections:
    """Finds what an objection is about, in one language."""

    def __init__(self, finder: RepairFinder, cues: CorrectionCues) -> None:
        self._finder = finder
        self._cues = cues

    def find(self, spoken: Sequence[Spoken], objection: Spoken, answer: str) -> Objection | None:
        """The objection against one of the statements, if it is one.

        Args:
            spoken: The last statements, in order.
            objection: The sentence after them.
            answer: The sentence after the objection.
        """
        text, speaker = objection
        if len(text.split()) > _LONGEST:
            return None
        if text.rstrip().endswith("?"):
            return self._asked(spoken, text, speaker, answer)
        told = self._told(spoken, text, speaker) or self._reasserted(spoken, text, speaker)
        if (
            told is None
            and len(text.split()) <= _ANSWER_WORDS
            and self._cues.asks.search(fold(text)[:_BEGINNING])
        ):
            return self._asked(spoken, text, speaker, answer)
        return told

    def _told(self, spoken: Sequence[Spoken], text: str, speaker: str | None) -> Objection | None:
        values = self._finder.values(text)
        pair = self._contrast(text, values) if len(values) > 1 else None
        if pair is None:
            return None
        wrong, right = pair
        near = wrong.start > right.start
        if near and (speaker == spoken[-1][1] and self._cues.opening(fold(text)) is None):
            return None
        return self._target(spoken, wrong, right, _NEAR if near else _REACH)

    def _reasserted(self, spoken: Sequence[Spoken], text: str, speaker: str | None) -> Objection | None:
        """As in "It's room 12. It's actually room 21.": made again with another value."""
        folded = fold(text)
        cue = self._cues.restating.search(folded)
        right = self._finder.values(text)
        if cue is None or len(right) != 1 or not spoken or spoken[-1][1] != speaker:
            return None
        said = spoken[-1][0]
        wrong = self._finder.values(said)
        if said.endswith("?") or len(wrong) != 1 or cue.end() > right[0].start:
            return None
        if not alike(wrong[0], right[0]) or wrong[0].key == right[0].key:
            return None
        again = _words(folded[: cue.start()] + " " + folded[cue.end() : right[0].start])
        before = _words(fold(said[: wrong[0].start]))
        lead = self._cues.lead.match(" ".join(again))
        led = " ".join(again)[lead.end() :].split() if lead else []
        framed = again and (again == before or (led and before[-len(led) :] == led))
        after = _words(folded[right[0].stop(text) :])
        if not framed or after not in ([], _words(fold(said[wrong[0].stop(said) :]))):
            return None
        return Objection(len(spoken) - 1, wrong[0], right[0])

    def _contrast(self, text: str, values: Sequence[Value]) -> tuple[Value, Value] | None:
        """The value that is denied, and the one that is told instead."""
        folded = fold(text)
        negation = self._cues.negated.search(folded)
        while negation is not None and negation.start() <= _BEGINNING:
            after = [value for value in values if value.start >= negation.end()]
            if len(after) > 1 and after[0].start - negation.end() <= _BETWEEN:
                for right in after[1:]:
                    if alike(right, after[0]) and right.key != after[0].key:
                        return after[0], right
            negation = self._cues.negated.search(folded, negation.end())
        for right, wrong in pairwise(values):
            between = folded[right.stop(text) : wrong.start]
            last = list(self._cues.contrasted.finditer(between))
            if last and between.strip().startswith(",") and wrong.start - right.end <= _BEGINNING:
                words_after = between[last[-1].end() :].split()
                if alike(right, wrong) and right.key != wrong.key and len(words_after) <= 2:
                    return wrong, right
        return None

    def _target(self, spoken: Sequence[Spoken], wrong: Value, right: Value, reach: int) -> Objection | None:
        for place in range(len(spoken) - 1, max(len(spoken) - reach, 0) - 1, -1):
            for value in self._finder.values(spoken[place][0]):
                if value.kind == wrong.kind and value.key == wrong.key:
                    return Objection(place, value, right)
        return None

    def _asked(
        self, spoken: Sequence[Spoken], text: str, speaker: str | None, answer: str
    ) -> Objection | None:
        values = self._finder.values(text)
        if not values or not answer:
            return None
        pair = self._contrast(text, values)
        proposed = pair[1] if pair else values[0]
        found = self._target(spoken, pair[0], proposed, _NEAR) if pair else self._rival(spoken, proposed)
        if found is None or spoken[found.place][1] == speaker:
            return None
        folded = fold(answer)
        told = self._finder.values(answer)
        short = len(answer.split()) <= _ANSWER_WORDS
        denied = self._cues.denies.match(folded) is not None
        if denied:
            same = bool(told) and all(value.key == found.wrong.key for value in told)
            return Objection(found.place, found.wrong, None, 1) if same and short and not pair else None
        repeated = any(value.key == proposed.key for value in told)
        agreed = self._cues.agrees.match(folded) is not None
        asked = pair or self._cues.asks.search(fold(text))
        bare = self._finder.begins_with_value(text)
        if not (asked and (repeated or agreed)) and not (bare and repeated and agreed):
            return None
        only = short and all(value.key == proposed.key for value in told)
        return Objection(found.place, found.wrong, proposed, 1 if only else 0)

    def _rival(self, spoken: Sequence[Spoken], proposed: Value) -> Objection | None:
        """The last value that was told and that the proposed one would replace."""
        for place in range(len(spoken) - 1, max(len(spoken) - 2, 0) - 1, -1):
            if spoken[place][0].rstrip().endswith("?"):
                continue
            said = self._finder.values(spoken[place][0])
            if any(value.key == proposed.key for value in said):
                return None
            for value in reversed(said):
                if value.kind != "name" and alike(value, proposed) and value.key != proposed.key:
                    return Objection(place, value, proposed)
        return None


def _words(text: str) -> list[str]:
    return re.findall(r"[\w'’]+", text)

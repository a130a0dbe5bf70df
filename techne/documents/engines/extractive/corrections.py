"""Resolves what speakers take back at once: "thirty, no, sorry, sixty seconds" becomes "sixty seconds".

Sentences are read in order. A repair may stand in the sentence of the mistake, in one of the next few, or
in what another speaker says; `repairs` finds where it takes up what was said. The text is put together from
spoken words alone, and an utterance that was corrected quotes the repair, never what was taken back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from techne.documents.engines.extractive.alignments import Repair
from techne.documents.engines.extractive.correction_cues import CorrectionCues, cues_for
from techne.documents.engines.extractive.drafts import Draft, Utterance
from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.objections import Objections
from techne.documents.engines.extractive.repairs import RepairFinder, clauses_of
from techne.documents.engines.extractive.sentences import Sentence
from techne.documents.engines.extractive.speech import Source, Speech
from techne.documents.engines.extractive.values import Value

__all__ = ["Source", "Utterance", "resolve"]

_MOST_REPAIRS = 4
_SHORT_CORRECTION = 8
_WAITS = 3
"""Sentences that may stand between a cue and its repair."""
_MENTIONS = 2
"""Sentences after a repair in which the wrong value may be explained."""
_RECALLED = 5
"""Statements back to which "I said 8" may refer."""
_PAUSES = ",;:…—.!?-"
_END = " .!?…"


@dataclass(frozen=True, slots=True)
class _Awaited:
    """A mistake whose repair is still to come: `done[place]` up to `cut`."""

    place: int
    cut: int
    since: int


def resolve(sentences: Sequence[Sentence], lexicon: Lexicon, language: str) -> list[Utterance]:
    """The sentences as they were meant, in order; one that only corrects another is gone."""
    return _Resolver(sentences, lexicon, language).resolved()


class _Resolver:
    def __init__(self, sentences: Sequence[Sentence], lexicon: Lexicon, language: str) -> None:
        self._sentences = sentences
        self._cues: CorrectionCues = cues_for(language)
        self._finder = RepairFinder(lexicon, self._cues, language)
        self._objections = Objections(self._finder, self._cues)
        self._done: list[Draft] = []
        self._awaited: _Awaited | None = None
        self._wrong: tuple[Value, ...] = ()
        self._mentions_until = -1
        self._used_until = -1

    def resolved(self) -> list[Utterance]:
        """Every utterance, corrected."""
        for place, sentence in enumerate(self._sentences):
            if place <= self._used_until:
                continue
            speech = Speech((Source(sentence.turn, sentence.start, sentence.end),))
            self._add(place, Draft(speech, speech, sentence.position, sentence.turn.speaker))
        return [draft.finished() for draft in self._done]

    def _add(self, place: int, draft: Draft) -> None:
        recalled = bool(self._done) and self._finder.recalls(self._done[-1].text, draft.text)
        if recalled and self._repair(place, len(self._done) - 1, None, draft.speech, sure=True):
            return
        told = self._recanted(place, draft)
        if told is None:
            return
        draft = told
        if self._echoes(draft):
            self._await(place)
            return
        draft, cut = self._within(place, draft)
        if place <= self._mentions_until and self._finder.only_mentions(draft.text, self._wrong):
            return
        if self._continues(place, draft) or (self._done and self._across(place, draft)):
            return
        self._done.append(draft)
        if cut is not None:
            self._awaited = _Awaited(len(self._done) - 1, cut, place)

    def _recanted(self, place: int, draft: Draft) -> Draft | None:
        """What the sentence tells besides correcting an earlier one by naming what was said in it."""
        for index in range(len(self._done) - 1, max(len(self._done) - 1 - _RECALLED, -1), -1):
            target = self._done[index]
            begin = self._finder.recants(target.text, draft.text)
            if begin is None:
                continue
            right = draft.speech.part(begin)
            repair = self._finder.find(target.text, right.text, sure=True)
            if repair is not None:
                self._done[index] = self._joined(place, target, len(target.text), right, repair)
                self._awaited = None
                rest = draft.speech.part(0, begin)
                told = bool(re.search(r"\w", rest.text))
                return replace(draft, speech=rest, quoted=rest, corrected=True) if told else None
        return draft

    def _echoes(self, draft: Draft) -> bool:
        """Whether the last value is but denied, or said again as a question: "Eight?"."""
        if self._done and self._finder.denies(self._done[-1].text, draft.text.rstrip(_END + "?")):
            return True
        values = self._finder.figures(draft.text)
        if len(values) != 1 or not draft.text.endswith("?") or not self._done:
            return False
        said = self._finder.figures(self._done[-1].text)
        rest = draft.text[: values[0].start] + draft.text[values[0].stop(draft.text) :]
        return bool(said) and said[-1].key == values[0].key and not re.search(r"\w", rest)

    def _within(self, place: int, draft: Draft) -> tuple[Draft, int | None]:
        """Corrections inside one sentence, the first one first, and where a cue stands without its repair."""
        for _ in range(_MOST_REPAIRS):
            step, cut = self._within_once(place, draft)
            if step is None:
                return draft, cut
            draft = step
        return draft, None

    def _within_once(self, place: int, draft: Draft) -> tuple[Draft | None, int | None]:
        text = draft.text
        folded = fold(text)
        open_cut: int | None = None
        read_to = 0
        for start in self._cue_starts(folded):
            if start < read_to or not text[:start].strip(_PAUSES + " "):
                continue
            before = folded[:start].rstrip()[-1:] in _PAUSES
            opening = self._cues.opening(folded[start:])
            if before and self._finder.recalls(text[:start], text[start:]):
                opening = (0, True)
            if opening is None:
                continue
            length, sure = opening
            read_to = start + length
            after = folded[:read_to].rstrip()[-1:] in _PAUSES or self._is_told(
                folded[start:read_to], text[read_to:]
            )
            if not (before if sure else before and after) and not (
                sure and self._cues.strong.search(folded, start, read_to)
            ):
                continue
            right = text[read_to:]
            if not right.strip(_END):
                if sure and open_cut is None and self._finder.figures(text[:start]):
                    open_cut = start
                continue
            left = text[:start].rstrip(_PAUSES + " ")
            repair = self._finder.find(left, right, sure=sure, joined=not after and not before, inside=True)
            if repair is not None:
                return self._joined(place, draft, len(left), draft.speech.part(read_to), repair), None
            if (
                sure
                and before
                and after
                and open_cut is None
                and self._finder.figures(left)
                and not self._finder.figures(right)
            ):
                open_cut = start
        return None, open_cut

    def _cue_starts(self, folded: str) -> list[int]:
        cues = (self._cues.strong, self._cues.pause, self._cues.weak, self._cues.filler)
        starts = {match.start() for cue in cues for match in cue.finditer(folded)}
        return sorted(starts | {start for start, _ in clauses_of(folded)})

    def _is_told(self, cue: str, right: str) -> bool:
        """Whether a value follows at once ("actually 8081"), and the cue does not deny it ("not 60")."""
        return not self._cues.denies.search(cue) and self._finder.begins_with_value(right)

    def _joined(self, place: int, target: Draft, length: int, right: Speech, repair: Repair) -> Draft:
        """The target's first `length` characters, repaired."""
        left = target.speech
        text = right.text
        repaired = right.part(repair.start, repair.end)
        self._wrong = repair.wrong
        self._mentions_until = place + _MENTIONS
        rest = Speech(())
        for start, end in self._finder.without_mentions(text, repair):
            rest += right.part(start, end, leading=" ,;:…—" if repair.rest is None else " ")
        meant = left.part(0, repair.cut, trailing=" ") + repaired
        if repair.resume is not None:
            meant += left.part(repair.resume, length)
        quoted = repaired
        if re.search(r"\w", rest.text):
            meant += rest
            quoted += rest
        lowered = target.lowered | set(left.text[repair.cut : length].split())
        return replace(target, speech=meant, quoted=quoted, corrected=True, lowered=lowered)

    def _repair(
        self, place: int, index: int, cut: int | None, right: Speech, *, sure: bool, late: bool = False
    ) -> bool:
        """Repairs `done[index]` and drops what was said since."""
        target = self._done[index]
        left = target.text[:cut].rstrip(_PAUSES + " ")
        repair = self._finder.find(left, right.text, sure=sure, late=late)
        if repair is None:
            return False
        self._done[index] = self._joined(place, target, len(left), right, repair)
        del self._done[index + 1 :]
        self._awaited = None
        return True

    def _continues(self, place: int, draft: Draft) -> bool:
        """Whether the sentence brings the repair that a cue before it has promised."""
        awaited = self._awaited
        if awaited is None or draft.text.endswith("?"):
            return False
        opening = self._cues.opening(fold(draft.text))
        right = draft.speech.part(opening[0] if opening and opening[0] < len(draft.text) else 0)
        if self._finder.figures(right.text):
            if self._repair(place, awaited.place, awaited.cut, right, sure=True, late=True):
                return True
            self._awaited = None
        if place - awaited.since >= _WAITS:
            self._awaited = None
        return False

    def _across(self, place: int, draft: Draft) -> bool:
        """Corrects an earlier sentence; says whether the new one is used up by it."""
        return (
            self._objected(place, draft)
            or self._opened(place, draft)
            or self._closed(place, draft)
            or self._restated(place, draft)
        )

    def _objected(self, place: int, draft: Draft) -> bool:
        following = self._sentences[place + 1 : place + 2]
        spoken = [(self._done[n].text, self._done[n].speaker) for n in range(len(self._done))[-12:]]
        found = self._objections.find(
            spoken, (draft.text, draft.speaker), following[0].text if following else ""
        )
        if found is None:
            return False
        self._used_until = place + found.used
        if found.right is None:
            return True
        index = len(self._done) - len(spoken) + found.place
        target = self._done[index]
        said = draft.speech.part(found.right.start, found.right.stop(draft.text))
        wrong_end = found.wrong.stop(target.text) if found.right.unit else found.wrong.end
        meant = target.speech.part(0, found.wrong.start) + said
        rest = target.speech.part(wrong_end, leading=" ")
        if re.search(r"\w", rest.text):
            meant += rest
        self._awaited = None
        self._wrong, self._mentions_until = (found.wrong,), self._used_until + _MENTIONS
        self._done[index] = replace(target, speech=meant, quoted=said, corrected=True)
        return True

    def _opened(self, place: int, draft: Draft) -> bool:
        """The sentence begins with a cue."""
        text = draft.text
        opening = self._cues.opening(fold(text))
        if opening is None:
            return False
        length, sure = opening
        previous = self._done[-1]
        right = draft.speech.part(length)
        if not re.search(r"\w", right.text):
            self._await(place)
            return False
        pause = text[:length].rstrip()[-1:] in _PAUSES or self._is_told(fold(text[:length]), right.text)
        asked = previous.text.endswith("?") and previous.speaker != draft.speaker
        if (
            asked
            or text.endswith("?")
            or not (sure or (pause and len(right.text.split()) < _SHORT_CORRECTION))
        ):
            return False
        if self._repair(place, len(self._done) - 1, None, right, sure=sure):
            return True
        wrong = {value.key for value in self._finder.figures(previous.text)}
        if sure and all(value.key in wrong for value in self._finder.figures(right.text)):
            self._await(place)
        return False

    def _await(self, place: int) -> None:
        for index in range(len(self._done) - 1, max(len(self._done) - 3, -1), -1):
            if self._finder.figures(self._done[index].text):
                self._awaited = _Awaited(index, len(self._done[index].text), place)
                return

    def _closed(self, place: int, draft: Draft) -> bool:
        """The sentence ends with a cue, or is followed by nothing but a cue."""
        text = draft.text
        folded = fold(text).rstrip(_END)
        ends = [match for match in self._cues.trailing.finditer(folded) if match.end() == len(folded)]
        right = text[: ends[0].start()].rstrip(_PAUSES + " ") if ends else text
        if not ends and not self._cue_follows(place, draft):
            return False
        if not right or len(right.split()) > _SHORT_CORRECTION or not self._finder.figures(right):
            return False
        after = self._sentences[place + 1 : place + 2] if ends else self._sentences[place + 2 : place + 3]
        if after and self._finder.restates(right, after[0].text):
            return False
        if not self._repair(place, len(self._done) - 1, None, draft.speech.part(0, len(right)), sure=True):
            return False
        self._used_until = place if ends else place + 1
        return True

    def _cue_follows(self, place: int, draft: Draft) -> bool:
        following = self._sentences[place + 1 : place + 2]
        if not following or following[0].turn.speaker != draft.speaker:
            return False
        opening = self._cues.opening(fold(following[0].text))
        return bool(opening and opening[1] and opening[0] == len(following[0].text))

    def _restated(self, place: int, draft: Draft) -> bool:
        """As in "six attempts. Eight attempts.": the same frame with another value, and no third one."""
        previous = self._done[-1]
        if previous.speaker != draft.speaker or previous.text.endswith("?"):
            return False
        following = [sentence.text for sentence in self._sentences[place + 1 : place + 2]]
        if not self._finder.restates(previous.text, draft.text):
            return False
        if any(self._finder.restates(draft.text, third) for third in following):
            return False
        first = self._finder.figures(previous.text)[0]
        before = [draft.text for draft in self._done[-2:-1]]
        if before and not before[0].endswith("?") and first.start == 0 and not previous.corrected:
            return False  # The entries of a list have been told before.
        return self._repair(place, len(self._done) - 1, None, draft.speech, sure=True)

"""Aligns a clause with what it repairs: where the words before are cut, and where they go on.

A clause is a repair if it begins again with words that were said ("at two, I mean, at three"), brings another
value of the same form, or ends with the same words ("stop the pump, I mean, start the pump").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from techne.documents.engines.extractive.correction_cues import CorrectionCues
from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.listing import words
from techne.documents.engines.extractive.values import Value, alike, same_measure

WORD = re.compile(r"[\w'’./:@=*\\-]*\w")
_RETRACE_WORDS = 14
_WORDS_BEFORE = 6
_UNMEASURED_BEFORE = 2
SHORT_TAIL = 4
_LONG_TAIL = 12
_SHORT_REPAIR = 6
_FEW = 3
_FRAMES = words(
    "o a os as no na nos nas do da dos das ao aos um uma em de para pra pro pelo pela com the a an at on in "
    "to of for with by from"
)
"""Articles and prepositions: the frame that the repair of a word takes up again."""
_ARTICLES = words("um uma one")
_PAIRS = (
    "clockwise counterclockwise,true false,on off,enabled disabled,up down,left right,open closed,yes no,"
    "before after,allow deny,"
    "ligado desligado,ligada desligada,aberto fechado,aberta fechada,direita esquerda,verdadeiro falso,"
    "habilitado desabilitado,sim nao,antes depois,entrada saida,horario anti-horario"
)
_OPPOSITES = {
    one: other for pair in _PAIRS.split(",") for one, other in (pair.split(), reversed(pair.split()))
}


@dataclass(frozen=True, slots=True)
class Repair:
    """`left[:cut]`, then `right[start:end]`, then `left[resume:]` if any, then `right[rest:]`."""

    cut: int
    resume: int | None
    start: int
    end: int
    wrong: tuple[Value, ...]
    rest: int | None = None
    """Where `right` goes on; at `end` if it is not given."""

    def moved(self, by: int) -> Repair:
        """The repair in a longer `right`, with so many characters before it."""
        rest = None if self.rest is None else self.rest + by
        return replace(self, start=self.start + by, end=self.end + by, rest=rest)


class Aligner:
    """Aligns clauses in one language."""

    def __init__(self, lexicon: Lexicon, cues: CorrectionCues) -> None:
        self._lexicon = lexicon
        self._cues = cues

    def align(
        self,
        left: str,
        clause: str,
        left_values: Sequence[Value],
        values: Sequence[Value],
        *,
        sure: bool,
        at_once: bool,
        lead: bool,
        joined: bool,
    ) -> Repair | None:
        """The repair that the clause is, if it is one.

        Args:
            left: What was said up to the cue.
            clause: A clause after it.
            left_values: The values of `left`.
            values: The values of `clause`.
            sure: Whether the cue is one that hardly means anything else.
            at_once: Whether no other clause stands between the cue and this one.
            lead: Whether "it's" or the like brought the clause in.
            joined: Whether no pause stands between the cue and the clause.
        """
        for right in values[:2]:
            same = [value for value in left_values if alike(value, right)]
            if same and same[-1].key == right.key:
                continue
            after = fold(clause[right.stop(clause) :].strip(" .!?"))
            if after and values[1:]:  # "3 to 1, sorry, 4 to 1"
                same.sort(key=lambda value: fold(left[value.stop(left) :].strip()) == after)
            if same:
                bare = lead or right.start == 0
                bare = bare and sure and right.kind == "number"
                if (
                    at_once
                    or bare
                    or same_measure(same[-1], right)
                    or _reframed(left, clause, same[-1], right)
                ):
                    found = self._valued(left, clause, same[-1], right, sure=sure, joined=joined)
                    if found is not None:
                        return found
        if values and at_once:
            article = self._article(left, clause, values[0])
            if article is not None:
                return article
        framed = _retraced(left, clause)
        whole = framed and (framed[1] > 1 or (framed[0] == 0 and len(clause.split()) <= _FEW))
        if any(value.kind != "name" for value in values) and not whole:
            return None
        return self._worded(left, clause, sure=sure) if at_once and not joined and not lead else None

    def _valued(
        self, left: str, clause: str, wrong: Value, right: Value, *, sure: bool, joined: bool
    ) -> Repair | None:
        before = len(WORD.findall(clause[: right.start]))
        measured = same_measure(wrong, right)
        wrong_end = wrong.stop(left) if right.unit or not wrong.unit else wrong.end
        tail = left[wrong_end:].strip(" ,;:…—.-!?")
        end = rest = len(clause)
        told = False
        after = clause[right.stop(clause) :].strip(" .!?")
        if WORD.search(left[: wrong.start]) and self._tells(after) and not self._tells(tail):
            after, end, told = (
                "",
                right.stop(clause),
                True,
            )  # "avoid 5, sorry, 6 is the bad one": what it is, is told.
        retrace = _retraced(left, clause)
        retraced = retrace is not None and self._begins_again(left, retrace, wrong)
        tail_words = len(tail.split())
        bare = sure and not before and not after and right.kind == "number"
        if tail_words > (_LONG_TAIL if measured or retraced or bare else SHORT_TAIL):
            return None
        if not sure:
            short = joined or len(clause.split()) <= _SHORT_REPAIR
            if not short or not (retraced or before <= 2) or tail_words > (2 if after else SHORT_TAIL):
                return None
        cut, start = wrong.start, right.start
        if not WORD.search(left[:cut]):
            start = 0
        elif retraced and retrace is not None:
            if retrace[1] >= before or not _led_alike(left, clause, wrong, right):
                cut, start = retrace[0], 0
        elif before > (_WORDS_BEFORE if measured else _UNMEASURED_BEFORE):
            return None
        else:
            frames = [word.group() for word in WORD.finditer(clause[: right.start])]
            spoken = list(WORD.finditer(left[: wrong.start]))[-1:]
            if (
                len(frames) == 1
                and fold(frames[0]) in _FRAMES
                and spoken
                and fold(spoken[0].group()) in _FRAMES
            ):
                cut, start = spoken[0].start(), 0
        resume = wrong_end if tail and not after else None
        if after and tail_words > SHORT_TAIL and not _overlap(after, tail):
            resume = wrong_end
            return Repair(cut, resume, start, right.stop(clause), (wrong,))
        return Repair(
            cut, resume, start, right.stop(clause) if resume else end, (wrong,), rest if told else None
        )

    def _tells(self, words: str) -> bool:
        """Whether the words after a value tell what it is: "is the bad one"; "e" alone is but "and"."""
        first = words.split(maxsplit=1)[:1]
        return bool(first) and first[0] != "e" and self._cues.copula.fullmatch(fold(first[0])) is not None

    def _begins_again(self, left: str, retrace: tuple[int, int], wrong: Value) -> bool:
        """Whether the words said again lead to the wrong value; an article may be any."""
        said = WORD.findall(left[retrace[0] : wrong.start])
        if retrace[0] > wrong.start:
            return False
        return retrace[1] > 1 or len(said) <= 2 or fold(said[0]) not in _FRAMES

    def _article(self, left: str, clause: str, right: Value) -> Repair | None:
        """As in "adds one, adds a hundred": the article is a number where nothing follows it."""
        retrace = _retraced(left, clause)
        if retrace is None or right.kind != "number" or len(clause.split()) > _SHORT_REPAIR:
            return None
        between = WORD.findall(left[retrace[0] :])[retrace[1] :]
        if len(between) != 1 or fold(between[0]) not in _ARTICLES:
            return None
        return Repair(retrace[0], None, 0, len(clause), ())

    def _worded(self, left: str, clause: str, *, sure: bool) -> Repair | None:
        """Words for words: "the primary, sorry, the replica", "stop it, I mean, restart it"."""
        spoken = list(WORD.finditer(left))[-_RETRACE_WORDS:]
        repair = [fold(word) for word in WORD.findall(clause)]
        said = [fold(word.group()) for word in spoken]
        if (
            not repair
            or not said
            or len(repair) > (_SHORT_REPAIR if sure else 3)
            or self._cues.sequence.match(fold(clause))
        ):
            return None
        if (
            sure
            and len(repair) == 1
            and len(spoken) > 1
            and _is_name(spoken[-1].group())
            and _is_name(clause)
        ):
            if self._lexicon.acknowledgement.fullmatch(fold(clause)):
                return None
            return Repair(spoken[-1].start(), None, 0, len(clause), ())
        if len(repair) == 1 and _OPPOSITES.get(said[-1]) == repair[0]:
            return Repair(spoken[-1].start(), None, 0, len(clause), ())
        retrace = _retraced(left, clause)
        if retrace is not None and retrace[1] < len(repair):
            between = len(WORD.findall(left[retrace[0] :])) - retrace[1]
            framed = repair[0] in _FRAMES or retrace[1] > 1 or (retrace[0] == 0 and len(repair) <= _FEW)
            if 0 < between <= SHORT_TAIL and framed and (sure or between <= 2):
                return self._elliptic(left, clause, retrace[0], len(clause))
            place = len(said) - 1
            while place >= 0 and said[place] != repair[-1]:
                place -= 1
            tail = len(said) - 1 - place
            inside = place >= 0 and spoken[place].start() > retrace[0]
            if framed and len(repair) > 2 and inside and 0 < tail <= SHORT_TAIL:
                return Repair(retrace[0], spoken[place].end(), 0, len(clause.rstrip(" .!?")), ())
        same_end = 0
        while same_end < min(len(repair), len(said)) and repair[-1 - same_end] == said[-1 - same_end]:
            same_end += 1
        if sure and 0 < same_end < len(repair) <= len(said) and len(repair) - same_end <= 2:
            return Repair(spoken[-len(repair)].start(), None, 0, len(clause), ())
        return None

    def _elliptic(self, left: str, clause: str, cut: int, end: int) -> Repair:
        """As in "no servidor de arquivos, quer dizer, no de impressão": the noun that is left out stays."""
        repair = list(WORD.finditer(clause))
        if len(repair) > 2 and fold(repair[1].group()) in _FRAMES:
            inner = [
                word
                for word in WORD.finditer(left)
                if word.start() > cut and fold(word.group()) == fold(repair[1].group())
            ]
            if inner:
                return Repair(inner[-1].start(), None, repair[1].start(), end, ())
        return Repair(cut, None, 0, end, ())


def _reframed(left: str, clause: str, wrong: Value, right: Value) -> bool:
    """Whether one content word at least stands before both values: "VLAN 20", "VLAN 30"."""
    again = WORD.findall(clause[: right.start])
    said = WORD.findall(left[: wrong.start])[-len(again) :] if again else []
    return (
        bool(again)
        and [fold(word) for word in said] == [fold(word) for word in again]
        and not all(fold(word) in _FRAMES for word in again)
    )


def _led_alike(left: str, clause: str, wrong: Value, right: Value) -> bool:
    """Whether the same word leads to both values: "every 500 hours", "the filter is every 250 hours"."""
    return [fold(word) for word in WORD.findall(left[: wrong.start])[-1:]] == [
        fold(word) for word in WORD.findall(clause[: right.start])[-1:]
    ]


def _is_name(word: str) -> bool:
    return word[0].isupper() and word.rstrip(" .!?").isalpha()


def _overlap(one: str, other: str) -> bool:
    return not {fold(word) for word in WORD.findall(one)}.isdisjoint(
        fold(word) for word in WORD.findall(other)
    )


def _retraced(left: str, right: str) -> tuple[int, int] | None:
    """Where `left` says the first words of `right`, the longest and latest such place, and how many."""
    spoken = list(WORD.finditer(left))[-_RETRACE_WORDS:]
    said = [fold(word.group()) for word in spoken]
    again = [fold(word) for word in WORD.findall(right)[:_RETRACE_WORDS]]
    best: tuple[int, int] | None = None
    for position in range(len(said)):
        length = 0
        while (
            position + length < len(said) and length < len(again) and said[position + length] == again[length]
        ):
            length += 1
        if length and (best is None or length >= best[1]):
            best = (spoken[position].start(), length)
    return best

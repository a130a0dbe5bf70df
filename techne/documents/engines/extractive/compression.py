"""Takes whole clauses out of a sentence that tell nothing of its subject; the others stay word for word.

A clause goes only at a safe boundary: it begins with a word that adds a clause to another ("and", "which",
"porque"), or it is plain chatter, and what follows begins anew. Nothing goes that bears a fact, an error, an
instruction, a negation, a condition or an exception.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.listing import words
from techne.documents.engines.extractive.trimming import finished

_BOUNDARY = re.compile(r"[,;:—]\s+")
_SPOKEN_BOUNDARY = re.compile(
    r"(?<!\be)(?<!\bis)(?<!\bwas)(?<!\bnot)(?<!n't)(?<!'s)(?<!\bjust)(?<!\bso)(?<!\bnao)"
    r"\s+(?=(?:because|porque|ja que)\s)"
)
"""Reasons are told without a pause; "it is because" is what the sentence says and stays whole."""
_SHORTEST = 10
"""Words up to which a sentence stays whole."""
_FEWEST_LEFT = 4
_CHATTER = words("noise logistics meta personal")
_TELLING = words("error named_error symptom solution action obligation prohibition risk prevention condition")

_BINDING = words("obligation prohibition action condition prevention named_error")


@dataclass(frozen=True, slots=True)
class _Clause:
    start: int
    end: int
    bears_fact: bool
    is_telling: bool
    is_chatter: bool
    begins_anew: bool
    is_relative: bool
    defines: bool
    """Whether it says what the thing before it is: "which is", "que é"."""
    is_afterthought: bool
    binds: bool
    """Whether it forbids, orders, or limits what the others say."""
    is_sentence: bool
    """Whether it has a subject and a verb, so that it is no member of a list."""

    @property
    def is_background(self) -> bool:
        """Whether it is a clause of its own that tells reasons or circumstances only."""
        return not (self.bears_fact or self.binds) and (self.begins_anew or self.is_sentence)

    @property
    def may_go(self) -> bool:
        """Whether the sentence is the same without it."""
        if self.bears_fact:
            return False
        return not self.is_telling or self.is_chatter


def compressed(
    text: str,
    facts: Sequence[tuple[int, int]],
    lexicon: Lexicon,
    cues_of: Callable[[str], Collection[str]],
    *,
    is_tight: bool = False,
) -> str:
    """The sentence without its empty clauses.

    Args:
        text: A trimmed sentence.
        facts: Where its values and codes are; nothing is cut there.
        lexicon: The language's cues.
        cues_of: The cues of a folded text.
        is_tight: Whether room is so scarce that background told after the facts goes as well.
    """
    if len(text.split()) < _SHORTEST:
        return text
    clauses = _clauses(text, facts, lexicon, cues_of)
    kept = _kept(clauses)
    if is_tight:
        kept = _without_background(kept)
    if len(kept) == len(clauses):
        return text
    written = _written(kept, text)
    left = len(written.split())
    return finished(written) if left >= _FEWEST_LEFT else text


def _clauses(
    text: str,
    facts: Sequence[tuple[int, int]],
    lexicon: Lexicon,
    cues_of: Callable[[str], Collection[str]],
) -> list[_Clause]:
    folded = fold(text)
    found = [match.end() for match in _BOUNDARY.finditer(text)]
    found += [match.end() for match in _SPOKEN_BOUNDARY.finditer(folded)]
    cuts = sorted({cut for cut in found if not any(start < cut < end for start, end in facts)})
    edges = [0, *cuts, len(text)]
    clauses: list[_Clause] = []
    for start, end in pairwise(edges):
        clause = folded[start:end]
        cues = frozenset(cues_of(clause))
        limits = lexicon.limiting.match(clause) is not None
        clauses.append(
            _Clause(
                start,
                end,
                bears_fact=any(start <= fact < end for fact, _ in facts),
                is_telling=bool(cues & _TELLING) or lexicon.negation.search(clause) is not None,
                is_chatter=bool(cues & _CHATTER) and not cues & (_TELLING - {"action", "condition"}),
                begins_anew=lexicon.joining.match(clause) is not None,
                is_relative=lexicon.relative.match(clause) is not None,
                defines=lexicon.defining.match(clause) is not None,
                binds=limits or bool(cues & _BINDING),
                is_sentence=clause.count(" ") >= _FEWEST_LEFT and lexicon.finite.search(clause) is not None,
                is_afterthought=lexicon.afterthought.match(clause) is not None,
            )
        )
    return clauses


def _kept(clauses: Sequence[_Clause]) -> list[_Clause]:
    kept = list(clauses)
    while len(kept) > 1 and kept[-1].may_go and _is_loose(kept[-1]):
        if kept[-1].defines and kept[-2].bears_fact:
            break
        kept.pop()
    if len(kept) > 1 and kept[0].is_chatter and kept[0].may_go and not kept[1].begins_anew:
        kept.pop(0)
    return [
        clause
        for place, clause in enumerate(kept)
        if not (
            0 < place < len(kept) - 1
            and clause.may_go
            and clause.is_relative
            and not (clause.defines and kept[place - 1].bears_fact)
        )
    ]


def _without_background(clauses: Sequence[_Clause]) -> list[_Clause]:
    """The clauses up to the last that bears a fact or binds; there must be one of them before."""
    kept = list(clauses)
    while len(kept) > 1 and kept[-1].is_background and any(c.bears_fact or c.binds for c in kept[:-1]):
        if kept[-1].defines and kept[-2].bears_fact:
            break
        kept.pop()
    return kept


def _written(kept: Sequence[_Clause], text: str) -> str:
    """The clauses that stay, without the comma that only set off one that is gone."""
    written = ""
    for place, clause in enumerate(kept):
        words = text[clause.start : clause.end].strip()
        following = kept[place + 1] if place + 1 < len(kept) else None
        gone = following is not None and following.start != clause.end
        if gone and following is not None and not following.begins_anew:
            words = words.rstrip(" ,;:—")
        written += f" {words}"
    return written.strip().rstrip(" ,;:—")


def _is_loose(clause: _Clause) -> bool:
    return clause.begins_anew or clause.is_chatter or clause.is_afterthought

"""What a statement is about: its values, its codes, and the cues that it gives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from techne.documents.engines.extractive.corrections import Utterance
from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.listing import words
from techne.documents.engines.extractive.spoken_code import Code, codes_in
from techne.documents.engines.extractive.trimming import finished, trimmed
from techne.documents.engines.extractive.values import Value, values_in

_CLAUSE = re.compile(r"[,;:]\s+")
_VOCATIVE = re.compile(r",\s([A-ZÀ-Ý][a-zà-ÿ]+)(?=\s*[.?!]|,[^,]*\?)")
"""A name that ends a sentence after a comma: "Is that so, Ann?"."""
_VOCATIVE_WORDS = 9
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_LONG_CLAUSES = 14
_FEWEST_LEFT = 5


@dataclass(frozen=True, slots=True)
class Statement:
    """A trimmed utterance with what was found in it."""

    utterance: Utterance
    text: str
    folded: str
    words: int
    values: tuple[Value, ...]
    codes: tuple[Code, ...]
    cues: frozenset[str]
    is_question: bool

    @property
    def numbers(self) -> tuple[Value, ...]:
        """Its quantities."""
        return tuple(value for value in self.values if value.kind == "number")

    @property
    def code_values(self) -> tuple[Value, ...]:
        """Its words that look like code."""
        return tuple(value for value in self.values if value.kind == "code")

    @property
    def commands(self) -> tuple[Code, ...]:
        """Its programs with their arguments."""
        return tuple(code for code in self.codes if code.is_command)

    def has(self, *cues: str) -> bool:
        """Whether it gives any of the cues."""
        return not self.cues.isdisjoint(cues)


_CUES = sorted(
    words(
        "error symptom new_problem diagnosis cause solution action look run obligation prohibition "
        "risk prevention "
        "setting location concept condition reason restriction noise logistics meta personal"
    )
)
_TECHNICAL = words(
    "error symptom diagnosis cause solution action obligation prohibition risk prevention setting condition"
)
_TELLING = words("error symptom solution action obligation prohibition risk prevention")
_CHATTER = words("noise logistics meta personal")


class Analyst:
    """Reads the statements of one chunk in one language."""

    def __init__(self, utterances: Sequence[Utterance], lexicon: Lexicon, language: str) -> None:
        self._lexicon = lexicon
        self._language = language
        self.people = _people(utterance.text for utterance in utterances)
        people = "|".join(sorted(self.people))
        self._call = (
            re.compile(
                rf",\s*(?:{people})(?=\s*[,.!?])|^(?:{people})\s*,\s*|(?<=[,.!?]\s)(?:{people})\s*,\s*"
            )
            if people
            else None
        )

    def read(self, utterance: Utterance) -> Statement | None:
        """The statement in an utterance, or None if nothing is left of it."""
        text = self._call.sub("", utterance.text) if self._call else utterance.text
        bare = fold(text).strip(" .,!?…")
        if not bare or self._lexicon.acknowledgement.fullmatch(fold(text).strip()):
            return None
        text = self._condensed(trimmed(text, self._lexicon))
        if not text or self._lexicon.acknowledgement.fullmatch(fold(text)):
            return None
        return self.describe(utterance, text)

    def describe(self, utterance: Utterance, text: str) -> Statement:
        """What is found in a text that was trimmed already."""
        folded = fold(text)
        values = tuple(
            value
            for value in values_in(text, self._lexicon, self._language)
            if not (value.kind == "name" and text[value.start : value.end] in self.people)
        )
        return Statement(
            utterance=utterance,
            text=text,
            folded=folded,
            words=len(text.split()),
            values=values,
            codes=tuple(codes_in(text, self._lexicon)),
            cues=self._cues(folded),
            is_question=text.endswith("?"),
        )

    def _cues(self, folded: str) -> frozenset[str]:
        lexicon = self._lexicon
        return frozenset(cue for cue in _CUES if getattr(lexicon, cue).search(folded))

    def _condensed(self, text: str) -> str:
        """A long sentence without the clauses at its ends that say nothing of the subject."""
        if len(text.split()) < _LONG_CLAUSES:
            return text
        cuts = [0] + [match.end() for match in _CLAUSE.finditer(text)] + [len(text)]
        clauses = [(cuts[i], cuts[i + 1]) for i in range(len(cuts) - 1)]
        first, last = 0, len(clauses)
        while last - first > 1 and self._is_empty(text[slice(*clauses[last - 1])], strict=False):
            last -= 1
        while last - first > 1 and self._is_empty(text[slice(*clauses[first])], strict=True):
            first += 1
        kept = text[clauses[first][0] : clauses[last - 1][1]]
        if (first, last) == (0, len(clauses)) or len(kept.split()) < _FEWEST_LEFT:
            return text
        return finished(kept.rstrip(" ,;:"))

    def _is_empty(self, clause: str, *, strict: bool) -> bool:
        values = values_in(clause, self._lexicon, self._language)
        if any(value.kind != "name" for value in values) or codes_in(clause, self._lexicon):
            return False
        cues = self._cues(fold(clause))
        chatter = bool(cues & _CHATTER)
        if strict:
            return chatter and not cues & (_TECHNICAL - {"action", "condition"})
        if cues & _TELLING or (values and not chatter):
            return False
        return chatter or self._lexicon.afterthought.match(fold(clause)) is not None


def _people(texts: Iterable[str]) -> frozenset[str]:
    """Names by which the speakers call each other."""
    called: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for text in texts:
        seen.update(word for word in _WORD.findall(text) if word[0].isupper())
        if len(text.split()) <= _VOCATIVE_WORDS:
            called.update(match.group(1) for match in _VOCATIVE.finditer(text))
    return frozenset(
        name
        for name, count in called.items()
        if len(name) > 2 and count * 3 >= seen[name] and fold(name) not in _NOT_PEOPLE
    )


_NOT_PEOPLE = words(
    "ok okay yes no yeah right sure great good now well so then also first second third next finally "
    "sorry thanks please "
    "hello nice cool perfect exactly correct sim nao isso certo entao bom bem agora depois primeiro "
    "segundo terceiro ai "
    "olha beleza perfeito otimo exato claro pronto obrigado obrigada desculpa perdao pessoal gente "
    "galera legal tudo"
)

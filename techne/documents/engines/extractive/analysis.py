"""What a statement is about: its values, its codes, and the cues that it gives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from techne.documents.engines.extractive.compression import compressed
from techne.documents.engines.extractive.corrections import Utterance
from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.listing import words
from techne.documents.engines.extractive.messages import foreign_in, messages_in
from techne.documents.engines.extractive.spoken_code import Code, codes_in
from techne.documents.engines.extractive.trimming import trimmed
from techne.documents.engines.extractive.values import Value, values_in

_VOCATIVE = re.compile(r",\s([A-ZÀ-Ý][a-zà-ÿ]+)(?=\s*[.?!]|,[^,]*\?)")
"""A name that ends a sentence after a comma: "Is that so, Ann?"."""
_VOCATIVE_WORDS = 9
_APOLOGY = re.compile(r"[,.] (?:perdao|desculpa|desculpem|sorry|excuse me)[.!?]*$")
"""An apology at the end takes nothing back: what it is for is no part of the subject."""
_SHORT_APOLOGY = 5
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


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
    messages: tuple[str, ...] = ()
    """What systems say of their trouble, in plain words."""
    foreign: tuple[str, ...] = ()
    """Words of another language that are not in the messages."""

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
        "error message reports asks_of_trouble named_error symptom new_problem diagnosis cause "
        "solution action look run obligation prohibition "
        "risk prevention "
        "setting changed schedule location concept condition reason restriction noise logistics meta personal"
    )
)


class Analyst:
    """Reads the statements of one chunk in one language."""

    def __init__(
        self, utterances: Sequence[Utterance], lexicon: Lexicon, language: str, *, is_tight: bool = False
    ) -> None:
        self._is_tight = is_tight
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
        if _APOLOGY.search(fold(text)) and len(text.split()) <= _SHORT_APOLOGY:
            return None
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
        codes = _codes(text, self._lexicon)
        messages = messages_in(folded, self._lexicon)
        return Statement(
            utterance=utterance,
            text=text,
            folded=folded,
            words=_written_words(text, codes),
            values=values,
            codes=codes,
            cues=self._cues(folded) | ({"quotes"} if messages else set()),
            is_question=text.endswith("?"),
            messages=tuple(folded[start:end] for start, end in messages),
            foreign=tuple(
                folded[start:end]
                for start, end in foreign_in(folded, self._lexicon)
                if not any(start < last and first < end for first, last in messages)
            ),
        )

    def _cues(self, folded: str) -> frozenset[str]:
        lexicon = self._lexicon
        return frozenset(cue for cue in _CUES if getattr(lexicon, cue).search(folded))

    def _condensed(self, text: str) -> str:
        """A long sentence without the clauses that say nothing of the subject."""
        codes = _codes(text, self._lexicon)
        facts = [(code.start, code.end) for code in codes]
        values = values_in(text, self._lexicon, self._language)
        people = self.people
        facts += [(value.start, value.end) for value in values if text[value.start : value.end] not in people]
        facts += messages_in(fold(text), self._lexicon)
        return compressed(text, facts, self._lexicon, self._cues, is_tight=self._is_tight)


@lru_cache(maxsize=8192)
def _codes(text: str, lexicon: Lexicon) -> tuple[Code, ...]:
    """Most sentences are looked at twice: before they are shortened, and after."""
    return tuple(codes_in(text, lexicon))


def _written_words(text: str, codes: Sequence[Code]) -> int:
    """Words as they will be counted: a path that is spoken in ten words is written in one."""
    saved = sum(len(text[code.start : code.end].split()) - len(code.text.split()) for code in codes)
    return len(text.split()) - saved


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

"""Brings what was said and what was written to one form, for judging documents.

Speech recognition writes `traço n` where a document has `-n`, and `sessenta` where it has `60`. Here both
become the same tokens. Nothing of this is shared with the code that it judges.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "\xa0": " "})
_PUNCTUATION = re.compile(
    r"\b(?:dois tracos|traco traco|dois hifens|hifen hifen|dash dash|double dash|two dashes|ponto e virgula|"
    r"dois pontos|igual a|equals to|equal to|at sign|traco|hifen|barra|ponto|sublinhado|underline|underscore|"
    r"igual|arroba|asterisco|dash|hyphen|slash|dot|point|equals|colon|semicolon)\b"
)
_HESITATIONS = {
    "pt": re.compile(r"\b(?:e{2,}|hum+|hm+|ah+|eh+|ne)\b"),
    "en": re.compile(r"\b(?:um+|uh+|hm+|ah+|er+)\b"),
}
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:[.,]\d{3})+(?![\d]|[.,]\d{3})")
_ZERO_CENTS = re.compile(r"(?<=\d)[.,]00(?!\d)")
_HALF = re.compile(r"(?<=\d) (?:and a half|e mei[ao])\b")
_TOKEN = re.compile(r"[a-z]+|\d+")

PASSAGE = 400
"""Letters and digits of speech, about half a minute, in which a setting is told with its value."""

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
    "zero um dois tres quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis "
    "dezessete dezoito dezenove",
)
_TENS = (
    "twenty thirty forty fifty sixty seventy eighty ninety",
    "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
)
_HUNDREDS = "duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos"
_SMALL = (
    {word: value for words in _UNITS for value, word in enumerate(words.split())}
    | {word: value * 10 for words in _TENS for value, word in enumerate(words.split(), start=2)}
    | {word: value * 100 for value, word in enumerate(_HUNDREDS.split(), start=2)}
    | {word[:-2] + "as": value * 100 for value, word in enumerate(_HUNDREDS.split(), start=2)}
    | {"uma": 1, "duas": 2, "catorze": 14, "cem": 100, "cento": 100}
)
_SCALES = {
    "hundred": 100,
    "thousand": 1000,
    "mil": 1000,
    "million": 10**6,
    "milhao": 10**6,
    "milhoes": 10**6,
}
_NUMBER_WORD = "|".join(sorted({*_SMALL, *_SCALES}, key=len, reverse=True))
_DIGITS_AND_SCALE = "|".join(sorted(_SCALES, key=len, reverse=True))
_RUN = re.compile(
    rf"\b(?:(?:{_NUMBER_WORD})|\d+ (?:{_DIGITS_AND_SCALE}))(?:(?:[ -](?:e |and )?)(?:{_NUMBER_WORD}))*\b"
)
_RUN_PART = re.compile(rf"\d+|{_NUMBER_WORD}|(?<= )(?:e|and)(?= )")


def fold(text: str) -> str:
    """Lower case without accents, typographic characters and repeated white space."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_QUOTES))
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).lower().split())


def digits(text: str, language: str) -> str:
    """Fold a text, take the spoken punctuation and hesitations out and write its numbers in digits."""
    primary = language[:2].lower()
    plain = fold(text)
    if hesitations := _HESITATIONS.get(primary):
        plain = hesitations.sub(" ", plain)
    if primary != "pt":
        plain = re.sub(r"\bum\b", "", plain)
    plain = _THOUSANDS.sub(lambda match: re.sub(r"[.,]", "", match[0]), plain)
    plain = " ".join(_PUNCTUATION.sub(" ", plain).split())
    plain = _ZERO_CENTS.sub("", _RUN.sub(lambda match: _value(match[0]), plain))
    return _HALF.sub(" 5", plain)


def _value(run: str) -> str:
    """Write the numbers of a run of number words: `mil e duzentos` is 1200, `tres dois` is 3 2."""
    written: list[str] = []
    total = group = 0
    room, scale_room, open_number = 1000, 10**9, False
    pending = ""
    for part in _RUN_PART.findall(run):
        if part in {"e", "and"}:
            pending = part
            continue
        scale = _SCALES.get(part)
        if scale == 100 and open_number and 0 < group < 10:
            group, room = group * 100, 100
        elif scale is not None and scale > 100 and scale < scale_room and (group or not open_number):
            total, group = total + (group or 1) * scale, 0
            room, scale_room, open_number = 1000, scale, True
        else:
            value = scale or (int(part) if part.isdigit() else _SMALL[part])
            if not open_number or value >= room or (value == 0):
                if open_number:
                    written.append(str(total + group))
                    written.extend([pending] if pending else [])
                total, scale_room = 0, 10**9
                group = 0
            group, open_number = group + value, True
            room = 100 if value >= 100 else 10 if value >= 20 else 1
        pending = ""
    written.append(str(total + group))
    return " ".join(written)


@dataclass(frozen=True, slots=True)
class SpokenText:
    """What was said, as one string of letters and digits that remembers where its tokens begin and end."""

    language: str
    joined: str
    starts: frozenset[int]
    ends: frozenset[int]

    @classmethod
    def of(cls, text: str, language: str) -> SpokenText:
        """Index a transcript's text."""
        starts, ends, position = [], [], 0
        tokens = _TOKEN.findall(digits(text, language))
        for token in tokens:
            starts.append(position)
            position += len(token)
            ends.append(position)
        return cls(language, "".join(tokens), frozenset(starts), frozenset(ends))

    def says(self, written: str) -> bool:
        """Whether the words of a text occur in a row, whatever their spacing and punctuation."""
        return not _needle(written, self.language) or next(self._places(written), None) is not None

    def says_together(self, name: str, value: str) -> bool:
        """Whether a name and its value are said, the value in the same passage as the name."""
        values = list(self._places(value))
        return any(abs(place - other) <= PASSAGE for place in self._places(name) for other in values)

    def _places(self, written: str) -> Iterator[int]:
        needle = _needle(written, self.language)
        position = self.joined.find(needle) if needle else -1
        while position >= 0:
            if position in self.starts and position + len(needle) in self.ends:
                yield position
            position = self.joined.find(needle, position + 1)


def _needle(written: str, language: str) -> str:
    return "".join(_TOKEN.findall(digits(written, language)))


def contains_phrase(folded_text: str, phrases: Iterable[str]) -> bool:
    """Whether any of the phrases stands in a folded text, not as a part of a longer word or number."""
    return any(
        re.search(rf"(?<![a-z0-9]){re.escape(fold(phrase))}(?![a-z0-9])", folded_text) for phrase in phrases
    )

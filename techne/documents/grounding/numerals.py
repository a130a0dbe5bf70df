"""The number words of Portuguese and English: what each is worth and how it joins its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Grammar = Literal["pt", "en", "digits"]


@dataclass(frozen=True, slots=True)
class NumberWord:
    """A number word: what it is worth, and how it may join its neighbours."""

    value: Decimal
    role: Literal["zero", "small", "hundred", "scale", "digits", "literal"]
    grammar: Grammar
    room: int = 0
    """Numbers below this may follow it within the same hundred."""
    literal: str = ""
    """Digits that are kept as they are written, such as 007 or 10.0.0.1."""


def _number_words() -> dict[str, NumberWord]:
    words: dict[str, NumberWord] = {}

    def add(grammar: Grammar, names: str, values: Sequence[int], room: int) -> None:
        for name, value in zip(names.split(), values, strict=True):
            words[name] = NumberWord(Decimal(value), "small", grammar, room)

    add("pt", "um uma dois duas tres quatro cinco seis sete oito nove", (1, 1, 2, 2, *range(3, 10)), 0)
    add(
        "pt",
        "dez onze doze treze quatorze catorze quinze dezesseis dezasseis dezessete dezassete dezoito "
        "dezenove dezanove",
        (10, 11, 12, 13, 14, 14, 15, 16, 16, 17, 17, 18, 19, 19),
        0,
    )
    add("pt", "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa", range(20, 100, 10), 10)
    add("pt", "cem", (100,), 0)
    add(
        "pt",
        "cento duzentos duzentas trezentos trezentas quatrocentos quatrocentas quinhentos quinhentas "
        "seiscentos seiscentas setecentos setecentas oitocentos oitocentas novecentos novecentas",
        (100, *(value for value in range(200, 1000, 100) for _ in range(2))),
        100,
    )
    add("en", "one two three four five six seven eight nine", range(1, 10), 0)
    add(
        "en",
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
        range(10, 20),
        0,
    )
    add("en", "twenty thirty forty fifty sixty seventy eighty ninety", range(20, 100, 10), 10)
    words["hundred"] = NumberWord(Decimal(100), "hundred", "en", 100)
    for name in ("zero", "oh"):
        words[name] = NumberWord(Decimal(0), "zero", "en")
    words["meia"] = NumberWord(Decimal(6), "small", "pt")
    scales = {"mil": 3, "thousand": 3, "milhao": 6, "milhoes": 6, "million": 6}
    scales |= {"bilhao": 9, "bilhoes": 9, "billion": 9}
    for name, power in scales.items():
        grammar: Grammar = "en" if name.endswith(("and", "lion")) else "pt"
        words[name] = NumberWord(Decimal(10) ** power, "scale", grammar, 1000)
    return words


NUMBER_WORDS = _number_words()
ORDINALS = {
    name: str(value)
    for names in (
        "primeiro segundo terceiro quarto quinto sexto setimo oitavo nono decimo",
        "primeira segunda terceira quarta quinta sexta setima oitava nona decima",
        "first second third fourth fifth sixth seventh eighth ninth tenth",
    )
    for value, name in enumerate(names.split(), start=1)
}

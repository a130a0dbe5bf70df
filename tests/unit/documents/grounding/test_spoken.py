"""Numbers and signs that were spelled out are read as one would type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techne.documents.grounding.spoken import digits_of, read_atoms

_EN_UNITS, _EN_TENS, _PT_UNITS, _PT_TENS, _PT_HUNDREDS = (
    names.split()
    for names in (
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen",
        "twenty thirty forty fifty sixty seventy eighty ninety",
        "zero um dois três quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis "
        "dezessete dezoito dezenove",
        "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
        "cento duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos",
    )
)


def in_english(number: int) -> str:
    if number < 20:
        return _EN_UNITS[number]
    if number < 100:
        tens, units = divmod(number, 10)
        return _EN_TENS[tens - 2] + (f"-{_EN_UNITS[units]}" if units else "")
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        return f"{_EN_UNITS[hundreds]} hundred" + (f" and {in_english(rest)}" if rest else "")
    thousands, rest = divmod(number, 1000)
    return f"{_EN_UNITS[thousands]} thousand" + (f" {in_english(rest)}" if rest else "")


def in_portuguese(number: int) -> str:
    if number < 20:
        return _PT_UNITS[number]
    if number < 100:
        tens, units = divmod(number, 10)
        return _PT_TENS[tens - 2] + (f" e {_PT_UNITS[units]}" if units else "")
    if number == 100:
        return "cem"
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        return _PT_HUNDREDS[hundreds - 1] + (f" e {in_portuguese(rest)}" if rest else "")
    thousands, rest = divmod(number, 1000)
    head = "mil" if thousands == 1 else f"{_PT_UNITS[thousands]} mil"
    if not rest:
        return head
    return f"{head}{' e ' if rest < 100 or rest % 100 == 0 else ' '}{in_portuguese(rest)}"


@pytest.mark.parametrize("spell", [in_english, in_portuguese])
def test_every_number_below_ten_thousand_reads_as_its_digits(spell: object) -> None:
    assert callable(spell)
    wrong = [
        (number, spell(number))
        for number in range(10_000)
        if [atom.text for atom in read_atoms(spell(number))] != [str(number)]
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("cinco zero dois", "502"),
        ("five oh two", "502"),
        ("cinco meia dois", "562"),
        ("oitenta oitenta", "8080"),
        ("eighty eighty", "8080"),
        ("um ponto vinte e oito", "1.28"),
        ("one point two eight", "1.28"),
        ("1,5", "1.5"),
        ("três vírgula cinco", "3.5"),
        ("três e meia", "3.5"),
        ("10 mil", "10000"),
        ("10.000", "10000"),
        ("1.500,25", "1500.25"),
        ("cem mil", "100000"),
        ("dois milhões", "2000000"),
        ("fifteen hundred", "1500"),
        ("nineteen ninety-nine", "1999"),
        ("dez ponto zero ponto zero ponto um", "10.0.0.1"),
        ("primeira", "1"),
        ("third", "3"),
    ],
)
def test_a_number_is_among_the_readings_of_how_it_was_said(said: str, typed: str) -> None:
    assert typed in {reading for atom in read_atoms(said) for reading in atom.readings}


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("vinte e cinco e trinta", ["25", "30"]),
        ("oito mil e oitenta e oito mil e oitenta e um", ["8080", "8081"]),
        ("um, dois, três", ["1", "2", "3"]),
    ],
)
def test_numbers_in_a_row_stay_apart(said: str, digits: list[str]) -> None:
    assert [atom.text for atom in read_atoms(said)] == digits


def test_signs_are_told_from_words_and_dois_pontos_is_no_number() -> None:
    atoms = read_atoms("host dois pontos traço n barra etc")
    assert [(atom.text, atom.kind) for atom in atoms] == [
        ("host", "word"),
        ("dois", "sign"),
        ("pontos", "sign"),
        ("traco", "sign"),
        ("n", "word"),
        ("barra", "sign"),
        ("etc", "word"),
    ]


def test_an_english_hesitation_is_no_number() -> None:
    assert read_atoms("um, so", "en-US")[0].kind == "word"
    assert read_atoms("um servidor", "pt-BR")[0].text == "1"


@given(st.integers(min_value=1, max_value=10**9))
def test_thousands_and_decimals_are_told_apart(number: int) -> None:
    assert digits_of(f"{number:,}") == str(number)
    assert digits_of(f"{number:,}".replace(",", ".")) == str(number)
    assert digits_of(f"{number},25") == f"{number}.25"


@given(st.text(max_size=80))
def test_offsets_point_into_the_text(text: str) -> None:
    atoms = read_atoms(text)
    assert all(0 <= atom.start < atom.end <= len(text) for atom in atoms)
    assert [atom.start for atom in atoms] == sorted(atom.start for atom in atoms)

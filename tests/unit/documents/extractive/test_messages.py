"""Messages in plain words, sentences that captions cut, and everyday talk that carries a figure."""

from __future__ import annotations

import pytest

from techne.documents.engines.extractive.continuations import joined, pieces
from techne.documents.engines.extractive.lexicon import fold, lexicon_for
from techne.documents.engines.extractive.messages import foreign_in, messages_in
from techne.documents.engines.extractive.selection import items_of
from techne.documents.model import ItemKind
from techne.transcripts.model import Turn


def _messages(text: str, language: str) -> list[str]:
    folded = fold(text)
    return [folded[start:end] for start, end in messages_in(folded, lexicon_for(language))]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("On the turbine panel it says vibration sensor disconnected.", "vibration sensor disconnected"),
        ("The text was unknown tariff code.", "unknown tariff code"),
        ("You get unsupported paper size.", "unsupported paper size"),
        ("The till just says drawer already in use.", "drawer already in use"),
        ("It answers lease expired, and the phone drops.", "lease expired"),
        ("The display says please insert the second cartridge.", "please insert the second cartridge"),
    ],
)
def test_what_a_system_says_in_plain_english_is_a_message(text: str, message: str) -> None:
    assert message in _messages(text, "en-US")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("No roteador o log era no gateway configured.", "no gateway configured"),
        ("A balança dizia sensor não reconhecido.", "sensor nao reconhecido"),
        ("Na tela aparece license limit exceeded.", "license limit exceeded"),
        ("Deu session timed out no coletor.", "session timed out no coletor"),
    ],
)
def test_what_a_system_says_in_portuguese_talk_is_a_message(text: str, message: str) -> None:
    assert message in _messages(text, "pt-BR")


@pytest.mark.parametrize(
    "text", ["She says we can go on.", "I was told that it is fine.", "He said it's not my desk."]
)
def test_what_people_say_is_no_message(text: str) -> None:
    assert _messages(text, "en-US") == []


def test_english_words_in_portuguese_talk_are_seen() -> None:
    folded = fold("Aí tu abre o write amplification do disco.")
    (span,) = foreign_in(folded, lexicon_for("pt-BR"))
    assert folded[slice(*span)] == "write amplification"


def test_portuguese_words_are_not_taken_for_english() -> None:
    folded = fold("A caldeira apagou e o queimador não acende mais, então a gente liga para o plantão.")
    assert foreign_in(folded, lexicon_for("pt-BR")) == []


def _turn(number: int, speaker: str, text: str) -> Turn:
    return Turn(
        id=f"t{number:04d}",
        speaker=speaker,
        start_seconds=number * 5.0,
        end_seconds=number * 5.0 + 4.5,
        text=text,
    )


def test_a_sentence_that_captions_cut_is_read_as_one_and_quoted_as_it_was_cut() -> None:
    turns = [
        _turn(1, "a", "On the kiosk it says"),
        _turn(2, "a", "badge reader unreachable. I replaced the cable"),
        _turn(3, "b", "Again?"),
        _turn(4, "a", "Yes, on door four."),
    ]
    first, *others = joined(turns)
    assert first.text == "On the kiosk it says badge reader unreachable. I replaced the cable"
    assert [turn.id for turn in others] == ["t0003", "t0004"]
    start = first.text.index("says")
    cut = [(turn.id, turn.text[begin:end]) for turn, begin, end in pieces(first, start, start + 18)]
    assert cut == [("t0001", "says"), ("t0002", "badge reader ")]


def test_every_quote_of_a_joined_turn_is_verbatim_in_its_own_turn() -> None:
    turns = [
        _turn(1, "a", "The badge kiosk on the ground floor is down and on the screen it says"),
        _turn(2, "a", "controller unreachable. I set the poll interval from 30 seconds to 5 seconds."),
        _turn(3, "b", "And now it works."),
    ]
    items = items_of(turns, lexicon_for("en-US"), "en-US")
    texts = {turn.id: turn.text for turn in turns}
    assert all(evidence.quote in texts[evidence.turn_id] for item in items for evidence in item.evidence)
    assert any("says controller unreachable" in item.text for item in items)
    assert any(item.kind is ItemKind.ERROR for item in items)


@pytest.mark.parametrize(
    ("language", "talk"),
    [
        ("en-US", "My neighbour cooked lasagna for 45 people."),
        ("en-US", "There were 12 doughnuts in the fridge."),
        ("pt-BR", "Minha sogra fez 30 tapiocas e feijoada."),
        ("pt-BR", "O micro-ondas apitou 3 vezes com a lasanha."),
    ],
)
def test_everyday_life_is_left_out_whatever_it_counts(language: str, talk: str) -> None:
    facts = {
        "en-US": "Set the relay delay to 250 ms. Never open valve V12 while pump P3 is running.",
        "pt-BR": "Ajusta o retardo do relé para 250 ms. Nunca abra a válvula V12 com a bomba P3 ligada.",
    }
    turns = [_turn(1, "a", facts[language]), _turn(2, "b", talk)]
    told = " ".join(item.text for item in items_of(turns, lexicon_for(language), language))
    assert "250" in told
    assert "V12" in told
    assert talk.split()[-1] not in told


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en-US", "The patch reset cache.warm to false. I put it back to true and set the ceiling at 70."),
        ("pt-BR", "O patch zerou o cache.warm. Eu voltei pra true e coloquei o teto em 70 por cento."),
    ],
)
def test_settings_told_as_a_story_are_kept(language: str, told: str) -> None:
    items = items_of([_turn(1, "a", told)], lexicon_for(language), language)
    text = " ".join(item.text for item in items)
    assert "cache.warm" in text
    assert "70" in text

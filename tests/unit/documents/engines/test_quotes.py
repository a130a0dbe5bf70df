"""Finding the quotes that a model claims."""

from __future__ import annotations

import pytest

from techne.documents.engines.llm.quotes import QuoteFinder
from tests.unit.documents.engines.recordings import turn

TURNS = (
    turn(1, "Bom, então: o serviço de Pagamentos caiu às 14h30, com erro 502 no gateway."),
    turn(2, "You then raise the pool size, uh, from 20 to 50 and restart the pod, okay?"),
    turn(3, "Okay."),
)


def test_a_quote_is_found_whatever_its_case_accents_and_punctuation_and_kept_as_said() -> None:
    (evidence,) = QuoteFinder(TURNS).find("t0001", "O SERVICO de pagamentos caiu as 14h30")

    assert evidence.quote == "o serviço de Pagamentos caiu às 14h30"
    assert evidence.turn_id == "t0001"
    assert 0 < evidence.start_seconds < 10  # within the turn, where the quote begins


def test_a_quote_under_the_wrong_turn_is_put_right() -> None:
    (evidence,) = QuoteFinder(TURNS).find("t0001", "restart the pod")

    assert (evidence.turn_id, evidence.quote) == ("t0002", "restart the pod")


def test_a_quote_that_tidied_the_speech_up_becomes_what_was_said() -> None:
    (evidence,) = QuoteFinder(TURNS).find("t0002", "raise the pool size from 20 to 50 and restart the pod")

    assert evidence.quote == "raise the pool size, uh, from 20 to 50 and restart the pod"


def test_a_quote_with_an_ellipsis_needs_all_its_parts() -> None:
    finder = QuoteFinder(TURNS)

    assert [e.quote for e in finder.find("t0002", "raise the pool size ... restart the pod")] == [
        "raise the pool size",
        "restart the pod",
    ]
    assert finder.find("t0002", "raise the pool size ... delete the pod") == ()


@pytest.mark.parametrize(
    ("turn_id", "quote"),
    [
        ("t0002", "delete the whole namespace"),
        ("t0002", "raise the pool size from 20 to 500 and restart the pod"),  # a number nobody said
        ("t0002", "pod"),  # proves nothing
        ("t0002", "aise the poo"),  # words, not letters
        ("t0099", "raise the pool size from 20 to 50 and restart pod"),  # nearly, of no turn
        ("t0001", ""),
        ("t0001", "…"),
    ],
)
def test_what_nobody_said_is_not_found(turn_id: str, quote: str) -> None:
    assert QuoteFinder(TURNS).find(turn_id, quote) == ()


def test_a_turn_of_one_word_can_be_quoted_whole() -> None:
    (evidence,) = QuoteFinder(TURNS).find("t0003", "okay")

    assert evidence.turn_id == "t0003"

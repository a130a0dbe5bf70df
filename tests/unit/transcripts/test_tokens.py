"""Token estimates: on the safe side, and corrected for models that count more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from techne.llm.tokens import estimate_tokens as estimate_without_margin
from techne.transcripts.tokens import corrected_estimate, estimate_tokens

PORTUGUESE = (
    "[t0012 0:03:15 spk_1] Então, a solução é aumentar o max_connections para 250 e reiniciar o serviço de "
    "autenticação. Não façam isso em produção sem avisar a operação, porque a fila para até a conclusão da "
    "sincronização.\n[t0013 0:03:29 spk_0] E quanto tempo isso costuma levar, mais ou menos?"
)
ENGLISH = (
    "[t0012 0:03:15 spk_1] So the fix is to raise max_connections to 250 and restart the authentication "
    "service. Never do that in production without telling operations, because the queue stops until the "
    "synchronisation is done.\n[t0013 0:03:29 spk_0] And how long does that usually take, more or less?"
)
COMMANDS = (
    "kubectl rollout restart deployment/payments-api -n prod --timeout=30s && journalctl -u nginx.service | "
    "grep ERROR 2024-05-17T10:22:31Z 10.0.12.7:8443 SELECT * FROM order_items WHERE customer_id = 1234567;"
)


@pytest.mark.parametrize(
    ("text", "counted"),
    [(PORTUGUESE, 98), (ENGLISH, 77), (COMMANDS, 69)],
    ids=["Portuguese", "English", "commands"],
)
def test_known_texts_are_estimated_with_a_margin_above_every_tokenizer(text: str, counted: int) -> None:
    """(S1-14) `counted` is the highest count of o200k, cl100k, Llama 3's and Claude 2's tokenizers."""
    assert 1.2 * counted <= estimate_tokens(text) <= 1.6 * counted


def test_a_quarter_of_the_characters_is_too_low_for_portuguese() -> None:
    assert estimate_tokens(PORTUGUESE) > 1.4 * len(PORTUGUESE) / 4


@pytest.mark.parametrize(
    ("cheaper", "dearer"),
    [
        ("casa", "configurações"),
        ("configuracoes", "configurações"),
        ("code", "1378"),
        ("one two", "one, two."),
        ("one two", "one\ntwo"),
        ("ok", "👍"),
        ("texto", "тексты"),
    ],
)
def test_what_tokenizers_split_costs_more(cheaper: str, dearer: str) -> None:
    assert estimate_tokens(cheaper) < estimate_tokens(dearer)


@pytest.mark.parametrize("text", ["", " "])
def test_nothing_costs_nothing(text: str) -> None:
    assert estimate_tokens(text) == 0


@given(one=st.text(max_size=60), other=st.text(max_size=60))
@examples(max_examples=100, deadline=None)
def test_a_whole_costs_no_less_than_a_part_and_no_more_than_all_parts(one: str, other: str) -> None:
    """What chunking rests on when it adds up lines."""
    one, other = f"{one}.", f"{other}."
    whole = estimate_tokens(one + other)
    assert max(estimate_tokens(one), estimate_tokens(other)) <= whole
    assert whole <= estimate_tokens(one) + estimate_tokens(other)


@given(st.text(max_size=120))
@examples(max_examples=100, deadline=None)
def test_the_estimate_is_never_below_the_one_without_margin(text: str) -> None:
    """A prompt that is planned with this one is not refused by a provider's check with the other."""
    assert estimate_tokens(text) >= estimate_without_margin(text)


@given(
    one=st.text(max_size=60),
    other=st.text(max_size=60),
    ratio=st.floats(min_value=1, max_value=2, allow_nan=False),
)
@examples(max_examples=100, deadline=None)
def test_a_corrected_estimate_adds_up_like_the_estimate(one: str, other: str, ratio: float) -> None:
    """Chunks are planned with it."""
    one, other = f"{one}.", f"{other}."
    estimate = corrected_estimate(ratio)
    whole = estimate(one + other)
    assert max(estimate(one), estimate(other)) <= whole <= estimate(one) + estimate(other)
    assert ratio * estimate_tokens(one) <= estimate(one) < ratio * estimate_tokens(one) + 1


def test_without_a_correction_the_estimate_is_itself() -> None:
    assert corrected_estimate(1.0)(PORTUGUESE) == estimate_tokens(PORTUGUESE)
    assert corrected_estimate(1.5)(PORTUGUESE) == -(-3 * estimate_tokens(PORTUGUESE) // 2)

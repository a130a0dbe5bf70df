"""Token estimates: on the safe side, and corrected by what providers report."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from techne.llm.tokens import estimate_tokens as estimate_without_margin
from techne.transcripts.tokens import TokenCalibration, estimate_tokens

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


def test_an_unknown_model_is_not_corrected() -> None:
    assert TokenCalibration().corrected("some-model", 1000) == 1000


def test_one_call_above_the_estimate_raises_the_next() -> None:
    calibration = TokenCalibration()
    calibration.record("dense", estimated=1000, reported=1300)
    assert calibration.corrected("dense", 200) == 260
    assert calibration.corrected("other", 200) == 200


def test_estimates_are_lowered_only_when_enough_calls_agree() -> None:
    calibration = TokenCalibration()
    for _ in range(TokenCalibration.SAMPLES_TO_LOWER - 1):
        calibration.record("sparse", estimated=1000, reported=800)
    assert calibration.ratio("sparse") == 1.0
    calibration.record("sparse", estimated=1000, reported=700)
    assert calibration.ratio("sparse") == 0.8  # the highest of the latest


def test_small_or_uncounted_calls_teach_nothing() -> None:
    calibration = TokenCalibration()
    calibration.record("chatty", estimated=10, reported=40)
    calibration.record("chatty", estimated=1000, reported=0)
    assert calibration.ratio("chatty") == 1.0


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=60))
@examples(max_examples=60, deadline=None)
def test_the_correction_is_bounded(calls: list[tuple[int, int]]) -> None:
    calibration = TokenCalibration()
    for estimated, reported in calls:
        calibration.record("any", estimated=estimated, reported=reported)
    assert TokenCalibration.LEAST_RATIO <= calibration.ratio("any") <= TokenCalibration.MOST_RATIO


def test_threads_share_a_calibration() -> None:
    calibration = TokenCalibration()

    def call(number: int) -> float:
        calibration.record(f"model-{number % 5}", estimated=1000, reported=1000 + number % 7)
        return calibration.ratio(f"model-{number % 5}")

    with ThreadPoolExecutor(8) as pool:
        ratios = list(pool.map(call, range(2000)))
    assert all(1.0 <= ratio <= 1.006 for ratio in ratios)
    assert calibration.ratio("model-0") == 1.006

"""Merging: each thing once, nothing lost."""

from __future__ import annotations

import random
import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from techne.documents.merging import merge_extractions, total_cost
from techne.documents.model import Evidence, Extraction, Item, ItemKind
from techne.llm.model import Usage


def item(
    text: str, at: float = 0.0, kind: ItemKind = ItemKind.SOLUTION, code: str | None = None, quote: str = ""
) -> Item:
    evidence = Evidence(turn_id=f"t{int(at) + 1:04d}", quote=quote or text, start_seconds=at)
    return Item(id="i001", kind=kind, text=text, code=code, evidence=(evidence,))


def merged(*items: Item) -> tuple[Item, ...]:
    return merge_extractions([Extraction(items=(one,)) for one in items]).items


def test_items_come_out_in_order_of_time_and_numbered() -> None:
    """(S4-12) Chunks may finish in any order."""
    late, early = item("Restart the gateway.", 90), item("The gateway answers 502.", 10, ItemKind.ERROR)

    first, second = merged(late, early)

    assert (first.id, first.text, second.id) == ("i001", early.text, "i002")


def test_a_repetition_merges_and_keeps_both_moments_as_evidence() -> None:
    """Accents, case, punctuation and inflection make no difference."""
    (only,) = merged(
        item("Aumente o número de conexões do pool para 50.", 10),
        item("aumentar numero de conexoes do pool para 50", 700),
    )

    assert [evidence.start_seconds for evidence in only.evidence] == [10, 700]


def test_the_richer_statement_survives_and_a_code_is_kept() -> None:
    (only,) = merged(
        item("Restart the payments deployment.", 10, code="kubectl rollout restart deploy/payments"),
        item("Restart the payments deployment after the rollout.", 20),
    )

    assert only.text.endswith("after the rollout.")
    assert only.code == "kubectl rollout restart deploy/payments"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Set the connection timeout to 30 seconds.", "Set the connection timeout to 60 seconds."),
        (
            "Restart the payments service in staging first.",
            "Restart the payments service in production first.",
        ),
        ("Apague o cache do gateway antes do deploy.", "Não apague o cache do gateway antes do deploy."),
        ("Suba a versão 2.4.1 do agente.", "Suba a versão 2.4.10 do agente."),
    ],
)
def test_statements_that_differ_in_substance_stay_apart(one: str, other: str) -> None:
    """A number, a place or a negation is the difference."""
    assert len(merged(item(one, 1), item(other, 2))) == 2


def test_codes_that_differ_never_merge_even_under_one_text() -> None:
    one = item("Reinicie o serviço.", 1, ItemKind.COMMAND, "systemctl restart nginx")
    other = item("Reinicie o serviço.", 2, ItemKind.COMMAND, "systemctl restart redis")

    assert len(merged(one, other)) == 2


def test_codes_are_compared_case_sensitively() -> None:
    """`-n` and `-N` are two options."""
    one, other = item("Lista.", 1, code="ls -n /var"), item("Lista.", 2, code="ls -N /var")

    assert len(merged(one, other)) == 2


def test_kinds_that_mean_different_things_stay_apart() -> None:
    text = "The certificate expires every 90 days."

    assert len(merged(item(text, 1, ItemKind.RISK), item(text, 2, ItemKind.RULE))) == 2


def test_one_sentence_read_as_solution_and_as_command_is_one_command() -> None:
    text = "Delete the stuck pod."
    (only,) = merged(
        item(text, 1, ItemKind.SOLUTION), item(text, 1, ItemKind.COMMAND, "kubectl delete pod web-0")
    )

    assert only.kind is ItemKind.COMMAND


def test_usage_cost_calls_and_rejections_are_summed() -> None:
    part = Extraction(
        items=(), rejected=("x",), usage=Usage(input_tokens=5), cost_usd=Decimal("0.1"), paid_calls=2
    )

    whole = merge_extractions([part, part, Extraction(items=())])

    assert (whole.usage.input_tokens, whole.cost_usd, whole.paid_calls) == (10, Decimal("0.2"), 4)
    assert whole.rejected == ("x", "x")


def test_a_cost_is_unknown_if_tokens_were_used_at_an_unknown_price() -> None:
    assert total_cost([(Usage(input_tokens=1), None), (Usage(input_tokens=1), Decimal(1))]) is None
    assert total_cost([(Usage(), None), (Usage(input_tokens=1), Decimal(1))]) == Decimal(1)
    assert total_cost([]) is None


_WORDS = [
    "pod",
    "cache",
    "pool",
    "gateway",
    "erro",
    "timeout",
    "reinicie",
    "aumente",
    "30",
    "60",
    "não",
    "logs",
    "o",
]
_items = st.builds(
    item,
    st.lists(st.sampled_from(_WORDS), min_size=1, max_size=7).map(" ".join),
    st.integers(0, 500).map(float),
    st.sampled_from(ItemKind),
    st.sampled_from([None, "kubectl get pods", "kubectl get nodes"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_items, max_size=14), st.randoms(use_true_random=False))
def test_merging_ignores_the_order_of_chunks_and_loses_no_fact(
    items: list[Item], shuffle: random.Random
) -> None:
    """Every code, number and moment of the recording is still there."""
    other = list(items)
    shuffle.shuffle(other)

    result = merged(*items)

    assert result == merged(*other)
    assert {one.code for one in items} - {None} == {one.code for one in result} - {None}
    assert {e.start_seconds for one in items for e in one.evidence} >= {
        e.start_seconds for one in result for e in one.evidence
    }
    numbers = [{word for word in one.text.split() if word.isdigit()} for one in items]
    assert set().union(*numbers) == {word for one in result for word in one.text.split() if word.isdigit()}


def test_merging_is_near_linear() -> None:
    """Four thousand items take well under the minute that comparing all pairs would."""
    rng = random.Random(7)
    vocabulary = ["".join(rng.choices("abcdefghijklmnop", k=7)) for _ in range(1500)]
    items = [item(" ".join(rng.choices(vocabulary, k=10)), float(n)) for n in range(3600)]
    items += [item(items[n].text, 40_000.0 + n) for n in range(400)]

    started = time.process_time()
    result = merged(*items)

    assert len(result) == 3600
    assert time.process_time() - started < 10

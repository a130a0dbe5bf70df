"""Planning stage 3 and joining its answers."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from techne.documents.mapping import (
    CANDIDATES_PER_PROBLEM,
    merge_maps,
    plan_mapping,
    rank_candidates,
)
from techne.documents.model import ContentMap, Evidence, Item, ItemKind, Problem
from techne.llm.model import Usage


def item(number: int, text: str, at: float, kind: ItemKind = ItemKind.SOLUTION) -> Item:
    evidence = Evidence(turn_id=f"t{number:04d}", quote=text, start_seconds=at)
    return Item(id=f"i{number:03d}", kind=kind, text=text, evidence=(evidence,))


ERROR, SOLUTION = ItemKind.ERROR, ItemKind.SOLUTION


def test_a_recording_without_errors_needs_no_call() -> None:
    assert plan_mapping([item(1, "Restart it.", 0)], max_groups=3, per_call=4) == ()


def test_errors_near_each_other_in_the_same_words_are_looked_at_together() -> None:
    """Two statements of one problem must meet in one call, even if others lie between them."""
    items = [
        item(1, "O pod de pagamentos entra em CrashLoopBackOff.", 0, ERROR),
        item(2, "A fila de notas fiscais enche.", 40, ERROR),
        item(3, "O pod de pagamentos fica em CrashLoopBackOff outra vez.", 80, ERROR),
        item(4, "O certificado do gateway vence.", 900, ERROR),
    ]

    groups = plan_mapping(items, max_groups=4, per_call=2)

    together = next(group for group in groups if items[0] in group.problem_items)
    assert items[2] in together.problem_items


def test_candidates_are_near_in_time_or_share_rare_words() -> None:
    error = item(1, "The ledger replica falls behind.", 1000, ERROR)
    nearby = item(2, "Check the disk first.", 1030)
    far_but_same_words = item(3, "Rebuild the ledger replica at night.", 9000)
    crowd = [item(100 + n, f"Topic number{n} entirely apart.", 4000.0 + n) for n in range(60)]

    (group,) = plan_mapping([error, nearby, far_but_same_words, *crowd], max_groups=1, per_call=3)

    assert {nearby.id, far_but_same_words.id} <= {candidate.id for candidate in group.candidates}
    assert len(group.candidates) <= CANDIDATES_PER_PROBLEM
    assert rank_candidates(error, [*crowd, nearby])[0] == nearby


def test_concepts_and_errors_are_no_candidates() -> None:
    error = item(1, "It breaks.", 0, ERROR)
    items = [error, item(2, "It breaks too.", 5, ERROR), item(3, "It is a broker.", 6, ItemKind.CONCEPT)]

    groups = plan_mapping(items, max_groups=2, per_call=1)

    assert all(group.candidates == () for group in groups)


_moments = st.tuples(
    st.sampled_from(["pool cheio", "pod cai", "disco cheio", "fila parada"]), st.integers(0, 5000)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_moments, max_size=40), st.integers(1, 6), st.integers(1, 5))
def test_every_error_is_in_exactly_one_group(
    moments: list[tuple[str, int]], max_groups: int, per_call: int
) -> None:
    """(S4-11) And there are never more groups than allowed."""
    items = [
        item(n, text, float(at), ERROR if n % 3 else SOLUTION) for n, (text, at) in enumerate(moments, 1)
    ]

    groups = plan_mapping(items, max_groups=max_groups, per_call=per_call)

    planned = [one.id for group in groups for one in group.problem_items]
    assert sorted(planned) == sorted(one.id for one in items if one.kind is ERROR)
    assert len(groups) <= max_groups


def test_merging_maps_renumbers_and_keeps_each_error_once() -> None:
    errors = [item(n, f"Error {n}.", n * 10.0, ERROR) for n in range(1, 5)]
    late = Problem(id="p01", title="Late", item_ids=("i003",))
    early = Problem(id="p01", title="Early", item_ids=("i001", "i003"))
    gone = Problem(id="p02", title="Already told", item_ids=("i003",))
    parts = [
        ContentMap(problems=(late,), usage=Usage(output_tokens=3), cost_usd=Decimal(1), paid_calls=1),
        ContentMap(problems=(early, gone), paid_calls=2),
    ]

    whole = merge_maps(parts, errors)

    assert [(problem.id, problem.item_ids) for problem in whole.problems] == [
        ("p01", ("i001",)),
        ("p02", ("i002",)),
        ("p03", ("i003",)),
        ("p04", ("i004",)),
    ]
    assert (whole.usage.output_tokens, whole.cost_usd, whole.paid_calls) == (3, Decimal(1), 3)


def test_merging_maps_without_items_keeps_their_order() -> None:
    parts = [
        ContentMap(problems=(Problem(id="p01", title=t, item_ids=(i,)),))
        for t, i in (("A", "i009"), ("B", "i001"))
    ]

    assert [problem.title for problem in merge_maps(parts).problems] == ["A", "B"]

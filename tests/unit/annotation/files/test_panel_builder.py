"""Annotations become a panel in whatever order they come (S0-8), and what each model did is counted."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from techne.annotation.gold import read_gold
from techne.annotation.labels import LabelSet
from techne.annotation.model import Annotation, ModelSpec
from techne.annotation.panel_builder import PanelBuilder
from techne.errors import DatasetError

IDS = ("a", "b", "c")
YES_NO = LabelSet.of_names(("no", "yes"))
MULTI = LabelSet.of_names(("x", "y"), "multi")


def answer(index: int, model: str, *labels: str, **more: Any) -> Annotation:
    return Annotation.model_validate(
        {"index": index, "item_id": IDS[index], "model": model, "status": "labelled", "labels": labels} | more
    )


def failure(index: int, model: str, kind: str = "throttled", **more: Any) -> Annotation:
    return answer(index, model, status="failed", failure=kind, **more)


def test_the_order_of_annotations_changes_nothing() -> None:
    annotations = [
        answer(0, "m", "yes", confidence=0.5),
        answer(0, "n", "no"),
        answer(1, "m", status="abstained"),
        failure(1, "n"),
        answer(2, "n", "yes", confidence=1),
    ]
    for seed in range(5):
        random.Random(seed).shuffle(annotations)
        builder = PanelBuilder(YES_NO, IDS, ("m", "n"))
        builder.extend(annotations)
        votes = builder.build().problems[0].votes
        assert votes.matrix.tolist() == [[1, 0], [-1, -1], [-1, 1]]
        np.testing.assert_array_equal(votes.confidence, [0.5, np.nan, 1])
        m, n = builder.model_runs()
        assert (m.labelled, m.abstained, m.failed, m.not_asked) == (1, 1, 0, 1)
        assert (n.labelled, n.abstained, n.failures, n.not_asked) == (2, 0, {"throttled": 1}, 0)
        assert (m.distribution, n.distribution) == ({"no": 0, "yes": 1}, {"no": 1, "yes": 1})


def test_a_second_answer_is_counted_and_is_no_vote() -> None:
    builder = PanelBuilder(YES_NO, IDS, ("m",))
    builder.extend([answer(0, "m", "yes"), answer(0, "m", "no"), failure(0, "m")])
    assert builder.build().problems[0].votes.matrix.tolist() == [[1], [-1], [-1]]
    assert builder.duplicates == 1
    assert builder.model_runs()[0].failed == 0


def test_an_answer_takes_the_place_of_a_failure() -> None:
    builder = PanelBuilder(YES_NO, IDS, ("m",))
    builder.extend([failure(0, "m"), answer(0, "m", "yes"), failure(1, "m", "a"), failure(1, "m", "b")])
    assert builder.build().problems[0].votes.matrix.tolist() == [[1], [-1], [-1]]
    assert builder.duplicates == 0
    assert builder.model_runs()[0].failures == {"a": 1}


def test_multi_labels_are_one_problem_each_with_their_gold(tmp_path: Path) -> None:
    (tmp_path / "gold.csv").write_text("id,gold\nb,x|y\n", encoding="utf-8")
    known = read_gold(tmp_path / "gold.csv", IDS, MULTI)
    builder = PanelBuilder(MULTI, IDS, ("m", "n"))
    builder.extend([answer(0, "m", "y", "x"), answer(1, "m"), answer(1, "n", "y"), failure(2, "n")])
    panel = builder.build(known.problems)
    assert [p.votes.matrix.tolist() for p in panel] == [
        [[1, -1], [0, 0], [-1, -1]],
        [[1, -1], [0, 1], [-1, -1]],
    ]
    assert panel.gold_known.tolist() == [False, True, False]
    assert builder.model_runs()[0].distribution == {"x": 1, "y": 1}
    assert builder.model_runs()[1].labelled == 1


def test_spending_is_summed_and_only_calls_that_were_made_have_a_latency() -> None:
    spec = ModelSpec(provider="openai", model="gpt")
    builder = PanelBuilder(YES_NO, IDS, (spec.label, "embedded/lexicon"))
    paid = {"cost_usd": Decimal("0.25"), "attempts": 2, "input_tokens": 10, "output_tokens": 1}
    builder.add(answer(0, spec.label, "yes", latency_seconds=2.0, **paid))
    builder.add(answer(1, spec.label, "no", cached=True, latency_seconds=9.0, **paid))
    builder.add(failure(2, spec.label, attempts=3, answered_by="ollama/x"))
    run, other = builder.model_runs([spec])
    assert (run.calls_sent, run.cached, run.input_tokens, run.output_tokens) == (5, 1, 20, 2)
    assert (run.cost_usd, run.mean_latency_seconds) == (0.5, 2.0)
    assert (run.provider, run.model, run.local) == ("openai", "gpt", False)
    assert builder.answered_by_fallback == {spec.label: 1}
    assert (other.cost_usd, other.mean_latency_seconds) == (0.0, None)
    builder.add(answer(0, "embedded/lexicon", "yes", cost_usd=None))
    embedded = ModelSpec(provider="embedded", model="lexicon")
    assert builder.model_runs([embedded])[1].cost_usd is None
    assert builder.model_runs([embedded])[1].local


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (answer(0, "other", "yes"), "'other' is by no model of this panel"),
        (answer(0, "m", "maybe"), "the label 'maybe', which is not in the set"),
        (answer(0, "m"), "one label is wanted, not 0"),
        (answer(0, "m", "no", "yes"), "one label is wanted, not 2"),
        (answer(0, "m", "yes").model_copy(update={"item_id": "z"}), "item 0 has another id"),
        (answer(0, "m", "yes").model_copy(update={"index": 3}), "item 3 has another id, or isn't there"),
    ],
)
def test_what_is_not_of_this_experiment_is_refused(annotation: Annotation, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        PanelBuilder(YES_NO, IDS, ("m",)).add(annotation)


def test_two_models_of_one_name_are_refused() -> None:
    with pytest.raises(DatasetError, match="Two models have the same name"):
        PanelBuilder(YES_NO, IDS, ("m", "m"))

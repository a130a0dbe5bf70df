"""What an annotation experiment pays: foretold by the plan, bounded by the budget, saved by the cascade."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from flows.annotation import annotation
from flows.annotation_command import main
from techne.annotation.cascade import STATED_THRESHOLD
from techne.errors import BudgetExceededError
from techne.tracking import ExecutionStatus
from tests.integration.annotation_runs import (
    SAMPLES,
    SKILLS,
    Experiment,
    event,
    paid,
    panel,
    record_of,
    run,
    serving,
    skilled,
    write_gold,
    write_texts,
)
from tests.loopback import RecordedRequest, Reply
from tests.loopback.openai import OpenAIServer

MANY, KNOWN = 80, 40
CHEAPEST_FIRST = tuple((f"openai/{name}",) for name in SKILLS)

with_prefect = pytest.mark.usefixtures("prefect_server")


def arrivals(server: OpenAIServer) -> dict[str, int]:
    """Calls that came in, by model."""
    return {f"openai/{name}": count for name, count in Counter(r.model for r in server.requests).items()}


def assert_told_as_it_was(experiment: Experiment, server: OpenAIServer, texts: int) -> None:
    """The figures of a cascade are those of the server that was asked."""
    summary = experiment.summary
    cascade = summary.cascade
    assert cascade is not None
    assert summary.strategy == "cascade"
    assert cascade.calls == len(server.requests) == experiment.result.calls_sent
    assert cascade.calls_full_panel == texts * len(SKILLS)
    assert cascade.cost_usd == pytest.approx(float(paid(server)))
    assert cascade.cost_usd is not None
    assert cascade.cost_full_panel_usd is not None
    assert cascade.cost_usd < cascade.cost_full_panel_usd
    asked = {model.name: model.items - model.not_asked for model in summary.models}
    assert {name: count for name, count in asked.items() if count} == arrivals(server)
    assert experiment.result.complete
    assert len(experiment.rows("annotations.csv")) == len(server.requests)
    assert len(experiment.rows("consensus.csv")) == texts


@with_prefect
async def test_a_cascade_with_gold_finds_its_threshold_and_asks_fewer_calls(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    request = event(
        tmp_path,
        "cascade",
        dataset=str(write_texts(tmp_path / "many.csv", MANY)),
        gold=str(write_gold(tmp_path / "known.csv", KNOWN)),
        models=panel(),
        strategy="cascade",
        shard_size=20,
    )
    with serving(monkeypatch, skilled({"gpt-4.1-nano": 97, "gpt-4.1-mini": 85, "gpt-4.1": 97})) as server:
        experiment = await run(request)
        assert_told_as_it_was(experiment, server, MANY)
        by_model = arrivals(server)
    cascade = experiment.summary.cascade
    assert cascade is not None
    assert (cascade.method, cascade.threshold_source) == ("gold-weighted", "gold")
    assert experiment.result.chosen == "gold-weighted"
    assert min(by_model.values()) >= KNOWN  # everybody is asked about gold
    assert len(server.requests) < MANY * len(SKILLS)
    assert cascade.items_judged == KNOWN
    assert cascade.accuracy is not None
    assert cascade.accuracy_full_panel is not None
    assert cascade.accuracy.value >= cascade.accuracy_full_panel.value - 0.1


@with_prefect
async def test_a_cascade_without_gold_asks_the_cheapest_first_until_two_agree(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    request = event(tmp_path, "agreeing", gold=None, models=panel(), strategy="cascade")
    write_texts(tmp_path / "texts.csv", MANY)
    with serving(monkeypatch) as server:
        experiment = await run(request)
        assert_told_as_it_was(experiment, server, MANY)
        by_model = arrivals(server)
    cascade = experiment.summary.cascade
    assert cascade is not None
    assert (cascade.threshold, cascade.threshold_source) == (STATED_THRESHOLD, "stated")
    assert cascade.waves == CHEAPEST_FIRST
    assert cascade.items_per_wave == tuple(by_model[name] for (name,) in cascade.waves)
    said: dict[str, list[str]] = {}
    for row in experiment.rows("annotations.csv"):
        said.setdefault(row["item_id"], []).append(row["labels"])
    for first, second, *more in said.values():
        assert bool(more) == (first != second)
    assert by_model["openai/gpt-4.1"] == sum(len(labels) == 3 for labels in said.values()) < MANY


@with_prefect
async def test_a_stated_threshold_is_kept_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """At .7 one answer suffices, as a model is taken to be right three times in four."""
    request = event(tmp_path, "stated", gold=None, models=panel(), strategy="cascade", threshold=0.7)
    with serving(monkeypatch) as server:
        experiment = await run(request)
        assert_told_as_it_was(experiment, server, 24)
        assert set(arrivals(server)) == {"openai/gpt-4.1-nano"}
    cascade = experiment.summary.cascade
    assert cascade is not None
    assert (cascade.threshold, cascade.threshold_source) == (0.7, "stated")


@with_prefect
async def test_a_budget_stops_the_run_cleanly_and_more_of_it_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was paid is in the files; the same command with a larger budget pays only for the rest."""
    budget = Decimal("0.01")
    request = event(tmp_path, "thrifty", models=panel("gpt-4.1"), shard_size=10)
    write_texts(tmp_path / "texts.csv", MANY)
    with serving(monkeypatch) as server:
        stopped = await run({**request, "max_cost_usd": float(budget)})
        first = len(server.requests)
        spent = paid(server)
        record = record_of("thrifty")
        assert 0 < first < MANY
        assert 0 < spent <= budget
        rows = stopped.rows("annotations.csv")
        assert len(rows) == first == stopped.result.calls_sent
        assert sum(float(row["cost_usd"]) for row in rows) == pytest.approx(float(spent))
        finished = await run({**request, "max_cost_usd": 1.0})
        rest = server.requests[first:]
    assert not stopped.result.complete
    assert "budget thrifty" in (stopped.result.stopped_by or "")
    assert record.status is ExecutionStatus.FAILED
    assert "budget thrifty" in (record.error or "")
    assert finished.result.complete
    assert finished.result.stopped_by is None
    assert finished.result.attempt == 2
    assert len(rest) == MANY - first
    assert not {one.prompt for one in rest} & {one.prompt for one in server.requests[:first]}
    assert len(finished.rows("annotations.csv")) == MANY
    assert finished.summary.paid_usd == pytest.approx(float(paid(server, first)))
    assert finished.result.cost_usd == pytest.approx(float(paid(server)))
    assert record_of("thrifty").status is ExecutionStatus.COMPLETED


@with_prefect
async def test_a_stopped_run_says_loudly_that_it_is_not_complete(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    request = event(tmp_path, "loud", models=panel("gpt-4.1"), max_cost_usd=0.01)
    write_texts(tmp_path / "texts.csv", MANY)
    with serving(monkeypatch):
        stopped = await run(request)
    (caution,) = (one for one in stopped.summary.warnings if one.code == "budget_exhausted")
    (model,) = stopped.summary.models
    assert model.not_asked == MANY - len(stopped.rows("annotations.csv")) > 0
    assert f"{model.not_asked}" in caution.message


@with_prefect
@pytest.mark.parametrize("strategy", ["panel", "cascade"])
async def test_a_budget_for_no_call_at_all_is_an_error_that_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, strategy: str
) -> None:
    request = event(tmp_path, strategy, strategy=strategy, max_cost_usd=0.000001)
    request["gold"] = str(write_gold(tmp_path / "known.csv", 24))
    with serving(monkeypatch) as server:
        with pytest.raises(BudgetExceededError, match=f"budget {strategy} of .* nothing was sent"):
            await run(request)
        assert server.requests == []
    assert record_of(strategy).status is ExecutionStatus.FAILED
    assert not (tmp_path / "out" / strategy / "manifest.json").exists()


@with_prefect
async def test_a_cascade_that_runs_out_of_money_keeps_what_it_paid_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Here the money is gone while gold is asked about: there is no plan yet, and no other text is asked."""
    request = event(tmp_path, "short", strategy="cascade", models=panel(), max_cost_usd=0.01)
    request["gold"] = str(write_gold(write_texts(tmp_path / "texts.csv", MANY).with_name("known.csv"), KNOWN))
    with serving(monkeypatch) as server:
        stopped = await run(request)
        assert 0 < len(stopped.rows("annotations.csv")) == len(server.requests) < KNOWN * len(SKILLS)
    assert not stopped.result.complete
    assert stopped.summary.cascade is None
    assert record_of("short").status is ExecutionStatus.FAILED


def planned(text: str) -> tuple[int, int, int, float, float]:
    """The plan's totals: calls, tokens in and out, expected and highest cost."""
    (line,) = (line for line in text.splitlines() if re.search(r"\btotal\b", line))
    calls, tokens_in, tokens_out, expected, most = (
        cell.replace(",", "").replace("$", "") for cell in re.findall(r"\$?[\d,]+(?:\.\d+)?", line)
    )
    return int(calls), int(tokens_in), int(tokens_out), float(expected), float(most)


def as_billed(request: RecordedRequest) -> Reply:
    """Tokens in as providers count them: the schema that is asked for is part of the prompt."""
    schema = json.dumps(request.json_schema)
    characters = len(request.system) + len(request.prompt) + len(schema)
    return replace(skilled(SKILLS)(request), input_tokens=characters // 4)


@with_prefect
async def test_a_plan_asks_nobody_and_foretells_what_the_run_reports(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"dataset": str(SAMPLES / "tickets.csv"), "labels": str(SAMPLES / "labels.json")}
    output = tmp_path / "out"
    flags = [flag for name, value in files.items() for flag in (f"--{name}", value)]
    monkeypatch.setenv("COLUMNS", "200")
    with serving(monkeypatch, as_billed) as server:
        assert main(["--plan", "--models", "openai/gpt-4.1-nano", *flags], annotation) == 0
        told = capsys.readouterr().err
        assert server.requests == []
        assert not output.exists()
        done = await run(
            {**files, "models": panel("gpt-4.1-nano"), "experiment_id": "planned", "output": str(output)}
        )
    calls, tokens_in, tokens_out, expected, most = planned(told)
    (model,) = done.summary.models
    assert calls == done.result.calls_sent == model.items
    assert tokens_in == pytest.approx(model.input_tokens, rel=0.3)
    assert tokens_out >= model.output_tokens
    assert model.cost_usd is not None
    assert expected == pytest.approx(model.cost_usd, rel=0.3)
    assert most > model.cost_usd
    assert re.search(r"It takes \d+ s at least, bound by 8 calls in flight at openai", told)


def test_a_plan_of_embedded_models_is_free_and_one_of_existing_labels_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["--plan"], annotation) == 0
    assert planned(capsys.readouterr().err)[3:] == (0, 0)
    (tmp_path / "votes.csv").write_text("task,worker,label\nq1,w1,yes\nq1,w2,no\n")
    assert main(["--plan", "--annotations", str(tmp_path / "votes.csv")], annotation) == 2
    assert "Leave --plan out" in capsys.readouterr().err

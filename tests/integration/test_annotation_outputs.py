"""What an annotation experiment leaves: every file opens, and all of them tell the same story (S0-15)."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from techne.annotation.cells import restored
from techne.annotation.labels import LabelSet
from techne.annotation.summary import ModelRun
from techne.settings import get_settings
from techne.storage import open_store, parse_uri, verify_manifest
from techne.tracking import ExecutionRecord, ExecutionStatus
from tests.integration.annotation_runs import (
    GOLD,
    LABELS,
    SAMPLES,
    SKILLS,
    TEXTS,
    Experiment,
    event,
    own_environment,
    paid,
    panel,
    record_of,
    run,
    serving,
    skilled,
    truth,
)
from tests.loopback import FaultPlan, RecordedRequest, Reply

pytestmark = pytest.mark.usefixtures("prefect_server")

MODELS = tuple(f"openai/{name}" for name in SKILLS)
FORMULA = '=HYPERLINK("http://evil.example","open")'
SCRIPT = "<script>alert('owned')</script>"
HOSTILE_IDS = ("=1+1", "@SUM(A1)")
UNSURE_TEXT = "Message number 3 to the team."
"""Here one model abstains."""


def answer(request: RecordedRequest) -> Reply:
    """Skilled models, one of which abstains once; all of them reason in formulas."""
    reply = skilled(SKILLS)(request)
    said = json.loads(reply.text) | {"rationale": FORMULA}
    if UNSURE_TEXT in request.prompt and request.model == "gpt-4.1-mini":
        said["label"] = "ABSTAIN"
    return replace(reply, text=json.dumps(said))


@dataclass(frozen=True, slots=True)
class Finished:
    """One run, as the servers and stores around it saw it."""

    experiment: Experiment
    record: ExecutionRecord
    calls: int
    paid_usd: Decimal


@pytest.fixture(scope="module")
def finished(prefect_server: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    """Three models about 26 texts, two of them hostile; one call fails for good, one answer abstains."""
    folder = tmp_path_factory.mktemp("finished")
    request = event(folder, "whole", models=panel(), rationale=True, shard_size=10)
    with (folder / "texts.csv").open("a") as texts:
        texts.write(f'"{HOSTILE_IDS[0]}","{SCRIPT} first #{LABELS[0]}"\n')
        texts.write(f'"{HOSTILE_IDS[1]}","=cmd|\' /C calc\'!A0 second #{LABELS[1]}"\n')
    with (
        own_environment(folder / "home") as environment,
        serving(environment, answer, faults=FaultPlan([None, "too_long"])) as server,
    ):
        experiment = asyncio.run(run(request))
        refused = next(request for request in server.requests if request.outcome != "ok")
        server.requests.remove(refused)
        yield Finished(experiment, record_of("whole"), len(server.requests) + 1, paid(server))


def test_the_manifest_lists_files_that_are_there_as_they_were_written(finished: Finished) -> None:
    destination = parse_uri(str(finished.experiment.folder), folder=True)
    manifest = verify_manifest(destination, store=open_store(destination, get_settings()))
    names = {file.name for file in manifest.files}
    assert names >= {
        "annotations.csv",
        "annotations.parquet",
        "consensus.csv",
        "consensus.parquet",
        "failures.csv",
        "labels.json",
        "report.html",
        "summary.json",
    }
    there = {path.name for path in finished.experiment.folder.iterdir() if path.is_file()}
    assert there == names | {"manifest.json"}


def test_there_is_one_row_per_text_and_model_and_one_per_text(finished: Finished) -> None:
    rows = finished.experiment.rows("annotations.csv")
    ids = [f"t{n}" for n in range(TEXTS)] + list(HOSTILE_IDS)
    assert [(restored(row["item_id"]), row["model"]) for row in rows] == [
        (item, model) for item in ids for model in MODELS
    ]
    assert [restored(row["id"]) for row in finished.experiment.rows("consensus.csv")] == ids


@pytest.mark.parametrize("name", ["annotations", "consensus"])
def test_csv_and_parquet_hold_the_same(finished: Finished, name: str) -> None:
    as_text = finished.experiment.rows(f"{name}.csv")
    as_values = finished.experiment.table(f"{name}.parquet")
    assert len(as_text) == len(as_values) > 0
    for cells, values in zip(as_text, as_values, strict=True):
        assert list(cells) == list(values)
        for cell, value in zip(cells.values(), values.values(), strict=True):
            if isinstance(value, bool):
                assert cell == str(value).lower()
            elif isinstance(value, float):
                assert float(cell) == pytest.approx(value)
            else:
                assert restored(cell) == ("" if value is None else str(value))


def test_the_summary_counts_what_the_rows_are(finished: Finished) -> None:
    rows = finished.experiment.rows("annotations.csv")
    summary = finished.experiment.summary
    assert [model.name for model in summary.models] == list(MODELS)
    for model in summary.models:
        own = [row for row in rows if row["model"] == model.name]
        assert counts(model) == Counter(row["status"] for row in own)
        assert model.distribution == {
            label: sum(row["labels"] == label for row in own) for label in model.distribution
        }
        assert sum(model.distribution.values()) == model.labelled
        assert model.input_tokens == sum(int(row["input_tokens"]) for row in own)
        assert model.cost_usd == pytest.approx(sum(float(row["cost_usd"]) for row in own))


def counts(model: ModelRun) -> Counter[str]:
    """Its answers by status, as rows would count them."""
    return +Counter(labelled=model.labelled, abstained=model.abstained, failed=model.failed)


def test_the_one_failed_answer_and_the_one_abstention_are_no_labels(finished: Finished) -> None:
    rows = finished.experiment.rows("annotations.csv")
    assert Counter(row["status"] for row in rows) == {
        "labelled": len(rows) - 2,
        "abstained": 1,
        "failed": 1,
    }
    (failure,) = finished.experiment.rows("failures.csv")
    assert failure in rows
    assert failure["failure"]
    assert "128000 tokens" in failure["message"]
    (abstention,) = (row for row in rows if row["status"] == "abstained")
    assert (abstention["item_id"], abstention["model"]) == ("t3", "openai/gpt-4.1-mini")
    assert all((row["labels"] in LABELS) == (row["status"] == "labelled") for row in rows)


def test_the_consensus_rows_are_what_the_summary_says_of_the_chosen_method(finished: Finished) -> None:
    summary = finished.experiment.summary
    rows = finished.experiment.rows("consensus.csv")
    (chosen,) = (method for method in summary.consensus if method.name == summary.chosen)
    decided = Counter(row["consensus"] for row in rows if row["consensus"])
    assert decided == +Counter(chosen.distribution)
    assert chosen.decided == sum(decided.values())
    assert chosen.ties == sum(row["tied"] == "true" for row in rows)
    gold = {row["id"]: row["gold"] for row in rows if row["gold"]}
    assert gold == {f"t{n}": truth(n) for n in range(GOLD)}
    assert summary.dataset.gold_items == GOLD


def test_calls_and_cost_are_those_that_the_provider_saw(finished: Finished) -> None:
    result, summary = finished.experiment.result, finished.experiment.summary
    assert result.calls_sent == finished.calls == len(MODELS) * (TEXTS + len(HOSTILE_IDS))
    assert result.cost_usd == pytest.approx(float(finished.paid_usd))
    assert summary.cost_usd == result.cost_usd == pytest.approx(summary.paid_usd)


def test_the_tracking_record_and_the_result_say_the_same(finished: Finished) -> None:
    record, result = finished.record, finished.experiment.result
    assert record.status is ExecutionStatus.COMPLETED
    assert record.stages_completed == 4
    assert record.result == result.model_dump(mode="json")
    assert result.complete
    assert (result.items, result.models, result.failed) == (TEXTS + len(HOSTILE_IDS), len(MODELS), 1)
    assert result.chosen == finished.experiment.summary.chosen
    assert set(result.accuracy) >= {*MODELS, result.chosen}


def test_no_cell_that_texts_ids_or_models_wrote_is_a_formula(finished: Finished) -> None:
    for name in ("annotations.csv", "consensus.csv", "failures.csv"):
        for row in finished.experiment.rows(name):
            assert not [cell for cell in row.values() if cell.lstrip()[:1] in {"=", "+", "@"}]
    rationales = {row["rationale"] for row in finished.experiment.rows("annotations.csv")}
    assert rationales == {"'" + FORMULA, ""}  # the failed answer has none
    assert {row["rationale"] for row in finished.experiment.table("annotations.parquet")} == {FORMULA, ""}


def test_the_report_shows_markup_of_texts_as_text(finished: Finished) -> None:
    report = (finished.experiment.folder / "report.html").read_text()
    assert "<!doctype html" in report[:100].lower()
    assert SCRIPT not in report
    assert all(name in report for name in MODELS)


def test_the_label_set_is_kept_with_the_labels(finished: Finished) -> None:
    kept = LabelSet.model_validate_json((finished.experiment.folder / "labels.json").read_bytes())
    assert kept.names == LABELS


async def test_the_annotations_of_a_run_are_read_as_existing_labels_and_decided_alike(
    finished: Finished, tmp_path: Path
) -> None:
    first = finished.experiment
    again = await run(
        {
            "annotations": str(first.folder / "annotations.csv"),
            "labels": str(first.folder / "labels.json"),
            "gold": str(first.folder.parents[1] / "gold.csv"),
            "consensus": first.result.chosen,
            "experiment_id": "existing",
            "output": str(tmp_path),
        }
    )
    assert again.result.calls_sent == 0
    assert again.result.cost_usd == 0
    assert again.result.accuracy == first.result.accuracy
    assert again.result.recommendation == first.result.recommendation
    told = {row["id"]: row["consensus"] for row in first.rows("consensus.csv")}
    assert {row["id"]: row["consensus"] for row in again.rows("consensus.csv")} == told
    assert "annotations.csv" in again.names


async def test_votes_without_a_label_set_or_gold_are_decided_but_not_judged(tmp_path: Path) -> None:
    votes = tmp_path / "votes.csv"
    said = {"w1": "yes yes no", "w2": "yes no no", "w3": "yes no yes"}
    rows = [f"q{n},{who},{label}" for who, all_of in said.items() for n, label in enumerate(all_of.split())]
    votes.write_text("\n".join(["task,worker,label", *rows]) + "\n")
    experiment = await run(
        {"annotations": str(votes), "experiment_id": "votes", "output": str(tmp_path / "out")}
    )
    assert [row["consensus"] for row in experiment.rows("consensus.csv")] == ["yes", "no", "no"]
    assert experiment.result.accuracy == {}
    assert experiment.result.recommendation is None
    assert "no_gold" in {caution.code for caution in experiment.summary.warnings}


@pytest.mark.parametrize(("kind", "name"), [("multi", "topics"), ("ordinal", "urgency")])
async def test_the_samples_other_questions_are_answered_and_judged(
    tmp_path: Path, kind: str, name: str
) -> None:
    """Multi-label and ordinal, by the embedded annotators."""
    experiment = await run(
        {
            "dataset": str(SAMPLES / "tickets.csv"),
            "labels": str(SAMPLES / f"labels-{name}.json"),
            "gold": str(SAMPLES / f"gold-{name}.csv"),
            "experiment_id": name,
            "output": str(tmp_path),
        }
    )
    summary = experiment.summary
    names = set(summary.label_set.labels)
    assert summary.label_set.kind == kind
    assert len(experiment.rows("annotations.csv")) == 3 * summary.dataset.items
    for row in experiment.rows("consensus.csv"):
        given = row["consensus"].split("|") if row["consensus"] else []
        assert set(given) <= names
        assert len(given) <= 1 or kind == "multi"
    (chosen,) = (method for method in summary.consensus if method.name == summary.chosen)
    judged = [*summary.evaluations, chosen.evaluation]
    special = "label_accuracy" if kind == "multi" else "mean_absolute_error"
    assert all(one is not None and getattr(one, special) is not None for one in judged)
    assert len(summary.evaluations[0].confusions) == (len(names) if kind == "multi" else 1)

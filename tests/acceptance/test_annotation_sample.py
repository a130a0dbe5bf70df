"""The command without arguments: three embedded annotators, files that open, a report to look at."""

from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path

import pytest

from flows.annotation import annotation
from flows.annotation_command import main
from flows.annotation_review import annotation_review
from techne.annotation.model import EMBEDDED
from techne.annotation.request import EMBEDDED_PANEL
from techne.annotation.review.request import ReviewRequest
from techne.annotation.summary import Summary
from techne.storage import parse_uri, verify_manifest
from techne.storage.local import LocalStore
from tests.acceptance.runs import Place
from tests.support.browser import needs_browser, visit

pytestmark = pytest.mark.acceptance


@pytest.fixture
def results(place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """Folder of the sample's results; what was said of them is in `capsys`."""
    monkeypatch.setenv("TECHNE_HOME", str(place.techne_home))
    assert main(["--output", str(place.output)], annotation) == 0
    return place.output / "sample-annotation"


def test_the_bundled_sample_is_annotated_without_a_network(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = capsys.readouterr().err
    assert "report.html" in said
    assert "Traceback" not in said
    folder = parse_uri(str(results), folder=True)
    manifest = verify_manifest(folder, store=LocalStore(max_bytes=10**9))
    assert {"annotations.csv", "consensus.parquet", "review.jsonl", "label-studio-tasks.json"} <= {
        file.name for file in manifest.files
    }
    summary = Summary.model_validate_json((results / "summary.json").read_bytes())
    with (results / "annotations.csv").open(newline="", encoding="utf-8") as file:
        answers = list(csv.DictReader(file))
    assert len(answers) == summary.dataset.items * len(EMBEDDED_PANEL)
    assert [model.name for model in summary.models] == [model.label for model in EMBEDDED_PANEL]
    assert all(model.local and model.provider == EMBEDDED for model in summary.models)
    assert (summary.cost_usd, summary.paid_usd) == (0, 0)
    judged = {evaluation.name: evaluation for evaluation in summary.evaluations}
    assert {evaluation.items for evaluation in judged.values()} == {summary.dataset.gold_items}


def test_a_decision_about_a_disputed_text_joins_what_was_known(results: Path, tmp_path: Path) -> None:
    disputed = json.loads((results / "review.jsonl").read_text(encoding="utf-8").splitlines()[0])
    answers = tmp_path / "answers.csv"
    answers.write_text(f"id,label\n{disputed['id']},erro\n", encoding="utf-8")
    request = ReviewRequest(experiment=str(results), answers=str(answers), rerun=True)
    reviewed = asyncio.run(annotation_review(request))
    before = Summary.model_validate_json((results / "summary.json").read_bytes())
    assert (reviewed.added, reviewed.gold_items) == (1, before.dataset.gold_items + 1)
    assert reviewed.experiment_uri is not None
    after = Summary.model_validate_json(parse_uri(reviewed.experiment_uri).path.read_bytes())
    assert after.dataset.gold_items == before.dataset.gold_items + 1
    assert disputed["id"] not in {item.id for item in after.disputed if item.gold is None}


@needs_browser
def test_a_browser_shows_its_report_without_a_complaint(results: Path) -> None:
    seen = visit(results / "report.html")
    assert seen.console == ()
    assert "embedded/lexicon" in seen.dom
    assert "Gold-weighted vote" in seen.dom

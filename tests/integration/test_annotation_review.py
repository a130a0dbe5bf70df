"""The review flow on a real Prefect server: pages that suspend, answers that are kept, gold at the end.

A run is begun as a worker begins it: by its id, in a process of its own where the process is what matters.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow_async
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.annotation_review import annotation_review, main
from techne.annotation.annotation_file import AnnotationWriter
from techne.annotation.labels import LabelSet
from techne.annotation.model import Annotation
from techne.annotation.review import (
    Conflict,
    ReviewItem,
    ReviewRequest,
    ReviewResult,
    write_review_files,
)
from techne.annotation.summary import Summary
from techne.errors import DatasetError, ObjectNotFoundError
from techne.settings import get_settings
from techne.storage import OutputFile, open_store, parse_uri, publish
from tests.integration.docgen_runs import artifacts_of, runs_named

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120
LABELS = LabelSet.of_names(["no", "yes"])
HOSTILE = '<img src=x onerror="alert(1)"> [click](javascript:alert(1)) "{{ 7 * 7 }}"'

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    """A finished experiment of eight items, the first four of them disputed, as it is published."""
    files = tmp_path / "files"
    items = [
        ReviewItem(
            id=name,
            text=f"{name} {HOSTILE}",
            votes={"first": ("yes",), "second": ("no",)},
            posterior={"no": 0.5, "yes": 0.5},
            margin=0.0,
            consensus=None,
            tied=("no", "yes"),
        )
        for name in "abcd"
    ]
    written = list(write_review_files(files, items, LABELS))
    with AnnotationWriter(files, LABELS) as writer:
        for index, name in enumerate("abcdefgh"):
            for model in ("first", "second"):
                label = "yes" if model == "first" or name > "d" else "no"
                writer.write(
                    Annotation(index=index, item_id=name, model=model, status="labelled", labels=(label,))
                )
    written += writer.paths
    (files / "labels.json").write_text(LABELS.model_dump_json())
    written.append(files / "labels.json")
    uri = parse_uri(str(tmp_path / "out" / "mine"), folder=True)
    published = {path.name: OutputFile(path) for path in written}
    publish(published, uri, store=open_store(uri, get_settings()), attempt=1)
    return uri.path


@dataclass(frozen=True, slots=True)
class Deployment:
    """The flow, deployed, and the part of a worker and of a person in the UI."""

    client: PrefectClient
    id: UUID
    environment: dict[str, str]

    async def new_run(self, request: ReviewRequest) -> UUID:
        """A run that is scheduled."""
        parameters = {"request": request.model_dump(mode="json")}
        run = await self.client.create_flow_run_from_deployment(self.id, parameters=parameters)
        return run.id

    async def begin(self, run: UUID) -> ReviewResult | None:
        """Begin the run in this process; None if it is suspended."""
        found = await self.client.read_flow_run(run)
        parameters = annotation_review.validate_parameters(found.parameters)
        try:
            result: Any = await run_flow_async(annotation_review, flow_run=found, parameters=parameters)
        except Pause:
            return None
        assert isinstance(result, ReviewResult)
        return result

    async def begin_process(self, run: UUID) -> asyncio.subprocess.Process:
        """Begin the run in a process of its own."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "prefect.engine", str(run)),
            cwd=ROOT,
            env=self.environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def state_of(self, run: UUID) -> str:
        found = await self.client.read_flow_run(run)
        assert found.state is not None
        return str(found.state.name)

    async def answer(self, run: UUID, **answers: str) -> None:
        """Fill in the form of a run that waits."""
        result = await self.client.resume_flow_run(run, run_input=answers)
        assert result.status == SetStateStatus.ACCEPT, result.details

    async def form_of(self, run: UUID) -> dict[str, Any]:
        """Schema of the form that the UI shows for a run that waits."""
        found = await self.client.read_flow_run(run)
        assert found.state is not None
        keyset = found.state.state_details.run_input_keyset
        assert keyset is not None
        schema: dict[str, Any] = json.loads(await self.client.read_flow_run_input(run, keyset["schema"]))
        return schema


@pytest.fixture
async def deployment(tmp_path: Path) -> AsyncIterator[Deployment]:
    async with get_client() as client:
        deployment_id = await client.create_deployment(
            await client.create_flow(annotation_review),
            name="default",
            entrypoint="flows/annotation_review.py:annotation_review",
            pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}],
        )
        environment = {
            **os.environ,
            "PREFECT_API_URL": str(PREFECT_API_URL.value()),
            "PREFECT_LOCAL_STORAGE_PATH": str(tmp_path / "prefect-results"),
            "PYTHONPATH": str(ROOT),
        }
        yield Deployment(client, deployment_id, environment)


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await holds():
        assert time.monotonic() < deadline, "it has not come to hold"
        await asyncio.sleep(0.05)


def gold_of(folder: Path) -> list[str]:
    return (folder / "gold.csv").read_text().splitlines()


async def test_a_run_is_suspended_at_every_page_and_goes_on_with_the_answers(
    deployment: Deployment, experiment: Path
) -> None:
    run = await deployment.new_run(ReviewRequest(experiment=str(experiment), items_per_page=2))
    assert await deployment.begin(run) is None
    assert await deployment.state_of(run) == "Suspended"
    await deployment.answer(run, item_1="yes", item_2="skip")
    assert await deployment.begin(run) is None
    await deployment.answer(run, item_1="no", item_2="yes")

    result = await deployment.begin(run)

    assert result == ReviewResult(
        answered=3,
        skipped=1,
        added=3,
        conflicts=(),
        gold_items=3,
        gold_uri=(experiment / "review" / "gold.csv").as_uri(),
    )
    assert gold_of(experiment / "review") == [
        "id,label,source",
        "a,yes,review",
        "c,no,review",
        "d,yes,review",
    ]
    assert await deployment.state_of(run) == "Completed"
    shown = await artifacts_of(await deployment.client.read_flow_run(run))
    pages = [artifact for artifact in shown if artifact.key == "annotation-review"]
    assert sorted(str(page.description) for page in pages) == [
        "Disputed items, page 1 of 2",
        "Disputed items, page 2 of 2",
    ]
    assert not any("<img" in str(page.data) for page in pages)


async def test_the_form_offers_the_labels_and_a_skip_and_takes_nothing_else(
    deployment: Deployment, experiment: Path
) -> None:
    run = await deployment.new_run(ReviewRequest(experiment=str(experiment), items_per_page=2, pages=1))
    await deployment.begin(run)
    form = await deployment.form_of(run)
    assert [field["title"] for field in form["properties"].values()] == ["a", "b"]
    assert form["properties"]["item_1"]["enum"] == ["no", "yes", "skip"]
    assert "<img" not in json.dumps(form)

    refused = await deployment.client.resume_flow_run(run, run_input={"item_1": "perhaps"})
    assert refused.status == SetStateStatus.REJECT
    assert await deployment.state_of(run) == "Suspended"

    await deployment.answer(run, item_1="skip", item_2="skip")
    result = await deployment.begin(run)
    assert result is not None
    assert (result.answered, result.skipped) == (0, 2)
    assert gold_of(experiment / "review") == ["id,label,source"]


async def test_a_page_that_comes_back_empty_is_asked_again(deployment: Deployment, experiment: Path) -> None:
    """So does one of a run that is retried after nobody came in time: no answer is never taken for a skip."""
    run = await deployment.new_run(ReviewRequest(experiment=str(experiment), pages=1))
    await deployment.begin(run)
    await deployment.answer(run)
    assert await deployment.begin(run) is None
    assert not (experiment / "review" / "answers.json").exists()
    await deployment.answer(run, item_1="yes")
    result = await deployment.begin(run)
    assert result is not None
    assert (result.answered, result.skipped) == (1, 3)


async def test_no_process_waits_and_one_that_is_killed_between_pages_loses_no_answer(
    deployment: Deployment, experiment: Path
) -> None:
    request = ReviewRequest(experiment=str(experiment), items_per_page=2)
    run = await deployment.new_run(request)
    asking = await deployment.begin_process(run)
    await asking.wait()
    assert await deployment.state_of(run) == "Suspended"
    await deployment.answer(run, item_1="yes", item_2="no")

    killed = await deployment.begin_process(run)
    answers = experiment / "review" / "answers.json"
    await eventually(lambda: asyncio.to_thread(answers.exists))
    killed.kill()
    await killed.wait()

    again = await deployment.new_run(request)
    assert await deployment.begin(again) is None
    form = await deployment.form_of(again)
    assert [field["title"] for field in form["properties"].values()] == ["c", "d"]
    await deployment.answer(again, item_1="skip", item_2="yes")
    result = await deployment.begin(again)
    assert result is not None
    assert (result.answered, result.skipped) == (3, 1)
    assert gold_of(experiment / "review")[1:] == ["a,yes,review", "b,no,review", "d,yes,review"]


async def test_a_run_without_a_deployment_waits_in_its_process(
    deployment: Deployment, experiment: Path
) -> None:
    running = asyncio.create_task(annotation_review(ReviewRequest(experiment=str(experiment))))
    paused: list[FlowRun] = []

    async def waits() -> bool:
        found = [run for run in await runs_named("review-mine") if run.state and run.state.name == "Paused"]
        inputs = [await deployment.client.filter_flow_run_input(run.id, "paused", 9, set()) for run in found]
        paused[:] = [run for run, own in zip(found, inputs, strict=True) if len(own) == 2]
        assert not running.done(), running.exception()
        return bool(paused)

    await eventually(waits)
    await deployment.answer(paused[0].id, item_1="yes", item_2="yes", item_4="no")
    result = await running
    assert (result.answered, result.skipped) == (3, 1)


async def test_answers_of_a_file_are_folded_and_contradictions_reported(
    experiment: Path, tmp_path: Path
) -> None:
    gold, answers = tmp_path / "known.csv", tmp_path / "export.json"
    gold.write_text("task,label\na,no\nzzz,yes\n")

    def task(item: str, *choices: str) -> dict[str, Any]:
        results = [[{"from_name": "label", "value": {"choices": [choice]}}] for choice in choices]
        return {"data": {"item_id": item}, "annotations": [{"result": result} for result in results]}

    answers.write_text(json.dumps([task("a", "yes"), task("b", "yes"), task("c", "no", "yes"), task("d")]))
    output = tmp_path / "elsewhere"
    result = await annotation_review(
        ReviewRequest(experiment=str(experiment), answers=str(answers), gold=str(gold), output=str(output))
    )
    assert result.conflicts == (Conflict("a", ("no",), ("yes",)),)
    assert result.disagreements == ("c",)
    assert (result.answered, result.added, result.skipped, result.gold_items) == (2, 1, 1, 3)
    assert gold_of(output) == ["id,label,source", "a,no,gold", "zzz,yes,gold", "b,yes,review"]


async def test_answers_about_something_else_are_refused_and_leave_nothing_behind(
    experiment: Path, tmp_path: Path
) -> None:
    answers = tmp_path / "answers.csv"
    answers.write_text("id,label\na,yes\ne,yes\n")
    with pytest.raises(DatasetError, match="an answer about 'e', which is no item"):
        await annotation_review(ReviewRequest(experiment=str(experiment), answers=str(answers)))
    assert not (experiment / "review" / "answers.json").exists()


async def test_a_queue_that_is_not_what_was_published_is_refused(experiment: Path) -> None:
    queue = experiment / "review.jsonl"
    queue.write_text(queue.read_text().replace("yes", "no"))
    with pytest.raises(DatasetError, match=r"review\.jsonl is not what the experiment published"):
        await annotation_review(ReviewRequest(experiment=str(experiment)))


async def test_a_folder_without_an_experiment_is_told(tmp_path: Path) -> None:
    with pytest.raises(ObjectNotFoundError, match=r"has no manifest\.json, so no finished experiment"):
        await annotation_review(ReviewRequest(experiment=str(tmp_path / "nothing")))


async def test_the_consensus_is_made_anew_with_the_new_gold(experiment: Path, tmp_path: Path) -> None:
    answers = tmp_path / "answers.csv"
    answers.write_text("id,label\na,yes\nb,yes\nc,yes\nd,yes\n")
    result = await annotation_review(
        ReviewRequest(experiment=str(experiment), answers=str(answers), rerun=True)
    )
    assert result.experiment_uri is not None
    summary = Summary.model_validate_json(parse_uri(result.experiment_uri).path.read_bytes())
    assert summary.dataset.gold_items == 4
    assert {model.name: model.accuracy.value for model in summary.evaluations} == {
        "first": 1.0,
        "second": 0.0,
    }


def test_the_command_folds_a_file(
    experiment: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = tmp_path / "answers.csv"
    answers.write_text("id,label\na,yes\n")
    assert main(["--experiment", str(experiment), "--answers", str(answers)]) == 0
    assert gold_of(experiment / "review") == ["id,label,source", "a,yes,review"]
    assert "1 given, 1 of them new; 0 skipped" in " ".join(capsys.readouterr().err.split())


def test_the_command_says_what_is_wrong_in_a_sentence(
    experiment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--experiment", str(experiment), "--items-per-page", "0"]) == 2
    assert "items_per_page: input should be greater than or equal to 1" in capsys.readouterr().err
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        assert main(["--experiment", str(experiment)]) == 1
    assert "There is no Prefect server in whose UI" in capsys.readouterr().err

"""Deployed onto a pool of processes: from the transcript in S3 to the document in S3, and again for nothing.

The deployments are made, started and worked on by the commands of DEPLOYMENT.md. What a later run finds are
the results in S3 alone: what processes keep in TECHNE_HOME is gone with each of them, as a container's is.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import FlowRun

from deployments.bootstrap_work_pools import LOCAL_POOL
from tests.acceptance.runs import of_stages, stage
from tests.loopback import RecordedRequest, Reply
from tests.loopback.bedrock import BedrockServer
from tests.support import scripted_model
from tests.support.deployed import ROOT, Deployed, needs_postgres

pytestmark = [pytest.mark.acceptance, needs_postgres]

SAMPLE = ROOT / "samples" / "training-data-platform.en-US.json"
DEPLOYMENT = "docgen/docgen"
FILES = {"document.md", "document.docx", "evidence.json", "manifest.json"}
SMALL_CHUNKS = {"MAX_TOKENS_PER_CHUNK": "2000"}
CODE = ("techne", "tasks", "flows", "blocks", "deployments")
OUTLINE_PROMPT = Path("techne") / "documents" / "prompts" / "outline.en.md"
NEW_WORDS = "Write all titles in capitals."


def respond(request: RecordedRequest) -> Reply:
    """As the scripted model, which also obeys `NEW_WORDS`."""
    reply = scripted_model.respond(request)
    if NEW_WORDS not in request.system:
        return reply
    outline = json.loads(reply.text)
    for section in outline["sections"]:
        section["title"] = section["title"].upper()
    return replace(reply, text=json.dumps(outline))


@dataclass(frozen=True, slots=True)
class Local:
    """A deployment onto processes, with a worker, and Bedrock."""

    deployed: Deployed
    bedrock: BedrockServer
    transcript: str

    def request(self, execution_id: str, **fields: Any) -> dict[str, Any]:
        """A request, and nothing left of earlier runs but in AWS."""
        shutil.rmtree(self.deployed.folder / "techne-home", ignore_errors=True)
        return {"execution_id": execution_id, "transcription_s3_uri": self.transcript, **fields}

    def start(self, execution_id: str) -> UUID:
        """Start a paid run."""
        return self.deployed.started_run(DEPLOYMENT, request=self.request(execution_id, engine="bedrock"))

    def ended(self, run_id: UUID) -> FlowRun:
        """A run that has come to a good end."""
        run = self.deployed.ended_run(run_id)
        assert run.state is not None
        assert run.start_time is not None
        assert run.created is not None
        waited = (run.start_time - run.created).total_seconds()
        print(f"\n{run.name} began after {waited:.1f} s, took {run.total_run_time.total_seconds():.1f} s")
        assert run.state.is_completed(), (run.state, self.deployed.log("worker.log"))
        return run

    def calls(self, first: int = 0) -> Counter[str]:
        """How many calls each stage has made, from the call with that number on."""
        return Counter(stage(call) for call in of_stages(self.bedrock.requests[first:]))

    def artifacts(self, run_id: UUID) -> dict[str | None, str | None]:
        """Types of a run's artifacts, by their keys."""
        of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
        with self.deployed.client() as client:
            return {one.key: one.type for one in client.read_artifacts(artifact_filter=of_run) if one.key}


@pytest.fixture(scope="module")
def local(deployed: Deployed) -> Iterator[Local]:
    done = deployed.deploy()
    assert done.exit_code == 0, done
    transcript = deployed.upload(SAMPLE, "lesson.json")
    with (
        BedrockServer(respond) as bedrock,
        deployed.worker(more={**bedrock.environment(), **SMALL_CHUNKS}),
    ):
        yield Local(deployed, bedrock, transcript)


@dataclass(frozen=True, slots=True)
class FirstRuns:
    """Runs of a transcript that nothing was known of."""

    embedded: FlowRun
    paid: FlowRun
    calls: Counter[str]


@pytest.fixture(scope="module")
def first(local: Local) -> FirstRuns:
    """The first runs, at the same time: one by the command that CI uses, without a model, and a paid one."""
    embedded = local.deployed.start_run(DEPLOYMENT, request=local.request("embedded", engine="extractive"))
    paid = local.start("paid-1")
    return FirstRuns(local.ended(embedded), local.ended(paid), local.calls())


def test_bootstrap_and_deploy_a_second_time_change_nothing(local: Local) -> None:
    deployed = local.deployed
    before = saved_deployments(deployed)
    bootstrapped, deployed_again = deployed.bootstrap(), deployed.deploy()
    assert (bootstrapped.exit_code, deployed_again.exit_code) == (0, 0), (bootstrapped, deployed_again)
    assert "\n0 of " in bootstrapped.out
    after = saved_deployments(deployed)
    assert after == before
    assert {"docgen", "docgen-inbox", "annotation", "annotation-shards", "annotation-review"} <= after.keys()


def saved_deployments(deployed: Deployed) -> dict[str, dict[str, Any]]:
    """The server's deployments, but for times and version numbers of Prefect's own."""
    changing: dict[str, Any] = dict.fromkeys(
        ("updated", "status", "last_polled", "version_id", "version_info"), True
    )
    changing["schedules"] = {"__all__": {"updated"}}
    with deployed.client() as client:
        return {one.name: one.model_dump(exclude=changing) for one in client.read_deployments()}


def test_a_wrong_parameter_is_refused_before_anything_runs(local: Local) -> None:
    given = json.dumps({"transcription_s3_uri": local.transcript, "engine": "abacus"})
    done = local.deployed.run("-m", "prefect", "deployment", "run", DEPLOYMENT, f"--param=request={given}")
    assert done.exit_code == 1
    said = " ".join((done.out + done.err).split())
    assert "Validation failed for field 'request.engine'" in said
    assert "'abacus' is not one of ['auto', 'bedrock'" in said


def test_a_transcript_in_s3_becomes_a_document_in_s3_without_any_model(
    local: Local, first: FirstRuns
) -> None:
    assert_complete(local, first.embedded, "embedded")
    assert local.deployed.record("embedded")["cost_usd"] == 0


def test_a_paid_run_keeps_its_results_as_json_in_s3(local: Local, first: FirstRuns) -> None:
    assert_complete(local, first.paid, "paid-1")
    assert first.calls.keys() == {"extract", "map", "outline", "write"}
    assert json.loads(local.deployed.record("paid-1")["result"])["calls_sent"] >= first.calls.total()
    results = [json.loads(content) for content in local.deployed.stored("ResultsBucket").values()]
    of_tasks = [one for one in results if "metadata" in one]  # a flow's own result has none
    assert len(of_tasks) >= len(first.calls)
    assert {one["metadata"]["serializer"]["type"] for one in of_tasks} == {"json"}
    assert all(json.loads(one["result"]) for one in of_tasks)
    assert not (local.deployed.folder / "client" / "storage").exists()


def test_the_same_input_again_makes_no_call(local: Local, first: FirstRuns) -> None:
    before = len(local.bedrock.requests)
    same, other = [local.start(execution_id) for execution_id in ("paid-1", "paid-2")]
    local.ended(same)
    assert_complete(local, local.ended(other), "paid-2")
    assert not local.calls(before)
    assert local.deployed.record("paid-1")["run_id"] == str(first.paid.id)


def test_a_new_prompt_makes_calls_of_its_stage_and_later_ones_alone(
    local: Local, first: FirstRuns, tmp_path: Path
) -> None:
    code = tmp_path / "code"
    for package in CODE:
        shutil.copytree(ROOT / package, code / package, ignore=shutil.ignore_patterns("__pycache__"))
    prompt = code / OUTLINE_PROMPT
    words = prompt.read_text("utf-8")
    prompt.write_text(words.replace("\n=== user ===", f" {NEW_WORDS}\n\n=== user ==="), "utf-8")
    done = local.deployed.deploy(LOCAL_POOL, "--name", "docgen", more={"TECHNE_ROOT": str(code)})
    assert done.exit_code == 0, done
    before = len(local.bedrock.requests)
    assert_complete(local, local.ended(local.start("paid-3")), "paid-3")
    assert local.calls(before) == {name: first.calls[name] for name in ("outline", "write")}


def assert_complete(local: Local, run: FlowRun, execution_id: str) -> None:
    """A run has left all that it should: the document's files, its record, its artifacts."""
    documents = local.deployed.stored("OutputBucket", f"{execution_id}/")
    assert documents.keys() == {f"{execution_id}/{name}" for name in FILES}
    manifest = json.loads(documents[f"{execution_id}/manifest.json"])
    assert {file["name"] for file in manifest["files"]} == FILES - {"manifest.json"}
    record = local.deployed.record(execution_id)
    assert (record["status"], record["attempt"], record["run_id"]) == ("completed", 1, str(run.id))
    assert local.artifacts(run.id) == {
        f"docgen-progress-{execution_id}": "progress",
        f"docgen-document-{execution_id}": "markdown",
        f"docgen-stages-{execution_id}": "table",
        f"docgen-files-{execution_id}": "markdown",
    }

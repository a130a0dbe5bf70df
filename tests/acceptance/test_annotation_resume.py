"""A run that is killed at any moment goes on where it was, pays for little twice, and ends the same."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from techne.annotation.summary import ModelRun, Summary
from techne.tracking import ExecutionStatus
from tests.acceptance.annotation_runs import (
    Inputs,
    Published,
    ended,
    published,
    record_of,
    start,
    start_python,
)
from tests.acceptance.runs import COMMAND_SECONDS, Place
from tests.loopback import RecordedRequest, Reply
from tests.loopback.openai import OpenAIServer
from tests.support import scripted_annotator

pytestmark = [pytest.mark.acceptance, pytest.mark.usefixtures("prefect_server")]

MODELS = ("judge-60", "judge-70", "judge-80", "judge-90", "judge-95")
PANEL = tuple(f"openai/{model}" for model in MODELS)
TEXTS = 1000
CALLS = TEXTS * len(MODELS)
FEW_TEXTS = 20
KILLED_AFTER = (200, 1200, 2500, 4000, 4990)
"""Answers, of all runs together; never a matter of time."""
MAX_PARALLEL = 10 * len(MODELS)
"""What the models' own bound allows; the provider's is set to the same, so that one number holds."""
ENVIRONMENT = {
    "LLM_EXECUTOR_OPENAI_MAX_PARALLEL": str(MAX_PARALLEL),
    "LOG_LEVEL": "WARNING",
}
EXPERIMENT = "killed"

Call = tuple[str, str]
"""Model and question: what decides an answer."""


class PatientServer(OpenAIServer):
    """OpenAI that gives so many answers; whoever asks more waits until it is `opened`."""

    def __init__(self, answers: int, port: int) -> None:
        self._left = threading.Semaphore(answers)
        super().__init__(self._respond, models=MODELS, port=port)

    def open(self) -> None:
        """Answer those who wait, as a provider does that can't know whether they are still there."""
        self._left.release(CALLS)

    def _respond(self, request: RecordedRequest) -> Reply:
        self._left.acquire()
        return scripted_annotator.respond(request)


def calls(requests: Sequence[RecordedRequest]) -> list[Call]:
    return [(request.model, request.prompt) for request in requests]


def answers(run: Published) -> Counter[tuple[str, str, str, str]]:
    return Counter((row["item_id"], row["model"], row["status"], row["labels"]) for row in run.annotations)


def figures(summary: Summary) -> Summary:
    """A summary without what differs between any two runs: when, how long, and out of which cache."""
    models = [
        ModelRun(**model.model_dump() | {"cached": 0, "calls_sent": 0, "mean_latency_seconds": None})
        for model in summary.models
    ]
    same = {"experiment_id": "", "created_at": summary.created_at.min, "timing": None, "paid_usd": None}
    return summary.model_copy(update={**same, "models": tuple(models)})


def assert_same(found: Published, undisturbed: Published) -> None:
    assert answers(found) == answers(undisturbed)
    assert figures(found.summary) == figures(undisturbed.summary)
    for name in ("consensus.csv", "review.jsonl", "failures.csv", "labels.json"):
        assert found.read(name) == undisturbed.read(name), name
    assert set(found.listed) == set(undisturbed.listed)


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What a run leaves that nobody kills."""

    inputs: Inputs
    run: Published


@pytest.fixture(scope="module")
def undisturbed(
    prefect_server: None, clean_shell: None, tmp_path_factory: pytest.TempPathFactory
) -> Undisturbed:
    place = Place(tmp_path_factory.mktemp("undisturbed"))
    inputs = Inputs.written(place.folder, TEXTS)
    with OpenAIServer(scripted_annotator.respond, models=MODELS) as server:
        arguments = inputs.flags(place, EXPERIMENT, PANEL)
        done = ended(start(place, *arguments, more=server.environment() | ENVIRONMENT))
        assert done.code == 0, done.stderr
        assert len(server.requests) == CALLS
    return Undisturbed(inputs, published(place, EXPERIMENT))


def test_a_run_killed_five_times_asks_again_only_what_was_in_flight(
    tmp_path: Path, undisturbed: Undisturbed
) -> None:
    place = Place(tmp_path)
    arguments = undisturbed.inputs.flags(place, EXPERIMENT, PANEL)
    servers: list[PatientServer] = []
    port = 0
    for asked_before, asked in pairwise((0, *KILLED_AFTER)):
        with PatientServer(asked - asked_before, port) as server:  # the same address: it is the same provider
            servers.append(server)
            environment = server.environment() | ENVIRONMENT
            port = int(server.url.rpartition(":")[2])
            killed = start(place, *arguments, more=environment)
            server.wait_for(ended=asked - asked_before, timeout_seconds=COMMAND_SECONDS)
            killed.kill()
            killed.communicate()
            assert killed.returncode == -signal.SIGKILL
            server.open()
    with OpenAIServer(scripted_annotator.respond, models=MODELS, port=port) as last:
        done = ended(start(place, *arguments, more=environment))
    assert done.code == 0, done.stderr
    seen: set[Call] = set()
    for each in (*servers, last):
        run = calls(each.requests)
        assert len(set(run)) == len(run)
        assert len(seen & set(run)) <= MAX_PARALLEL
        seen |= set(run)
    assert len(seen) == CALLS
    paid = sum(each.outcomes["ok"] for each in (*servers, last))
    assert CALLS <= paid <= CALLS + MAX_PARALLEL * len(KILLED_AFTER)
    found = published(place, EXPERIMENT)
    assert set(answers(found).values()) == {1}
    assert {(model.labelled, model.failed, model.not_asked) for model in found.summary.models} == {
        (TEXTS, 0, 0)
    }
    assert_same(found, undisturbed.run)
    record = record_of(place, EXPERIMENT)
    assert record.status is ExecutionStatus.COMPLETED
    assert record.attempt == found.manifest["attempt"] == len(KILLED_AFTER) + 1


def test_a_run_killed_between_publishing_and_completing_pays_for_nothing_again(tmp_path: Path) -> None:
    killed_at_the_end = (
        "import os, sys\n"
        "from techne.tracking import TrackingStore\n"
        "TrackingStore.complete = lambda *arguments: os.kill(os.getpid(), 9)\n"
        "from flows.annotation import annotation\n"
        "from flows.annotation_command import main\n"
        "main(sys.argv[1:], annotation)\n"
    )
    place = Place(tmp_path)
    inputs = Inputs.written(tmp_path, FEW_TEXTS)
    arguments = inputs.flags(place, EXPERIMENT, PANEL)
    with OpenAIServer(scripted_annotator.respond, models=MODELS) as server:
        environment = server.environment() | ENVIRONMENT
        killed = ended(start_python(place, "-c", killed_at_the_end, *arguments, more=environment))
        assert killed.code == -signal.SIGKILL, killed.stderr
        assert record_of(place, EXPERIMENT).status is ExecutionStatus.IN_PROGRESS
        at_the_kill = {
            name: published(place, EXPERIMENT).read(name) for name in ("annotations.csv", "consensus.csv")
        }
        assert len(server.requests) == FEW_TEXTS * len(MODELS)
        done = ended(start(place, *arguments, more=environment))
        assert done.code == 0, done.stderr
        assert len(server.requests) == FEW_TEXTS * len(MODELS)
    found = published(place, EXPERIMENT)
    assert {name: found.read(name) for name in at_the_kill} == at_the_kill
    assert found.manifest["attempt"] == 2
    assert record_of(place, EXPERIMENT).status is ExecutionStatus.COMPLETED

"""A run that is killed at any moment goes on where it was, pays for little twice, and ends the same."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.runs import COMMAND_SECONDS, ROOT, Place, content, of_stages, stage
from tests.loopback import RecordedRequest, Reply
from tests.loopback.bedrock import BedrockServer
from tests.support import scripted_model

pytestmark = [pytest.mark.acceptance, pytest.mark.usefixtures("prefect_server")]

MAX_PARALLEL = 4
LIMITS = {"MAX_TOKENS_PER_CHUNK": "500", "LLM_EXECUTOR_BEDROCK_MAX_PARALLEL": str(MAX_PARALLEL)}
EXECUTION = "killed"
FILES = ("document.md", "document.docx", "evidence.json")


class PatientServer(BedrockServer):
    """Bedrock that answers so many calls of the stages; later ones wait until it is `opened`."""

    def __init__(self, answers: int) -> None:
        self._left = threading.Semaphore(answers)
        super().__init__(self._respond)

    def open(self) -> None:
        """Answer whatever comes from now on."""
        self._left.release(10_000)

    def _respond(self, request: RecordedRequest) -> Reply:
        if stage(request) != "check":
            self._left.acquire()
        return scripted_model.respond(request)


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What a run leaves that nobody kills."""

    calls: int
    files: dict[str, bytes]


def event(place: Place) -> str:
    return json.dumps(place.event(EXECUTION, engine="bedrock"))


def assert_same_files(place: Place, undisturbed: Undisturbed) -> None:
    for name, expected in undisturbed.files.items():
        found = place.document(EXECUTION, name)
        if name.endswith(".docx"):
            assert found == expected, name
        else:  # as text, so that a difference can be read
            assert found.decode().splitlines() == expected.decode().splitlines()


@pytest.fixture(scope="module")
def undisturbed(prefect_server: None, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    place = Place(tmp_path_factory.mktemp("undisturbed"))
    with BedrockServer(scripted_model.respond) as server:
        done = place.run(event(place), more=server.environment() | LIMITS)
        calls = of_stages(server.requests)
    assert done.code == 0, done.stderr
    assert sum(stage(call) == "extract" for call in calls) >= 8
    assert {stage(call) for call in calls} == {"extract", "map", "outline", "write"}
    return Undisturbed(len(calls), {name: place.document(EXECUTION, name) for name in FILES})


@pytest.mark.parametrize("killed_after", [1, 3, 6, 0], ids=["1st", "3rd", "6th", "last"])
def test_a_run_killed_after_some_calls_repeats_at_most_those_in_flight(
    tmp_path: Path, undisturbed: Undisturbed, killed_after: int
) -> None:
    """`killed_after` 0 stands for the last call."""
    answers = killed_after or undisturbed.calls
    place = Place(tmp_path)
    with PatientServer(answers) as server:
        environment = server.environment() | LIMITS
        killed = place.start(event(place), more=environment)
        server.wait_for(ended=answers + 1, timeout_seconds=COMMAND_SECONDS)  # and the look at the provider
        killed.kill()
        killed.communicate()
        assert killed.returncode == -signal.SIGKILL
        before = of_stages(server.requests)
        server.open()
        done = place.run(event(place), more=environment)
        after = of_stages(server.requests)[len(before) :]
    assert done.code == 0, done.stderr
    assert done.body["attempt"] == 2
    sent_before, sent_after = [{content(call) for call in calls} for calls in (before, after)]
    assert len(after) == len(sent_after)
    assert len(sent_before & sent_after) <= MAX_PARALLEL
    assert len(sent_before | sent_after) == undisturbed.calls
    assert_same_files(place, undisturbed)


def test_a_run_killed_between_publishing_and_completing_pays_for_nothing_again(
    tmp_path: Path, undisturbed: Undisturbed
) -> None:
    killed_at_the_end = (
        "import os, sys\n"
        "from techne.tracking import TrackingStore\n"
        "TrackingStore.complete = lambda *arguments: os.kill(os.getpid(), 9)\n"
        "from flows.docgen import docgen\n"
        "from flows.docgen_command import main\n"
        "main(sys.argv[1:], docgen)\n"
    )
    place = Place(tmp_path)
    with BedrockServer(scripted_model.respond) as server:
        environment = server.environment() | LIMITS
        killed = subprocess.run(
            [sys.executable, "-c", killed_at_the_end, event(place)],
            cwd=ROOT,
            env=place.environment(environment),
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL
        assert len(of_stages(server.requests)) == undisturbed.calls
        done = place.run(event(place), more=environment)
        assert len(of_stages(server.requests)) == undisturbed.calls
    assert done.code == 0, done.stderr
    assert_same_files(place, undisturbed)

"""A worker that is killed, a server and a database that crash, each in the middle of a run.

The run is known to be in the middle: Bedrock holds back the answer to its outline. What breaks here is a
deployment of the module's own, which the tests leave as it was.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.events.filters import EventFilter, EventNameFilter, EventResourceFilter

from deployments.bootstrap_automations import HEARTBEAT, find_automations, zombie_automation
from deployments.bootstrap_work_pools import LOCAL_POOL
from tests.acceptance.runs import of_stages, stage
from tests.loopback import RecordedRequest, Reply
from tests.loopback.bedrock import BedrockServer
from tests.support import scripted_model
from tests.support.deployed import COMMAND_SECONDS, ROOT, Deployed, needs_postgres, running_deployment
from tests.support.process_tree import kill_tree

pytestmark = [pytest.mark.acceptance, needs_postgres]

SAMPLE = ROOT / "samples" / "training-data-platform.en-US.json"
DEPLOYMENT = "docgen/docgen"
FILES = ("document.docx", "document.md", "evidence.json", "manifest.json")
SHORT_HEARTBEAT_SECONDS = 8
"""Shorter than Prefect lets flows send them, so that the dead is not waited for long."""
WORKER_LOST_THE_SERVER = "Failed the last 3 attempts"


class HoldingBedrock(BedrockServer):
    """Bedrock that answers at once, but for outlines while it is `held`."""

    def __init__(self) -> None:
        super().__init__(self._respond)
        self.reached = threading.Event()
        self._open = threading.Event()

    def hold(self) -> None:
        """Answer no outline from now on."""
        self.reached.clear()
        self._open.clear()

    def release(self) -> None:
        """Answer the outline that is waited for."""
        self._open.set()

    def _respond(self, request: RecordedRequest) -> Reply:
        if stage(request) == "outline":
            self.reached.set()
            self._open.wait()
        return scripted_model.respond(request)


@dataclass(slots=True)
class Site:
    """A deployment that things happen to."""

    deployed: Deployed
    bedrock: HoldingBedrock
    transcript: str

    def start(self, execution_id: str, language: str) -> UUID:
        """Start a run; another language is another document, of which nothing is kept yet."""
        request = {
            "execution_id": execution_id,
            "transcription_s3_uri": self.transcript,
            "engine": "bedrock",
            "language": language,
        }
        return self.deployed.started_run(DEPLOYMENT, request=request)

    def start_and_hold(self, execution_id: str, language: str) -> UUID:
        """Start a run, and return when it waits for its outline."""
        self.bedrock.hold()
        run_id = self.start(execution_id, language)
        assert self.bedrock.reached.wait(COMMAND_SECONDS), self.deployed.log("worker.log")
        return run_id

    def ended(self, run_id: UUID) -> FlowRun:
        """A run that has come to a good end."""
        run = self.deployed.ended_run(run_id)
        assert run.state is not None
        assert run.state.is_completed(), (run.state, self.deployed.log("worker.log"))
        return run

    def calls(self, first: int = 0) -> Counter[str]:
        """How many calls each stage has made, from the call with that number on."""
        return Counter(stage(call) for call in of_stages(self.bedrock.requests[first:]))

    def published(self, execution_id: str) -> Counter[str]:
        """How often each file of a document was written where readers look."""
        answer = self.deployed.aws("s3").list_object_versions(
            Bucket=self.deployed.outputs["OutputBucket"], Prefix=f"{execution_id}/"
        )
        names = [one["Key"].removeprefix(f"{execution_id}/") for one in answer.get("Versions", [])]
        return Counter(name for name in names if name in FILES)

    def slots_held(self, kind: str = "") -> dict[str, int]:
        """Slots that are taken, by the names of their limits."""
        with self.deployed.client() as client:
            limits = client.read_global_concurrency_limits(limit=200)
        return {
            one.name: one.active_slots for one in limits if one.active_slots and one.name.startswith(kind)
        }

    def worker(self) -> Any:
        """A worker of the pool."""
        return self.deployed.worker(more=self.bedrock.environment())


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_deployment() as deployed, HoldingBedrock() as bedrock:
        done = deployed.deploy(LOCAL_POOL, "--name", "docgen")
        assert done.exit_code == 0, done
        deployed.aws("s3").put_bucket_versioning(  # moto leaves this out of the template
            Bucket=deployed.outputs["OutputBucket"], VersioningConfiguration={"Status": "Enabled"}
        )
        yield Site(deployed, bedrock, deployed.upload(SAMPLE, "lesson.json"))


@pytest.fixture(scope="module")
def killed(site: Site) -> UUID:
    """A run whose worker was killed together with it, after the server had heard a heartbeat of it."""
    with site.deployed.client() as client:
        (automation,) = find_automations(client, [zombie_automation(SHORT_HEARTBEAT_SECONDS)])
        automation.mend()
    with site.worker() as worker:
        run_id = site.start_and_hold("killed", "en-US")
        until(lambda: heard_of(site, run_id), "a heartbeat")
        kill_tree(worker)
    site.bedrock.release()
    return run_id


@pytest.fixture(scope="module")
def working(site: Site, killed: UUID) -> Iterator[None]:
    """The worker that comes after the one that was killed, and outlives everything else."""
    site.deployed.ended_run(killed)
    done = (
        site.deployed.bootstrap()
    )  # puts the automation back: runs that live send no more than Prefect allows
    assert done.exit_code == 0, done
    with site.worker() as worker:
        yield
        assert worker.poll() is None


def test_a_run_that_is_killed_with_its_worker_is_marked(site: Site, killed: UUID) -> None:
    run = site.deployed.ended_run(killed)
    assert run.state is not None
    assert run.state.is_crashed()
    assert str(run.state.message).startswith("No heartbeat for")
    assert not site.slots_held("deployment:")
    assert not site.published("killed")


@pytest.mark.usefixtures("working")
def test_the_next_run_of_it_goes_on_where_it_was(site: Site, killed: UUID) -> None:
    before = len(site.bedrock.requests)
    run = site.ended(site.start("killed", "en-US"))
    assert site.calls(before).keys() == {"outline", "write"}
    assert site.published("killed") == Counter(FILES)
    record = site.deployed.record("killed")
    assert (record["status"], record["attempt"], record["run_id"]) == ("completed", 2, str(run.id))


def crash_database(site: Site) -> None:
    """Crash PostgreSQL, and start it when the worker has noticed; the run goes on meanwhile."""
    log = site.deployed.folder / "worker.log"
    noticed = log.read_text(errors="replace").count(WORKER_LOST_THE_SERVER)
    site.deployed.postgres.stop(orderly=False)
    site.bedrock.release()
    until(
        lambda: log.read_text(errors="replace").count(WORKER_LOST_THE_SERVER) > noticed,
        WORKER_LOST_THE_SERVER,
    )
    site.deployed.postgres.start()


def crash_server(site: Site) -> None:
    """Kill the Prefect server, and start it; the run goes on meanwhile."""
    site.deployed.server.stop(orderly=False)
    site.bedrock.release()
    site.deployed.server.start()


@pytest.mark.usefixtures("working")
@pytest.mark.parametrize(
    ("crash", "language"), [(crash_database, "en-GB"), (crash_server, "de-DE")], ids=["database", "server"]
)
def test_a_run_outlives_a_crash(site: Site, crash: Callable[[Site], None], language: str) -> None:
    execution_id = f"outlives-{language}"
    before = len(site.bedrock.requests)
    run_id = site.start_and_hold(execution_id, language)
    crash(site)
    site.ended(run_id)
    assert site.calls(before)["outline"] == 1
    assert site.published(execution_id) == Counter(FILES)
    record = site.deployed.record(execution_id)
    assert (record["status"], record["attempt"], record["run_id"]) == ("completed", 1, str(run_id))


@pytest.mark.usefixtures("working")
def test_all_limits_are_free_afterwards(site: Site) -> None:
    """Those of the killed run's tasks by their leases, which nobody renews."""
    until(lambda: not site.slots_held(), "free limits")


def heard_of(site: Site, run_id: UUID) -> bool:
    """Whether the server has a heartbeat of a run."""
    wanted = EventFilter(
        event=EventNameFilter(name=[HEARTBEAT]),
        resource=EventResourceFilter(id=[f"prefect.flow-run.{run_id}"]),
    )
    with site.deployed.client() as client:
        answer = client.request("POST", "/events/filter", json={"filter": wanted.model_dump(mode="json")})
    return bool(answer.json()["events"])


def until(condition: Callable[[], bool], what: str) -> None:
    """Look again and again until it is so."""
    deadline = time.monotonic() + COMMAND_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"No {what} in {COMMAND_SECONDS} s"
        time.sleep(0.25)

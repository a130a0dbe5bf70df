"""Records put right after killed workers, in DynamoDB and on a real Prefect server (card: maintenance)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import StateType
from prefect.states import Running

from flows.maintenance import maintenance
from flows.maintenance_command import main
from techne.settings import get_settings
from techne.tracking import Acquired, ExecutionStatus, TrackingStore, open_tracking
from techne.tracking.upkeep import UpkeepRequest, UpkeepResult
from tests.integration.conftest import REGION, MotoAWS

pytestmark = pytest.mark.usefixtures("prefect_server", "table")
AN_HOUR = timedelta(hours=1)
SHORTLY = 0.01
"""Minutes: a run is under way from the moment that the server is told, whatever one tells it of the past."""


@pytest.fixture
def table(aws: MotoAWS, monkeypatch: pytest.MonkeyPatch) -> str:
    name = aws.create_tracking_table("executions")
    monkeypatch.setenv("TRACKING_TABLE", name)
    monkeypatch.setenv("AWS_REGION", REGION)
    get_settings.cache_clear()
    return name


@flow(name="docgen")
def docgen() -> None:
    """A flow of that name, of which this test says when it lives."""


async def running() -> UUID:
    """A flow run that the server believes to be under way from now on."""
    async with get_client() as client:
        run = await client.create_flow_run(docgen)
        await client.set_flow_run_state(run.id, Running(), force=True)
        return run.id


async def look(dead_runs: int) -> UpkeepResult:
    """Look until that many runs have been under way for longer than the silence."""
    while (
        looked := await maintenance(UpkeepRequest(dry_run=True, silent_minutes=SHORTLY))
    ).dead_runs < dead_runs:
        assert {one.run for one in looked.executions} <= {"", "would be marked as crashed"}
    return looked


async def state_of(run: UUID) -> StateType | None:
    async with get_client() as client:
        return (await client.read_flow_run(run)).state_type


def begin(name: str, run: UUID, ago: timedelta) -> tuple[TrackingStore, Acquired]:
    """An execution that a worker began so long ago, and was not heard of since."""
    store = open_tracking(get_settings(), clock=lambda: datetime.now(UTC) - ago)
    acquired = store.acquire(name, "f", owner=f"worker-of-{name}", lease_seconds=120, run_id=str(run))
    assert isinstance(acquired, Acquired)
    return store, acquired


async def test_what_killed_workers_left_is_put_right_and_the_living_are_left_alone() -> None:
    runs = {name: await running() for name in ("dead", "ended", "alive")}
    begin("dead", runs["dead"], AN_HOUR)
    store, acquired = begin("ended", runs["ended"], AN_HOUR)
    store.complete(acquired.lease, {"said": "before it was killed"})
    begin("alive", runs["alive"], timedelta(0))

    looked = await look(dead_runs=2)
    assert (looked.stale_leases, looked.dead_runs, looked.records) == (1, 2, 3)
    assert {await state_of(run) for run in runs.values()} == {StateType.RUNNING}

    result = await maintenance(UpkeepRequest(silent_minutes=SHORTLY))
    told = {one.execution_id: (one.record, one.run) for one in result.executions}
    assert told == {
        "dead": ("marked as failed", "marked as crashed"),
        "ended": ("is completed", "marked as crashed"),
    }
    assert {name: await state_of(run) for name, run in runs.items()} == {
        "dead": StateType.CRASHED,
        "ended": StateType.CRASHED,
        "alive": StateType.RUNNING,
    }
    tracking = open_tracking(get_settings())
    records = {name: tracking.get(name) for name in runs}
    assert {name: record.status for name, record in records.items() if record} == {
        "dead": ExecutionStatus.FAILED,
        "ended": ExecutionStatus.COMPLETED,
        "alive": ExecutionStatus.IN_PROGRESS,
    }
    again = await maintenance(UpkeepRequest(silent_minutes=SHORTLY))
    assert (again.stale_leases, again.dead_runs, again.executions) == (0, 0, ())


async def test_the_table_says_what_was_done(table: str) -> None:
    run = await running()
    begin("dead", run, AN_HOUR)
    await look(dead_runs=1)
    await maintenance(UpkeepRequest(silent_minutes=SHORTLY))
    async with get_client() as client:
        drawn = await client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["maintenance"]))
        )
    found = [row for artifact in drawn for row in json.loads(str(artifact.data))]
    rows = [row for row in found if row["flow run"] == str(run) and row["record"] == "marked as failed"]
    (row,) = rows
    assert (row["execution"], row["worker"]) == ("dead", "worker-of-dead")
    assert row["run"] == "marked as crashed"


async def test_stale_leases_are_counted_in_a_line_of_their_own(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    begin("dead", uuid4(), AN_HOUR)  # of a run that this server knows nothing of
    monkeypatch.setenv("METRICS", "emf")
    get_settings.cache_clear()
    await maintenance()
    await maintenance()
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines() if '"StaleLeases"' in line]
    assert [line["StaleLeases"] for line in lines] == [1, 0]


def test_the_command_says_what_would_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    begin("dead", uuid4(), AN_HOUR)
    assert main(["--dry-run"], maintenance) == 0
    told = " ".join(capsys.readouterr().err.split())
    assert "dead #1" in told
    assert "1 stale leases, 0 dead runs in 1 records" in told
    record = open_tracking(get_settings()).get("dead")
    assert record is not None
    assert record.status is ExecutionStatus.IN_PROGRESS
    assert main(["--silent-minutes", "0"], maintenance) == 2

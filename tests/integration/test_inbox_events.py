"""A transcript that comes into a bucket starts a run, on a real Prefect server with a login (docs/INBOX.md).

EventBridge's part is played by `tests.support.event_rule`, with the template's own transformer; the
automations are those of the guide, word for word.
"""

from __future__ import annotations

import base64
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.client.schemas.objects import FlowRun
from prefect.events.schemas.automations import AutomationCore
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from prefect.utilities.callables import parameter_schema

from deployments.local_server import LocalServer
from flows.docgen import docgen
from flows.docgen_inbox import docgen_inbox
from techne.documents.request import DocgenRequest
from tests.support.cloudformation import Stack
from tests.support.event_rule import RULE, transformed, upload

GUIDE = Path(__file__).parents[2] / "docs" / "INBOX.md"
LOGIN = "admin:correct:horse"
BUCKET = "ai-techne-academy-input-dev-123456789012"
PATIENCE_SECONDS = 120
PREFIX = f"s3://{BUCKET}/transcripts"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    folder = tmp_path_factory.mktemp("prefect")
    server = LocalServer(folder, f"sqlite+aiosqlite:///{folder / 'prefect.db'}", LOGIN)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def client(server: LocalServer) -> Iterator[SyncPrefectClient]:
    with (
        temporary_settings({PREFECT_API_URL: server.api_url, PREFECT_API_AUTH_STRING: LOGIN}),
        get_client(sync_client=True) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def deployments(client: SyncPrefectClient) -> dict[str, UUID]:
    """The two, as prefect.yaml deploys them, and the guide's automations for them."""
    made = {}
    for flow, parameters in ((docgen_inbox, {"request": {"prefix": PREFIX}}), (docgen, {})):
        made[flow.name] = client.create_deployment(
            flow_id=client.create_flow(flow),
            name=flow.name,
            parameters=parameters,
            parameter_openapi_schema=parameter_schema(flow).model_dump_for_openapi(),
            enforce_parameter_schema=True,
        )
    for document, deployment in zip(automations(), made.values(), strict=True):
        document["actions"][0]["deployment_id"] = str(deployment)
        client.create_automation(AutomationCore.model_validate(document))
    return made


def automations() -> list[dict[str, Any]]:
    """The guide's: the one that wakes the inbox, and that of a run for each transcript."""
    return [
        json.loads(block) for block in re.findall(r"```json\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    ]


def delivered(server: LocalServer, *events: dict[str, Any], login: str = LOGIN) -> int:
    """Send events as the rule's target does, each by itself; the last answer's status."""
    stack = Stack(RULE, Bucket=BUCKET, Prefix="transcripts/", PrefectApiUrl=server.api_url)
    (target,) = stack.properties("TranscriptRule")["Targets"]
    status = 0
    for event in events:
        request = urllib.request.Request(
            stack.properties("Destination")["InvocationEndpoint"],
            data=transformed(target["InputTransformer"], event).encode(),
            method=stack.properties("Destination")["HttpMethod"],
            headers={
                "Content-Type": "application/json; charset=utf-8",
                "Authorization": f"Basic {base64.b64encode(login.encode()).decode()}",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            status = answer.status
    return status


def runs(client: SyncPrefectClient, deployment: UUID) -> list[FlowRun]:
    wanted = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment]))
    return client.read_flow_runs(flow_run_filter=wanted)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.2)  # the server tells nobody


def test_each_transcript_that_comes_is_a_run_and_all_of_them_together_wake_the_inbox(
    server: LocalServer, client: SyncPrefectClient, deployments: dict[str, UUID]
) -> None:
    keys = [
        "transcripts/talk.json",
        "transcripts/aula 2/revisão.vtt",
        'transcripts/a", "force": true, "x": ".srt',
    ]
    events = [upload(BUCKET, key, etag=str(number) * 32) for number, key in enumerate(keys)]
    assert delivered(server, *events, *events) == 204  # each of them twice

    until(lambda: len(runs(client, deployments["docgen"])) >= len(keys))
    until(lambda: len(runs(client, deployments["docgen-inbox"])) >= 1)

    asked = [
        DocgenRequest.model_validate(run.parameters["request"]) for run in runs(client, deployments["docgen"])
    ]
    assert sorted(one.transcription_s3_uri for one in asked) == sorted(f"s3://{BUCKET}/{key}" for key in keys)
    assert {one.execution_id for one in asked} == {
        f"s3-{str(n) * 32}-0062E99A88DC407460" for n in range(len(keys))
    }
    assert not any(one.force for one in asked)
    (woken,) = runs(client, deployments["docgen-inbox"])
    assert woken.parameters == {"request": {"prefix": PREFIX}}
    assert woken.state is not None
    assert woken.state.is_scheduled()


def test_who_has_no_login_starts_nothing(server: LocalServer) -> None:
    with pytest.raises(urllib.error.HTTPError, match="401"):
        delivered(server, upload(BUCKET, "transcripts/x.json"), login="admin:wrong")


def test_the_guide_starts_the_deployments_that_there_are() -> None:
    guide = GUIDE.read_text("utf-8")
    prefect_yaml = (GUIDE.parents[1] / "prefect.yaml").read_text("utf-8")
    for name in ("docgen-inbox", "docgen"):
        assert f"{name}/{name}" in guide
        assert re.search(rf"^    name: {name}$", prefect_yaml, re.MULTILINE)

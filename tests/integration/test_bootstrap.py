"""A server made ready by one command that can be repeated (S1-22; card: blocks/, deployments/; resolution 4).

The server asks for a password and is empty at first; `first_runs` is what the command says of it then.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TypeVar

import boto3
import pytest
from prefect.blocks.notifications import SlackWebhook
from prefect.blocks.system import Secret
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import BlockTypeUpdate, WorkPoolCreate, WorkPoolUpdate
from prefect.events.schemas.automations import AutomationCore
from prefect.events.worker import EventsWorker
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    temporary_settings,
)
from pydantic import SecretStr

from blocks import BLOCKS, BedrockProvider, DocumentStore, OpenAIProvider, SettingsBlock, TrackingTable
from deployments.bootstrap import main
from deployments.bootstrap_automations import FAILURES, ZOMBIES, find_automations, zombie_automation
from deployments.bootstrap_plan import MISSING
from techne.settings import get_settings
from tests.integration.conftest import REGION, MotoAWS
from tests.support.limits_server import Server, running_limits_server

PASSWORD = "admin:correct-horse"
KEY = "sk-nobody-may-see-this"
BUCKETS = ("--results-bucket", "techne-results-dev")
B = TypeVar("B", bound=SettingsBlock)


@dataclass(frozen=True, slots=True)
class Run:
    """What the command ended with and printed."""

    exit_code: int
    out: str
    err: str

    @property
    def changes(self) -> list[str]:
        words = ("created", "updated", "missing", "differs")
        return [" ".join(line.split()) for line in self.out.splitlines() if line.startswith(words)]


def bootstrap(*arguments: str) -> Run:
    get_settings.cache_clear()
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        exit_code = main([*BUCKETS, *arguments])
    return Run(exit_code, out.getvalue(), err.getvalue())


def load(block: type[B]) -> B:
    loaded = block.load("techne")
    assert isinstance(loaded, block)  # and no coroutine
    return loaded


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PREFECT_SERVER_API_AUTH_STRING", PASSWORD)
        with running_limits_server(tmp_path_factory.mktemp("prefect")) as server:
            yield server
            EventsWorker.drain_all()  # what blocks tell of their use, while there is somebody to tell


@pytest.fixture(scope="module")
def first_runs(own_server: Server) -> dict[str, Run]:
    with (
        pytest.MonkeyPatch.context() as environment,
        temporary_settings({PREFECT_API_URL: own_server.url, PREFECT_API_AUTH_STRING: PASSWORD}),
    ):
        _set_environment(environment)
        order = (("before", ("--check",)), ("first", ()), ("second", ()), ("after", ("--check",)))
        return {name: bootstrap(*arguments) for name, arguments in order}


@pytest.fixture(autouse=True)
def server(
    own_server: Server, first_runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> Iterator[SyncPrefectClient]:
    """A client of the server, to which the command goes too."""
    _set_environment(monkeypatch)
    with (
        temporary_settings({PREFECT_API_URL: own_server.url, PREFECT_API_AUTH_STRING: PASSWORD}),
        get_client(sync_client=True) as client,
    ):
        yield client


@pytest.fixture
def ready(server: SyncPrefectClient) -> None:
    """Everything is as the command makes it."""
    assert bootstrap().exit_code == 0


def _set_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("TRACKING_TABLE", "executions-dev")
    environment.setenv("OUTPUT_BUCKET", "techne-documents-dev")
    environment.setenv("AWS_REGION", REGION)


def test_a_check_of_an_empty_server_names_everything_and_changes_nothing(first_runs: dict[str, Run]) -> None:
    before, first = first_runs["before"], first_runs["first"]
    assert before.exit_code == 1
    assert {line.split()[0] for line in before.changes} == {"missing"}
    assert [line.replace("missing", "created") for line in before.changes] == first.changes


def test_the_first_run_makes_everything_there_is(first_runs: dict[str, Run]) -> None:
    first = first_runs["first"]
    assert first.exit_code == 0
    assert {
        "created block type openai-provider",
        "created block bedrock-provider/techne",
        "created block tracking-table/techne",
        "created block document-store/techne",
        "created block s3-bucket/techne-results",
        "created work pool techne-ecs",
        "created work pool techne-local",
        "created limit tag:provider:bedrock",
        "created limit llm:bedrock:tokens_per_minute",
        f"created automation {ZOMBIES}",
    } <= set(first.changes)
    assert f"{len(first.changes)} of {len(first.changes)} changed on http://127.0.0.1" in first.out


def test_the_second_run_changes_nothing_and_says_so(first_runs: dict[str, Run]) -> None:
    for name, words in (("second", "changed"), ("after", "to change")):
        run = first_runs[name]
        assert (run.exit_code, run.changes) == (0, [])
        assert f"\n0 of {len(first_runs['first'].changes)} {words} on " in run.out


def test_what_is_left_out_is_said(first_runs: dict[str, Run]) -> None:
    assert f"left out  {FAILURES}: no --notify" in first_runs["after"].out
    assert "left to deployments: image, cluster" in first_runs["after"].out


def test_what_somebody_changed_is_found_and_put_back(server: SyncPrefectClient, ready: None) -> None:
    server.upsert_global_concurrency_limit_by_name("tag:provider:bedrock", 3, 0.0)
    server.delete_global_concurrency_limit_by_name("llm:ollama:parallel")
    template = server.read_work_pool("techne-ecs").base_job_template
    template["variables"]["properties"]["cpu"]["default"] = 256
    server.update_work_pool("techne-ecs", WorkPoolUpdate(base_job_template=template))
    server.update_work_pool("techne-local", WorkPoolUpdate(description="mine"))
    server.pause_automation(server.read_automations_by_name(ZOMBIES)[0].id)
    BedrockProvider(rpm=50).save("techne", overwrite=True)
    server.delete_block_document(server.read_block_document_by_name("techne-results", "s3-bucket").id)
    edited = server.read_block_type_by_slug("ollama-provider").id
    server.update_block_type(edited, BlockTypeUpdate(description="mine"))

    check, mending, after = bootstrap("--check"), bootstrap(), bootstrap("--check")

    assert check.exit_code == 1
    assert check.changes == [
        "differs block type ollama-provider: its description has changed",
        "differs block bedrock-provider/techne: rpm is 50.0, not 10.0",
        "missing block s3-bucket/techne-results",
        "differs work pool techne-ecs: default of cpu is 256, not 2048",
        "differs work pool techne-local: description is 'mine', not "
        "'Runs of techne, as processes beside their worker.'",
        "differs limit tag:provider:bedrock: limit is 3, not 4",
        "missing limit llm:ollama:parallel",
        f"differs automation {ZOMBIES}: it is disabled",
    ]
    assert [line.partition(" ")[2] for line in mending.changes] == [
        line.partition(" ")[2] for line in check.changes
    ]
    assert (after.exit_code, after.changes) == (0, [])


def test_an_automation_is_updated_in_place_and_never_doubled(server: SyncPrefectClient) -> None:
    def difference(heartbeat_seconds: int) -> str | None:
        wanted = zombie_automation(heartbeat_seconds).model_copy(update={"name": "an automation"})
        (finding,) = find_automations(server, [wanted])
        finding.mend()
        return finding.difference

    assert difference(60) == MISSING
    (created,) = server.read_automations_by_name("an automation")
    assert difference(60) is None
    assert difference(90) == "its trigger, actions differ"
    server.create_automation(AutomationCore.model_validate(created.model_dump()))
    assert difference(90) == "there are 2 of them"
    assert len(server.read_automations_by_name("an automation")) == 1
    assert difference(90) is None


def test_a_changed_setting_is_carried_to_block_and_limits(
    ready: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_EXECUTOR_GEMINI_MAX_PARALLEL", "6")
    assert bootstrap().changes == [
        "updated block gemini-provider/techne: max_parallel is 4, not 6",
        "updated limit llm:gemini:parallel: limit is 4, not 6",
        "updated limit tag:provider:gemini: limit is 4, not 6",
    ]


def test_keys_that_were_entered_outlive_a_change_of_other_fields(ready: None) -> None:
    Secret(value=KEY).save("openai-key", overwrite=True)
    OpenAIProvider(model="mine", api_key_secret=Secret.load("openai-key")).save("techne", overwrite=True)
    assert len(bootstrap().changes) == 1
    block = load(OpenAIProvider)
    assert block.model == OpenAIProvider.from_settings(get_settings()).model
    assert block.environment()["OPENAI_API_KEY"] == KEY

    OpenAIProvider(model="mine", api_key=SecretStr(KEY)).save("techne", overwrite=True)
    assert len(bootstrap().changes) == 1
    assert load(OpenAIProvider).environment()["OPENAI_API_KEY"] == KEY


def test_a_key_is_hidden_by_the_api_and_is_not_among_what_is_printed(
    server: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    OpenAIProvider(model="mine", api_key=SecretStr(KEY)).save("techne", overwrite=True)
    check = bootstrap("--check")
    assert KEY not in check.out + check.err
    shown = server.request("POST", "/block_documents/filter", json={}).text
    assert "openai-provider" in shown
    assert KEY not in shown


def test_operators_may_pause_a_pool_and_bound_it(server: SyncPrefectClient) -> None:
    server.update_work_pool("techne-ecs", WorkPoolUpdate(is_paused=True, concurrency_limit=3))
    assert bootstrap().exit_code == 0
    pool = server.read_work_pool("techne-ecs")
    assert (pool.is_paused, pool.concurrency_limit) == (True, 3)


def test_a_pool_of_another_type_is_left_alone_and_named(server: SyncPrefectClient) -> None:
    server.delete_work_pool("techne-local")
    server.create_work_pool(WorkPoolCreate(name="techne-local", type="docker"))
    run = bootstrap()
    assert run.exit_code == 1
    assert "`techne-local` is of type `docker`, not `process`" in run.err
    server.delete_work_pool("techne-local")
    bootstrap()


def test_failures_are_told_to_a_notification_block(server: SyncPrefectClient) -> None:
    SlackWebhook(url=SecretStr("https://hooks.slack.test/x")).save("team", overwrite=True)
    assert f"created automation {FAILURES}" in bootstrap("--notify", "slack-webhook/team").changes
    assert bootstrap("--notify", "slack-webhook/team").changes == []
    (automation,) = server.read_automations_by_name(FAILURES)
    assert automation.trigger.model_dump()["expect"] == {
        f"prefect.flow-run.{state}" for state in ("Failed", "Crashed", "TimedOut")
    }


@pytest.mark.parametrize(
    ("reference", "said"),
    [("slack-webhook/none", "no block"), ("s3-bucket/techne-results", "notifies nobody")],
)
def test_a_block_that_cannot_notify_is_refused(reference: str, said: str) -> None:
    run = bootstrap("--notify", reference)
    assert run.exit_code == 1
    assert reference in run.err
    assert said in run.err


def test_without_heartbeats_there_is_no_automation_that_waits_for_them() -> None:
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        run = bootstrap("--check")
    assert not any(ZOMBIES in line for line in run.changes)
    assert f"left out  {ZOMBIES}: PREFECT_FLOWS_HEARTBEAT_FREQUENCY is off" in run.out


def test_slower_heartbeats_are_waited_for_longer(server: SyncPrefectClient) -> None:
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: 600}):
        assert f"updated automation {ZOMBIES}: its trigger, actions differ" in bootstrap().changes
    (automation,) = server.read_automations_by_name(ZOMBIES)
    assert automation.trigger.model_dump()["within"].total_seconds() == 1800


def test_a_stack_says_what_the_account_has_and_arguments_go_over_it(
    server: SyncPrefectClient, aws: MotoAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRACKING_TABLE")
    outputs = {
        "TaskRoleArn": "arn:aws:iam::123456789012:role/run",
        "Subnets": "subnet-1,subnet-2",
        "SecurityGroups": "sg-1",
        "Cluster": "techne",
        "TrackingTable": "table-of-the-stack",
        "OutputBucket": "bucket-of-the-stack",
        "RepositoryUri": "that no variable is named after",
    }
    stack = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(StackName="techne-dev", TemplateBody=json.dumps(stack))

    run = bootstrap("--stack", "techne-dev", "--ecs", 'security_groups=["sg-2"]', "--ecs", "cluster=mine")

    assert run.exit_code == 0, run.err
    variables = server.read_work_pool("techne-ecs").base_job_template["variables"]["properties"]
    assert variables["task_role_arn"]["default"] == outputs["TaskRoleArn"]
    assert variables["subnets"]["default"] == ["subnet-1", "subnet-2"]
    assert variables["security_groups"]["default"] == ["sg-2"]
    assert variables["cluster"]["default"] == "mine"
    assert load(TrackingTable).table_name == "table-of-the-stack"
    assert load(DocumentStore).base_uri == "s3://techne-documents-dev"


@pytest.mark.parametrize(
    ("arguments", "said", "exit_code"),
    [
        (("--stack", "unknown"), "Stack unknown in us-east-1", 1),
        (("--ecs", "clutser=x"), "no variable 'clutser'", 1),
        (("--ecs-template", "/nowhere/pool.json"), "/nowhere/pool.json can't be read", 1),
        (("--results-bucket", "No_Bucket"), "No_Bucket", 2),
    ],
)
def test_an_argument_that_cannot_be_meant_is_named_and_nothing_is_changed(
    aws: MotoAWS, arguments: tuple[str, ...], said: str, exit_code: int
) -> None:
    run = bootstrap(*arguments)
    assert (run.exit_code, run.out) == (exit_code, "")
    assert said in run.err


def test_a_file_that_is_no_template_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pool.json").write_text('{"variables": []}')
    assert "is no base job template" in bootstrap("--ecs-template", str(tmp_path / "pool.json")).err


def test_wrong_arguments_have_an_exit_code_of_their_own() -> None:
    with pytest.raises(SystemExit) as ended:
        bootstrap("--ecs", "cluster")
    assert ended.value.code == 2


def test_without_a_server_the_command_says_which_one_it_looked_for() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # bound, but nobody listens
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/api"
        with temporary_settings({PREFECT_API_URL: url}):
            run = bootstrap("--check")
    assert (run.exit_code, run.out) == (1, "")
    assert url in run.err


def test_without_an_address_the_command_asks_for_one() -> None:
    with temporary_settings({PREFECT_API_URL: None}):
        run = bootstrap()
    assert run.exit_code == 1
    assert "PREFECT_API_URL is not set" in run.err


@pytest.mark.parametrize("password", [None, "admin:wrong-horse"])
def test_a_password_that_the_server_refuses_is_said_without_showing_it(password: str | None) -> None:
    with temporary_settings({PREFECT_API_AUTH_STRING: password}):
        run = bootstrap()
    assert (run.exit_code, run.out) == (1, "")
    assert "PREFECT_API_AUTH_STRING" in run.err
    assert "horse" not in run.err


def test_saved_blocks_are_loaded_as_the_settings_are(ready: None) -> None:
    for block in BLOCKS:
        said, loaded = block.from_settings(get_settings()).settings(), load(block).settings()
        assert {name: loaded[name] for name in said} == dict(said)


def test_saved_blocks_open_what_they_name(aws: MotoAWS) -> None:
    aws.create_bucket("techne-documents-dev")
    aws.create_tracking_table("executions-dev")
    documents = load(DocumentStore)
    place = documents.uri("lesson/document.md")
    documents.open().write(place, b"# Title")
    assert documents.open().read(place).data == b"# Title"
    tracking = load(TrackingTable).open()
    tracking.check()
    assert tracking.get("lesson") is None

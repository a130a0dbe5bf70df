"""compose.yaml: a team's server and worker on one machine (S1-36, resolution 19).

No container engine runs here. The file is held against the specification's schema, and what it says against
the programs that will read it: Prefect's settings and parser, our settings and commands, the image.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import prefect.settings
import pytest
import yaml  # type: ignore[import-untyped, unused-ignore]
from prefect.server.concurrency.lease_storage import ConcurrencyLeaseStorage
from prefect.settings import get_current_settings

from deployments.bootstrap_work_pools import LOCAL_POOL
from deployments.deploy_step import PREFIX, DeployEnvironment
from techne.settings import Settings
from tests.support.command_lines import ROOT, commands, problem

COMPOSE = ROOT / "compose.yaml"
EXAMPLE = ROOT / ".env.example"
OURS = ("server", "bootstrap", "processor")
WITH_DATABASE = (*OURS, "postgres")
AWS = {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"}
BOOTSTRAPS_OWN = {"TECHNE_WORK_POOL", "TECHNE_IMAGE", "TECHNE_RESULTS_BUCKET"}
SECRETS = {"PREFECT_SERVER_API_AUTH_STRING", "POSTGRES_PASSWORD"}
GIVEN = {"PREFECT_SERVER_API_AUTH_STRING": "admin:a@b", "POSTGRES_PASSWORD": "p/w:d"}
_VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?:(?P<how>:[-?+])(?P<other>[^}]*))?\}")


def compose(**variables: str) -> dict[str, Any]:
    """The file as Compose reads it, with these variables in .env: first parsed, then interpolated."""
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text("utf-8"))
    interpolated: dict[str, Any] = _interpolated(loaded, {**GIVEN, **variables})
    return interpolated


def _interpolated(node: Any, variables: dict[str, str]) -> Any:
    def value(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        given, other = variables.get(found["name"], ""), found["other"]
        match found["how"]:
            case ":?":
                assert given, f"{found['name']} is required: {other}"
            case ":+":
                return other if given else ""
            case ":-":
                return given or other
        return given

    if isinstance(node, dict):
        return {key: _interpolated(item, variables) for key, item in node.items()}
    if isinstance(node, list):
        return [_interpolated(item, variables) for item in node]
    return _VARIABLE.sub(value, node) if isinstance(node, str) else node


def service(name: str, **variables: str) -> dict[str, Any]:
    found: dict[str, Any] = compose(**variables)["services"][name]
    return found


def environment(name: str, **variables: str) -> dict[str, str]:
    """A service's variables that have a value; those without one are passed on from .env."""
    variables_ = service(name, **variables)["environment"]
    return {key: variables.get(key, "") if value is None else str(value) for key, value in variables_.items()}


def described_in_example() -> set[str]:
    return set(re.findall(r"^(?:# )?([A-Z_]+)=", EXAMPLE.read_text("utf-8"), re.MULTILINE))


# The file


@pytest.mark.skipif(
    importlib.util.find_spec("check_jsonschema") is None, reason="check-jsonschema is not installed"
)
def test_the_compose_specification_takes_it() -> None:
    vendored = files("check_jsonschema.builtin_schemas.vendor") / "compose-spec.json"
    jsonschema.validate(compose(), json.loads(vendored.read_text("utf-8")))


def test_every_variable_is_explained_in_the_example_and_used_here() -> None:
    used = {found["name"] for found in _VARIABLE.finditer(COMPOSE.read_text("utf-8")) if found["name"]}
    used |= {
        key
        for name in OURS
        for key, value in service(name)["environment"].items()
        if value is None  # passed on
    }
    assert used == described_in_example()


def test_the_example_holds_no_secret_and_the_real_one_is_ignored() -> None:
    for line in EXAMPLE.read_text("utf-8").splitlines():
        name, _, value = line.removeprefix("# ").partition("=")
        if name in SECRETS or name.endswith("_API_KEY"):
            assert value == "", f"{name} has a value"
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert {".env", "techne.env"} <= set(ignored)


def test_without_a_password_nothing_starts() -> None:
    text = COMPOSE.read_text("utf-8")
    for name in SECRETS:
        asked = [found["how"] for found in _VARIABLE.finditer(text) if found["name"] == name]
        assert asked
        assert set(asked) == {":?"}


def test_images_are_pinned() -> None:
    for name, settings in compose()["services"].items():
        image, _, tag = settings["image"].rpartition(":")
        assert image, f"{name} names no tag"
        assert tag != "latest"
        assert tag == "local" or re.fullmatch(r"\d+\.\d+(\.\d+)?(-[a-z0-9.]+)?", tag)


def test_one_image_is_built_here_and_serves_all_that_is_technes() -> None:
    for name in OURS:
        assert service(name)["image"] == "techne:local"
        assert service(name)["build"] == "."


# Settings


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting_of_somebody(name: str) -> None:
    ours = {field.upper() for field in Settings.model_fields}
    deploying = {f"{PREFIX}{field.upper()}" for field in DeployEnvironment.model_fields} | BOOTSTRAPS_OWN
    for variable in environment(name):
        if variable.startswith("PREFECT_"):
            assert hasattr(prefect.settings, variable), f"Prefect has no setting {variable}"
        else:
            assert variable in ours | AWS | deploying | {"HOME"}, f"nobody reads {variable}"


def test_the_server_reads_its_database_login_and_leases_as_they_are_meant() -> None:
    """In a process of its own, since the database's address is put together when it is first asked for."""
    variables = {k: v for k, v in environment("server").items() if k.startswith("PREFECT_")}
    script = (
        "import json; from prefect import settings as s; print(json.dumps(["
        "s.PREFECT_API_DATABASE_CONNECTION_URL.value(), s.PREFECT_SERVER_API_AUTH_STRING.value(),"
        "s.PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE.value(), s.PREFECT_SERVER_UI_API_URL.value(),"
        "s.PREFECT_SERVER_ANALYTICS_ENABLED.value(), s.PREFECT_SERVER_UI_STATIC_DIRECTORY.value()]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**variables, "PREFECT_HOME": "prefect-home-that-nobody-makes"},
        capture_output=True,
        check=True,
        timeout=120,
    )
    url, login, leases, api, analytics, interface = json.loads(done.stdout)
    assert url == "postgresql+asyncpg://prefect:p%2Fw%3Ad@postgres:5432/prefect"
    assert login == "admin:a@b"
    storage = importlib.import_module(leases).ConcurrencyLeaseStorage
    assert issubclass(storage, ConcurrencyLeaseStorage)
    assert "memory" not in leases
    assert api == "http://localhost:4200/api"
    assert analytics is False
    assert interface.startswith("/tmp/")


def test_clients_log_in_with_the_servers_password() -> None:
    login = environment("server")["PREFECT_SERVER_API_AUTH_STRING"]
    for name in ("bootstrap", "processor"):
        assert environment(name)["PREFECT_API_AUTH_STRING"] == login
        assert environment(name)["PREFECT_API_URL"] == "http://server:4200/api"


def test_the_browser_is_sent_to_the_address_that_the_team_uses() -> None:
    shown = environment("server", TECHNE_PREFECT_URL="https://prefect.example")
    assert shown["PREFECT_SERVER_UI_API_URL"] == "https://prefect.example/api"


def test_the_bootstrap_and_the_runs_have_the_same_settings() -> None:
    """It makes limits of them, blocks, and the time after which a silent run counts as dead."""
    given = {"OUTPUT_BUCKET": "documents", "TRACKING_TABLE": "executions", "LOG_LEVEL": "DEBUG"}
    bootstrap, processor = environment("bootstrap", **given), environment("processor", **given)
    both = {name for name in bootstrap if name in processor}
    assert {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY", "LLM_EXECUTOR_LIMITS", *given} <= both
    assert {name: bootstrap[name] for name in both} == {name: processor[name] for name in both}
    assert service("bootstrap")["env_file"] == service("processor")["env_file"]
    assert get_current_settings().flows.model_fields["heartbeat_frequency"].metadata[0].ge == 30
    assert int(bootstrap["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]) >= 30


def test_what_prefect_yaml_reads_is_given() -> None:
    given = environment("bootstrap")
    told = DeployEnvironment.of(given)
    assert given["TECHNE_WORK_POOL"] == LOCAL_POOL
    assert (told.environment, told.root) == ("dev", "/opt/techne")
    assert told.results_block == ""
    assert given["TECHNE_IMAGE"]
    assert set(re.findall(r"\$(TECHNE_\w+)", (ROOT / "prefect.yaml").read_text("utf-8"))) <= set(given)


def test_results_go_to_the_bucket_where_there_is_one() -> None:
    given = environment("bootstrap", TECHNE_RESULTS_BUCKET="results")
    assert DeployEnvironment.of(given).results_block == "s3-bucket/techne-results"
    script = service("bootstrap")["command"][-1]
    shown = subprocess.run(
        ["sh", "-euc", 'python() { echo "$@"; }; prefect() { echo "$@"; };' + script],
        env={"TECHNE_RESULTS_BUCKET": "results", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert shown.splitlines() == [
        "-m deployments.bootstrap --results-bucket results",
        "deploy --all --no-prompt",
    ]


# Commands


@pytest.mark.parametrize("name", OURS)
def test_the_commands_are_understood(name: str) -> None:
    command = service(name)["command"]
    lines = list(commands(command[-1])) if command[0] == "sh" else [command]
    assert lines
    assert [found for line in lines if (found := problem(line))] == []


def test_the_worker_takes_runs_of_the_pool_that_is_deployed_to_and_makes_none_itself() -> None:
    command = service("processor")["command"]
    assert command[command.index("--pool") + 1] == environment("bootstrap")["TECHNE_WORK_POOL"]
    assert command[command.index("--type") + 1] == "process"
    assert "--no-create-pool-if-not-found" in command


def test_health_is_asked_where_it_is_told() -> None:
    worker = service("processor")["healthcheck"]["test"][-1]
    port = get_current_settings().worker.webserver.port
    assert f"http://127.0.0.1:{port}/health" in worker
    server = service("server")
    assert "http://127.0.0.1:4200/api/health" in server["healthcheck"]["test"][-1]
    assert server["command"][-2:] == ["--port", "4200"]
    for check in (worker, server["healthcheck"]["test"][-1]):
        compile(check, "healthcheck", "exec")


def test_each_part_waits_for_what_it_needs() -> None:
    def needs(name: str) -> dict[str, str]:
        return {other: told["condition"] for other, told in service(name)["depends_on"].items()}

    assert needs("server") == {"postgres": "service_healthy"}
    assert needs("bootstrap") == {"server": "service_healthy"}
    assert needs("processor")["bootstrap"] == "service_completed_successfully"
    assert service("bootstrap")["restart"] == "no"


# Hardening


@pytest.mark.parametrize("name", [*WITH_DATABASE, "ollama", "ollama-model"])
def test_every_container_has_a_read_only_root_and_no_privileges(name: str) -> None:
    settings = service(name)
    assert settings["read_only"] is True
    assert settings["cap_drop"] == ["ALL"]
    assert not settings.get("cap_add")
    assert settings["security_opt"] == ["no-new-privileges:true"]
    assert not settings.get("privileged")


@pytest.mark.parametrize("name", WITH_DATABASE)
def test_nobody_is_root(name: str) -> None:
    assert not re.match(r"(0|root)\b", service(name)["user"])


def test_credentials_are_mounted_read_only_into_the_home_of_who_runs_the_flows() -> None:
    """S1-36, resolution 19."""
    mounts = dict(mount.split(":", 1) for mount in service("processor")["volumes"])
    assert mounts["~/.aws"] == f"{environment('processor')['HOME']}/.aws:ro"


def test_the_processor_has_two_cpus_and_eight_gigabytes() -> None:
    """S1-36."""
    limits = service("processor")["deploy"]["resources"]["limits"]
    assert limits == {"cpus": "2.0", "memory": "8G"}


def test_a_run_begins_with_the_code_as_it_is_and_can_not_change_it() -> None:
    """S1-36's hot reload, of what the image holds, and of nothing that is not in the repository."""
    root = environment("bootstrap")["TECHNE_ROOT"]
    for mount in service("processor")["volumes"]:
        source, target, *mode = mount.split(":")
        if target.startswith(root) and source != "./output":
            assert mode == ["ro"]
            assert (ROOT / source).exists(), f"{source} is mounted, and is not there"
            assert target == f"{root}/{source.removeprefix('./')}"


def test_all_that_must_outlive_a_container_is_in_a_volume() -> None:
    stack = compose()
    mounted = {
        mount.split(":")[0]
        for settings in stack["services"].values()
        for mount in settings.get("volumes", [])
    }
    assert set(stack["volumes"]) <= mounted
    for name in ("server", "processor"):
        home = environment(name)["PREFECT_HOME"]
        targets = [mount.split(":")[1] for mount in service(name)["volumes"]]
        assert any(home.startswith(f"{target}/") for target in targets)


def test_only_this_machine_reaches_the_server_and_nobody_the_database() -> None:
    stack = compose()
    ports = {name: settings["ports"] for name, settings in stack["services"].items() if "ports" in settings}
    assert ports == {"server": ["127.0.0.1:4200:4200"]}
    assert stack["networks"]["database"] == {"internal": True}
    assert service("postgres")["networks"] == ["database"]
    assert "networks" not in service("processor")  # the default one alone


def test_ollama_is_there_only_where_it_is_asked_for() -> None:
    assert {name for name, told in compose()["services"].items() if "profiles" in told} == {
        "ollama",
        "ollama-model",
    }
    assert environment("processor")["OLLAMA_HOST"] == environment("ollama-model")["OLLAMA_HOST"]


def test_the_code_is_where_the_image_has_it() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    workdirs: list[str] = re.findall(r"^WORKDIR\s+(\S+)", dockerfile, re.MULTILINE)
    assert workdirs[-1] == environment("bootstrap")["TECHNE_ROOT"]
    assert re.search(r"^USER\s+10001", dockerfile, re.MULTILINE)
    assert service("server")["user"] == "10001:10001"
    assert Path("/tmp") in Path(environment("processor")["PREFECT_HOME"]).parents

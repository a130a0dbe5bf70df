"""No secret stands in a file or in anything that is rendered from one, and no template gives everything away.

Files are those that git knows or would take. What is rendered for a server and for ECS is rendered here with
settings full of keys, none of which may come through.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from prefect.utilities.templating import apply_values

from deployments.bootstrap_automations import zombie_automation
from deployments.bootstrap_documents import results_document, settings_documents
from deployments.bootstrap_work_pools import ecs_pool, local_pool, read_template
from deployments.deploy_step import describe_environment
from techne.settings import Settings, get_settings
from tests.support.cloudformation import Stack, statements
from tests.support.command_lines import ROOT
from tests.support.secret_scan import find_secrets
from tests.unit.deployments.infrastructure import infrastructure

ALLOWED = {
    "sk-wrong-key-9876543210": "a key that a server on the loopback refuses",
    "sk-loopback-0123456789abcdef": "the key of a server on the loopback",
    "http://me:sesame@": "the login of a proxy on the loopback",
    "postgresql+asyncpg://prefect:p%2Fw%3Ad@": "what becomes of a made-up password",
}
"""What looks like a secret and is none, in tests alone, and why."""
TEMPLATES = sorted(
    path
    for path in (ROOT / "deployments").glob("*.yaml")
    if "AWSTemplateFormatVersion" in path.read_text("utf-8")
)
SENTINEL = "nobody-may-read-this-0123456789"


def files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return sorted({name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()})


def text_of(name: str) -> str:
    try:
        return (ROOT / name).read_bytes().decode()
    except UnicodeDecodeError:
        return ""  # a picture, a document


# The scan itself


@pytest.mark.parametrize(
    "line",
    [
        "AKIA" + "IOSFODNN7EXAMPLF",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "key: sk-" + "proj-abcdefghijklmnopqrstuvwx",
        "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
        "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345",
        "pnu_" + "0123456789abcdefghijABCDEFGHIJ012345",
        "postgresql://prefect:" + "hunter2@database/prefect",
        "POSTGRES_PASSWORD=" + "q8Zt3vLw0pXr",
        "aws_secret_access_key = " + "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzQmPlK3Yx",
        '"api_key": "' + 'b7f3c0a99e12d4"',
        "PREFECT_API_AUTH_STRING: admin:" + "9fj2k1mcz7",
    ],
)
def test_a_secret_is_found(line: str) -> None:
    assert list(find_secrets(f"before\n{line}\nafter"))


@pytest.mark.parametrize(
    "line",
    [
        "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?write it into .env}",
        "PREFECT_API_AUTH_STRING: ${{ secrets.PREFECT_API_AUTH_STRING }}",
        "Password: !Sub {{resolve:secretsmanager:${Arn}:SecretString:password}}",
        "password = secrets.token_urlsafe(24)",
        "OPENAI_API_KEY=",
        "openai_api_key: SecretStr | None = Field(None)",
        "https://prefect.example:4200/api",
        "https://user:secret@example.org/",
        "AWS_SECRET_ACCESS_KEY=my-wrong-key-1",
    ],
)
def test_what_only_names_a_secret_is_not_one(line: str) -> None:
    assert list(find_secrets(line)) == []


# Files


def test_no_file_holds_a_secret() -> None:
    found = [(name, one) for name in files() for one in find_secrets(text_of(name))]
    told = [
        f"{name}:{one.line}: {one.kind}"
        for name, one in found
        if not (name.startswith("tests/") and one.value in ALLOWED)
    ]
    assert told == []


def test_what_is_allowed_is_still_there() -> None:
    own = Path(__file__).relative_to(ROOT).as_posix()
    text = "".join(text_of(name) for name in files() if name.startswith("tests/") and name != own)
    assert [value for value in ALLOWED if value not in text] == []


def test_files_of_secrets_are_not_among_them() -> None:
    named = [Path(name).name for name in files()]
    assert not [name for name in named if name == ".env" or name.endswith((".pem", ".p12", ".key", "_rsa"))]


# What is rendered


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with every secret that there is."""
    secret = [name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)]
    assert {"openai_api_key", "gemini_api_key"} <= set(secret)
    names = [*map(str.upper, secret), "PREFECT_API_AUTH_STRING", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
    for name in names:
        monkeypatch.setenv(name, SENTINEL)
    monkeypatch.setenv("TRACKING_TABLE", "executions")
    monkeypatch.setenv("OUTPUT_BUCKET", "documents")
    get_settings.cache_clear()
    return get_settings()


def test_the_settings_do_hold_it(keys: Settings) -> None:
    assert keys.openai_api_key is not None
    assert keys.openai_api_key.get_secret_value() == SENTINEL
    assert SENTINEL not in repr(keys)


def test_saved_blocks_hold_no_key(keys: Settings) -> None:
    documents = [*settings_documents(keys), results_document("results")]
    assert len(documents) > 4
    assert SENTINEL not in repr(documents)


def test_work_pools_and_the_tasks_made_of_them_hold_no_key(keys: Settings) -> None:
    template = read_template()
    pools = [ecs_pool(template, {}).template, local_pool().template]
    defaults = {
        name: variable["default"]
        for name, variable in template["variables"]["properties"].items()
        if "default" in variable
    }
    task = apply_values(template["job_configuration"], defaults)
    rendered = json.dumps([*pools, task], default=str)
    assert "containerDefinitions" in rendered
    assert SENTINEL not in rendered
    assert list(find_secrets(rendered)) == []


def test_what_the_flows_are_deployed_with_holds_no_key(keys: Settings) -> None:
    assert SENTINEL not in json.dumps(describe_environment())
    prefect_yaml = (ROOT / "prefect.yaml").read_text("utf-8")
    read = set(re.findall(r"\{\{ \$(\w+) \}\}", prefect_yaml))
    assert read <= {"TECHNE_WORK_POOL", "DOCX_TEMPLATE"}


def test_automations_hold_no_key(keys: Settings) -> None:
    assert SENTINEL not in zombie_automation(30).model_dump_json()


# Templates


def template_stack(path: Path) -> Stack:
    return infrastructure(LlmCache="dynamodb") if path.stem == "infrastructure" else Stack(path)


def test_these_are_all_templates() -> None:
    assert {path.stem for path in TEMPLATES} >= {"infrastructure", "github_oidc", "inbox_events"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_nobody_may_do_everything(path: Path) -> None:
    """Denials may name all, which is what makes them denials."""
    stack = template_stack(path)
    documents = [
        policy["PolicyDocument"]
        for role in stack.of_type("AWS::IAM::Role").values()
        for policy in role.get("Policies", ())
    ]
    documents += [
        told["Properties"]["PolicyDocument"]
        for told in stack.resources.values()
        if "PolicyDocument" in told["Properties"]
    ]
    for one in (one for document in documents for one in statements(document)):
        if one.effect == "Allow":
            assert not [action for action in one.actions if "*" in action], f"{path.name}: {one.sid}"
            assert "*" not in one.principals, f"{path.name}: {one.sid}"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_nobody_may_pass_a_role_but_the_worker_the_two_of_its_tasks(path: Path) -> None:
    stack = template_stack(path)
    passed = {
        resource
        for role in stack.of_type("AWS::IAM::Role")
        for one in stack.role_statements(role)
        if any(action.lower().startswith("iam:") for action in one.actions)
        for resource in one.resources
    }
    assert passed == ({"FlowRunRole.Arn", "ExecutionRole.Arn"} if path.stem == "infrastructure" else set())
    assert path.read_text("utf-8").lower().count("iam:passrole") <= 2  # the right itself, and words about it


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_parameters_name_secrets_and_are_none(path: Path) -> None:
    for name, told in template_stack(path).source.get("Parameters", {}).items():
        if re.search("secret|password|key|token", name, re.IGNORECASE):
            assert name.endswith(("Arn", "Arns")), f"{path.name}: {name}"
            assert not told.get("Default")

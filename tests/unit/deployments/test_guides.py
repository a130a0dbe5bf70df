"""The guides say what is so: each command, option, file, setting and parameter that they name is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import prefect.settings
import pytest
import yaml  # type: ignore[import-untyped, unused-ignore]

from deployments.deploy_step import PREFIX, DeployEnvironment
from techne import errors
from techne.settings import Settings
from tests.support.cloudformation import Stack
from tests.support.command_lines import ROOT, commands, problem
from tests.unit.deployments.infrastructure import infrastructure

GUIDES = ("DEPLOYMENT", "OPERATIONS", "INBOX")
PROGRAMS = ("prefect ", "python ", "make ", "techne-bootstrap", "scripts/", "aws ")
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
FOLDERS = r"(?:\.github|\.ci|benchmarks|blocks|deployments|docs|flows|samples|scripts|tasks|techne|tests)"
NO_SETTINGS = {
    "ERROR_CODE": "an attribute of messages that EventBridge could not deliver",
    "PREFECT_AUTH_STRING": "a name that the guide warns of",
    "ROLLBACK_COMPLETE": "a state of stacks",
    "CAPABILITY_NAMED_IAM": "a word of CloudFormation",
    "CANCEL_NEW": "a strategy of deployments",
}
"""Names in capitals that are not settings, and what they are."""


def guide(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text("utf-8")


def scripts(name: str) -> Iterator[str]:
    for language, body in FENCE.findall(guide(name)):
        if language == "sh":
            yield body


def code_spans(name: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", FENCE.sub("", guide(name)))


def command_lines(name: str) -> list[list[str]]:
    told = [line for script in scripts(name) for line in commands(_without_comments(script))]
    for span in code_spans(name):
        if span.startswith(PROGRAMS) and "..." not in span:
            told += commands(span)
    return told


def _without_comments(script: str) -> str:
    return re.sub(r"(^|\s)#.*$", "", script, flags=re.MULTILINE)


@pytest.mark.parametrize("name", GUIDES)
def test_every_command_is_understood(name: str) -> None:
    lines = command_lines(name)
    assert len(lines) > 3
    assert [f"{' '.join(line)}: {found}" for line in lines if (found := problem(line))] == []


def test_commands_within_others_are_understood() -> None:
    inner = [
        found.strip()
        for name in GUIDES
        for script in scripts(name)
        for found in re.findall(r"\$\(((?:aws|prefect|scripts)[^()]*)\)", script)
    ]
    assert len(inner) > 6
    assert [found for text in inner for line in commands(text) if (found := problem(line))] == []


@pytest.mark.parametrize("name", GUIDES)
def test_every_file_is_there(name: str) -> None:
    named = set(re.findall(rf"(?<![\w./-]){FOLDERS}/[\w./-]*\w", guide(name)))
    named |= {
        span for span in code_spans(name) if re.fullmatch(r"[\w./-]+\.(?:yaml|md)|\.env(?:\.example)?", span)
    }
    at_home = {"inbox.json", "each.json", "techne.env", ".env"}
    missing = [path for path in sorted(named - at_home) if not _is_there(path)]
    assert missing == []


def _is_there(path: str) -> bool:
    """Whether it is a file of the repository; some are called by their names alone."""
    return any((ROOT / folder / path).exists() for folder in ("", "docs", ".github/workflows"))


@pytest.mark.parametrize("name", GUIDES)
def test_every_link_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", guide(name)):
        if not target.startswith("http"):
            assert (ROOT / "docs" / target).is_file(), target


@pytest.mark.parametrize("name", GUIDES)
def test_every_setting_is_one(name: str) -> None:
    text = guide(name)
    shell = set(re.findall(r"\b([A-Z][A-Z0-9_]*)=", "".join(scripts(name)))) | set(
        re.findall(r"\$\{?([A-Z_]+)", text)
    )
    named = set(re.findall(r"(?<![\w$/{-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w-])", text))
    known = (
        {field.upper() for field in Settings.model_fields}
        | {f"{PREFIX}{field.upper()}" for field in DeployEnvironment.model_fields}
        | set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))
        | _named_by_workflows()
        | {"TECHNE_WORK_POOL", "TECHNE_IMAGE", "TECHNE_ECR_REPOSITORY"}
        | shell
    )
    unknown = {one for one in named - known - set(NO_SETTINGS) if not hasattr(prefect.settings, one)}
    assert unknown == set()


def _named_by_workflows() -> set[str]:
    folder = ROOT / ".github" / "workflows"
    return {
        name
        for path in folder.iterdir()
        for name in re.findall(r"\b(?:vars|secrets)\.(\w+)", path.read_text("utf-8"))
    }


def test_all_that_the_workflows_ask_of_github_is_in_the_table() -> None:
    table = guide("DEPLOYMENT").split("## GitHub")[1].split("## Sizing")[0]
    assert [name for name in sorted(_named_by_workflows()) if f"`{name}`" not in table] == []


def test_the_stacks_parameters_and_outputs_are_called_by_their_names() -> None:
    source = infrastructure().source
    oidc = Stack(ROOT / "deployments" / "github_oidc.yaml").source
    known = {
        name
        for one in (source, oidc)
        for kind in ("Parameters", "Outputs", "Resources")
        for name in one[kind]
    }
    for name in GUIDES:
        for span in code_spans(name):
            for word in re.findall(r"\b(?:[A-Z][a-z]+){2,}\b(?==|$)", span):
                is_ours = word in known or word in METRICS or hasattr(errors, word) or word in OF_OTHERS
                assert is_ours, f"{name}: {word}"


METRICS = {"InputTokens", "OutputTokens", "CostUsd", "FailedRuns", "StaleLeases"}
OF_OTHERS = {
    "ThrottlingException",
    "ValidationException",
    "LimitExceeded",
    "LimitExceededException",
    "AwaitingConcurrencySlot",
    "CannotPullContainerError",
    "ResourceInitializationError",
}
"""Names that AWS and Prefect give."""


def test_sizes_are_those_that_are_deployed() -> None:
    table = guide("DEPLOYMENT").split("## Sizing")[1].split("## Costs")[0]
    deployed = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]
    told: dict[str, tuple[str, str]] = {}
    for names, sizes in re.findall(r"^\| ((?:`[\w-]+`(?:, )?)+) \| ([^|]+) \|", table, re.MULTILINE):
        pairs = re.findall(r"([\d.]+), (\d+) GB", sizes)
        told |= dict(zip(re.findall(r"`([\w-]+)`", names), pairs, strict=True))
    variables = {one["name"]: one["work_pool"]["job_variables"] for one in deployed}
    assert set(told) == set(variables)
    for name, (cpus, gigabytes) in told.items():
        assert (float(cpus) * 1024, int(gigabytes) * 1024) == (
            variables[name]["cpu"],
            variables[name]["memory"],
        ), name


def test_costs_add_up() -> None:
    """S1-50, and 7 of the resolutions: 150K in and 8K out are $0.57 at 3 and 15 USD per million."""
    table = guide("DEPLOYMENT").split("## Costs")[1]
    for column, (price_in, price_out) in enumerate([(3.0, 15.0), (3.3, 16.5)]):
        rows = {
            row[0].strip(" *"): float(row[1 + column].strip(" *$"))
            for row in re.findall(
                r"^\|([^|\n]+)\|\s*\**\$([\d.]+)\**\s*\|\s*\**\$([\d.]+)\**\s*\|$", table, re.MULTILINE
            )
        }
        assert rows["150K tokens in"] == pytest.approx(0.15 * price_in, abs=5e-4)
        assert rows["8K tokens out"] == pytest.approx(0.008 * price_out, abs=5e-4)
        assert rows["Bedrock"] == pytest.approx(0.15 * price_in + 0.008 * price_out, abs=5e-3)
        assert rows["the same with 10K out"] == pytest.approx(0.15 * price_in + 0.01 * price_out, abs=5e-3)
        assert rows["together"] == pytest.approx(rows["Bedrock"] + 0.006, abs=1e-2)


def test_the_metrics_are_those_that_runs_write() -> None:
    from techne.metrics.run import FLOW_METRICS

    table = guide("OPERATIONS").split("## Figures and alarms")[1].split("`deployments/dashboard.yaml`")[0]
    named = set(re.findall(r"`([A-Z]\w+)`", table))
    assert {name for names in FLOW_METRICS.values() for name in names} <= named


def test_every_alarm_of_the_stack_is_explained() -> None:
    table = guide("OPERATIONS").split("`AlarmTopicArn`")[1].split("## Queries")[0]
    for name in infrastructure().of_type("AWS::CloudWatch::Alarm"):
        assert f"| {name.removesuffix('Alarm')} |" in table, name


def test_the_steps_are_in_an_order_that_works() -> None:
    text = guide("DEPLOYMENT")
    order = [
        "create-secret --name techne-prefect-auth-dev",
        "PrefectApiAuthSecretArn=",
        "scripts/push)",
        "techne-bootstrap --stack",
        'parameter-overrides Image="$TECHNE_IMAGE"',
        "prefect deploy --all",
        "prefect deployment run docgen/docgen",
    ]
    place = 0
    for step in order:
        place = text.index(step, place)
    numbers = re.findall(r"^### (\d+)\. ", text, re.MULTILINE)
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]


def test_the_samples_that_are_named_are_transcripts() -> None:
    for path in re.findall(r"samples/[\w.-]+\.json", guide("DEPLOYMENT")):
        assert Path(ROOT / path).stat().st_size > 1000

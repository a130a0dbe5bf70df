"""The dashboard shows what runs tell, and nothing else (S1-45)."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

from techne.metrics import FLOW_METRICS, STALE_LEASES
from techne.metrics.run import DIMENSION, namespace
from techne.settings import ObservationSettings
from tests.support.cloudformation import Stack
from tests.unit.deployments.infrastructure import infrastructure

TEMPLATE = Path(__file__).parents[3] / "deployments" / "dashboard.yaml"
COLUMNS = 24
"""Of CloudWatch's grid."""

Metric = tuple[str, str, tuple[str, ...]]
"""Namespace, name, and names and values of dimensions in turn."""


def dashboard(environment: str = "dev") -> dict[str, Any]:
    body = Stack(TEMPLATE, Environment=environment).properties("Dashboard")["DashboardBody"]
    loaded = json.loads(body)
    assert isinstance(loaded, dict)
    return loaded


def widgets(kind: str, environment: str = "dev") -> dict[str, dict[str, Any]]:
    """Properties by title."""
    return {
        widget["properties"]["title"]: widget["properties"]
        for widget in dashboard(environment)["widgets"]
        if widget["type"] == kind
    }


def shown(environment: str = "dev") -> set[Metric]:
    rows = [row for widget in widgets("metric", environment).values() for row in widget["metrics"]]
    named = [[part for part in row if isinstance(part, str)] for row in rows]
    return {(row[0], row[1], tuple(row[2:])) for row in named if row}


def emitted(environment: str) -> set[Metric]:
    """What flows write, what the metric filters make of it, and what AWS tells of its queue."""
    settings = ObservationSettings.model_validate({"techne_environment": environment})
    of_flows = {
        (namespace(settings), name, (DIMENSION, flow))
        for flow, names in FLOW_METRICS.items()
        for name in names
    }
    stack = infrastructure(Environment=environment)
    of_filters = {
        (made["MetricNamespace"], made["MetricName"], ())
        for counted in stack.of_type("AWS::Logs::MetricFilter").values()
        for made in counted["MetricTransformations"]
    }
    queue = stack.properties("EventsDeadLetterQueue")["QueueName"]
    of_queue = {("AWS/SQS", "ApproximateNumberOfMessagesVisible", ("QueueName", queue))}
    return of_flows | of_filters | of_queue


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_every_metric_that_is_shown_is_emitted(environment: str) -> None:
    assert shown(environment) - emitted(environment) == set()


def test_every_figure_that_runs_pay_for_is_shown() -> None:
    """Each is a metric of CloudWatch and costs money, whether anybody looks at it or not."""
    unseen = emitted("dev") - shown("dev")
    assert {(name, where) for _, name, where in unseen} == {
        ("Duration", (DIMENSION, "annotation-shards")),
        ("Duration", (DIMENSION, "maintenance")),
    }


def test_the_filters_of_the_infrastructure_read_members_that_lines_have() -> None:
    patterns = [one["FilterPattern"] for one in infrastructure().of_type("AWS::Logs::MetricFilter").values()]
    members = {found for pattern in patterns for found in re.findall(r"\$\.(\w+)", pattern)}
    assert members == {"Success", STALE_LEASES}


def test_expressions_use_what_stands_beside_them() -> None:
    for widget in widgets("metric").values():
        options = [part for row in widget["metrics"] for part in row if isinstance(part, dict)]
        named = {option["id"] for option in options if "id" in option}
        used = {
            name for option in options for name in re.findall(r"\b[a-z]+\d+\b", option.get("expression", ""))
        }
        assert used == named


def test_durations_are_told_as_median_and_95th_percentile() -> None:
    rows = widgets("metric")["Duration"]["metrics"]
    for flow in ("docgen", "annotation"):
        assert {"p50", "p95"} == {row[-1]["stat"] for row in rows if row[3] == flow}


def test_the_last_failures_are_looked_up_in_the_log_of_the_flow_runs() -> None:
    query = widgets("log", "prod")["Last failures"]["query"]
    source, *commands = query.split(" | ")
    group = infrastructure(Environment="prod").properties("ProcessorLogGroup")["LogGroupName"]
    assert source == f"SOURCE '{group}'"
    assert "filter Success = 0" in commands


def test_widgets_lie_in_the_grid_without_overlapping() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in dashboard()["widgets"]:
        assert widget["x"] + widget["width"] <= COLUMNS
        own = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not own & taken
        taken |= own


def test_environments_have_dashboards_of_their_own() -> None:
    names = {
        Stack(TEMPLATE, Environment=environment).properties("Dashboard")["DashboardName"]
        for environment in ("dev", "prod")
    }
    assert len(names) == 2


def test_parameters_are_those_of_the_infrastructure() -> None:
    own = Stack(TEMPLATE).source["Parameters"]
    theirs = infrastructure().source["Parameters"]
    for name, declared in own.items():
        assert {**declared, "Description": ""} == {**theirs[name], "Description": ""}


@pytest.mark.skipif(importlib.util.find_spec("cfnlint") is None, reason="cfn-lint is not installed")
def test_cfn_lint_finds_nothing() -> None:
    from cfnlint.api import lint_file  # type: ignore[import-untyped, unused-ignore]
    from cfnlint.config import ManualArgs  # type: ignore[import-untyped, unused-ignore]

    found = lint_file(TEMPLATE, config=ManualArgs(regions=["us-east-1"]))
    assert [f"{match.rule.id} line {match.linenumber}: {match.message}" for match in found] == []

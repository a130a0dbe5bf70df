"""The rules of CloudWatch's embedded metric format, as AWS's specification has them; lines read by them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import jsonschema

UNITS = (
    *("Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "Count/Second", "None"),
    *(
        f"{size}{per}"
        for size in ("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes")
        for per in ("", "/Second")
    ),
    *(
        f"{size}{per}"
        for size in ("Bits", "Kilobits", "Megabits", "Gigabits", "Terabits")
        for per in ("", "/Second")
    ),
)
_NAME = {"type": "string", "minLength": 1, "maxLength": 255}
_DIRECTIVE = {
    "type": "object",
    "required": ["Namespace", "Dimensions", "Metrics"],
    "additionalProperties": False,
    "properties": {
        "Namespace": _NAME,
        "Dimensions": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "array", "maxItems": 30, "items": _NAME},
        },
        "Metrics": {
            "type": "array",
            "maxItems": 100,
            "items": {
                "type": "object",
                "required": ["Name"],
                "additionalProperties": False,
                "properties": {
                    "Name": _NAME,
                    "Unit": {"enum": list(UNITS)},
                    "StorageResolution": {"enum": [1, 60]},
                },
            },
        },
    },
}
SCHEMA = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {
                    "type": "integer",
                    "minimum": 10**12,
                    "maximum": 10**13,
                },  # milliseconds, this century
                "CloudWatchMetrics": {"type": "array", "items": _DIRECTIVE},
            },
        }
    },
}


@dataclass(frozen=True, slots=True)
class EmittedLine:
    """A line as CloudWatch would read it.

    Attributes:
        members: All of it.
        metrics: Values by (namespace, dimensions, name).
    """

    members: dict[str, Any]
    metrics: dict[tuple[str, tuple[tuple[str, str], ...], str], float]

    @property
    def values(self) -> dict[str, float]:
        """Values by the metrics' names."""
        return {name: value for (_, _, name), value in self.metrics.items()}


def read_line(text: str | bytes) -> EmittedLine:
    """Check a line against the rules, and read it."""
    members = json.loads(text, parse_constant=_refuse)
    jsonschema.validate(members, SCHEMA)
    metrics = {}
    for directive in members["_aws"]["CloudWatchMetrics"]:
        for dimensions in directive["Dimensions"]:
            values = tuple((name, members[name]) for name in dimensions)
            assert all(isinstance(value, str) and 0 < len(value) <= 1024 for _, value in values), values
            for metric in directive["Metrics"]:
                value = members[metric["Name"]]
                assert isinstance(value, int | float), metric
                assert not isinstance(value, bool), metric
                metrics[directive["Namespace"], values, metric["Name"]] = value
    return EmittedLine(members, metrics)


def lines_of(output: str | bytes) -> list[EmittedLine]:
    """The lines of metrics of an output, each of which must be whole."""
    lines: Iterable[str] = (output.decode() if isinstance(output, bytes) else output).splitlines()
    return [read_line(line) for line in lines if '"_aws"' in line]


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")

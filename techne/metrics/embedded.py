"""CloudWatch's embedded metric format: lines of JSON of which CloudWatch Logs makes metrics.

The rules are those of AWS's specification ("Specification: Embedded metric format", CloudWatch user guide). A
line that breaks one is kept as a log and gives no metric, silently; so it is refused here.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

MOST_METRICS = 100
MOST_DIMENSIONS = 30
MOST_NAME_CHARACTERS = 255
MOST_DIMENSION_CHARACTERS = 1024
"""Of a dimension's value."""
WHOLE_BYTES = 4096
"""What a pipe takes in one piece (PIPE_BUF on Linux), whoever else writes to it."""
STANDARD_OUTPUT = 1

Unit = Literal["Count", "Seconds", "None"]


class MetricLineError(ValueError):
    """A line of metrics that CloudWatch would not understand."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure.

    Args:
        name: As CloudWatch shows it.
        value: Finite.
        unit: One of CloudWatch's; it has none for money.
    """

    name: str
    value: float
    unit: Unit


def embedded_line(
    namespace: str,
    dimensions: Mapping[str, str],
    metrics: Sequence[Metric],
    *,
    timestamp_seconds: float,
    properties: Mapping[str, str | float] | None = None,
) -> bytes:
    """A line, without its end.

    Args:
        namespace: Of the metrics.
        dimensions: By name. Each combination of values makes metrics of its own, which cost money each.
        metrics: Their figures.
        timestamp_seconds: Since 1970; the line has milliseconds.
        properties: What else the line says. It makes no metrics.

    Raises:
        MetricLineError: A rule of the specification is broken; the message says which.
    """
    _check_name("namespace", namespace)
    _check_count("metrics", len(metrics), MOST_METRICS)
    _check_count("dimensions", len(dimensions), MOST_DIMENSIONS)
    for name, text in dimensions.items():
        _check_name("dimension", name)
        if not 0 < len(text) <= MOST_DIMENSION_CHARACTERS:
            raise MetricLineError(f"dimension {name} has a value of {len(text)} characters")
    for metric in metrics:
        _check_name("metric", metric.name)
        if not math.isfinite(metric.value):
            raise MetricLineError(f"metric {metric.name} is {metric.value}")
    members = [*dimensions, *(metric.name for metric in metrics), *(properties or ())]
    if twice := {name for name in members if members.count(name) > 1 or name == "_aws"}:
        raise MetricLineError(f"more than one member is called {', '.join(sorted(twice))}")
    directive = {
        "Namespace": namespace,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": metric.name, "Unit": metric.unit} for metric in metrics],
    }
    document = {
        "_aws": {"Timestamp": round(1000 * timestamp_seconds), "CloudWatchMetrics": [directive]},
        **dimensions,
        **{metric.name: metric.value for metric in metrics},
        **(properties or {}),
    }
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode("ascii")


def write_line(line: bytes, descriptor: int = STANDARD_OUTPUT) -> None:
    """Write a line so that it arrives whole, whatever other threads and processes write there.

    It goes out in one piece, past the buffers of `sys.stdout`, which are emptied in the midst of lines; the
    break before it ends what is unfinished there.

    Raises:
        OSError: Nobody reads standard output.
    """
    rest = memoryview(b"\n" + line + b"\n")
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _check_name(what: str, name: str) -> None:
    if not name.strip() or len(name) > MOST_NAME_CHARACTERS or not (name.isascii() and name.isprintable()):
        raise MetricLineError(f"{name!r} can't be the name of a {what}")


def _check_count(what: str, count: int, most: int) -> None:
    if count > most:
        raise MetricLineError(f"{count} {what} are more than {most}")

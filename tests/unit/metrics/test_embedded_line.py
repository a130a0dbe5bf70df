"""Lines of CloudWatch's embedded metric format, against the rules of its specification."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techne.metrics import Metric, MetricLineError, embedded_line, write_line
from tests.support.embedded_metrics import lines_of, read_line

NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=255)
MOMENT = 1_790_000_000.1234


def line(**given: Any) -> bytes:
    arguments: dict[str, Any] = {
        "namespace": "Techne/dev",
        "dimensions": {"Flow": "docgen"},
        "metrics": [Metric("Success", 1, "Count")],
        "timestamp_seconds": MOMENT,
        **given,
    }
    namespace, dimensions, metrics = (arguments.pop(name) for name in ("namespace", "dimensions", "metrics"))
    return embedded_line(namespace, dimensions, metrics, **arguments)


def test_a_line_has_its_figures_under_namespace_dimension_and_milliseconds() -> None:
    metrics = [Metric("Success", 1, "Count"), Metric("Duration", 12.5, "Seconds")]
    read = read_line(line(metrics=metrics, properties={"execution_id": "abc-123"}))
    where = ("Techne/dev", (("Flow", "docgen"),))
    assert read.metrics == {(*where, "Success"): 1, (*where, "Duration"): 12.5}
    assert read.members["_aws"]["Timestamp"] == 1_790_000_000_123
    assert read.members["execution_id"] == "abc-123"


@given(
    names=st.lists(NAMES.filter(lambda name: name not in {"_aws", "Flow"}), max_size=100, unique=True),
    value=st.floats(allow_nan=False, allow_infinity=False),
    flow=st.text(min_size=1, max_size=1024),
)
def test_whatever_is_accepted_obeys_the_specification(names: list[str], value: float, flow: str) -> None:
    written = line(dimensions={"Flow": flow}, metrics=[Metric(name, value, "None") for name in names])
    assert b"\n" not in written
    read = read_line(written)
    assert read.members["Flow"] == flow
    assert read.values == dict.fromkeys(names, value)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"metrics": [Metric(f"m{n}", 1, "Count") for n in range(101)]}, "101 metrics are more than 100"),
        ({"dimensions": {f"d{n}": "x" for n in range(31)}}, "31 dimensions are more than 30"),
        ({"dimensions": {"Flow": ""}}, "a value of 0 characters"),
        ({"dimensions": {"Flow": "x" * 1025}}, "a value of 1025 characters"),
        ({"namespace": " "}, "name of a namespace"),
        ({"metrics": [Metric("n" * 256, 1, "Count")]}, "name of a metric"),
        ({"metrics": [Metric("Café", 1, "Count")]}, "name of a metric"),
        ({"metrics": [Metric("CostUsd", float("nan"), "None")]}, "CostUsd is nan"),
        ({"metrics": [Metric("CostUsd", float("inf"), "None")]}, "CostUsd is inf"),
        ({"metrics": [Metric("Flow", 1, "Count")]}, "called Flow"),
        ({"properties": {"Success": "yes"}}, "called Success"),
        ({"properties": {"_aws": "x"}}, "called _aws"),
    ],
)
def test_a_line_that_cloudwatch_would_pass_over_is_refused(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(MetricLineError, match=complaint):
        line(**given)


def through_a_pipe(write: Callable[[int], None]) -> str:
    """What a reader gets of what is written meanwhile."""
    reader, writer = os.pipe()
    pieces: list[bytes] = []

    def read() -> None:
        while piece := os.read(reader, 333):
            pieces.append(piece)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        write(writer)
    finally:
        os.close(writer)
        thread.join()
        os.close(reader)
    return b"".join(pieces).decode()


def test_lines_arrive_whole_among_the_unfinished_lines_of_other_threads() -> None:
    def write(descriptor: int) -> None:
        done = threading.Event()

        def chatter() -> None:
            while not done.is_set():
                os.write(descriptor, b"words without an end ")

        threads = [threading.Thread(target=chatter) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(200):
            write_line(line(properties={"number": number, "padding": "x" * 2000}), descriptor)
        done.set()
        for thread in threads:
            thread.join()

    arrived = lines_of(through_a_pipe(write))
    assert [one.members["number"] for one in arrived] == list(range(200))


def test_a_line_longer_than_a_pipe_takes_at_once_arrives_too() -> None:
    padding = "x" * 300_000
    (arrived,) = lines_of(
        through_a_pipe(lambda pipe: write_line(line(properties={"padding": padding}), pipe))
    )
    assert arrived.members["padding"] == padding


def test_a_line_is_ascii_whatever_it_says() -> None:
    written = line(properties={"reason": "não há fala 🙂\n"})
    assert written.isascii()
    assert json.loads(written)["reason"] == "não há fala 🙂\n"

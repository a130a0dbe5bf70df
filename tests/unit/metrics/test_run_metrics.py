"""A run's line of metrics: one, whatever ends the run, with what its process paid (S1-45, S1-56)."""

from __future__ import annotations

import asyncio
import os
import select
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from techne.errors import InputError
from techne.llm import LLMRequest, close_shared_executors, register_provider, shared_executor
from techne.llm import provider as registry
from techne.llm.model import Usage
from techne.llm.provider import ProviderAnswer
from techne.llm.testing import ScriptedProvider
from techne.logs import add_log_fields, log_fields
from techne.metrics import FLOW_METRICS, UNITS, measured, tell_unfinished_runs
from techne.settings import ObservationSettings, get_settings
from tests.support.embedded_metrics import EmittedLine, lines_of

ON = ObservationSettings(metrics="emf")
PRICED = "gpt-4.1-mini"
"""At 0.40 and 1.60 USD per million tokens."""

Lines = Callable[[], list[EmittedLine]]


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str]) -> Lines:
    """Reads what was written to standard output since the last time."""
    return lambda: lines_of(capfd.readouterr().out)


@pytest.fixture
def openai(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedProvider]:
    """A provider behind the process's executor; each call takes 1000 tokens in and gives 500."""
    answer = ProviderAnswer("Because.", "stop", Usage(input_tokens=1000, output_tokens=500))
    provider = ScriptedProvider([answer], name="openai", model=PRICED)
    close_shared_executors()
    monkeypatch.setattr(registry, "_factories", dict(registry._factories))
    register_provider("openai", lambda settings: provider)
    yield provider
    close_shared_executors()


def ask(number: int, model: str = PRICED) -> None:
    request = LLMRequest(provider="openai", model=model, prompt=f"Why {number}?")
    shared_executor(get_settings()).submit_sync(request)


def test_a_run_that_ends_well_says_so_and_how_long_it_took(lines: Lines) -> None:
    with measured("docgen", ON) as run:
        run.count("Chunks", 3)
    (line,) = lines()
    assert {(namespace, dimensions) for namespace, dimensions, _ in line.metrics} == {
        ("Techne/dev", (("Flow", "docgen"),))
    }
    assert set(line.values) == set(FLOW_METRICS["docgen"])
    assert (line.values["Success"], line.values["Chunks"]) == (1, 3)
    assert line.values["Duration"] >= 0


def test_metrics_of_environments_are_apart(lines: Lines) -> None:
    with measured("docgen", ObservationSettings(metrics="emf", techne_environment="prod")):
        pass
    assert {namespace for namespace, _, _ in lines()[0].metrics} == {"Techne/prod"}


def test_no_line_is_written_that_nobody_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    with measured("docgen", ObservationSettings()):
        pass
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            InputError("No such file.", cure="Check it."),
            {"error": "InputError", "reason": "No such file. Check it."},
        ),
        (ValueError("what the speaker said"), {"error": "ValueError"}),
        (KeyboardInterrupt(), {"error": "KeyboardInterrupt"}),
        (SystemExit(143), {"error": "SystemExit"}),
    ],
)
def test_a_run_that_fails_has_its_line_and_says_no_more_than_it_may(
    lines: Lines, error: BaseException, told: dict[str, str]
) -> None:
    with pytest.raises(type(error)), measured("docgen", ON):
        raise error
    (line,) = lines()
    assert line.values["Success"] == 0
    assert {name: line.members[name] for name in ("error", "reason") if name in line.members} == told


async def test_a_cancelled_run_has_its_line(lines: Lines) -> None:
    started = asyncio.Event()

    async def run() -> None:
        with measured("annotation", ON):
            started.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(run())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (line,) = lines()
    assert (line.values["Success"], line.members["error"]) == (0, "CancelledError")


def test_a_run_that_came_short_is_no_success(lines: Lines) -> None:
    with measured("annotation", ON) as run:
        run.shortcoming = "The budget of $1.00 is spent."
    (line,) = lines()
    assert (line.values["Success"], line.members["reason"]) == (0, "The budget of $1.00 is spent.")


def test_a_process_that_ends_without_unwinding_its_runs_tells_of_each_once(lines: Lines) -> None:
    with measured("docgen-inbox", ON), log_fields(execution_id="a"), measured("docgen", ON):
        tell_unfinished_runs("Interrupted by SIGTERM.")
        told = lines()
    assert [(line.members["Flow"], line.values["Success"]) for line in told] == [
        ("docgen", 0),
        ("docgen-inbox", 0),
    ]
    assert all(line.members["reason"] == "Interrupted by SIGTERM." for line in told)
    assert lines() == []


def test_a_line_says_whose_it_is(lines: Lines) -> None:
    with log_fields(flow_run_id="run-7"), measured("docgen", ON):
        add_log_fields(execution_id="abc-123")
    with measured("docgen", ON):
        pass
    first, second = lines()
    assert (first.members["flow_run_id"], first.members["execution_id"]) == ("run-7", "abc-123")
    assert "execution_id" not in second.members


def test_what_calls_cost_is_the_outermost_run_s_and_counted_once(
    lines: Lines, openai: ScriptedProvider
) -> None:
    ask(0)  # before the run
    with measured("docgen-inbox", ON):
        with measured("docgen", ON):
            ask(1)
        ask(2)
    inner, outer = lines()
    assert set(inner.values) == {"Success", "Duration"}
    assert (outer.values["InputTokens"], outer.values["OutputTokens"], outer.values["Calls"]) == (
        2000,
        1000,
        2,
    )
    assert outer.values["CostUsd"] == pytest.approx(2 * (1000 * 0.40 + 500 * 1.60) / 1e6)


def test_an_answer_from_the_cache_costs_nothing(lines: Lines, openai: ScriptedProvider) -> None:
    for _ in range(2):
        with measured("docgen", ON):
            ask(1)
    first, second = lines()
    assert (first.values["Calls"], second.values["Calls"]) == (1, 0)
    assert (second.values["InputTokens"], second.values["CostUsd"]) == (0, 0)


def test_a_failed_run_tells_what_it_paid(lines: Lines, openai: ScriptedProvider) -> None:
    with suppress(ValueError), measured("docgen", ON):
        ask(1)
        raise ValueError
    assert lines()[0].values["InputTokens"] == 1000


def test_a_cost_that_is_not_known_is_not_told(lines: Lines, openai: ScriptedProvider) -> None:
    with measured("docgen", ON):
        ask(1, model="a-model-without-a-price")
    (line,) = lines()
    assert line.values["Calls"] == 1
    assert "CostUsd" not in line.values


def test_maintenance_counts_stale_leases_for_the_alarm(lines: Lines) -> None:
    with measured("maintenance", ON) as run:
        run.count_stale_leases(2)
    (line,) = lines()
    assert line.members["StaleLeases"] == 2  # a metric filter of infrastructure.yaml reads it
    assert set(line.values) == {"Success", "Duration"}


def test_a_flow_counts_nothing_that_no_dashboard_expects() -> None:
    with (
        measured("annotation", ObservationSettings()) as run,
        pytest.raises(ValueError, match="none of the figures"),
    ):
        run.count("Chunks", 1)


def test_the_longest_line_goes_through_a_pipe_in_one_piece(capfd: pytest.CaptureFixture[str]) -> None:
    with (
        suppress(InputError),
        log_fields(flow_run_id="0" * 36, execution_id="x" * 128),
        measured("docgen", ON) as run,
    ):
        run.count("Chunks", 10**9)
        raise InputError("🙂" * 1000)
    written = capfd.readouterr().out
    assert "d83d" in written  # the reason, as far as it goes
    assert len(written) <= select.PIPE_BUF


def test_nobody_reading_standard_output_fails_no_run(caplog: pytest.LogCaptureFixture) -> None:
    kept = os.dup(1)
    reader, writer = os.pipe()
    os.close(reader)
    os.dup2(writer, 1)
    try:
        with measured("docgen", ON):
            pass
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(writer)
    assert "could not be written" in caplog.text


def test_every_metric_has_a_unit() -> None:
    assert {name for names in FLOW_METRICS.values() for name in names} == set(UNITS)

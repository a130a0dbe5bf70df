"""The command line of the annotation experiment: flags or an event in, files and a short summary out."""

from __future__ import annotations

import asyncio
import inspect
import os
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, Field, model_validator
from pydantic_settings import CliImplicitFlag, CliPositionalArg
from rich.console import Console
from rich.table import Table

from flows.annotation_inputs import read_inputs
from flows.command_line import parse_json_event, run_command
from flows.progress import listening
from flows.terminal import LiveProgress, quiet_prefect, readable
from tasks.annotation import executor_for
from techne.annotation.fetching import fetching
from techne.annotation.labels import LabelSet
from techne.annotation.model import ModelSpec
from techne.annotation.plan import Plan, plan_dataset
from techne.annotation.plan_table import COLUMNS, duration, money, plan_rows, plan_sentences
from techne.annotation.request import (
    EMBEDDED_PANEL,
    AnnotationRequest,
    AnnotationResult,
    parse_request,
)
from techne.annotation.shards import Experiment
from techne.errors import InputError
from techne.settings import get_settings

SAMPLES = Path(__file__).resolve().parent.parent / "samples" / "annotation"
SAMPLE = {"dataset": SAMPLES / "tickets.csv", "labels": SAMPLES / "labels.json", "gold": SAMPLES / "gold.csv"}
SAMPLE_EXPERIMENT_ID = "sample-annotation"

LABELS = {
    "read": "Reading and checking",
    "annotate": "Annotating",
    "consensus": "Finding consensus",
    "output": "Publishing",
}
"""What each stage is called on a terminal."""

AnnotationFlow = Callable[[AnnotationRequest], Coroutine[Any, Any, AnnotationResult]]


class AnnotationCommand(AnnotationRequest):
    """Have several models label every text of a dataset, make one answer of theirs, and say what it is worth.

    Without arguments: the bundled sample, annotated by three embedded annotators (rules and statistics, no
    network), in the folder 'output'. With EVENT, the S1-30 or S1-31 envelope is printed on standard output.
    Exit codes: 0 done, 2 the input is wrong, 1 anything else.
    """

    event: CliPositionalArg[str | None] = Field(
        default=None, description="JSON event with the same fields as the flags, instead of flags."
    )
    plan: CliImplicitFlag[bool] = Field(
        default=False, description="Show what it will cost and how long it will take; ask nobody."
    )
    models: tuple[str | dict[str, Any], ...] = Field(  # type: ignore[assignment]
        default=tuple(model.label for model in EMBEDDED_PANEL),
        description="The panel, as provider or provider/model, separated by commas or repeated; or "
        "JSON objects with provider, model, name, max_parallel, temperature, max_output_tokens. "
        "Default: three embedded annotators.",
    )
    label_set: str | None = Field(  # type: ignore[assignment]
        default=None, description="The label set itself as JSON, instead of a file."
    )

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        return self  # asked of the request that is made of the flags; without any, it is about the sample


AnnotationCommand.__doc__ = inspect.cleandoc(
    AnnotationCommand.__doc__ or ""
)  # argparse prints it as it stands


def main(arguments: Sequence[str], annotation: AnnotationFlow) -> int:
    """Run an experiment as the command line asks, and return the exit code."""

    def work(command: AnnotationCommand, console: Console) -> BaseModel | None:
        request = _request(command)
        if not command.plan:
            return _run(request, annotation, console)
        plan = _plan(request)
        _show_plan(console, plan)
        return plan

    return run_command("annotation", arguments, AnnotationCommand, AnnotationRequest, work)


def _request(command: AnnotationCommand) -> AnnotationRequest:
    if command.event is not None:
        return parse_request(parse_json_event(command.event, '{"dataset": "...", "labels": "..."}'))
    fields = command.model_dump(exclude={"event", "plan"})
    fields["models"] = [model for given in command.models for model in _models(given)]
    if command.label_set is not None:
        fields["label_set"] = LabelSet.model_validate_json(command.label_set)
    if command.dataset is None and command.annotations is None:
        fields |= {name: fields[name] or os.path.relpath(path) for name, path in SAMPLE.items()}
        fields |= {"experiment_id": command.experiment_id or SAMPLE_EXPERIMENT_ID, "force": True}
    return AnnotationRequest.model_validate(fields)


def _models(given: str | dict[str, Any]) -> list[ModelSpec]:
    """Names between commas, or one JSON object."""
    if isinstance(given, dict):
        return [ModelSpec.model_validate(given)]
    return [ModelSpec.parse(part.strip()) for part in given.split(",") if part.strip()]


def _run(request: AnnotationRequest, annotation: AnnotationFlow, console: Console) -> AnnotationResult:
    started = time.monotonic()
    with quiet_prefect(), LiveProgress(console, LABELS) as progress, listening(progress):
        result = asyncio.run(annotation(request))
    _show_result(console, result, started)
    return result


def _plan(request: AnnotationRequest) -> Plan:
    """The plan, without Prefect and without a call."""
    settings = get_settings()
    with fetching(settings) as fetcher:
        inputs = read_inputs(request, fetcher, settings)
        if inputs.dataset is None:
            raise InputError(
                "Existing labels cost nothing: there is nothing to plan.", cure="Leave --plan out."
            )
        executor = executor_for(request.models, settings)
        experiment = Experiment.of(request, inputs.dataset, inputs.label_set)
        annotator = experiment.annotator(request.models, executor)
        return plan_dataset(annotator, executor, inputs.dataset, settings)


def _show_plan(console: Console, plan: Plan) -> None:
    table = Table(*COLUMNS)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in plan_rows(plan):
        table.add_row(*row)
    console.print(table)
    for sentence in plan_sentences(plan):
        console.print(sentence, highlight=False, markup=False)


def _show_result(console: Console, result: AnnotationResult, started: float) -> None:
    """The few lines that say what came out and what it is worth."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("Report", readable(result.report_uri))
    table.add_row("Summary", readable(result.summary_uri))
    table.add_row("Manifest", readable(result.manifest_uri))
    table.add_row("Items", f"{result.items:,} by {result.models} models; consensus: {result.chosen}")
    if result.accuracy:
        best_first = sorted(result.accuracy.items(), key=lambda entry: -entry[1])
        table.add_row("Accuracy", "\n".join(f"{value:.3f}  {name}" for name, value in best_first[:8]))
    if result.recommendation:
        table.add_row("Use", result.recommendation)
    if result.failed:
        table.add_row("Failed", f"{result.failed:,} answers, listed in failures.csv")
    if result.cost_usd != 0:
        table.add_row("Cost", f"{money(result.cost_usd)}; {result.calls_sent:,} calls sent in this run")
    if result.efficiency is not None:
        table.add_row("Efficiency", f"{result.efficiency:.2f} of what latency and limits allow")
    table.add_row(
        "Time", f"{duration(result.duration_seconds)} working, {duration(time.monotonic() - started)} in all"
    )
    console.print(table)
    for warning in result.warnings:
        console.print(f"Warning: {warning}", style="bold red", highlight=False, markup=False)
    if result.stopped_by:
        console.print(f"Not complete: {result.stopped_by}", style="yellow", highlight=False, markup=False)

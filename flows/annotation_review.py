"""annotation-review: a person decides what the panel could not, and the decisions become gold.

    python flows/annotation_review.py --experiment output/mine --answers export.json
    python flows/annotation_review.py --experiment output/mine            asks in the Prefect UI, and waits
    prefect deployment run annotation-review/annotation-review            asks, and no process waits

A run of a deployment is suspended at every page of the form and begins anew when the page is filled in: pages
that are answered are stored, and not asked again. A run without a deployment can't be begun anew by anybody,
so it pauses and waits.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import PurePosixPath
from typing import Any

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.flow_runs import apause_flow_run, asuspend_flow_run
from prefect.input import RunInput
from prefect.input.actions import aread_flow_run_input
from prefect.runtime import flow_run
from prefect.settings import PREFECT_API_URL
from prefect.utilities.urls import url_for
from pydantic import create_model
from rich.console import Console
from rich.table import Table

from flows.block_settings import settings_of_run
from flows.command_line import run_command
from flows.stopping import listening
from flows.terminal import quiet_prefect, readable
from techne.annotation.request import AnnotationRequest
from techne.annotation.review.folder import ReviewFolder
from techne.annotation.review.form import Page, pages_of
from techne.annotation.review.progress import ReviewProgress
from techne.annotation.review.request import ReviewRequest, ReviewResult
from techne.errors import ConfigurationError, InputError
from techne.settings import using_settings
from techne.storage import ObjectURI

logger = logging.getLogger(__name__)

POLL_SECONDS = 2
"""How often a run that waits in its process looks for its answers."""


def _flow_run_name() -> str:
    request = flow_run.parameters["request"]
    fields = request if isinstance(request, dict) else request.model_dump()
    return f"review-{PurePosixPath(fields['experiment']).name}"


@flow(name="annotation-review", flow_run_name=_flow_run_name, persist_result=True, result_serializer="json")
async def annotation_review(request: ReviewRequest) -> ReviewResult:
    """Have the disputed items of an annotation experiment decided, and fold the decisions into gold.

    Args:
        request: The experiment, and who decides.

    Raises:
        TechneError: Typed by what went wrong; an `InputError` if the request is to be mended.
    """
    settings = await settings_of_run()
    with using_settings(settings), listening(settings.stop_grace_seconds):
        review = await asyncio.to_thread(ReviewFolder.open, request, settings)
        if review.answers is None:
            progress = await _ask(review, request)
        else:
            progress = await asyncio.to_thread(review.keep, review.answers)
        folded = review.fold(progress.answers)
        gold_csv, gold_parquet = await asyncio.to_thread(review.publish, folded)
        anew = await _decide_anew(review, gold_parquet if folded.gold else None) if request.rerun else None
        return ReviewResult(
            answered=len(progress.answers),
            skipped=len(progress.skipped),
            added=folded.added,
            conflicts=folded.conflicts,
            disagreements=progress.disagreements,
            gold_items=len(folded.gold),
            gold_uri=str(gold_csv),
            experiment_uri=anew,
        )


async def _ask(review: ReviewFolder, request: ReviewRequest) -> ReviewProgress:
    """Ask page by page; what is stored already is not asked again."""
    pages = pages_of(review.unknown, review.label_set, request.items_per_page, request.pages)
    progress = await asyncio.to_thread(review.progress)
    for page in pages:
        if not progress.covers(page.items):
            form = await _filled_in(page, request.wait_seconds)
            progress = await asyncio.to_thread(review.keep, page.answers(form))
    return progress


async def _filled_in(page: Page, wait_seconds: int) -> RunInput:
    """Show a page and wait for it: in the server if this run can begin anew, else in this process."""
    _require_server()
    run = _this_run()
    form = _form(page)
    key = await _pause_key(page, run)
    if key not in (run.empirical_policy.pause_keys or ()):
        await acreate_markdown_artifact(
            markdown=page.markdown(), key="annotation-review", description=page.title
        )
        logger.info("%s: waiting for answers at %s", page.title, url_for(run) or run.id)
    if run.deployment_id is not None:
        return await asuspend_flow_run(wait_for_input=form, key=key, timeout=wait_seconds)
    return await apause_flow_run(
        wait_for_input=form, key=key, timeout=wait_seconds, poll_interval=POLL_SECONDS
    )


async def _pause_key(page: Page, run: FlowRun) -> str:
    """The key under which this run asks for the page, or has asked and been answered.

    It is made of the items, so that answers never go to others than those that were shown. Where nothing was
    filled in, as in a run that is retried because nobody came in time, the page is asked for under a new key:
    under the old one the server would give back an empty form, which looks like a page of skips.
    """
    used = run.empirical_policy.pause_keys or ()
    for attempt in count(1):
        key = f"page-{page.number}-{page.fingerprint[:16]}-{attempt}"
        if key not in used or await aread_flow_run_input(f"suspended-{key}-response") is not None:
            break
    return key


def _require_server() -> None:
    if not PREFECT_API_URL.value():
        raise ConfigurationError(
            "There is no Prefect server in whose UI a person could be asked.",
            cure="Start one with `prefect server start` and set PREFECT_API_URL, or give a file of answers.",
        )


def _form(page: Page) -> type[RunInput]:
    fields: dict[str, Any] = page.fields()
    form = create_model("Page", __base__=RunInput, **fields)
    return form.with_initial_data(description=page.instructions())


def _this_run() -> FlowRun:
    context = FlowRunContext.get()
    if context is None or not isinstance(context.flow_run, FlowRun):
        raise RuntimeError("a page is shown by a flow run")
    return context.flow_run


async def _decide_anew(review: ReviewFolder, gold: ObjectURI | None) -> str:
    """Make the consensus of the same annotations with the new gold, and say where its summary is."""
    from flows.annotation import annotation

    if review.annotations is None:
        raise InputError(
            f"The experiment {review.experiment} has no annotations to decide on anew.",
            cure="Leave rerun out, or run the experiment again.",
        )
    request = AnnotationRequest(
        annotations=str(review.annotations),
        label_set=review.label_set,
        gold=None if gold is None else str(gold),
        output=str(review.output),
    )
    result = await annotation(request)
    return result.summary_uri


class ReviewCommand(ReviewRequest):
    """Fold a person's answers about disputed items into gold, or ask a person in the Prefect UI.

    Exit codes: 0 done, 2 the input is wrong, 1 anything else.
    """


ReviewCommand.__doc__ = inspect.cleandoc(ReviewCommand.__doc__ or "")  # argparse prints it as it stands


def main(arguments: Sequence[str]) -> int:
    """Run a review as the command line asks, and return the exit code."""

    def work(command: ReviewCommand, console: Console) -> None:
        request = ReviewRequest.model_validate(command.model_dump())
        if request.answers is None:
            _require_server()
        with quiet_prefect():
            result = asyncio.run(annotation_review(request))
        _show(console, result)

    return run_command("annotation-review", arguments, ReviewCommand, ReviewRequest, work)


def _show(console: Console, result: ReviewResult) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("Gold", readable(result.gold_uri))
    table.add_row(
        "Answers", f"{result.answered:,} given, {result.added:,} of them new; {result.skipped:,} skipped"
    )
    if result.conflicts:
        table.add_row(
            "Conflicts", f"{len(result.conflicts):,} answers contradict gold, which stays as it was"
        )
    if result.disagreements:
        table.add_row("Disagreements", f"{len(result.disagreements):,} items, on which nothing was taken")
    if result.experiment_uri:
        table.add_row("Consensus", readable(result.experiment_uri))
    console.print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

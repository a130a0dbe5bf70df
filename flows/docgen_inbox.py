"""docgen-inbox: every transcript of a folder that has no document yet becomes one.

    python flows/docgen_inbox.py --prefix s3://bucket/transcripts
    python flows/docgen_inbox.py --prefix recordings --dry-run         what would be done
    python flows/docgen_inbox.py '{"prefix": "..."}'                   an event

This file makes the documents, some at once, and says what came of each. Which objects are due is
`techne.documents.inbox`'s to say, how a document is made `flows.docgen`'s, and the command line stands in
`flows.docgen_inbox_command`.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from prefect import flow
from prefect.runtime import flow_run

from flows.docgen import docgen
from flows.docgen_sources import checked_template, read_template_file
from flows.outputs import default_output
from flows.running import running
from tasks.inbox_artifacts import InboxProgress, draw_table
from techne.documents.inbox import Candidate, Survey, entry, open_inbox
from techne.documents.inbox_request import InboxObject, InboxRequest, InboxResult, Outcome, parse_request
from techne.documents.request import DocgenResult
from techne.envelopes import enveloped
from techne.errors import InputError, LeaseHeldError, LeaseLostError, ProcessingError, TechneError
from techne.storage import ObjectInfo, open_store
from techne.tracking import open_tracking

logger = logging.getLogger(__name__)

BATCH = 64
"""Objects that are looked up between two moments at which the run can be stopped."""
MOST_FAILURES_IN_A_ROW = 5
"""So many failures that are not the transcripts' own, such as refused credentials, and nothing is started."""


def _flow_run_name() -> str:
    request = flow_run.parameters["request"]
    fields = request if isinstance(request, dict) else request.model_dump()
    return f"docgen-inbox-{PurePosixPath(fields['prefix']).name}"


@flow(name="docgen-inbox", flow_run_name=_flow_run_name, persist_result=True, result_serializer="json")
async def docgen_inbox(request: InboxRequest) -> InboxResult:
    """Make a document of every transcript below a folder that has none yet.

    Each version of an object is an execution of its own, so it runs once, whoever looks and how often; one
    that is replaced runs anew. A transcript that fails stops no other: it is tried again later, a bounded
    number of times. The run fails only if the folder or the records can't be read, or if it made attempts
    and none of them gave a document.

    Args:
        request: The folder, and how its documents are to be made.

    Raises:
        InputError: The folder, the template, or an option, is to be mended.
        ConfigurationError: The folder or the records can't be read.
        ProcessingError: Every attempt of this run failed.
    """
    async with running("docgen-inbox") as run:
        settings = run.settings
        tracking = open_tracking(settings)
        await asyncio.to_thread(tracking.check)
        inbox = await asyncio.to_thread(open_inbox, request, default_output(settings), settings)
        # Each document reads it for itself; one that can't be used would cost each of them an attempt.
        await checked_template(await read_template_file(request.template, settings))
        store = open_store(inbox.prefix, settings)
        survey = Survey(inbox, tracking)
        listing = iter(await asyncio.to_thread(store.list, inbox.prefix))
        while batch := await asyncio.to_thread(_next_batch, listing):
            await asyncio.to_thread(survey.take, batch)
        found = survey.counts.total() + len(survey.candidates)
        logger.info(
            "%s has %d transcripts, %d of them to do now", inbox.prefix, found, len(survey.candidates)
        )
        if request.dry_run:
            worked = [entry(one.info, Outcome.WAITING, "Would be done.") for one in survey.candidates]
        else:
            worked = await Shift(survey).work()
        result = _result(survey, worked)
        run.metrics.count("Documents", result.done)
        await draw_table(result)
        _check_any_success(worked)
        return result


def lambda_handler(event: object, context: object = None) -> dict[str, Any]:
    """Look through an inbox for one event, and answer with the envelope of S1-30 or S1-31."""
    return enveloped(lambda: asyncio.run(docgen_inbox(parse_request(event))))


def _next_batch(listing: Iterator[ObjectInfo]) -> list[ObjectInfo]:
    return list(islice(listing, BATCH))


@dataclass(slots=True)
class Shift:
    """The documents of one run: so many workers take one candidate after another."""

    survey: Survey
    worked: list[InboxObject] = field(default_factory=list)
    failures_in_a_row: int = 0

    async def work(self) -> list[InboxObject]:
        """Make the documents of all candidates, and say what came of each."""
        candidates = self.survey.candidates
        waiting = iter(candidates)
        progress = InboxProgress(len(candidates))

        async def worker() -> None:
            for candidate in waiting:
                told = await self._take(candidate)
                self.worked.append(told)
                logger.info("%s: %s %s", told.uri, told.outcome, told.reason)
                await progress.reach(len(self.worked))

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.survey.inbox.request.max_parallel, len(candidates))):
                group.create_task(worker())
        return self.worked

    async def _take(self, candidate: Candidate) -> InboxObject:
        if self.failures_in_a_row >= MOST_FAILURES_IN_A_ROW:
            reason = (
                f"Not started after {self.failures_in_a_row} failures in a row that are not transcripts'."
            )
            return entry(candidate.info, Outcome.WAITING, reason)
        try:
            again = await asyncio.to_thread(self.survey.look_again, candidate)
            if isinstance(again, InboxObject):
                return again
            result = await docgen(again.request)
        except (LeaseHeldError, LeaseLostError) as error:
            return entry(candidate.info, Outcome.WAITING, str(error))
        except InputError as error:
            return entry(candidate.info, Outcome.FAILED, str(error), tried=True)
        except Exception as error:
            self.failures_in_a_row += 1
            logger.warning("%s failed", candidate.info.uri, exc_info=not isinstance(error, TechneError))
            reason = str(error) if isinstance(error, TechneError) else f"{type(error).__name__}: {error}"
            return entry(candidate.info, Outcome.FAILED, reason, tried=True)
        self.failures_in_a_row = 0
        return _done(candidate, result)


def _done(candidate: Candidate, result: DocgenResult) -> InboxObject:
    return entry(candidate.info, Outcome.DONE, "", tried=True).model_copy(
        update={
            "markdown_s3_uri": result.markdown_s3_uri,
            "docx_s3_uri": result.docx_s3_uri,
            "cost_usd": result.cost_usd,
        }
    )


def _result(survey: Survey, worked: list[InboxObject]) -> InboxResult:
    counts = survey.counts.copy()
    counts.update(told.outcome for told in worked)
    return InboxResult(
        prefix=str(survey.inbox.prefix),
        dry_run=survey.inbox.request.dry_run,
        done=counts[Outcome.DONE],
        skipped=counts[Outcome.SKIPPED],
        failed=counts[Outcome.FAILED],
        waiting=counts[Outcome.WAITING],
        given_up=counts[Outcome.FAILED] - sum(_failed(told) for told in worked),
        ignored=survey.ignored,
        unlisted=survey.unlisted,
        objects=(*worked, *survey.listed),
    )


def _failed(told: InboxObject) -> bool:
    return told.tried and told.outcome is Outcome.FAILED


def _check_any_success(worked: list[InboxObject]) -> None:
    """Raise if attempts were made and none gave a document; what was given up earlier is old news."""
    failed = [told for told in worked if _failed(told)]
    if failed and not any(told.outcome is Outcome.DONE for told in worked):
        first = min(failed, key=lambda told: told.uri)
        raise ProcessingError(
            f"None of {len(failed)} transcripts became a document. {first.uri}: {first.reason}",
            cure="They are tried again by later runs; the table artifact of this one has them all.",
        )


if __name__ == "__main__":
    from flows.docgen_inbox_command import main

    sys.exit(main(sys.argv[1:], docgen_inbox))

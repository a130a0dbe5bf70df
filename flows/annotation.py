"""annotation: N texts by M models become one answer each, with what it is worth.

    python flows/annotation.py                                             the bundled sample, embedded models
    python flows/annotation.py --dataset t.csv --labels l.json --models openai,bedrock --gold g.csv
    python flows/annotation.py --annotations votes.csv --gold gold.csv     labels that exist already
    python flows/annotation.py --plan ...                                  cost and time, and nothing is asked

This file says under which lease; the stages in their order stand in `flows.annotation_attempt`, and the
command line in `flows.annotation_command`.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from pathlib import PurePosixPath
from typing import Any

from prefect import flow
from prefect.runtime import flow_run

from flows.annotation_attempt import Attempt
from flows.annotation_inputs import read_inputs
from flows.executions import Execution, run_once
from flows.running import running
from techne.annotation.fetching import fetching
from techne.annotation.request import AnnotationRequest, AnnotationResult, parse_request
from techne.envelopes import enveloped
from techne.tracking import Acquired, ExecutionRecord, Heartbeat, open_tracking

logger = logging.getLogger(__name__)


def _flow_run_name() -> str:
    request = flow_run.parameters["request"]
    fields = request if isinstance(request, dict) else request.model_dump()
    source = fields.get("dataset") or fields.get("annotations") or ""
    return f"annotation-{fields.get('experiment_id') or PurePosixPath(source).name}"


@flow(name="annotation", flow_run_name=_flow_run_name, persist_result=True, result_serializer="json")
async def annotation(request: AnnotationRequest) -> AnnotationResult:
    """Have several models label every text, and make one answer of theirs.

    Models work in parallel, each within its limit; every answer is kept, so that a killed run goes on where
    it was and pays for nothing twice. Against gold, models and consensus are measured on items that they
    did not learn from, and the best single model always stands beside the panel. The same experiment id runs
    once.

    Args:
        request: Texts, labels and models, or labels that exist already.

    Raises:
        TechneError: Typed by what went wrong; an `InputError` if the request is to be mended.
    """
    started = time.monotonic()
    async with running("annotation") as run:
        settings = run.settings
        tracking = open_tracking(settings)
        with fetching(settings) as fetcher:
            await asyncio.to_thread(tracking.check)
            inputs = await asyncio.to_thread(read_inputs, request, fetcher, settings)
            request = request.named(*inputs.contents)

            async def work(acquired: Acquired, heartbeat: Heartbeat) -> AnnotationResult:
                attempt = Attempt(request, inputs, settings, tracking, acquired, heartbeat, started)
                result = await attempt.run()
                run.metrics.count("Items", result.items)
                run.metrics.shortcoming = result.stopped_by
                return result

            fingerprint = request.identity(*inputs.contents)
            execution = Execution(str(request.experiment_id), fingerprint, request, request.force)
            return await run_once(
                execution,
                tracking,
                settings,
                work=work,
                stored=_stored_result,
                unfinished=lambda result: result.stopped_by,
            )


async def _stored_result(record: ExecutionRecord) -> AnnotationResult:
    logger.info("Experiment %s is completed; this is its stored result", record.execution_id)
    return AnnotationResult.model_validate(record.result)


def lambda_handler(event: object, context: object = None) -> dict[str, Any]:
    """Run an experiment for one event and answer with the envelope of S1-30 or S1-31."""
    return enveloped(lambda: asyncio.run(annotation(parse_request(event))))


if __name__ == "__main__":
    from flows.annotation_command import main

    sys.exit(main(sys.argv[1:], annotation))

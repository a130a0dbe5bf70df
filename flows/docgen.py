"""docgen: a recorded training's transcript becomes a grounded document, in six stages.

    python flows/docgen.py                                     the bundled sample
    python flows/docgen.py --transcript recording.json         a transcript of your own
    python flows/docgen.py '{"transcription_s3_uri": "..."}'   an event

This file says under which lease; the stages in their order stand in `flows.docgen_attempt`, and the command
line in `flows.docgen_command`.
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

from flows.docgen_attempt import Attempt
from flows.docgen_sources import Sources, check_unchanged
from flows.executions import Execution, run_once
from flows.running import running
from techne.documents.request import DocgenRequest, DocgenResult, parse_request
from techne.envelopes import enveloped
from techne.tracking import Acquired, ExecutionRecord, Heartbeat, open_tracking

logger = logging.getLogger(__name__)


def _flow_run_name() -> str:
    request = flow_run.parameters["request"]
    fields = request if isinstance(request, dict) else request.model_dump()
    name = fields.get("execution_id") or PurePosixPath(fields["transcription_s3_uri"]).name
    return f"docgen-{name}"


@flow(name="docgen", flow_run_name=_flow_run_name, persist_result=True, result_serializer="json")
async def docgen(request: DocgenRequest) -> DocgenResult:
    """Turn a recorded training's transcript into a grounded Markdown and DOCX document.

    Every statement of the document has evidence in the recording. Runs on Bedrock, on a local Ollama, or
    without any model on the embedded extractive engine. The same execution id runs once; a killed run goes
    on where it was and pays for nothing twice.

    Args:
        request: The transcript, and how its document is to be made.

    Raises:
        TechneError: Typed by what went wrong; an `InputError` if the request is to be mended.
    """
    started = time.monotonic()
    async with running("docgen") as run:
        settings = run.settings
        tracking = open_tracking(settings)
        await asyncio.to_thread(tracking.check)
        sources = None
        if request.execution_id is None:
            sources = await Sources.read(request, settings)
            request = request.named(sources.transcript.sha256, sources.template_sha256)

        async def generate(acquired: Acquired, heartbeat: Heartbeat) -> DocgenResult:
            attempt = Attempt(request, settings, tracking, acquired, heartbeat, started)
            result = await attempt.generate(sources or await Sources.read(request, settings))
            run.metrics.count("Chunks", result.chunks_processed)
            return result

        async def stored(record: ExecutionRecord) -> DocgenResult:
            result = DocgenResult.model_validate(record.result)
            await check_unchanged(record.execution_id, result, request, settings)
            logger.info("Execution %s is completed; this is its stored result", record.execution_id)
            return result

        execution = Execution(str(request.execution_id), request.identity(), request, request.force)
        return await run_once(execution, tracking, settings, work=generate, stored=stored)


def lambda_handler(event: object, context: object = None) -> dict[str, Any]:
    """Run docgen for one event (S1-21, S1-28) and answer with the envelope of S1-30 or S1-31."""
    return enveloped(lambda: asyncio.run(docgen(parse_request(event))))


if __name__ == "__main__":
    from flows.docgen_command import main

    sys.exit(main(sys.argv[1:], docgen))

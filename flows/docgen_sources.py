"""What a document is made from, transcript and template: read, and compared with what they were before.

Reading is a task's part (`tasks.docgen`); what is a template `techne.documents.docx.templates.template` says.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Self

from tasks.docgen import read_stored_template, read_stored_transcript
from techne.documents.docx.templates.template import Template, read_template
from techne.documents.request import DocgenRequest, DocgenResult
from techne.errors import ExecutionConflictError, TechneError
from techne.settings import Settings
from techne.storage import StoredObject
from techne.tracking import Acquired, TrackingStore

logger = logging.getLogger(__name__)

_SETTLED = "template_sha256"


@dataclass(frozen=True, slots=True)
class Sources:
    """The files that a document is made from, as they are when its run begins.

    Args:
        transcript: The recording's transcript.
        template: The Word document's template, unless it is the renderer's own.
    """

    transcript: StoredObject
    template: StoredObject | None

    @classmethod
    async def read(cls, request: DocgenRequest, settings: Settings) -> Self:
        """Read what a request names, the small file first.

        Raises:
            InputError: There is no such file, it is not allowed, or it is too large.
            ConfigurationError: It can't be read.
        """
        template = await read_template_file(request.template, settings)
        return cls(await read_stored_transcript(request.transcription_s3_uri), template)

    @property
    def template_sha256(self) -> str | None:
        """Hash of the template's file, if there is one."""
        return self.template.sha256 if self.template else None


async def read_template_file(asked: str | None, settings: Settings) -> StoredObject | None:
    """The template that is asked for, else that of DOCX_TEMPLATE; None if neither names one.

    Raises:
        InputError: There is no such file, it is not allowed, or it is too large.
        ConfigurationError: It can't be read.
    """
    uri = asked or settings.docx_template
    return await read_stored_template(uri) if uri else None


async def checked_template(stored: StoredObject | None) -> Template | None:
    """The template that a file holds.

    Raises:
        TemplateError: It holds none that can be used.
    """
    return await asyncio.to_thread(read_template, stored.data, str(stored.info.uri)) if stored else None


async def settled_template(sources: Sources, tracking: TrackingStore, acquired: Acquired) -> Template | None:
    """The template to use. One that has changed since an earlier attempt is taken as it is now, and told.

    Raises:
        TemplateError: The file is no template that can be used.
    """
    template = await checked_template(sources.template)
    earlier, now = acquired.record.metadata.get(_SETTLED), sources.template_sha256
    if earlier == now:
        return template
    if earlier is not None:
        logger.warning(
            "The template has changed since an earlier attempt at execution %s; the Word document takes %s",
            acquired.record.execution_id,
            f"{template.name} as it is now, with the hash {now}" if template else "none",
        )
    await asyncio.to_thread(tracking.update, acquired.lease, metadata={_SETTLED: now})
    return template


async def check_unchanged(
    execution_id: str, result: DocgenResult, request: DocgenRequest, settings: Settings
) -> None:
    """Check that what a completed execution was made from is what a request names now.

    A file that can't be read any more doesn't take away the result that was made from it.

    Raises:
        ExecutionConflictError: The transcript or the template is another one by now.
    """
    transcript = read_stored_transcript(request.transcription_s3_uri)
    await _check_same("transcript", execution_id, transcript, result.transcript_sha256)
    template = read_template_file(request.template, settings)
    await _check_same("template", execution_id, template, result.template_sha256)


async def _check_same(
    what: str, execution_id: str, reading: Awaitable[StoredObject | None], used_sha256: str | None
) -> None:
    try:
        stored = await reading
    except TechneError as error:
        logger.warning("The %s can't be compared with the one that was used: %s", what, error)
        return
    if (stored.sha256 if stored else None) != used_sha256:
        raise ExecutionConflictError(
            f"The {what} of execution {execution_id!r} has changed since it was completed.",
            cure="Use another execution id, or force a new attempt.",
        )

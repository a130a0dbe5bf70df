"""What a look through an inbox leaves in the Prefect UI: how far it is, and what came of each object."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from prefect.artifacts import (
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)

from techne.documents.inbox_request import InboxResult

logger = logging.getLogger(__name__)

MOST_ROWS = 200
"""The UI loads a table whole."""


@dataclass(slots=True)
class InboxProgress:
    """The bar of a run's documents; a server that can't draw it costs a warning.

    Args:
        total: Documents that this run takes on.
    """

    total: int
    _artifact: UUID | None = field(default=None, init=False)
    _shown: int = field(default=0, init=False)

    async def reach(self, done: int) -> None:
        """Say how many are over, however they ended."""
        if done <= self._shown:  # told out of order; a bar doesn't go back
            return
        self._shown = done
        told: dict[str, Any] = {
            "progress": 100 * done / self.total,
            "description": f"{done} of {self.total} documents",
        }
        try:
            if self._artifact is None:
                self._artifact = await acreate_progress_artifact(key="docgen-inbox-progress", **told)
            else:
                await aupdate_progress_artifact(self._artifact, **told)
        except Exception:
            logger.warning("The progress bar in the Prefect UI could not be updated.", exc_info=True)


async def draw_table(result: InboxResult) -> None:
    """Show what came of each object, this run's own first."""
    rows = [
        {
            "outcome": told.outcome.value,
            "transcript": told.uri.removeprefix(f"{result.prefix}/"),  # the UI cuts long lines off
            "reason": told.reason,
            "cost": "" if told.cost_usd is None else f"${told.cost_usd:.4f}",
            "document": told.markdown_s3_uri or "",
        }
        for told in result.objects[:MOST_ROWS]
    ]
    counts = f"{result.done} done, {result.skipped} skipped, {result.failed} failed, {result.waiting} waiting"
    total = result.done + result.skipped + result.failed + result.waiting
    if total > len(rows):
        counts += f"; the first {len(rows)} of {total}"
    try:
        await acreate_table_artifact(table=rows, key="docgen-inbox", description=f"{result.prefix}: {counts}")
    except Exception:
        logger.warning("The table could not be shown in the Prefect UI.", exc_info=True)

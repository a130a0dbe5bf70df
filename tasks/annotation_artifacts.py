"""What an experiment leaves in the Prefect UI: its plan before, its summary and files after."""

from __future__ import annotations

import logging

from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact

from techne.annotation.plan import Plan
from techne.annotation.plan_table import plan_markdown
from techne.storage import PublishedOutputs

logger = logging.getLogger(__name__)


async def draw_plan(plan: Plan) -> None:
    """Show what it will cost and how long it will take; a server that can't take it costs a warning."""
    try:
        await acreate_markdown_artifact(
            markdown=plan_markdown(plan), key="annotation-plan", description="Cost and time, ahead of the run"
        )
    except Exception:
        logger.warning("The plan could not be shown in the Prefect UI.", exc_info=True)


async def draw_summary(markdown: str, experiment_id: str, published: PublishedOutputs) -> None:
    """Show what was found, and where the files are; they are stored already."""
    try:
        await acreate_markdown_artifact(
            markdown=markdown, key="annotation-summary", description=experiment_id
        )
        for name in ("report.html", "summary.json"):
            uri = published.uri_of(name)
            key = f"annotation-{name.partition('.')[0]}-file"
            await acreate_link_artifact(link=uri, link_text=name, key=key)
    except Exception:
        logger.warning("The artifacts could not be shown in the Prefect UI.", exc_info=True)

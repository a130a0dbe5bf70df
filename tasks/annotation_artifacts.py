"""What an experiment leaves in the Prefect UI: its plan before, its summary and files after."""

from __future__ import annotations

import logging

from prefect.artifacts import acreate_markdown_artifact

from tasks.artifact_files import file_link
from tasks.artifact_keys import artifact_key
from techne.annotation.plan import Plan
from techne.annotation.plan_table import plan_markdown
from techne.documents.escaping import code_span
from techne.settings import get_settings
from techne.storage import PublishedOutputs

logger = logging.getLogger(__name__)


async def draw_plan(plan: Plan, experiment_id: str) -> None:
    """Show what it will cost and how long it will take; a server that can't take it costs a warning."""
    try:
        await acreate_markdown_artifact(
            markdown=plan_markdown(plan),
            key=artifact_key("annotation-plan", experiment_id),
            description="Cost and time, ahead of the run",
        )
    except Exception:
        logger.warning("The plan could not be shown in the Prefect UI.", exc_info=True)


async def draw_summary(markdown: str, experiment_id: str, published: PublishedOutputs) -> None:
    """Show what was found, and where the files are; they are stored already."""
    try:
        await acreate_markdown_artifact(
            markdown=_files(experiment_id, published),
            key=artifact_key("annotation-files", experiment_id),
            description="Report, answers and figures",
        )
        await acreate_markdown_artifact(
            markdown=markdown,
            key=artifact_key("annotation-summary", experiment_id),
            description="What was found",
        )
    except Exception:
        logger.warning("The artifacts could not be shown in the Prefect UI.", exc_info=True)


def _files(experiment_id: str, published: PublishedOutputs) -> str:
    settings = get_settings()
    lines = [f"# Experiment {code_span(experiment_id)}", "", "| File | Bytes |", "|---|---:|"]
    files = sorted(published.manifest.files, key=lambda file: file.name != "report.html")
    lines += [f"| {file_link(file.uri, settings)} | {file.size:,} |" for file in files]
    return "\n".join(lines) + "\n"

"""What a run leaves in the Prefect UI: the document, its stages in figures, and where the files are."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact, acreate_table_artifact

from techne.documents.request import DocgenResult

logger = logging.getLogger(__name__)

MOST_MARKDOWN_CHARACTERS = 200_000
"""Longer documents are shown in part: the UI loads an artifact whole."""


async def draw_artifacts(result: DocgenResult, markdown: str, stages: Sequence[dict[str, Any]]) -> None:
    """Put the finished document and its figures into the UI.

    The document is stored already, so a server that can't take them costs a warning and not the run.
    """
    try:
        await _draw(result, markdown, stages)
    except Exception:
        logger.warning("The artifacts could not be shown in the Prefect UI.", exc_info=True)


async def _draw(result: DocgenResult, markdown: str, stages: Sequence[dict[str, Any]]) -> None:
    shown = markdown[:MOST_MARKDOWN_CHARACTERS]
    if len(shown) < len(markdown):
        shown += f"\n\n*The rest is in {result.markdown_s3_uri}.*"
    await acreate_markdown_artifact(markdown=shown, key="docgen-document", description=result.execution_id)
    await acreate_table_artifact(
        table=[*stages, *_figures(result)], key="docgen-stages", description="Stages and figures"
    )
    for key, uri in (("docgen-markdown", result.markdown_s3_uri), ("docgen-docx", result.docx_s3_uri)):
        await acreate_link_artifact(link=uri, link_text=uri.rsplit("/", 1)[-1], key=key)


def _figures(result: DocgenResult) -> list[dict[str, Any]]:
    cost = "unknown" if result.cost_usd is None else f"${result.cost_usd:.4f}"
    grounding = f"{result.grounding.verified} of {result.grounding.checked} literals"
    figures = {
        "engine": result.engine,
        "tokens in": result.tokens_used.input,
        "tokens out": result.tokens_used.output,
        "cost": cost,
        "calls sent": result.calls_sent,
        "grounding": grounding,
    }
    return [{"stage": name, "pieces": value, "seconds": ""} for name, value in figures.items()]

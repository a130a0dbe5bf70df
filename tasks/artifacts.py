"""What a run leaves in the Prefect UI: the document, where its files are, what it cost, how long it took."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from tasks.artifact_files import file_link
from tasks.artifact_keys import artifact_key
from techne.documents.escaping import code_span
from techne.documents.request import DocgenResult
from techne.settings import Settings, get_settings

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
    work = result.execution_id
    await acreate_table_artifact(
        table=[{**stage, "seconds": round(stage["seconds"], 1)} for stage in stages],
        key=artifact_key("docgen-stages", work),
        description="How long each stage took",
    )
    await acreate_markdown_artifact(
        markdown=_files_and_figures(result, get_settings()),
        key=artifact_key("docgen-files", work),
        description="Files, tokens and cost",
    )
    await acreate_markdown_artifact(
        markdown=shown, key=artifact_key("docgen-document", work), description="The document"
    )


def _files_and_figures(result: DocgenResult, settings: Settings) -> str:
    tokens = result.tokens_used
    rows = {
        "Markdown": file_link(result.markdown_s3_uri, settings),
        "Word": file_link(result.docx_s3_uri, settings),
        "Manifest": file_link(result.manifest_s3_uri, settings),
        "Engine": result.engine,
        "Tokens": f"{tokens.input:,} in, {tokens.output:,} out",
        "Cost": "unknown" if result.cost_usd is None else f"${result.cost_usd:.4f}",
        "Calls sent": f"{result.calls_sent:,}",
        "Verified": f"{result.grounding.verified} of {result.grounding.checked} commands, codes and values",
        "Attempt": str(result.attempt),
    }
    lines = [f"# Execution {code_span(result.execution_id)}", "", "| | |", "|---|---|"]
    return "\n".join([*lines, *(f"| **{name}** | {value} |" for name, value in rows.items())]) + "\n"

"""The queue as files: our own, and those that Label Studio and Argilla import."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import JsonValue

from techne.annotation.labels import LabelSet
from techne.annotation.review import argilla, label_studio
from techne.annotation.review.queue import QUEUE_FILE, ReviewItem, queue_lines

REVIEW_FILES = (
    QUEUE_FILE,
    label_studio.TASKS_FILE,
    label_studio.CONFIG_FILE,
    argilla.RECORDS_FILE,
    argilla.SETTINGS_FILE,
)


def write_review_files(
    folder: Path, items: Iterable[ReviewItem], label_set: LabelSet, consensus: str = "consensus"
) -> tuple[Path, ...]:
    """Write the queue in every format.

    Args:
        folder: Where to; made if it isn't there.
        items: The queue, the least certain first.
        label_set: What can be answered.
        consensus: Name of the consensus method, which suggests.

    Returns:
        The files, in the order of `REVIEW_FILES`.

    Raises:
        LabelSetError: A tool can't tell two of the labels apart.
    """
    queue = tuple(items)
    contents = (
        "".join(queue_lines(queue)),
        _json(label_studio.label_studio_tasks(queue, label_set)),
        label_studio.label_studio_config(label_set),
        _json(argilla.argilla_records(queue, label_set, consensus)),
        _json(argilla.argilla_settings(label_set)),
    )
    folder.mkdir(parents=True, exist_ok=True)
    paths = tuple(folder / name for name in REVIEW_FILES)
    for path, content in zip(paths, contents, strict=True):
        path.write_text(content, encoding="utf-8", newline="\n")
    return paths


def check_exportable(label_set: LabelSet) -> None:
    """Find out whether every tool can hold the labels, before anything is paid for.

    Raises:
        LabelSetError: A tool can't tell two of the labels apart.
    """
    label_studio.label_studio_config(label_set)
    argilla.argilla_settings(label_set)


def _json(value: list[dict[str, JsonValue]] | dict[str, JsonValue]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1) + "\n"

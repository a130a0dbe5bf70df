"""Answers by file, whichever tool they come from: Label Studio, Argilla, or a table of ours."""

from __future__ import annotations

from pathlib import Path

from techne.annotation.labels import LabelSet
from techne.annotation.review.answers import CollectedAnswers
from techne.annotation.review.argilla import RESPONSES, read_argilla
from techne.annotation.review.gold import read_gold_file
from techne.annotation.review.json_array import read_objects
from techne.annotation.review.label_studio import read_label_studio
from techne.errors import DatasetError

_START_BYTES = 4096


def read_answers(
    path: Path, label_set: LabelSet, *, source: str | None = None, max_bytes: int | None = None
) -> CollectedAnswers:
    """Read a file of answers; what it begins with says which format it is.

    Args:
        path: A JSON export of Label Studio (JSON, JSON_MIN) or Argilla, or a CSV, JSON Lines or Parquet file
            with a column id and a column label.
        label_set: What can be answered.
        source: How messages name the file. Default: its name.
        max_bytes: Largest file.

    Raises:
        DatasetError: It is none of these, or something in it is wrong; the message names the place.
    """
    source = source or path.name
    try:
        with path.open("rb") as file:
            start = file.read(_START_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
        if not start.startswith(b"["):
            known = read_gold_file(path, label_set, source=source, max_bytes=max_bytes)
            return CollectedAnswers({item: answer.labels for item, answer in known.items()})
        data = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{source}: it can't be opened: {error.strerror}.") from None
    entries = read_objects(
        data,
        source,
        "Label Studio or Argilla",
        "Export as JSON, or give a table with the columns id and label.",
    )
    if any("responses" in entry or RESPONSES in entry for entry in entries):
        return read_argilla(data, label_set, source)
    return read_label_studio(data, label_set, source)

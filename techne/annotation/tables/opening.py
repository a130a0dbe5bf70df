"""Which format a file has: by its name, else by how it begins."""

from __future__ import annotations

from pathlib import Path

from techne.annotation.tables.delimited import DelimitedTable
from techne.annotation.tables.json_lines import JsonLinesTable
from techne.annotation.tables.parquet import ParquetTable
from techne.annotation.tables.table import MAX_RECORD_BYTES, Table
from techne.errors import DatasetError

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_FOREIGN = {
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "a gzip archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"%PDF": "a PDF document",
}


def open_table(
    path: Path,
    source: str | None = None,
    *,
    max_bytes: int | None = None,
    max_record_bytes: int = MAX_RECORD_BYTES,
) -> Table:
    """Open a CSV, JSON Lines or Parquet file.

    Args:
        path: A local file.
        source: How messages name it, as the URI it came from. Default: the file's name.
        max_bytes: Largest file.
        max_record_bytes: Longest row of a text format.

    Raises:
        DatasetError: There is no such file, it is empty or too large, or it is something else.
    """
    source = source or path.name
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        raise DatasetError(f"{source}: it can't be opened: {error.strerror}.") from None
    if max_bytes is not None and size > max_bytes:
        raise DatasetError(
            f"{source}: it has {size} bytes, at most {max_bytes} are read.",
            cure="Split it, or raise TECHNE_MAX_DATASET_BYTES.",
        )
    if size <= len(start) and not start.strip(b"\xef\xbb\xbf \t\r\n"):
        raise DatasetError(f"{source}: the file is empty.", cure="It needs a header and rows.")
    foreign = next((kind for magic, kind in _FOREIGN.items() if start.startswith(magic)), None)
    if foreign:
        raise DatasetError(f"{source}: it is {foreign}.", cure="Save it as CSV in UTF-8, or as Parquet.")
    kind = _kind(path, start)
    if kind == "parquet":
        return ParquetTable(path, source)
    if kind == "jsonl":
        return JsonLinesTable(path, source, max_record_bytes)
    return DelimitedTable(path, source, max_record_bytes)


def _kind(path: Path, start: bytes) -> str:
    by_name = _SUFFIXES.get(path.suffix.lower())
    if start.startswith(b"PAR1"):
        return "parquet"
    if by_name:
        return by_name
    return "jsonl" if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")) else "csv"

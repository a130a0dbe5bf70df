"""Tables are read alike whatever their format, as a stream, and from the middle as from the beginning."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from techne.annotation.tables import open_table

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
TABLE = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(TEXT, min_size=width, max_size=width)))
one_folder = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def cells(path: Path, *columns: str) -> list[tuple[str, ...]]:
    table = open_table(path)
    return [tuple(row.cells) for row in table.rows(columns or table.columns)]


@one_folder
@given(rows=TABLE, delimiter=st.sampled_from(",;\t"), end=st.sampled_from(["\n", "\r\n"]), bom=st.booleans())
def test_what_the_standard_writer_wrote_is_read_back(
    tmp_path: Path, rows: list[list[str]], delimiter: str, end: str, bom: bool
) -> None:
    header = [f"column {place}" for place in range(len(rows[0]) if rows else 2)]
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    writer.writerows(rows)
    path = tmp_path / "table.csv"
    path.write_bytes(file.getvalue().encode("utf-8-sig" if bom else "utf-8"))
    assert cells(path, *header) == [tuple(row) for row in rows]


@one_folder
@given(rows=TABLE.filter(bool), always=st.booleans(), data=st.data())
def test_reading_begins_at_the_mark_of_any_row(
    tmp_path: Path, rows: list[list[str]], always: bool, data: st.DataObject
) -> None:
    rows = [[f"{number}", *row] for number, row in enumerate(rows)]
    columns = [f"c{place}" for place in range(len(rows[0]))]
    with (tmp_path / "t.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL if always else csv.QUOTE_MINIMAL)
        writer.writerow(columns)
        writer.writerows(rows)
    lines = [json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows]
    (tmp_path / "t.jsonl").write_bytes("\n".join(lines).encode())
    for name in ("t.csv", "t.jsonl"):
        table = open_table(tmp_path / name)
        whole = list(table.rows(columns))
        begin = data.draw(st.integers(0, len(rows) - 1))
        assert list(table.rows(columns, whole[begin].mark)) == whole[begin:]
        assert [row.number for row in whole] == list(range(1, len(rows) + 1))


def test_a_row_knows_the_line_that_it_begins_on(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b'id,text\r\n1,"two\r\nlines"\r\n\r\n2,one\r\n')
    assert [row.place for row in open_table(path).rows(["id"])] == ["row 1 (line 2)", "row 2 (line 5)"]


def test_a_quote_within_an_unquoted_cell_is_a_character(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b'id,text\n1,5" pipe\n2,"say ""no"""\n')
    assert cells(path) == [("1", '5" pipe'), ("2", 'say "no"')]


def test_a_delimiter_within_quotes_of_the_header_is_none(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b'id;"a, b, c"\n1;x\n')
    assert open_table(path).columns == ("id", "a, b, c")


@pytest.mark.parametrize("name", ["t.jsonl", "t.ndjson", "t.data"])
def test_json_keeps_numbers_as_they_are_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(
        b'\xef\xbb\xbf{"id": 10000000000000000000001, "b": 1.50}\r\n\n{"id": true, "b": null}\n{}'
    )
    assert cells(path, "id", "b") == [("10000000000000000000001", "1.50"), ("true", ""), ("", "")]


def test_parquet_of_other_types_is_text(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    columns = {
        "int": pa.array([7, 2**62]),
        "null": pa.array(["x", None]),
        "float": pa.array([1.0, 0.25]),
        "bool": pa.array([True, False]),
        "dictionary": pa.array(["a", "é"]).dictionary_encode(),
    }
    pq.write_table(pa.table(columns), path)
    assert cells(path) == [("7", "x", "1", "true", "a"), (str(2**62), "", "0.25", "false", "é")]


def test_parquet_is_known_by_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "download"
    pq.write_table(pa.table({"id": ["1"]}), path)
    assert cells(path) == [("1",)]


def test_a_reader_leaves_the_limit_of_the_csv_module_alone(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    path = tmp_path / "t.csv"
    path.write_text("id,text\n1," + "x" * (before + 1), encoding="utf-8")
    assert len(cells(path)[0][1]) == before + 1
    assert csv.field_size_limit() == before

"""A file that can't be read is refused with the place and the cure, before anything is paid (S0)."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from techne.annotation.tables import open_table
from techne.errors import DatasetError

REFUSED = [
    ("empty", "t.csv", b"", "the file is empty"),
    ("only a byte order mark", "t.csv", b"\xef\xbb\xbf\r\n", "the file is empty"),
    ("blank header", "t.csv", b",,\n1,2,3\n", "no header"),
    (
        "latin-1",
        "t.csv",
        "id,text\n1,caf\xe9\n".encode("latin-1"),
        r"line 2, column 'text', .*0xE9.*ISO-8859-1",
    ),
    ("windows-1252", "t.csv", "id,text\n1,“x”\n".encode("cp1252"), "0x93.*WINDOWS-1252"),
    ("latin-1 header", "t.csv", "id,text,\xe9\n1,a,b\n".encode("latin-1"), "line 1, the header"),
    ("latin-1 json", "t.jsonl", b'{"id": "1", "text": "a"}\n{"id": "\xe9"}', "line 2 is not UTF-8"),
    ("utf-16", "t.csv", "id,text\n1,a\n".encode("utf-16"), "it is UTF-16 text.*Save it as CSV in UTF-8"),
    (
        "utf-16 without a mark",
        "t.csv",
        "id,text\n1,a\n".encode("utf-16-le"),
        r"NUL byte in line 1 \(byte 1\)",
    ),
    ("nul", "t.csv", b"id,text\n1,a\n2,b\0c\n", r"NUL byte in line 3 \(byte 15\)"),
    ("nul json", "t.jsonl", b'{"id": "1", "text": "a\0"}\n', "NUL byte in line 1"),
    ("broken json", "t.jsonl", b'{"id": "1", "text": "a"}\n\n{"id": "2", "te\n', "line 3 is not JSON"),
    ("an array", "t.json", b'[{"id": "1", "text": "a"}]', "line 1 is an array.*one object a line"),
    ("a number a line", "t.jsonl", b'{"id": "1", "text": "a"}\n17\n', "line 2 is no object"),
    ("deep json", "t.jsonl", b'{"id": "1", "text": ' + b"[" * 200_000, "line 1 is nested too deeply"),
    ("a list", "t.jsonl", b'{"id": "1", "text": ["a"]}', "line 1, 'text' is a list"),
    (
        "half a pair",
        "t.jsonl",
        b'{"id": "1", "text": "a\\ud83d"}',
        "'text' has half of a surrogate pair at character 1",
    ),
    ("ragged", "t.csv", b"id,text\n1,a\n2,b,c\n", r"row 2 \(line 3\) has 3 cells, the header has 2"),
    ("short", "t.csv", b'id,text\n"1\n"\n', r"row 1 \(line 2\) has 1 cells"),
    ("open quote", "t.csv", b'id,text\n1,"a\n2,b\n', "quote that is opened in line 2 is not closed until"),
    (
        "quote in quotes",
        "t.csv",
        b'id,text\n1,"a "b" c"\n',
        "line 2, cell 2, something follows the closing quote",
    ),
    ("old mac", "t.csv", b"id,text\r1,a\r2,b", "carriage return"),
    ("carriage return", "t.csv", b'id,text\n"1",a\rb\n', "line 2 there is a carriage return"),
    ("missing column", "t.csv", b"id,body\n1,a\n", "no column 'text'; there are 'id', 'body'"),
    ("other case", "t.csv", b"id,Text\n1,a\n", "Did you mean 'Text'"),
    ("twice", "t.csv", b"id,text,text\n1,a,b\n", "the column 'text' is there twice"),
    ("missing key", "t.jsonl", b'{"id": "1", "txet": "a"}', "no column 'text'.*Did you mean 'txet'"),
    ("excel", "t.xlsx", b"PK\x03\x04....", "an Excel workbook"),
    ("gzip", "t.csv.gz", b"\x1f\x8b....", "a gzip archive"),
    ("not parquet", "t.parquet", b"id,text\n1,a\n", "can't be read as Parquet"),
    ("cut off parquet", "t.parquet", b"PAR1" + b"\1" * 100, "can't be read as Parquet"),
]


@pytest.mark.parametrize(("name", "data", "message"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_a_bad_file_is_refused(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DatasetError) as caught:
        for _ in open_table(path, "s3://bucket/key").rows(["id", "text"]):
            pass
    assert re.search(message, str(caught.value)), str(caught.value)
    assert str(caught.value).startswith("s3://bucket/key: ")
    assert len(str(caught.value)) < 500


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"none\.csv: it can't be opened: No such file"):
        open_table(tmp_path / "none.csv")
    with pytest.raises(DatasetError, match="can't be opened: Is a directory"):
        open_table(tmp_path)


def test_a_file_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"id,text\n1,a\n")
    with pytest.raises(DatasetError, match="12 bytes, at most 11"):
        open_table(path, max_bytes=11)
    assert open_table(path, max_bytes=12).columns == ("id", "text")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"id,text\n1," + b"x" * 2000, "line 2 is longer than 1000 bytes"),
        (b'id,text\n1,"' + b"x\n" * 2000, "opened in line 2 is not closed within 1000 bytes"),
    ],
)
def test_a_row_without_end_is_not_read_whole(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    with pytest.raises(DatasetError, match=message):
        list(open_table(path, max_record_bytes=1000).rows(["id"]))


def test_parquet_of_nested_columns_and_bytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"id": [["a"]], "text": [b"\xff"]}), path)
    with pytest.raises(DatasetError, match=r"'id' holds list<.*text is wanted"):
        list(open_table(path).rows(["id"]))
    with pytest.raises(DatasetError, match="'text' has bytes that are not UTF-8"):
        list(open_table(path).rows(["text"]))


def test_parquet_with_a_damaged_page_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"id": [str(number) for number in range(5000)]}), path, compression="zstd")
    data = bytearray(path.read_bytes())
    data[200:3000] = b"\xff" * 2800
    path.write_bytes(data)
    with pytest.raises(DatasetError, match="can't be read as Parquet"):
        list(open_table(path).rows(["id"]))

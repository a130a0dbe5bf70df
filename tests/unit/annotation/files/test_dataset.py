"""A dataset is checked whole before anything is paid, and then read in shards, from anywhere (S0, S0-15)."""

from __future__ import annotations

import csv
import json
import pickle
import subprocess
import sys
import tracemalloc
from array import array
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from techne.annotation.dataset import ROWS_BETWEEN_MARKS, Dataset, Ids
from techne.errors import DatasetError

ROWS = 2300


def rows(count: int = ROWS) -> list[tuple[str, str]]:
    return [(f"id-{n}", f'text {n}, "é",\n{"x" * (n % 7)}') for n in range(count)]


@pytest.fixture(params=["csv", "jsonl", "parquet", "one group"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    kind = request.param
    path = tmp_path / f"data.{'parquet' if kind == 'one group' else kind}"
    if kind == "csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("id", "text"), *rows()])
    elif kind == "jsonl":
        path.write_text("\n".join(json.dumps({"text": t, "id": i}) for i, t in rows()), encoding="utf-8")
    else:
        table = pa.table({"id": [i for i, _ in rows()], "text": [t for _, t in rows()]})
        pq.write_table(table, path, row_group_size=ROWS if kind == "one group" else 700)
    return path


def csv_file(folder: Path, text: str) -> Path:
    path = folder / "data.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_items_are_those_of_the_file_in_every_format(path: Path) -> None:
    data = Dataset.open(path, max_text_characters=100)
    assert len(data) == ROWS
    assert [(item.id, item.text) for item in data.items()] == rows()
    assert [item.index for item in data.items()] == list(range(ROWS))
    assert list(data.ids) == [item_id for item_id, _ in rows()]
    assert data.sha256 == "fc03908e2dcfd0fdbecc9bdbd519b9e695d44a7c9cb24410634489bc6872eed5"


@pytest.mark.parametrize(
    "bounds", [(0, 0), (0, 1), (499, 501), (500, 1000), (1399, 1401), (2299, 2300), (5, 9999)]
)
def test_a_shard_is_a_slice(path: Path, bounds: tuple[int, int]) -> None:
    data = Dataset.open(path, max_text_characters=100)
    assert [(item.id, item.text) for item in data.items(*bounds)] == rows()[slice(*bounds)]
    assert len(data.shard(*bounds)) == len(rows()[slice(*bounds)])


def test_only_some_items_are_read(path: Path) -> None:
    data = Dataset.open(path, max_text_characters=100)
    only = np.zeros(ROWS, dtype=np.bool_)
    wanted = [3, 499, 500, 1402, 2299]
    only[wanted] = True
    assert [item.index for item in data.items(only=only)] == wanted
    assert [item.index for item in data.items(4, 2299, only=only)] == wanted[1:-1]
    assert [item.id for item in data.items(only=only)] == [f"id-{index}" for index in wanted]


def test_a_sample_is_drawn_again_with_the_same_seed(path: Path) -> None:
    data = Dataset.open(path, max_text_characters=100)
    first = data.sample(20, seed=1)
    assert len({item.id for item in first}) == 20
    assert first == data.sample(20, seed=1)
    assert first != data.sample(20, seed=2)
    assert len(data.sample(9999, seed=1)) == ROWS


def test_another_process_reads_a_shard_of_a_copy(tmp_path: Path) -> None:
    text = "id,text\n" + "".join(f"id-{n},text {n}\n" for n in range(2000))
    path = csv_file(tmp_path, text)
    shard = Dataset.open(path, max_text_characters=100).shard(1500, 1502)
    pickled = tmp_path / "shard.pickle"
    pickled.write_bytes(pickle.dumps(shard.at(path.rename(tmp_path / "copy.csv"))))
    code = f"import pickle; [print(i.id) for i in pickle.load(open({str(pickled)!r}, 'rb')).items()]"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["id-1500", "id-1501"]


def test_a_dataset_survives_pickling(path: Path) -> None:
    data = Dataset.open(path, max_text_characters=100)
    again = pickle.loads(pickle.dumps(data))
    assert again == data
    assert next(again.items(7)).id == "id-7"


def test_reading_from_the_middle_does_not_parse_what_is_before(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("id,text\n" + "".join(f"{n},text {n}\n" for n in range(5000)), encoding="utf-8")
    data = Dataset.open(path, max_text_characters=100)
    # What stands before the last mark is made unreadable: whoever parsed it would fail.
    raw = bytearray(path.read_bytes())
    begin = data.whole.marks[-1].offset
    raw[10:begin] = b"\0" * (begin - 10)
    path.write_bytes(raw)
    assert [item.id for item in data.items(4990, 4992)] == ["4990", "4991"]
    assert len(data.whole.marks) == 5000 // ROWS_BETWEEN_MARKS


def test_a_file_that_changed_since_is_refused(path: Path) -> None:
    data = Dataset.open(path, max_text_characters=100)
    path.write_bytes(path.read_bytes() + path.read_bytes())
    with pytest.raises(DatasetError, match="the file has changed since it was checked"):
        list(data.items())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,text\n", "there are no rows"),
        (
            "id,text\n1,a\n2,b\n3,c\n2,d\n",
            r"the id '2' is there twice: row 2 \(line 3\) and row 4 \(line 5\)",
        ),
        ("id,text\n1,a\n 1 ,b\n", "the id '1' is there twice"),
        ("id,text\n1,a\n ,b\n", r"in row 2 \(line 3\), 'id' is empty"),
        ("id,text\n1,a\n2, \n", r"in row 2 \(line 3\), the text of '2' is empty"),
        ("id,text\n1,a\n2,12345678901\n", r"row 2 \(line 3\), the text of '2' has 11 characters, at most 10"),
    ],
)
def test_a_bad_row_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        Dataset.open(csv_file(tmp_path, text), max_text_characters=10)


def test_the_first_of_several_duplicates_is_named(tmp_path: Path) -> None:
    text = "id,text\n" + "".join(f"{n % 50},x\n" for n in range(200))
    with pytest.raises(DatasetError, match=r"'0' is there twice: row 1 .* and row 51 "):
        Dataset.open(csv_file(tmp_path, text), max_text_characters=10)


def test_a_null_text_in_parquet_is_refused_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"id": [1, 2], "text": ["a", None]}), path)
    with pytest.raises(DatasetError, match="in row 2, the text of '2' is empty"):
        Dataset.open(path, max_text_characters=10)


def test_rows_are_numbered_only_if_asked(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "text;other\na;b\nc;d\n")
    with pytest.raises(DatasetError, match="no column 'id'; there are 'text', 'other'"):
        Dataset.open(path, max_text_characters=10)
    data = Dataset.open(path, id_column=None, max_text_characters=10)
    assert [item.id for item in data.items()] == ["1", "2"]


@pytest.mark.parametrize("kind", ["csv", "quoted", "jsonl", "parquet"])
def test_a_text_of_10_megabytes_is_refused_in_little_memory(tmp_path: Path, kind: str) -> None:
    text = "x" * 10_000_000
    path = tmp_path / f"data.{'csv' if kind == 'quoted' else kind}"
    if kind == "parquet":
        pq.write_table(pa.table({"id": ["small", "big"], "text": ["a", text]}), path)
    elif kind == "jsonl":
        path.write_text(
            f'{{"id": "small", "text": "a"}}\n{{"id": "big", "text": "{text}"}}\n', encoding="utf-8"
        )
    else:
        quote = '"' if kind == "quoted" else ""
        path.write_text(f"id,text\nsmall,a\nbig,{quote}{text}{quote}\n", encoding="utf-8")
    tracemalloc.start()
    try:
        with pytest.raises(DatasetError, match=r"row 2.*'big' has 10000000 characters, at most 100000"):
            Dataset.open(path, max_text_characters=100_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * len(text)


def test_memory_does_not_grow_with_the_texts(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("id,text\n")
        file.writelines(f"item-{n:06d},{'some words ' * 60}\n" for n in range(20_000))
    tracemalloc.start()
    try:
        data = Dataset.open(path, max_text_characters=1000)
        for _ in data.items():
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000 < path.stat().st_size / 6


def test_ids_are_a_sequence() -> None:
    names = ["a", "", "ção", "d"]
    block, ends = b"".join(name.encode() for name in names), array("Q", [1, 1, 6, 7])
    ids = Ids(block, ends)
    assert list(ids) == names
    assert [ids[place] for place in range(-4, 4)] == names + names
    assert ids[1:3] == ("", "ção")
    assert "ção" in ids
    with pytest.raises(IndexError):
        ids[4]

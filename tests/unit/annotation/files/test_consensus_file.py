"""The consensus is written one row per text (S0-15): answers, posteriors, ties and gold, safe to open."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from techne.annotation import consensus_file
from techne.annotation.consensus.method import Consensus, decide
from techne.annotation.consensus_file import write_consensus
from techne.annotation.model import DatasetItem
from techne.annotation.panel import Panel, Problem
from techne.annotation.votes import BINARY, Gold, IntArray, Votes


def shares(votes: Votes) -> Consensus:
    """The votes' own shares as posterior: enough to see what is written."""
    with np.errstate(invalid="ignore"):
        return decide("shares", votes.counts / votes.counts.sum(axis=1, keepdims=True))


def votes(matrix: list[list[int]], workers: list[str], labels: tuple[str, ...]) -> Votes:
    answers: IntArray = np.asarray(matrix, dtype=np.int32)
    return Votes.from_matrix(
        answers, tasks=[f"t{n}" for n in range(len(matrix))], workers=workers, labels=labels
    )


def single(matrix: list[list[int]], workers: list[str], gold: list[int] | None = None) -> Panel:
    given = votes(matrix, workers, ("no", "yes"))
    known = None if gold is None else Gold(np.asarray(gold, dtype=np.int32))
    return Panel("single", ("no", "yes"), (Problem("", given, known),))


def write(folder: Path, panel: Panel, items: list[DatasetItem] | None = None) -> list[dict[str, str]]:
    csv_path, _ = write_consensus(folder, panel, [shares(problem.votes) for problem in panel], items)
    with csv_path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_each_text_has_a_row(tmp_path: Path) -> None:
    panel = single([[0, 0, 1], [0, 1, -1], [-1, -1, -1]], ["a", "b", "c"], gold=[0, -1, 1])
    first, tie, nobody = write(tmp_path, panel)
    assert first == {
        "id": "t0",
        "model:a": "no",
        "model:b": "no",
        "model:c": "yes",
        "consensus": "no",
        "posterior:no": str(2 / 3),
        "posterior:yes": str(1 / 3),
        "margin": str(2 / 3 - 1 / 3),
        "tied": "false",
        "candidates": "",
        "agreement": str(2 / 3),
        "gold": "no",
    }
    names = ("model:c", "consensus", "tied", "candidates", "margin", "gold")
    assert [tie[name] for name in names] == ["", "", "true", "no|yes", "0.0", ""]
    names = ("consensus", "posterior:no", "margin", "tied", "agreement", "gold")
    assert [nobody[name] for name in names] == ["", "", "", "false", "", "yes"]


def test_parquet_has_nulls_and_numbers(tmp_path: Path) -> None:
    write(tmp_path, single([[0], [-1]], ["a"]))
    first, nobody = pq.read_table(tmp_path / "consensus.parquet").to_pylist()
    assert (first["posterior:no"], first["tied"], first["gold"]) == (1.0, False, None)
    assert (nobody["model:a"], nobody["consensus"], nobody["margin"]) == (None, None, None)


def test_models_may_be_called_as_columns_are(tmp_path: Path) -> None:
    workers = ["id", "consensus", "posterior:no", "=cmd"]
    (row,) = write(tmp_path, single([[0, 1, 1, 1]], workers))
    assert (row["id"], row["model:id"], row["consensus"], row["model:consensus"]) == (
        "t0",
        "no",
        "yes",
        "yes",
    )
    assert row["posterior:no"] == "0.25"
    assert row["model:posterior:no"] == "yes"


def test_texts_are_written_where_they_are_given(tmp_path: Path) -> None:
    items = [DatasetItem(index=0, id="t0", text="=HYPERLINK(1)"), DatasetItem(index=1, id="t1", text="-1")]
    rows = write(tmp_path, single([[0], [1]], ["a"]), items)
    assert [row["text"] for row in rows] == ["'=HYPERLINK(1)", "-1"]
    assert pq.read_table(tmp_path / "consensus.parquet")["text"].to_pylist() == ["=HYPERLINK(1)", "-1"]


def test_texts_of_another_dataset_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'x' is not the task 't0'"):
        write(tmp_path, single([[0]], ["a"]), [DatasetItem(index=0, id="x", text="a")])


def test_multi_labels_are_joined(tmp_path: Path) -> None:
    workers = ["a", "b"]
    problems = (
        Problem(
            "x|y", votes([[1, 1], [1, 0], [-1, -1]], workers, BINARY), Gold(np.array([1, 0, -1], np.int32))
        ),
        Problem(
            "z", votes([[1, 1], [0, 0], [-1, -1]], workers, BINARY), Gold(np.array([0, 0, -1], np.int32))
        ),
    )
    both, tie, nobody = write(tmp_path, Panel("multi", ("x|y", "z"), problems))
    assert (both["model:a"], both["consensus"], both["gold"]) == ("x\\|y|z", "x\\|y|z", "x\\|y")
    assert (both["posterior:x|y"], both["posterior:z"], both["tied"]) == ("1.0", "1.0", "false")
    assert (tie["consensus"], tie["tied"], tie["candidates"], tie["margin"]) == ("", "true", "x\\|y", "0.0")
    assert (tie["agreement"], tie["gold"]) == ("0.75", "")
    assert (nobody["consensus"], nobody["margin"], nobody["tied"]) == ("", "", "false")
    rows = pq.read_table(tmp_path / "consensus.parquet")
    assert rows["gold"].to_pylist() == ["x\\|y", "", None]
    assert rows["consensus"].to_pylist() == ["x\\|y|z", None, None]


def test_long_panels_are_written_in_stretches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consensus_file, "_CHUNK_TASKS", 3)
    matrix = [[n % 2, (n // 2) % 3 - 1] for n in range(10)]
    rows = write(tmp_path, single(matrix, ["a", "b"]))
    names = {-1: "", 0: "no", 1: "yes"}
    assert [[row["model:a"], row["model:b"]] for row in rows] == [[names[a], names[b]] for a, b in matrix]


def test_a_crowd_has_no_column_for_each_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consensus_file, "MAX_MODEL_COLUMNS", 1)
    (row,) = write(tmp_path, single([[0, 0]], ["a", "b"]))
    assert not [name for name in row if name.startswith("model:")]
    assert (row["consensus"], row["agreement"]) == ("no", "1.0")

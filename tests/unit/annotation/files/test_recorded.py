"""Existing labels become a panel: duplicates count once, abstentions and failures not at all (S0)."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from techne.annotation.labels import LabelKind, LabelSet
from techne.annotation.recorded import Duplicate, read_recorded
from techne.errors import DatasetError

FOLDER = os.environ.get("TECHNE_EXTERNAL_DATA", "")


def labels_file(folder: Path, text: str, name: str = "labels.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_in_any_order_are_sorted_votes(tmp_path: Path) -> None:
    path = labels_file(tmp_path, "task,worker,label\nt2,w1,x\nt1,w2,y\nt2,w2,x\nt1,w1,x\n")
    recorded = read_recorded(path)
    votes = recorded.panel.problems[0].votes
    assert votes.tasks == ["t2", "t1"]
    assert votes.workers == ("w1", "w2")
    assert votes.matrix.tolist() == [[0, 0], [0, 1]]
    assert [(run.name, run.labelled, run.distribution) for run in recorded.models] == [
        ("w1", 2, {"x": 2, "y": 0}),
        ("w2", 2, {"x": 1, "y": 1}),
    ]


@pytest.mark.parametrize(
    ("found", "order"),
    [(["b", "a"], ("a", "b")), (["10", "9", "-1"], ("-1", "9", "10")), (["2", "x", "10"], ("10", "2", "x"))],
)
def test_labels_found_are_in_order(tmp_path: Path, found: list[str], order: tuple[str, ...]) -> None:
    rows = "".join(f"t{place},w,{label}\n" for place, label in enumerate(found))
    recorded = read_recorded(labels_file(tmp_path, "task,model,label\n" + rows), kind="ordinal")
    assert recorded.label_set.names == order
    assert recorded.label_set.kind == recorded.panel.kind == "ordinal"


def test_a_given_label_set_keeps_its_order(tmp_path: Path) -> None:
    label_set = LabelSet.of_names(("low", "high", "higher"), "ordinal")
    recorded = read_recorded(
        labels_file(tmp_path, "task,worker,label\nt,a,high\nt,b,low\n"), label_set=label_set
    )
    assert recorded.panel.labels == ("low", "high", "higher")
    assert recorded.panel.problems[0].votes.matrix.tolist() == [[1, 0]]


def test_the_first_of_duplicates_counts_and_conflicts_are_named(tmp_path: Path) -> None:
    path = labels_file(tmp_path, "task,worker,label\nt,a,x\nt,b,x\nt,a,x\nt,b,y\nt,a,y\nu,a,y\n")
    recorded = read_recorded(path)
    assert recorded.panel.problems[0].votes.matrix.tolist() == [[0, 0], [1, -1]]
    assert (recorded.duplicates, recorded.conflicting) == (3, 2)
    assert recorded.examples == (
        Duplicate(task="t", worker="b", kept="x", left_out="y", row=4),
        Duplicate(task="t", worker="a", kept="x", left_out="y", row=5),
        Duplicate(task="t", worker="a", kept="x", left_out="x", row=3),
    )
    assert recorded.models[0].labelled == 2


def test_abstentions_and_failures_are_no_votes(tmp_path: Path) -> None:
    path = labels_file(
        tmp_path,
        "item_id,model,status,label,failure\nt,a,labelled,x,\nt,b,abstained,,\nt,c,failed,,throttled\n"
        "u,a,,y,\nu,b,,ABSTAIN,\nu,c,failed,,\nv,a,,,\n",
    )
    recorded = read_recorded(path)
    assert recorded.panel.problems[0].votes.matrix.tolist() == [[0, -1, -1], [1, -1, -1], [-1, -1, -1]]
    first, second, third = recorded.models
    assert (first.labelled, first.abstained, first.failed, first.not_asked) == (2, 1, 0, 0)
    assert (second.labelled, second.abstained, second.not_asked) == (0, 2, 1)
    assert (third.failed, third.failures) == (2, {"throttled": 1, "unknown": 1})


def test_an_answer_takes_the_place_of_a_failure(tmp_path: Path) -> None:
    path = labels_file(
        tmp_path,
        "task,model,status,label\nt,a,failed,\nt,a,labelled,x\nt,a,failed,\nu,a,labelled,y\nu,a,failed,\n",
    )
    recorded = read_recorded(path)
    assert recorded.panel.problems[0].votes.matrix.tolist() == [[0], [1]]
    assert (recorded.duplicates, recorded.models[0].failed) == (0, 0)


def test_multi_labels_are_one_problem_each(tmp_path: Path) -> None:
    path = labels_file(tmp_path, "task,worker,label\nt,a,x|z\nt,b,\nu,a,y\n")
    panel = read_recorded(path, kind="multi").panel
    assert [problem.name for problem in panel] == ["x", "y", "z"]
    assert [problem.votes.matrix.tolist() for problem in panel] == [
        [[1, 0], [0, -1]],
        [[0, 0], [1, -1]],
        [[1, 0], [0, -1]],
    ]


def test_confidence_is_that_of_the_vote_that_counts(tmp_path: Path) -> None:
    path = labels_file(tmp_path, "task,worker,label,confidence\nt,b,x,\nt,a,y,0.25\nt,a,x,1\nu,a,,0.5\n")
    votes = read_recorded(path).panel.problems[0].votes
    assert votes.confidence is not None
    np.testing.assert_array_equal(votes.confidence, [np.nan, 0.25])


def test_gold_comes_in_the_order_of_the_tasks(tmp_path: Path) -> None:
    path = labels_file(tmp_path, "task,worker,label\nt2,a,x\nt1,a,y\n")
    gold = labels_file(tmp_path, "task,label\nt1,x\nt9,y\n", "gold.csv")
    recorded = read_recorded(path, gold)
    assert recorded.panel.problems[0].gold is not None
    assert recorded.panel.problems[0].gold.label_index.tolist() == [-1, 0]
    assert recorded.known is not None
    assert recorded.known.unmatched_examples == ("t9",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("task,worker,label\n", "there are no rows"),
        ("task,worker,label\nt,a,x\n,a,x\n", r"in row 2 \(line 3\), 'task' is empty"),
        ("task,worker,label\nt,a,x\nt, ,x\n", r"in row 2 \(line 3\), 'worker' is empty"),
        ("task,label\nt,x\n", "no column 'worker' or 'model'; there are 'task', 'label'"),
        ("task,worker,label\nt,a,x\n", "only the label 'x' is found.*Give a label set"),
        ("task,worker,label\nt,a,\n", "no label is found"),
        ("task,worker,label\nt,a,x\nt,b,X\n", "differs from another in case only"),
        ("task,worker,label,status\nt,a,x,done\n", "status 'done' is unknown.*labelled, abstained or failed"),
        ("task,worker,label,confidence\nt,a,x,80%\n", r"in row 1 .*the confidence '80%' is no number"),
        ("task,worker,label,confidence\nt,a,x,nan\n", "the confidence 'nan' is no number from 0 to 1"),
        ("task,worker,label\n" + "".join(f"t,w{n},text {n}\n" for n in range(300)), "300 different labels"),
    ],
)
def test_bad_labels_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        read_recorded(labels_file(tmp_path, text))


@pytest.mark.parametrize("kind", ["single", "multi"])
def test_an_unknown_label_is_refused_with_the_nearest(tmp_path: Path, kind: LabelKind) -> None:
    path = labels_file(tmp_path, "task,worker,label\nt,a,biased\nt,b,baised\n")
    label_set = LabelSet.of_names(("biased", "neutral"), kind)
    with pytest.raises(DatasetError, match=r"row 2 \(line 3\), the label 'baised' .*Did you mean 'biased'"):
        read_recorded(path, label_set=label_set)


def test_gold_with_a_label_that_nobody_gave_asks_for_a_label_set(tmp_path: Path) -> None:
    path = labels_file(tmp_path, "task,worker,label\nt,a,0\nt,b,1\n")
    gold = labels_file(tmp_path, "task,label\nt,never\n", "gold.csv")
    with pytest.raises(DatasetError, match=r"gold\.csv: .*'never' is unknown; there are '0', '1'.*label set"):
        read_recorded(path, gold)


@pytest.mark.external
@pytest.mark.skipif(not FOLDER, reason="TECHNE_EXTERNAL_DATA names no folder of real files")
@pytest.mark.parametrize(
    ("name", "tasks", "workers", "votes"),
    [("rte", 800, 164, 8000), ("llmbar_vanilla", 419, 12, 5018), ("babe_llm_8shot", 3021, 10, 27823)],
)
def test_real_files_are_read_whole(name: str, tasks: int, workers: int, votes: int) -> None:
    folder = Path(FOLDER) / "consensus"
    recorded = read_recorded(folder / f"{name}_crowd.csv", folder / f"{name}_gold.csv")
    assert len(recorded.panel.tasks) == tasks
    assert len(recorded.panel.workers) == workers
    assert len(recorded.panel.problems[0].votes) == votes
    assert recorded.known is not None
    assert (recorded.known.items, recorded.known.unmatched, recorded.duplicates) == (tasks, 0, 0)

"""Gold is brought into the order of the tasks, and bad gold is refused before any call is paid (S0)."""

from __future__ import annotations

from pathlib import Path

import pytest

from techne.annotation.gold import read_gold
from techne.annotation.labels import LabelSet
from techne.errors import DatasetError

YES_NO = LabelSet.of_names(("no", "yes"))
MULTI = LabelSet.of_names(("a", "b", "c|d"), "multi")
TASKS = ["t1", "t2", "t3"]


def gold_file(folder: Path, text: str) -> Path:
    path = folder / "gold.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("header", ["task,label", "id,gold", "item_id,labels", "label,gold,id,task"])
def test_columns_have_several_names(tmp_path: Path, header: str) -> None:
    names = header.split(",")
    row = {"task": "t2", "id": "x", "item_id": "t2", "label": "no", "labels": "yes", "gold": "yes"}
    if "task" not in names:
        row["id"] = "t2"
    if "gold" not in names:
        row["label"] = "yes"
    path = gold_file(tmp_path, f"{header}\n{','.join(row[name] for name in names)}\n")
    known = read_gold(path, TASKS, YES_NO)
    assert known.problems[0].label_index.tolist() == [-1, 1, -1]
    assert known.distribution == {"no": 0, "yes": 1}


def test_ids_without_a_task_repeated_and_blank_rows_are_counted(tmp_path: Path) -> None:
    path = gold_file(tmp_path, "task,label\nt3,no\nt1, yes \nt3,no\nt2,\nelse,yes\n")
    known = read_gold(path, TASKS, YES_NO)
    assert known.problems[0].label_index.tolist() == [1, -1, 0]
    assert (known.items, known.unmatched, known.unmatched_examples) == (2, 1, ("else",))
    assert (known.repeated, known.blank) == (1, 1)


def test_ids_and_labels_may_be_neutralised_as_our_own_files_are(tmp_path: Path) -> None:
    label_set = LabelSet.of_names(("@a", "'=b"))
    path = gold_file(tmp_path, "id,label\n'=1,'@a\n@2,@a\n''=3,''=b\n")
    known = read_gold(path, ["=1", "@2", "'=3"], label_set)
    assert known.problems[0].label_index.tolist() == [0, 0, 1]
    assert known.unmatched == 0


def test_multi_gold_is_one_answer_per_label(tmp_path: Path) -> None:
    path = gold_file(tmp_path, "task,label\nt1,a | c\\|d\nt3,\n")
    known = read_gold(path, TASKS, MULTI)
    assert [gold.label_index.tolist() for gold in known.problems] == [[1, -1, 0], [0, -1, 0], [1, -1, 0]]
    assert known.distribution == {"a": 1, "b": 0, "c|d": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("task,label\n", "there are no rows"),
        ("task,label\nt1,\n", "none of its 1 rows has an answer"),
        ("task,label\nt1,Yes\n", r"in row 1 \(line 2\), the label 'Yes' is unknown; .*Did you mean 'yes'"),
        ("task,label\nt1,yes\nt2,no\nt1,no\n", r"'t1' has two answers: 'yes' in row 1 .* and 'no' in row 3"),
        ("task,label\nu1,yes\n", "none of its 1 ids is a task's: it has 'u1', a task is 't1'"),
        ("task,label\n,yes\n", "in row 1 .*the id is empty"),
        ("name,label\nt1,yes\n", "no column 'task' or 'item_id' or 'id'"),
        ("task,answer\nt1,yes\n", "no column 'gold' or 'label' or 'labels'"),
    ],
)
def test_bad_gold_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        read_gold(gold_file(tmp_path, text), TASKS, YES_NO)

"""Answers folded into gold: what was known stays, what is new says so, and nothing unknown gets in."""

from __future__ import annotations

from pathlib import Path

import pytest

from techne.annotation.gold import read_gold
from techne.annotation.labels import LabelKind
from techne.annotation.review import Conflict, GoldAnswer, fold, read_gold_file, write_gold
from techne.errors import DatasetError, LabelSetError
from tests.unit.annotation.review.items import hostile_set, label_set

LABELS = label_set()
KNOWN = {"a": GoldAnswer(("no",)), "b": GoldAnswer(("yes",))}


def test_new_answers_come_after_what_was_known() -> None:
    folded = fold(KNOWN, {"d": ("maybe",), "c": ("yes",)}, LABELS, "abcd")
    assert folded.gold == {
        **KNOWN,
        "d": GoldAnswer(("maybe",), "review"),
        "c": GoldAnswer(("yes",), "review"),
    }
    assert list(folded.gold) == ["a", "b", "d", "c"]
    assert (folded.added, folded.confirmed, folded.conflicts) == (2, 0, ())


def test_an_answer_that_contradicts_gold_is_reported_and_gold_stays() -> None:
    folded = fold(KNOWN, {"a": ("yes",), "b": ("yes",)}, LABELS, "ab")
    assert folded.gold == KNOWN
    assert folded.conflicts == (Conflict("a", ("no",), ("yes",)),)
    assert (folded.added, folded.confirmed) == (0, 1)


def test_folding_leaves_its_input_alone() -> None:
    known = dict(KNOWN)
    fold(known, {"c": ("no",)}, LABELS, "abc")
    assert known == KNOWN


def test_the_order_of_labels_is_no_conflict() -> None:
    labels = label_set("multi")
    folded = fold({"a": GoldAnswer(("no", "yes"))}, {"a": ("yes", "no")}, labels, "a")
    assert (folded.confirmed, folded.conflicts) == (1, ())


def test_answers_about_unknown_items_are_refused() -> None:
    with pytest.raises(DatasetError, match="an answer about 'z', which is no item"):
        fold(KNOWN, {"z": ("no",)}, LABELS, "ab")


@pytest.mark.parametrize(
    ("answer", "problem"), [(("perhaps",), "unknown"), ((), "0 labels"), (("no", "yes"), "2")]
)
def test_answers_that_are_none_are_refused(answer: tuple[str, ...], problem: str) -> None:
    with pytest.raises(LabelSetError, match=problem):
        fold({}, {"a": answer}, LABELS, "a")


@pytest.mark.parametrize("kind", ["single", "multi"])
@pytest.mark.parametrize("form", [0, 1])
def test_gold_is_read_back_as_it_was_written(tmp_path: Path, kind: LabelKind, form: int) -> None:
    labels = hostile_set(kind)
    gold = {
        f"{prefix}{place}": GoldAnswer((name,), "review" if place % 2 else "gold")
        for prefix in ("", "=", "-", "@x\n", '"')
        for place, name in enumerate(labels.names)
    }
    if kind == "multi":
        gold |= {"none": GoldAnswer(()), "all": GoldAnswer(labels.names)}
    path = write_gold(tmp_path, gold, labels)[form]
    if form == 0:
        assert "\n=" not in path.read_text()
    assert read_gold_file(path, labels) == gold


def test_the_experiment_reads_the_new_gold(tmp_path: Path) -> None:
    folded = fold(KNOWN, {"c": ("maybe",)}, LABELS, "abc")
    for path in write_gold(tmp_path, folded.gold, LABELS):
        known = read_gold(path, ["a", "b", "c", "d"], LABELS)
        assert known.problems[0].label_index.tolist() == [0, 2, 1, -1]


def test_other_gold_is_read_with_its_own_columns(tmp_path: Path) -> None:
    path = tmp_path / "gold.csv"
    path.write_text("task,gold\na,no\nb,\nc,'=x\n")
    assert read_gold_file(path, label_set(names=("no", "'=x"))) == {
        "a": GoldAnswer(("no",)),
        "c": GoldAnswer(("'=x",)),
    }


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("id,label\na,perhaps\n", "in row 1 .*'perhaps' is unknown"),
        ("id,label\n,no\n", "in row 1 .*the id is empty"),
        ("id,label\na,no\na,yes\n", "'a' has two answers, the second in row 2"),
        ("id,text\na,no\n", "no column 'gold' or 'label'"),
        ("", "empty"),
    ],
)
def test_what_is_wrong_with_gold_is_told_with_its_row(tmp_path: Path, rows: str, message: str) -> None:
    path = tmp_path / "gold.csv"
    path.write_text(rows)
    with pytest.raises(DatasetError, match=f"^s3://b/gold.csv: .*{message}"):
        read_gold_file(path, LABELS, source="s3://b/gold.csv")

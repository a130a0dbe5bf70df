"""Annotations are written as CSV and Parquet (S0-15), safe to open, and read back as they were."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from techne.annotation.annotation_file import ANNOTATION_COLUMNS, AnnotationWriter
from techne.annotation.labels import LabelKind, LabelSet
from techne.annotation.model import Annotation
from techne.annotation.recorded import read_recorded
from techne.annotation.tables import writing

NAME = st.text(st.sampled_from("'=+-@|\\,;\"a1é\n"), min_size=1, max_size=5) | st.text(
    st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=10
)
NAMES = st.lists(NAME.map(str.strip).filter(bool), min_size=2, max_size=5, unique_by=str.casefold)


def write(folder: Path, label_set: LabelSet, *annotations: Annotation) -> AnnotationWriter:
    with AnnotationWriter(folder, label_set) as writer:
        for annotation in annotations:
            writer.write(annotation)
    return writer


def cells(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


YES_NO = LabelSet.of_names(("no", "yes"))
HOSTILE = Annotation(
    index=0,
    item_id="=1+1",
    model="m",
    status="labelled",
    labels=("yes",),
    confidence=0.1,
    rationale='@SUM(A1),\r\n"two" <b>lines</b> \ud800 \0',
    cost_usd=Decimal("0.0000015"),
    latency_seconds=1.5,
    cached=True,
)
FAILED = Annotation(
    index=1, item_id="2", model="m", status="failed", failure="throttled", message="-", cost_usd=None
)


def test_formulas_are_neutralised_in_csv_and_numbers_are_not(tmp_path: Path) -> None:
    write(tmp_path, YES_NO, HOSTILE)
    (row,) = cells(tmp_path / "annotations.csv")
    assert list(row) == [column.name for column in ANNOTATION_COLUMNS]
    assert row["item_id"] == "'=1+1"
    assert row["rationale"] == '\'@SUM(A1),\r\n"two" <b>lines</b> \ufffd \ufffd'
    assert (row["labels"], row["confidence"], row["cost_usd"], row["cached"]) == (
        "yes",
        "0.1",
        "1.5e-06",
        "true",
    )


def test_parquet_has_types_and_the_text_as_it_is(tmp_path: Path) -> None:
    write(tmp_path, YES_NO, HOSTILE, FAILED)
    table = pq.read_table(tmp_path / "annotations.parquet")
    first, second = table.to_pylist()
    assert (first["item_id"], first["confidence"], first["cached"]) == ("=1+1", 0.1, True)
    assert (second["confidence"], second["cost_usd"], second["labels"]) == (None, None, "")
    assert [str(field.type) for field in table.schema][:6] == ["int64", *["string"] * 4, "double"]


def test_failures_have_a_file_of_their_own(tmp_path: Path) -> None:
    writer = write(tmp_path, YES_NO, HOSTILE, FAILED)
    (row,) = cells(tmp_path / "failures.csv")
    assert (row["item_id"], row["failure"], row["message"], row["cost_usd"]) == ("2", "throttled", "'-", "")
    assert (writer.annotations_written, writer.failures_written) == (2, 1)
    assert all(path.exists() for path in writer.paths)


def test_files_without_rows_have_a_header(tmp_path: Path) -> None:
    for path in write(tmp_path / "new", YES_NO).paths:
        assert path.stat().st_size > 0
    assert pq.read_table(tmp_path / "new" / "annotations.parquet").num_rows == 0


def test_parquet_is_written_in_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_ROW_GROUP_ROWS", 3)
    write(tmp_path, YES_NO, *[HOSTILE] * 7)
    metadata = pq.read_metadata(tmp_path / "annotations.parquet")
    assert [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)] == [3, 3, 1]


def test_long_texts_make_smaller_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_ROW_GROUP_CHARACTERS", 1000)
    long = HOSTILE.model_copy(update={"rationale": "x" * 600})
    write(tmp_path, YES_NO, *[long] * 5)
    assert pq.read_metadata(tmp_path / "annotations.parquet").num_row_groups == 3


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids=NAMES, models=NAMES, names=NAMES, kind=st.sampled_from(["single", "multi"]), data=st.data())
@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_what_was_written_is_read_back(
    tmp_path: Path,
    format_: str,
    ids: list[str],
    models: list[str],
    names: list[str],
    kind: LabelKind,
    data: st.DataObject,
) -> None:
    label_set = LabelSet.of_names(names, kind)
    some = (
        st.lists(st.sampled_from(names), unique=True)
        if kind == "multi"
        else st.sampled_from(names).map(lambda n: [n])
    )
    given_labels = {(item_id, model): sorted(data.draw(some)) for item_id in ids for model in models}
    annotations = [
        Annotation(index=ids.index(i), item_id=i, model=m, status="labelled", labels=tuple(labels))
        for (i, m), labels in given_labels.items()
    ]
    write(tmp_path, label_set, *annotations)
    recorded = read_recorded(tmp_path / f"annotations.{format_}", label_set=label_set)
    panel = recorded.panel
    assert (list(panel.tasks), list(panel.workers)) == (ids, models)
    for (item_id, model), labels in given_labels.items():
        at = ids.index(item_id), models.index(model)
        if kind == "multi":
            assert sorted(p.name for p in panel if p.votes.matrix[at] == 1) == labels
        else:
            assert [names[panel.problems[0].votes.matrix[at]]] == labels


def test_a_file_of_others_is_not_restored(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("task,worker,label\n'=1,w,x\n'-,w,y\n", encoding="utf-8")
    assert list(read_recorded(path).panel.tasks) == ["'=1", "'-"]


def test_failures_and_abstentions_come_back_as_such(tmp_path: Path) -> None:
    abstained = FAILED.model_copy(update={"model": "n", "status": "abstained", "failure": ""})
    write(tmp_path, YES_NO, HOSTILE, FAILED, abstained)
    m, n = read_recorded(tmp_path / "annotations.csv", label_set=YES_NO).models
    assert (m.labelled, m.failures, n.abstained, n.not_asked) == (1, {"throttled": 1}, 1, 1)

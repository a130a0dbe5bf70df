"""The queue's files: all of one queue, each of its own kind, and the same ones for the same queue."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from techne.annotation.labels import LabelKind, LabelSet
from techne.annotation.review import REVIEW_FILES, read_queue, write_review_files
from techne.errors import LabelSetError
from tests.unit.annotation.review.items import HOSTILE_TEXT, decided, hostile_set, tied, unvoted


@pytest.mark.parametrize("kind", ["single", "multi", "ordinal"])
def test_every_file_holds_the_same_items_in_the_same_order(tmp_path: Path, kind: LabelKind) -> None:
    labels = hostile_set(kind)
    items = (tied("b", labels, HOSTILE_TEXT), decided("a", labels, HOSTILE_TEXT), unvoted("c"))
    paths = write_review_files(tmp_path / "new", items, labels, "one-coin")
    assert tuple(path.name for path in paths) == REVIEW_FILES
    queue, tasks, config, records, settings = (path.read_bytes() for path in paths)
    assert read_queue(queue, labels, "q") == items
    assert [task["data"]["item_id"] for task in json.loads(tasks)] == ["b", "a", "c"]
    assert [record["id"] for record in json.loads(records)] == ["b", "a", "c"]
    assert json.loads(records)[1]["suggestions"]["label"]["agent"] == "one-coin"
    assert ElementTree.fromstring(config).tag == "View"
    assert json.loads(settings)["questions"][0]["name"] == "label"


def test_an_empty_queue_makes_files_too(tmp_path: Path) -> None:
    queue, tasks, _, records, _ = write_review_files(tmp_path, (), hostile_set())
    assert (queue.read_text(), json.loads(tasks.read_text()), json.loads(records.read_text())) == ("", [], [])


def test_nothing_is_written_for_labels_that_a_tool_can_not_tell_apart(tmp_path: Path) -> None:
    with pytest.raises(LabelSetError):
        write_review_files(tmp_path / "new", (), LabelSet.of_names(["a\x01", "a\x02"]))
    assert not (tmp_path / "new").exists()

"""Files of answers: every tool's is known by what it begins with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from techne.annotation.review import CollectedAnswers, read_answers
from techne.errors import DatasetError
from tests.unit.annotation.review.items import label_set

LABELS = label_set()
LABEL_STUDIO = [
    {
        "data": {"item_id": "a"},
        "annotations": [
            {
                "was_cancelled": False,
                "result": [{"from_name": "label", "value": {"choices": ["yes"]}, "type": "choices"}],
            }
        ],
    }
]
LABEL_STUDIO_MIN = [{"item_id": "a", "label": "yes", "annotation_id": 1}]
ARGILLA = [{"id": "a", "responses": {"label": [{"value": "yes", "user_id": "u"}]}, "status": "completed"}]
ARGILLA_FLAT = [{"id": "a", "label.responses": ["yes"], "label.responses.status": ["submitted"]}]


@pytest.mark.parametrize("export", [LABEL_STUDIO, LABEL_STUDIO_MIN, ARGILLA, ARGILLA_FLAT])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_exports_are_known_by_their_content(tmp_path: Path, export: object, mark: bytes) -> None:
    path = tmp_path / "answers.json"
    path.write_bytes(mark + json.dumps(export, indent=2).encode())
    assert read_answers(path, LABELS) == CollectedAnswers({"a": ("yes",)})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("answers.csv", "id,label\na,yes\n"),
        ("answers.csv", "item_id;gold\na;yes\nb;\n"),
        ("answers.jsonl", '{"id": "a", "label": "yes"}\n'),
    ],
)
def test_a_table_will_do(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    assert read_answers(path, LABELS) == CollectedAnswers({"a": ("yes",)})


@pytest.mark.parametrize("content", [b"[1, 2]", b"[", b"[{]", b"", b"[\xff", b"PK\x03\x04...."])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "answers.json"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"^s3://b/answers\.json"):
        read_answers(path, LABELS, source="s3://b/answers.json")


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(DatasetError, match=r"^nothing\.json: it can't be opened"):
        read_answers(Path("nothing.json"), LABELS)

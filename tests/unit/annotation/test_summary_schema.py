"""The published schema of summary.json is that of the model which is written (S0-15).

After a change of the model: `python -m tests.unit.annotation.test_summary_schema` writes it anew.
"""

from __future__ import annotations

import json
from pathlib import Path

from techne.annotation.summary import Summary

SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "schemas" / "annotation-summary.schema.json"


def current() -> str:
    return json.dumps(Summary.model_json_schema(), indent=1, ensure_ascii=False) + "\n"


def test_the_schema_in_the_docs_is_current() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == current()


if __name__ == "__main__":
    SCHEMA.write_text(current(), encoding="utf-8")

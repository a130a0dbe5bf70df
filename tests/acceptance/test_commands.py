"""The commands of the README, as a person types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from techne.documents.request import DocgenRequest, DocgenResult, VideoMetadata
from tests.acceptance.runs import COMMAND_SECONDS, ROOT, Place

pytestmark = pytest.mark.acceptance

FILES = ["document.docx", "document.md", "evidence.json", "manifest.json"]


def test_help_explains_every_field() -> None:
    done = subprocess.run(
        [sys.executable, "flows/docgen.py", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
        env=dict(os.environ) | {"COLUMNS": "200"},
    )
    assert done.returncode == 0
    told = " ".join(done.stdout.split())
    for fields in (DocgenRequest.model_fields, VideoMetadata.model_fields):
        for name, described in fields.items():
            assert name.replace("_", "-") in told
            assert " ".join(str(described.description).split()) in told
    assert "Exit codes" in told


def test_an_event_gives_the_envelope_and_nothing_else_on_standard_output(place: Place) -> None:
    """S1-28, S1-30."""
    event = {
        **place.event("550e8400-e29b-41d4-a716-446655440000"),
        "video_s3_uri": "s3://input-bucket/video.mp4",
        "video_metadata": {"duration": 10800, "size_bytes": 2147483648},
        "engine": "extractive",
    }
    done = place.run(json.dumps(event))
    assert done.code == 0, done.stderr
    envelope = json.loads(done.stdout)
    assert set(envelope) == {"statusCode", "body"}
    assert envelope["statusCode"] == 200
    result = DocgenResult.model_validate(envelope["body"])
    folder = place.output / result.execution_id
    assert result.markdown_s3_uri == (folder / "document.md").as_uri()
    assert result.docx_s3_uri == (folder / "document.docx").as_uri()
    assert result.stages_completed == 6
    assert sorted(path.name for path in folder.iterdir()) == FILES


def test_make_demo_writes_a_document_with_a_prefect_of_its_own(place: Place) -> None:
    """No account, no server, no flag; and nothing of Prefect's that a person would have to ask about."""
    here = place.folder / "techne"
    here.mkdir()
    for name in ("Makefile", "flows", "requirements.lock", "pyproject.toml"):
        (here / name).symlink_to(ROOT / name)
    no_account = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    venv = Path(sys.prefix)
    demo = subprocess.run(
        ["make", "--no-print-directory", f"--old-file={venv / '.runtime'}", f"VENV={venv}", "demo"],
        cwd=here,
        env=place.environment(no_account, own_server=True),
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    assert demo.returncode == 0, demo.stderr
    assert demo.stdout == ""
    assert sorted(path.name for path in (here / "output" / "sample").iterdir()) == FILES
    assert "output/sample/document.docx" in demo.stderr.replace("\n", "")
    for noise in ("Traceback", "WARNING", "ERROR", "EventsWorker", "Task run", "http://127.0.0.1"):
        assert noise not in demo.stderr, demo.stderr

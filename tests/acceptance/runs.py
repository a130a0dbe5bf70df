"""Runs of the real command, in a process of its own or in this one, and what they leave behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL

from techne.settings import get_settings
from tests.loopback import RecordedRequest

ROOT = Path(__file__).resolve().parents[2]
ENGLISH = ROOT / "samples" / "training-data-platform.en-US.json"
PORTUGUESE = ROOT / "samples" / "treinamento-pagamentos.pt-BR.json"
COMMAND_SECONDS = 240
"""Patience with a command; nothing is decided by it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a deployment keeps what it keeps."""

    folder: Path

    @property
    def output(self) -> Path:
        return self.folder / "out"

    @property
    def prefect_home(self) -> Path:
        return self.folder / "prefect"

    @property
    def techne_home(self) -> Path:
        return self.folder / "techne-home"

    def environment(
        self, more: Mapping[str, str] | None = None, *, own_server: bool = False
    ) -> dict[str, str]:
        """What a command needs to work here, with the session's Prefect server or one that it starts."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        environment |= {
            "PREFECT_HOME": str(self.prefect_home),
            "TECHNE_HOME": str(self.techne_home),
            **(more or {}),
        }
        if not own_server:
            environment["PREFECT_API_URL"] = str(PREFECT_API_URL.value())
        return environment

    def start(self, *arguments: str, more: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start `python flows/docgen.py` with more in its environment."""
        return subprocess.Popen(
            [sys.executable, "flows/docgen.py", *arguments],
            cwd=ROOT,
            env=self.environment(more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, more: Mapping[str, str] | None = None) -> Finished:
        """Run `python flows/docgen.py` to its end."""
        process = self.start(*arguments, more=more)
        stdout, stderr = process.communicate(timeout=COMMAND_SECONDS)
        return Finished(process.returncode, stdout, stderr)

    def event(self, execution_id: str, transcript: Path = ENGLISH, **fields: Any) -> dict[str, Any]:
        """The event of S1-28 with local URIs."""
        return {
            "execution_id": execution_id,
            "transcription_s3_uri": transcript.as_uri(),
            "output": str(self.output),
            **fields,
        }

    def document(self, execution_id: str, name: str = "document.md") -> bytes:
        """A published file."""
        return (self.output / execution_id / name).read_bytes()


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that is over."""

    code: int
    stdout: str
    stderr: str

    @property
    def body(self) -> dict[str, Any]:
        """The body of the envelope, which is all that stands on standard output."""
        body: dict[str, Any] = json.loads(self.stdout)["body"]
        return body


def configure(monkeypatch: pytest.MonkeyPatch, **environment: str) -> None:
    """Set environment variables of this process."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()


def content(request: RecordedRequest) -> str:
    """What decides the answer to a request."""
    return json.dumps(request.body, sort_keys=True)


def stage(request: RecordedRequest) -> str:
    """Which stage asks."""
    question = next((text for role, text in request.messages if role == "user"), "")
    marks = {"<recording>": "extract", "<errors>": "map", "<section>": "write", "<items>": "outline"}
    return next((name for mark, name in marks.items() if mark in question), "check")


def of_stages(requests: Iterable[RecordedRequest]) -> list[RecordedRequest]:
    """The requests without those that only look whether the provider is there."""
    return [request for request in requests if stage(request) != "check"]

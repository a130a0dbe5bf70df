"""A good annotation request of which one thing at a time is spoilt, and how the command refuses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from flows.annotation import annotation
from flows.annotation_command import main
from techne.settings import get_settings
from tests.acceptance.annotation_runs import Inputs
from tests.acceptance.runs import Place
from tests.loopback.openai import OpenAIServer

EXPERIMENT = "bad"
PANEL = "openai,embedded/lexicon"
"""One that costs money, and that nobody may ask here."""


@dataclass(frozen=True, slots=True)
class Refused:
    """How a command ended that could not do what it was asked."""

    code: int
    stdout: str
    stderr: str

    @property
    def message(self) -> str:
        (line,) = [line for line in self.stderr.splitlines() if line.startswith("annotation: ")]
        return line.removeprefix("annotation: ")


@dataclass(frozen=True, slots=True)
class Bench:
    """A good request, of which one thing at a time is spoilt.

    Args:
        place: Where the deployment keeps what it keeps.
        inputs: Good files.
        server: A provider, who must not be asked.
        capture: What the command prints.
    """

    place: Place
    inputs: Inputs
    server: OpenAIServer
    capture: pytest.CaptureFixture[str]

    def file(self, name: str, content: str | bytes) -> str:
        path = self.place.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def flags(self, **changes: str | None) -> list[str]:
        fields: dict[str, Any] = self.inputs.event(self.place, EXPERIMENT, models=PANEL) | changes
        return [
            part
            for name, value in fields.items()
            if value is not None
            for part in (f"--{name.replace('_', '-')}", value)
        ]

    def run(self, arguments: list[str]) -> Refused:
        get_settings.cache_clear()
        code = main(arguments, annotation)
        captured = self.capture.readouterr()
        return Refused(code, captured.out, captured.err)

    def refuses(self, changes: Mapping[str, str | None], *says: str, code: int = 2) -> None:
        """The request with these changes is refused in a sentence with these parts, and leaves nothing."""
        refused = self.run(self.flags(**changes))
        assert_one_sentence(refused, code=code, says=says)
        assert refused.stdout == ""
        self.assert_nothing_happened()

    def assert_nothing_happened(self) -> None:
        """Nobody was asked, and nothing was published."""
        assert self.server.requests == []
        assert not self.place.output.exists() or not [
            path for path in self.place.output.rglob("*") if path.is_file()
        ]


def assert_one_sentence(refused: Refused, *, code: int, says: tuple[str, ...]) -> None:
    assert refused.code == code, refused.stderr
    for part in says:
        assert part in refused.message
    assert "Traceback" not in refused.stdout + refused.stderr
    assert "Unexpected" not in refused.message
    assert len(refused.message) < 1000
    told = [line for line in refused.stderr.splitlines() if line.strip() and not _is_progress(line)]
    assert told == [f"annotation: {refused.message}"]


def _is_progress(line: str) -> bool:
    return line.startswith("[") or line == "Starting Prefect" or " - INFO - " in line

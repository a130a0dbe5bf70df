"""What acceptance tests of annotation share: texts that say their labels, the command, and what it left."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from techne.annotation.summary import Summary
from techne.settings import Settings
from techne.tracking import ExecutionRecord, open_tracking
from tests.acceptance.runs import COMMAND_SECONDS, ROOT, Finished, Place

LABELS = ("billing", "login", "delivery")
GOLD_ONE_IN = 10
"""So many texts for each whose answer is known."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files of an experiment: texts whose label stands in them, in turn, and some of them as gold."""

    dataset: Path
    labels: Path
    gold: Path

    @classmethod
    def written(cls, folder: Path, texts: int) -> Inputs:
        """Write so many texts."""
        folder.mkdir(parents=True, exist_ok=True)
        inputs = cls(folder / "texts.csv", folder / "labels.json", folder / "gold.csv")
        truth = [LABELS[number % len(LABELS)] for number in range(texts)]
        rows = [(f"t{number}", f"Ticket {number}: #{label}") for number, label in enumerate(truth)]
        _write(inputs.dataset, ("id", "text"), rows)
        known = [(f"t{number}", label) for number, label in enumerate(truth) if number % GOLD_ONE_IN == 0]
        _write(inputs.gold, ("id", "label"), known)
        inputs.labels.write_text(json.dumps({"labels": [{"name": name} for name in LABELS]}))
        return inputs

    def event(self, place: Place, experiment_id: str, **fields: Any) -> dict[str, Any]:
        """The request as an event."""
        return {
            "experiment_id": experiment_id,
            "dataset": str(self.dataset),
            "labels": str(self.labels),
            "gold": str(self.gold),
            "output": str(place.output),
            **fields,
        }

    def flags(self, place: Place, experiment_id: str, models: Sequence[str]) -> list[str]:
        """The request as a command line."""
        event = self.event(place, experiment_id, models=",".join(models))
        return [part for name, value in event.items() for part in (f"--{name.replace('_', '-')}", value)]


@dataclass(frozen=True, slots=True)
class Published:
    """What an experiment has published.

    Args:
        folder: Where.
    """

    folder: Path

    @property
    def manifest(self) -> dict[str, Any]:
        """The last of its files."""
        manifest: dict[str, Any] = json.loads(self.read("manifest.json"))
        return manifest

    @property
    def listed(self) -> tuple[str, ...]:
        """Files of the manifest, each of which is as the manifest says."""
        for file in self.manifest["files"]:
            assert hashlib.sha256(self.read(file["name"])).hexdigest() == file["sha256"], file["name"]
        return tuple(file["name"] for file in self.manifest["files"])

    @property
    def summary(self) -> Summary:
        """Its figures."""
        return Summary.model_validate_json(self.read("summary.json"))

    @property
    def annotations(self) -> list[dict[str, str]]:
        """Every answer and failure."""
        return self._rows("annotations.csv")

    @property
    def failures(self) -> list[dict[str, str]]:
        """The failed ones."""
        return self._rows("failures.csv")

    def read(self, name: str) -> bytes:
        """A file."""
        return (self.folder / name).read_bytes()

    def _rows(self, name: str) -> list[dict[str, str]]:
        with (self.folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def published(place: Place, experiment_id: str) -> Published:
    """What stands in the output folder."""
    return Published(place.output / experiment_id)


def start(place: Place, *arguments: str, more: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start `python flows/annotation.py` with more in its environment."""
    return start_python(place, "flows/annotation.py", *arguments, more=more)


def start_python(place: Place, *arguments: str, more: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start Python as `start` does."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=place.environment(more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> Finished:
    """Wait for a command."""
    stdout, stderr = process.communicate(timeout=COMMAND_SECONDS)
    return Finished(process.returncode, stdout, stderr)


def record_of(place: Place, experiment_id: str) -> ExecutionRecord:
    """What tracking says of it."""
    record = open_tracking(Settings(techne_home=place.techne_home)).get(experiment_id)
    assert record is not None
    return record


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)

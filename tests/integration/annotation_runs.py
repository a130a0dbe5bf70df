"""What the annotation flow's tests share: small datasets, models of known skill, and the files of a run."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from flows.annotation import annotation
from techne.annotation.labels import Label, LabelSet
from techne.annotation.request import AnnotationRequest, AnnotationResult
from techne.annotation.summary import Summary
from techne.llm import Usage
from techne.llm.pricing import cost_usd
from techne.settings import Settings, get_settings
from techne.tracking import ExecutionRecord, open_tracking
from tests.loopback import FaultPlan, RecordedRequest, Reply, Responder
from tests.loopback.openai import OpenAIServer
from tests.support import scripted_annotator

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "annotation"
LABELS = ("billing", "outage", "question")
LABEL_SET = LabelSet(
    question="What is the message about?",
    labels=tuple(
        Label(name=name, keywords=(name,), examples=tuple(f"{n} words that say {name}" for n in range(3)))
        for name in LABELS
    ),
)
SKILLS = {"gpt-4.1-nano": 70, "gpt-4.1-mini": 80, "gpt-4.1": 95}
"""Models with a price, the cheapest first, and how many per cent of the texts each is right about."""
TEXTS = 24
GOLD = 12


def truth(number: int) -> str:
    """The label of a text."""
    return LABELS[number * 7 % 3]


def write_texts(path: Path, count: int = TEXTS) -> Path:
    """A dataset whose texts say their label, as the scripted annotator expects it."""
    rows = [f"t{n},Message number {n} to the team. #{truth(n)}" for n in range(count)]
    path.write_text("\n".join(["id,text", *rows]) + "\n")
    return path


def write_gold(path: Path, count: int = GOLD) -> Path:
    """The known answers of the first texts."""
    path.write_text("\n".join(["id,label", *(f"t{n},{truth(n)}" for n in range(count))]) + "\n")
    return path


def panel(*names: str) -> tuple[dict[str, object], ...]:
    """Models of the loopback server."""
    return tuple({"provider": "openai", "model": name} for name in names or SKILLS)


def event(tmp_path: Path, experiment_id: str | None, **fields: Any) -> dict[str, Any]:
    """A small experiment with two priced models and gold, as the JSON of a request."""
    given = {
        "dataset": str(write_texts(tmp_path / "texts.csv")),
        "label_set": LABEL_SET.model_dump(mode="json"),
        "gold": str(write_gold(tmp_path / "gold.csv")),
        "models": panel("gpt-4.1-nano", "gpt-4.1-mini"),
        "experiment_id": experiment_id,
        "output": str(tmp_path / "out"),
        **fields,
    }
    return {name: value for name, value in given.items() if value is not None}


def skilled(skills: Mapping[str, int]) -> Responder:
    """Models that are right as often as this says."""

    def respond(request: RecordedRequest) -> Reply:
        return scripted_annotator.respond(
            replace(request, model=f"{request.model}-{skills.get(request.model, 100)}")
        )

    return respond


@contextmanager
def serving(
    monkeypatch: pytest.MonkeyPatch,
    responder: Responder | None = None,
    *,
    faults: FaultPlan | None = None,
    **environment: str,
) -> Iterator[OpenAIServer]:
    """The models of `SKILLS` behind a server that this process's settings lead to."""
    with OpenAIServer(responder or skilled(SKILLS), models=tuple(SKILLS), faults=faults) as server:
        parallel = {"LLM_EXECUTOR_OPENAI_MAX_PARALLEL": "8", "LLM_EXECUTOR_BACKOFF_SECONDS": "0"}
        for name, value in {**server.environment(), **parallel, **environment}.items():
            monkeypatch.setenv(name, value)
        get_settings.cache_clear()
        yield server


def paid(server: OpenAIServer, first: int = 0) -> Decimal:
    """What the calls that arrived cost, by the price list; the first ones may be left out."""
    costs = []
    for request in server.requests[first:]:
        sent, received = server.responder(request).counted(request)
        cost = cost_usd("openai", request.model, Usage(input_tokens=sent, output_tokens=received))
        assert cost is not None
        costs.append(cost)
    return sum(costs, Decimal(0))


@dataclass(frozen=True, slots=True)
class Experiment:
    """A run, and what it left in a local folder."""

    result: AnnotationResult

    @property
    def folder(self) -> Path:
        return path_of(self.result.manifest_uri).parent

    @property
    def summary(self) -> Summary:
        return Summary.model_validate_json((self.folder / "summary.json").read_bytes())

    @property
    def names(self) -> set[str]:
        """Published files, by the manifest."""
        manifest = json.loads((self.folder / "manifest.json").read_bytes())
        return {file["name"] for file in manifest["files"]}

    def rows(self, name: str) -> list[dict[str, str]]:
        """Rows of a CSV file as they stand there."""
        with (self.folder / name).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def table(self, name: str) -> list[dict[str, Any]]:
        """Rows of a Parquet file."""
        import pyarrow.parquet

        rows: list[dict[str, Any]] = pyarrow.parquet.read_table(self.folder / name).to_pylist()
        return rows


async def run(event: Mapping[str, Any]) -> Experiment:
    """Run an experiment as a flow."""
    return Experiment(await annotation(AnnotationRequest.model_validate(event)))


def record_of(experiment_id: str) -> ExecutionRecord:
    """What the tracking store says of an experiment."""
    record = open_tracking(get_settings()).get(experiment_id)
    assert record is not None
    return record


def path_of(uri: str) -> Path:
    """A file:// URI as a path."""
    parts = urlsplit(uri)
    assert parts.scheme == "file"
    return Path(unquote(parts.path))


@contextmanager
def own_environment(home: Path) -> Iterator[pytest.MonkeyPatch]:
    """For a run that several tests look at: the clean settings that a test of its own would have."""
    with pytest.MonkeyPatch.context() as patch:
        for name in Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        patch.setenv("TECHNE_HOME", str(home))
        get_settings.cache_clear()
        yield patch
    get_settings.cache_clear()

"""Calls go wrong in every way there is: each text is answered or listed with the reason, for each model."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from flows.annotation import lambda_handler
from techne.llm import ExecutorUsage, close_shared_executors, shared_executor
from techne.llm.structured import MAX_ASKED_AGAIN
from techne.settings import get_settings
from techne.tracking import ExecutionStatus
from tests.acceptance.annotation_runs import LABELS, Inputs, Published, published, record_of
from tests.acceptance.runs import Place, configure
from tests.loopback import Fault, FaultKind, FaultPlan, RecordedRequest, Reply, Responder
from tests.loopback.bedrock import BedrockServer
from tests.loopback.faults import PASSING_KINDS
from tests.loopback.ollama import OllamaServer
from tests.loopback.openai import OpenAIServer
from tests.loopback.server import LoopbackServer
from tests.support import scripted_annotator

pytestmark = [pytest.mark.acceptance, pytest.mark.usefixtures("prefect_server")]

TEXTS = 100
MODELS = {"openai": "judge-90", "bedrock": "anthropic.claude-sonnet-4-5-judge-80", "ollama": "judge-70"}
PROVIDERS = tuple(MODELS)
BOOKED_AS: dict[FaultKind, str] = {
    "throttle": "throttled",
    "internal_error": "unavailable",
    "unavailable": "unavailable",
    "timeout": "timeout",
    "reset": "unavailable",
    "broken_json": "malformed",
    "truncated_body": "malformed",
}
"""What the books call a fault. An answer cut at the token limit is no failed call."""
EVERY_KIND: list[Fault | FaultKind | None] = [
    step for kind in PASSING_KINDS for step in (None, None, kind, None, None)
]
"""One call in five, so that each kind comes once; later ones fall as the seed has it."""
CHECKS = {"openai": 0, "bedrock": 1, "ollama": 0}
"""Calls by which a run finds out whether the model is there; the others' servers can be asked for free."""
NOTHING = dict.fromkeys(PROVIDERS, 0)
PATIENCE = {
    "LLM_EXECUTOR_BACKOFF_SECONDS": "0.01",
    "LLM_EXECUTOR_BREAKER_SECONDS": "0.05",
    **{f"{name.upper()}_TIMEOUT_SECONDS": "3" for name in PROVIDERS},
    **{f"LLM_EXECUTOR_{name.upper()}_MAX_PARALLEL": "10" for name in PROVIDERS},
}


@dataclass(frozen=True, slots=True)
class Providers:
    """Three providers on the wire, each with one model, that know what they were asked."""

    openai: OpenAIServer
    bedrock: BedrockServer
    ollama: OllamaServer

    def of(self, provider: str) -> LoopbackServer:
        server: LoopbackServer = getattr(self, provider)
        return server

    @property
    def arrived(self) -> dict[str, int]:
        return {name: len(self.of(name).requests) for name in PROVIDERS}

    def asked_since(self, before: Mapping[str, int] = NOTHING) -> dict[str, int]:
        """Questions about texts of the one run since then."""
        return {name: arrived - before[name] - CHECKS[name] for name, arrived in self.arrived.items()}

    def outcomes(self, provider: str) -> Counter[str]:
        return Counter(request.outcome for request in self.of(provider).requests)


@contextmanager
def providers(
    monkeypatch: pytest.MonkeyPatch,
    openai_says: Responder = scripted_annotator.respond,
    *,
    openai: FaultPlan | None = None,
    bedrock: FaultPlan | None = None,
    ollama: FaultPlan | None = None,
) -> Iterator[Providers]:
    """All three, with the faults of each."""
    with ExitStack() as stack:
        respond = scripted_annotator.respond
        servers = Providers(
            stack.enter_context(OpenAIServer(openai_says, models=[MODELS["openai"]], faults=openai)),
            stack.enter_context(BedrockServer(respond, faults=bedrock)),
            stack.enter_context(OllamaServer(respond, models=[MODELS["ollama"]], faults=ollama)),
        )
        configure(monkeypatch, **PATIENCE)
        for name in PROVIDERS:
            configure(monkeypatch, **servers.of(name).environment())
        stack.callback(close_shared_executors)
        yield servers


@dataclass(frozen=True, slots=True)
class Run:
    """An experiment that is over."""

    body: dict[str, Any]
    files: Published
    usage: ExecutorUsage


@dataclass(frozen=True, slots=True)
class Experiment:
    """Three models, one of each provider, and a hundred texts."""

    place: Place
    inputs: Inputs

    def run(self, **fields: Any) -> Run:
        """Run it, or go on with it."""
        models = [{"provider": name, "model": model, "name": name} for name, model in MODELS.items()]
        answer = lambda_handler(self.inputs.event(self.place, "faulty", models=models, **fields))
        assert answer["statusCode"] == 200, json.dumps(answer)
        usage = shared_executor(get_settings()).usage()
        return Run(answer["body"], published(self.place, "faulty"), usage)


@pytest.fixture
def experiment(place: Place) -> Experiment:
    return Experiment(place, Inputs.written(place.folder, TEXTS))


def assert_each_text_once(run: Run, *, not_asked: int = 0) -> None:
    """Every text is there once per model, with a label of the set or with a reason."""
    rows = run.files.annotations
    assert len(rows) == len({(row["item_id"], row["model"]) for row in rows})
    assert len(rows) + not_asked == TEXTS * len(PROVIDERS)
    failed = [row for row in rows if row["status"] == "failed"]
    assert failed == run.files.failures
    assert all(row["failure"] and row["message"] and not row["labels"] for row in failed)
    assert all(row["labels"] in LABELS for row in rows if row["status"] == "labelled")
    assert {row["status"] for row in rows} <= {"labelled", "failed"}
    assert run.body["failed"] == len(failed)


def assert_right_as_ever(run: Run) -> None:
    """Labels are those that the model gives each text, whatever went wrong on the way."""
    for row in run.files.annotations:
        if row["status"] == "labelled":
            number = int(row["index"])
            text = f"Ticket {number}: #{LABELS[number % len(LABELS)]}"
            assert row["labels"] == scripted_annotator.chosen(text, MODELS[row["model"]], list(LABELS)), row


def assert_books_are_right(run: Run, servers: Providers) -> None:
    """What the executor says it has sent is what has arrived."""
    for books in run.usage.models:
        outcomes = servers.outcomes(books.provider)
        failures: Counter[str] = Counter()
        for kind, booked in BOOKED_AS.items():
            failures[booked] += outcomes[kind]
        assert books.attempts == outcomes.total()
        assert books.failures == dict(+failures)
        assert books.answers == outcomes["ok"] + outcomes["max_tokens"]
        assert books.attempts == books.answers + sum(books.failures.values())
    assert run.body["calls_sent"] == sum(servers.arrived.values())


def test_one_call_in_five_fails_and_every_text_is_answered(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, LLM_EXECUTOR_MAX_ATTEMPTS="20", LLM_EXECUTOR_BREAKER_FAILURES="20")
    faults = FaultPlan(EVERY_KIND, probability=0.2, seed=58)
    with providers(monkeypatch, openai=faults, bedrock=faults, ollama=faults) as servers:
        run = experiment.run()
        for name in PROVIDERS:
            outcomes = servers.outcomes(name)
            assert set(outcomes) == {"ok", *PASSING_KINDS}
            assert 0.15 < 1 - outcomes["ok"] / outcomes.total() < 0.3
            assert outcomes["max_tokens"] <= MAX_ASKED_AGAIN  # more often, one text could meet it each time
        assert_each_text_once(run)
        assert_right_as_ever(run)
        assert_books_are_right(run, servers)
    assert run.body["complete"]
    assert run.files.failures == []
    assert {(model.labelled, model.failed) for model in run.files.summary.models} == {(TEXTS, 0)}
    assert record_of(experiment.place, "faulty").status is ExecutionStatus.COMPLETED


def test_what_no_second_try_can_mend_is_listed_and_nothing_else_is_lost(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    every_tenth: list[FaultKind | None] = [*[None] * 9, "too_long"]
    two_in_ten: list[FaultKind | None] = [*[None] * 8, "schema", "too_long"]
    with providers(
        monkeypatch,
        out_of_its_mind_about_every_tenth,
        bedrock=FaultPlan([*[None] * CHECKS["bedrock"], *every_tenth * (TEXTS // 10)]),
        ollama=FaultPlan(two_in_ten * (TEXTS // 10)),
    ) as servers:
        run = experiment.run()
        asked_again = MAX_ASKED_AGAIN * TEXTS // 10
        assert servers.asked_since() == {"openai": TEXTS + asked_again, "bedrock": TEXTS, "ollama": TEXTS}
    assert_each_text_once(run)
    assert_right_as_ever(run)
    assert run.body["complete"]
    assert {model.name: model.failures for model in run.files.summary.models} == {
        "openai": {"invalid_output": TEXTS // 10},
        "bedrock": {"too_large": TEXTS // 10},
        "ollama": {"rejected": TEXTS // 10, "too_large": TEXTS // 10},
    }


def out_of_its_mind_about_every_tenth(request: RecordedRequest) -> Reply:
    """A label that is not in the set, however often one asks."""
    if any("0: #" in text for _, text in request.messages):
        return Reply(json.dumps({"label": "<b>refund</b>", "confidence": 100}))
    return scripted_annotator.respond(request)


def test_a_provider_that_is_down_from_the_middle_on_fails_alone_and_is_asked_again_for_the_rest(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    down = FaultPlan([None] * (CHECKS["bedrock"] + TEXTS // 2), probability=1, kinds=["unavailable"])
    configure(monkeypatch, LLM_EXECUTOR_MAX_ATTEMPTS="2")
    with providers(monkeypatch, bedrock=down) as servers:
        run = experiment.run()
        assert_each_text_once(run)
        assert_right_as_ever(run)
        assert run.body["complete"]
        assert {row["model"] for row in run.files.failures} == {"bedrock"}
        assert {row["failure"] for row in run.files.failures} == {"unavailable"}
        assert len(run.files.failures) == TEXTS // 2
        assert {model.name: model.labelled for model in run.files.summary.models} == {
            "openai": TEXTS,
            "bedrock": TEXTS // 2,
            "ollama": TEXTS,
        }
        assert any(caution.code == "many_failures" for caution in run.files.summary.warnings)
        before = servers.arrived
        servers.bedrock.faults = FaultPlan()
        run = experiment.run(force=True)
        assert servers.asked_since(before) == {"openai": 0, "bedrock": TEXTS // 2, "ollama": 0}
    assert_each_text_once(run)
    assert_right_as_ever(run)
    assert run.body["failed"] == 0
    assert run.body["attempt"] == 2


def test_a_key_that_is_revoked_in_the_middle_ends_that_model_and_the_same_command_goes_on_later(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every further call would meet the same refusal: nobody is a failure who was not asked."""
    revoked = FaultPlan([None] * (TEXTS // 2), probability=1, kinds=["access_denied"])
    with providers(monkeypatch, openai=revoked) as servers:
        run = experiment.run()
        assert not run.body["complete"]
        assert "OPENAI_API_KEY" in run.body["stopped_by"]
        assert_each_text_once(run, not_asked=TEXTS // 2)
        assert run.body["failed"] == 0
        assert {model.name: model.not_asked for model in run.files.summary.models} == {
            "openai": TEXTS // 2,
            "bedrock": 0,
            "ollama": 0,
        }
        assert servers.arrived["openai"] <= TEXTS // 2 + 10
        assert record_of(experiment.place, "faulty").status is ExecutionStatus.FAILED
        before = servers.arrived
        servers.openai.faults = FaultPlan()
        run = experiment.run()
        assert servers.asked_since(before) == {"openai": TEXTS // 2, "bedrock": 0, "ollama": 0}
    assert run.body["complete"]
    assert_each_text_once(run)
    assert_right_as_ever(run)
    assert record_of(experiment.place, "faulty").status is ExecutionStatus.COMPLETED

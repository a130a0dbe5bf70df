"""A model that counts more than estimated: later executions ask less at once, resumed ones the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, temporary_settings

from flows.docgen import lambda_handler
from techne.settings import get_settings
from techne.tracking import open_tracking
from techne.transcripts.tokens import estimate_tokens
from tests.integration.docgen_runs import event
from tests.loopback import FaultPlan, RecordedRequest, Reply
from tests.loopback.bedrock import BedrockServer
from tests.support import scripted_model

pytestmark = pytest.mark.usefixtures("prefect_server")

MODEL = "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0"


@pytest.fixture(autouse=True)
def own_results(tmp_path: Path) -> Iterator[None]:
    """No result of an earlier test answers for a call."""
    with temporary_settings({PREFECT_LOCAL_STORAGE_PATH: tmp_path / "results"}):
        yield


def dense(request: RecordedRequest) -> Reply:
    """The scripted model, with a tokenizer that makes one and a half times the tokens estimated."""
    sent = estimate_tokens(request.system) + sum(estimate_tokens(text) for _, text in request.messages)
    return replace(scripted_model.respond(request), input_tokens=int(1.5 * sent))


def run(
    monkeypatch: pytest.MonkeyPatch, server: BedrockServer, tmp_path: Path, execution_id: str
) -> dict[str, Any]:
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MAX_TOKENS_PER_CHUNK", "700")
    monkeypatch.setenv("BEDROCK_MODEL_ID", MODEL.partition("/")[2])
    get_settings.cache_clear()
    return lambda_handler(event(tmp_path, execution_id, engine="bedrock"))


def ratio_of(execution_id: str) -> object:
    record = open_tracking(get_settings()).get(execution_id)
    assert record is not None
    return record.metadata[f"token_ratio {MODEL}"]


def test_what_a_provider_counts_shapes_later_executions_and_no_resumed_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    a_few_answers = FaultPlan([None] * 4, probability=1.0, kinds=["access_denied"])
    with BedrockServer(dense, faults=a_few_answers) as server:
        assert run(monkeypatch, server, tmp_path, "halted")["statusCode"] == 500
        server.faults = FaultPlan()
        before = run(monkeypatch, server, tmp_path, "before")["body"]
        later = run(monkeypatch, server, tmp_path, "later")["body"]
        asked = [request.prompt for request in server.requests]
        resumed = run(monkeypatch, server, tmp_path, "halted")["body"]
        asked_by_resumed = [request.prompt for request in server.requests[len(asked) :]]
    assert [ratio_of(name) for name in ("halted", "before", "later")] == [1.0, 1.0, 1.5]
    assert later["chunks_processed"] > before["chunks_processed"]
    assert resumed["attempt"] == 2
    assert resumed["chunks_processed"] == before["chunks_processed"]
    assert set(asked_by_resumed) <= set(asked)
    assert resumed["calls_sent"] == 1  # whether the provider is there; all else was answered already

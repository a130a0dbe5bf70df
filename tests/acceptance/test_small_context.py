"""A small model on a small machine: many small chunks, and still a whole document."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest

from flows.docgen import lambda_handler
from techne.llm.tokens import estimate_tokens
from techne.transcripts.synthetic import synthetic_recording
from tests.acceptance.runs import PORTUGUESE, Place, configure, stage
from tests.integration.docgen_runs import runs_named, task_runs_of
from tests.loopback.ollama import OllamaServer
from tests.support import scripted_model

pytestmark = pytest.mark.acceptance

WINDOW = 2048
MOST_TAGGED_TASKS = 40


def run_on_ollama(
    place: Place, monkeypatch: pytest.MonkeyPatch, execution_id: str, transcript: Path
) -> OllamaServer:
    """A whole run in a window of 2048 tokens; the server that was asked."""
    with OllamaServer(scripted_model.respond) as server:
        configure(monkeypatch, **server.environment(), OLLAMA_NUM_CTX=str(WINDOW))
        answer = lambda_handler(place.event(execution_id, transcript, engine="ollama"))
    assert answer["statusCode"] == 200, json.dumps(answer)
    asked = Counter(stage(request) for request in server.requests)
    assert asked["extract"] >= answer["body"]["chunks_processed"] > 5
    for request in server.requests:
        texts = [request.system, *(text for _, text in request.messages)]
        assert request.body["options"]["num_ctx"] == WINDOW
        assert sum(map(estimate_tokens, texts)) + int(request.max_tokens or 0) <= WINDOW
    assert answer["body"]["grounding"]["unused_items"] == 0
    manifest = json.loads(place.document(execution_id, "manifest.json"))
    assert manifest["details"]["content"]["sections_truncated"] == []
    return server


def tagged_tasks(execution_id: str) -> int:
    async def count() -> int:
        (run,) = await runs_named(f"docgen-{execution_id}")
        return sum("provider:ollama" in task.tags for task in await task_runs_of(run))

    return asyncio.run(count())


def test_a_recording_in_a_window_of_2048_tokens(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    run_on_ollama(place, monkeypatch, "small-window", PORTUGUESE)
    assert 4 <= tagged_tasks("small-window") <= MOST_TAGGED_TASKS


def test_more_chunks_than_the_queue_holds(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hours make more than a hundred chunks, in few tasks, through a queue of a hundred."""
    path = place.folder / "hours.json"
    path.write_text(json.dumps(synthetic_recording(2.0, seed=3, language="en-US", speakers=3)))
    server = run_on_ollama(place, monkeypatch, "many-chunks", path)
    assert sum(stage(request) == "extract" for request in server.requests) > 100
    assert tagged_tasks("many-chunks") <= MOST_TAGGED_TASKS

"""Cache keys of paid tasks: the same content, engine and task, and nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tasks.caching import content_key
from tasks.engines import EngineSpec
from techne.transcripts.model import Chunk, Turn

PAID = EngineSpec(name="bedrock", fingerprint="llm/bedrock/model/1")


def key(engine: EngineSpec = PAID, *, task: str = "extract", text: str = "Restart nginx.") -> str | None:
    turn = Turn(id="t0001", start_seconds=0, end_seconds=1, text=text)
    chunk = Chunk(index=0, total=1, context=(), turns=(turn,), tokens=3)
    context: Any = SimpleNamespace(task=SimpleNamespace(name=task))
    return content_key(context, {"engine": engine, "chunks": [chunk], "language": "en-US", "first": 0})


def test_the_same_work_has_the_same_key() -> None:
    assert key() == key()
    assert key() is not None


def test_content_task_and_engine_make_the_key() -> None:
    other_prompts = PAID.model_copy(update={"fingerprint": "llm/bedrock/model/2"})
    keys = {key(), key(text="Restart apache."), key(task="write"), key(other_prompts)}
    assert len(keys) == 4


def test_the_embedded_engine_is_quicker_than_a_cache() -> None:
    assert key(EngineSpec(name="extractive")) is None

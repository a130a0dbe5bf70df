"""Cache keys of paid tasks: the same content, engine and task, and nothing else."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from tasks.caching import content_key
from tasks.engines import EngineSpec
from techne.documents.prompts import Stage
from techne.llm.model import CostBudget
from techne.transcripts.model import Chunk, Turn

PAID = EngineSpec(
    name="bedrock", fingerprints={"extract": "llm/bedrock/model/1", "write": "llm/bedrock/model/2"}
)


def key(engine: EngineSpec = PAID, *, task: str = "extract", text: str = "Restart nginx.") -> str | None:
    turn = Turn(id="t0001", start_seconds=0, end_seconds=1, text=text)
    chunk = Chunk(index=0, total=1, context=(), turns=(turn,), tokens=3)
    context: Any = SimpleNamespace(task=SimpleNamespace(name=task))
    return content_key(context, {"engine": engine, "chunks": [chunk], "language": "en-US", "first": 0})


def with_prompt(stage: Stage) -> EngineSpec:
    """The engine with another prompt in one stage."""
    return PAID.model_copy(update={"fingerprints": {**PAID.fingerprints, stage: "llm/bedrock/model/3"}})


def test_the_same_work_has_the_same_key() -> None:
    assert key() == key()
    assert key() is not None


def test_content_task_and_engine_make_the_key() -> None:
    keys = {key(), key(text="Restart apache."), key(task="write"), key(with_prompt("extract"))}
    assert len(keys) == 4


def test_a_new_prompt_of_another_stage_and_more_money_leave_the_key() -> None:
    richer = PAID.model_copy(update={"budget": CostBudget(name="run", max_cost_usd=Decimal(1))})
    assert key() == key(with_prompt("write")) == key(richer)


def test_the_embedded_engine_is_quicker_than_a_cache() -> None:
    assert key(EngineSpec(name="extractive")) is None

"""The engine of an execution, settled so that every attempt at it asks the same questions."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

from tasks.engines import EngineSpec
from techne.documents.engines.llm import TokenCalibration
from techne.documents.engines.selection import EngineChoice, select_engine
from techne.documents.request import DocgenRequest
from techne.llm import CostBudget, shared_executor
from techne.settings import Settings
from techne.tracking import Acquired, TrackingStore


async def settled_engine(
    request: DocgenRequest, settings: Settings, tracking: TrackingStore, acquired: Acquired
) -> tuple[EngineChoice, EngineSpec]:
    """The engine to use, and the same as plain data for tasks."""
    choice = await select_engine(
        request.engine, settings, lambda: shared_executor(settings), model=request.model
    )
    spec = EngineSpec(name=choice.name, model=request.model, budget=_budget(request))
    if spec.pays:
        model = f"{choice.name}/{choice.engine.models[0]}"
        ratio = await asyncio.to_thread(_token_ratio, model, settings, tracking, acquired)
        spec = spec.model_copy(update={"token_ratio": ratio})
        choice = replace(choice, engine=spec.engine())
    return choice, spec.model_copy(update={"fingerprints": dict(choice.engine.stage_fingerprints)})


def _budget(request: DocgenRequest) -> CostBudget | None:
    if request.max_cost_usd is None or request.execution_id is None:
        return None
    return CostBudget(name=request.execution_id, max_cost_usd=Decimal(str(request.max_cost_usd)))


def _token_ratio(model: str, settings: Settings, tracking: TrackingStore, acquired: Acquired) -> float:
    """What the first attempt knew of the model: it shapes the chunks, and with them every question."""
    name = f"token_ratio {model}"
    settled = acquired.record.metadata.get(name)
    if isinstance(settled, int | float):
        return float(settled)
    ratio = TokenCalibration.of(settings).ratio(model)
    tracking.update(acquired.lease, metadata={name: ratio})
    return ratio

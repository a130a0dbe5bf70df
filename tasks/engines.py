"""Engines as plain data, so that a task's parameters are JSON, and the engine behind it in this process."""

from __future__ import annotations

from typing import Literal

from prefect.settings import PREFECT_API_URL
from pydantic import BaseModel, ConfigDict, Field

from tasks.quota import use_prefect_quota
from techne.documents.engine import DocumentEngine
from techne.documents.prompts import Stage
from techne.llm.model import CostBudget
from techne.settings import get_settings

use_prefect_quota()


class EngineSpec(BaseModel):
    """Which engine a task is to use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["bedrock", "gemini", "ollama", "openai", "extractive"]
    model: str | None = Field(None, description="Model id; None is the provider's configured one.")
    token_ratio: float = Field(1.0, ge=1, description="The model's tokens for each one that is estimated.")
    fingerprints: dict[Stage, str] = Field(
        default_factory=dict, description="The engine's own, by stage; part of that stage's cache keys."
    )
    budget: CostBudget | None = Field(None, description="What its calls may cost; not part of any key.")

    @property
    def pays(self) -> bool:
        """Whether the engine makes model calls."""
        return self.name != "extractive"

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags of its tasks; a limit on one caps them across the runs of a server.

        The API that Prefect starts for a single run has no limits and no other runs, but asking it for a
        slot costs up to two seconds: its SQLite file is locked by the run's own writes.
        """
        return (f"provider:{self.name}",) if self.pays and PREFECT_API_URL.value() else ()

    def deciding(self, stage: Stage) -> EngineSpec:
        """What of it decides a stage's answers: not the other stages' prompts, and no budget buys others.

        Raises:
            KeyError: The stage has no fingerprint.
        """
        return self.model_copy(update={"budget": None, "fingerprints": {stage: self.fingerprints[stage]}})

    def engine(self) -> DocumentEngine:
        """The engine, over this process's executor."""
        if not self.pays:
            from techne.documents.engines.extractive import ExtractiveEngine

            return ExtractiveEngine()
        from techne.documents.engines.llm import LLMEngine, TokenCalibration
        from techne.llm import shared_executor

        settings = get_settings()
        return LLMEngine(
            shared_executor(settings),
            provider=self.name,
            settings=settings,
            model=self.model,
            token_ratio=self.token_ratio,
            calibration=TokenCalibration.of(settings),
            budget=self.budget,
        )

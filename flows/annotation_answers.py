"""What everybody said, be it asked now or recorded before: what an experiment is concluded from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from techne.annotation.panel import Panel
from techne.annotation.summary import CascadeRun, ModelRun, Timing


@dataclass(frozen=True, slots=True)
class Answers:
    """What everybody said.

    Args:
        panel: Votes, with the gold that there is.
        models: What each model did.
        files: Files of annotations, by the names that they are published under.
        prompt_version: Of the question; empty where nobody was asked.
        chosen: Consensus method that goes with how the models were asked; None for any.
        cascade: What a cascade saved.
        cost_per_call: By model, in USD; empty where a price isn't known.
        paid_usd: Of the calls of this run.
        calls_sent: Calls of this run, retries included.
        unasked: Calls that were not made because the asking ended early.
        stopped_by: What ended it, if anything did.
        duplicates: Answers left out because there was one already.
        timing: How long the calls took; None where none were made.
    """

    panel: Panel
    models: tuple[ModelRun, ...]
    files: Mapping[str, Path] = field(default_factory=dict)
    prompt_version: str = ""
    chosen: str | None = None
    cascade: CascadeRun | None = None
    cost_per_call: Mapping[str, float] = field(default_factory=dict)
    paid_usd: Decimal | None = Decimal(0)
    calls_sent: int = 0
    unasked: int = 0
    stopped_by: str | None = None
    duplicates: int = 0
    timing: Timing | None = None

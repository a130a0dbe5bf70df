"""What an experiment will cost and how long it will take at least, before a call is paid."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from techne.annotation.annotator import LLMAnnotator
from techne.annotation.dataset import Dataset
from techne.annotation.model import EMBEDDED, DatasetItem, ModelSpec
from techne.annotation.throughput import Load, lower_bound, parallel_calls
from techne.llm import LLMExecutor, Usage
from techne.llm.pricing import cost_usd
from techne.llm.tokens import FIRST_MARGIN, RequestTokens, estimate_tokens
from techne.settings import Settings

PLAN_SAMPLE = 200
"""Texts whose tokens are estimated."""
ASSUMED_LATENCY_SECONDS = 1.5
"""Of a call to a model that this process has not called yet."""
RATIONALE_TOKENS = 40
ANSWER_TOKENS = 20
"""What an answer takes about, beside its labels' names."""


class ModelPlan(BaseModel):
    """What one model will be asked, and what that takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    calls: int = Field(description="One per text; retries and cached answers aside.")
    input_tokens: int = Field(description="Estimated from a sample of the texts.")
    output_tokens: int
    expected_cost_usd: float | None = Field(description="None where no price is known.")
    most_cost_usd: float | None = Field(
        description="With a margin for the estimate, and answers at full length."
    )
    max_parallel: int = Field(description="Calls in flight: the smallest of the caps.")


class Plan(BaseModel):
    """The whole experiment, ahead of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: int
    sampled: int = Field(description="Texts whose tokens were estimated.")
    models: tuple[ModelPlan, ...]
    expected_cost_usd: float | None
    most_cost_usd: float | None
    lower_bound_seconds: float = Field(description="It can't be quicker, at the latency assumed.")
    bound_by: str = Field(description="What sets the lower bound.")
    latency_seconds: dict[str, float] = Field(description="Latency of a call, by model; measured or assumed.")
    latency_measured: bool = Field(description="Whether every latency is of this process's own calls.")


def plan_dataset(
    annotator: LLMAnnotator, executor: LLMExecutor | None, dataset: Dataset, settings: Settings
) -> Plan:
    """Plan an experiment over a dataset."""
    return make_plan(annotator, executor, dataset.sample(PLAN_SAMPLE, seed=0), len(dataset), settings)


def make_plan(
    annotator: LLMAnnotator,
    executor: LLMExecutor | None,
    sample: Sequence[DatasetItem],
    items: int,
    settings: Settings,
) -> Plan:
    """Plan an experiment over `items` texts, of which `sample` is a fair sample."""
    plans, loads, latencies, measured = [], [], {}, True
    for model in annotator.models:
        if model.provider == EMBEDDED or executor is None:
            plans.append(_free(model, items))
            continue
        model_id = executor.model(model.provider, model.model)
        seen = executor.usage().of(model.provider, model_id).latency.mean_seconds
        latency = seen or ASSUMED_LATENCY_SECONDS
        measured = measured and bool(seen)
        latencies[model.label] = latency
        plan, tokens = _asked(annotator, model, model_id, sample, items)
        load = Load(model.provider, model_id, items, tokens, items * latency, model.max_parallel)
        loads.append(load)
        plans.append(plan.model_copy(update={"max_parallel": parallel_calls(load, settings)}))
    bound = lower_bound(loads, settings)
    return Plan(
        items=items,
        sampled=len(sample),
        models=tuple(plans),
        expected_cost_usd=_total([plan.expected_cost_usd for plan in plans]),
        most_cost_usd=_total([plan.most_cost_usd for plan in plans]),
        lower_bound_seconds=bound.seconds,
        bound_by=bound.because,
        latency_seconds=latencies,
        latency_measured=measured,
    )


def _asked(
    annotator: LLMAnnotator, model: ModelSpec, model_id: str, sample: Sequence[DatasetItem], items: int
) -> tuple[ModelPlan, int]:
    counter = RequestTokens()
    requests = [annotator.request(model, item) for item in sample]
    mean_input = sum(counter.raw(request) for request in requests) / len(requests)
    longest = max(estimate_tokens(name) for name in annotator.label_set.names)
    output = ANSWER_TOKENS + longest + (RATIONALE_TOKENS if annotator.asking.rationale else 0)
    tokens_in, tokens_out = round(mean_input * items), output * items
    most = Usage(
        input_tokens=round(mean_input * FIRST_MARGIN),
        output_tokens=requests[0].max_output_tokens or output,
    )
    # Prices rise with the size of a call, so one call is priced and multiplied.
    one = Usage(input_tokens=round(mean_input), output_tokens=output)
    plan = ModelPlan(
        name=model.label,
        calls=items,
        input_tokens=tokens_in,
        output_tokens=tokens_out,
        expected_cost_usd=_times(cost_usd(model.provider, model_id, one), items),
        most_cost_usd=_times(cost_usd(model.provider, model_id, most), items),
        max_parallel=model.max_parallel,
    )
    return plan, tokens_in + tokens_out


def _free(model: ModelSpec, items: int) -> ModelPlan:
    return ModelPlan(
        name=model.label,
        calls=0,
        input_tokens=0,
        output_tokens=0,
        expected_cost_usd=0.0,
        most_cost_usd=0.0,
        max_parallel=1,
    )


def _times(cost: Decimal | None, items: int) -> float | None:
    return None if cost is None else float(cost * items)


def _total(costs: Sequence[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None

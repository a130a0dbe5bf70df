"""A plan: what an experiment costs and how long it takes at least, before anybody is asked."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from techne.annotation.annotator import AskingFor, LLMAnnotator
from techne.annotation.labels import LabelSet
from techne.annotation.model import DatasetItem, ModelSpec
from techne.annotation.plan import ASSUMED_LATENCY_SECONDS, Plan, make_plan
from techne.annotation.plan_table import plan_markdown, plan_sentences
from techne.llm import LLMExecutor
from techne.llm.testing import ScriptedProvider
from techne.settings import ProviderLimits, Settings

ITEMS = 1000
SAMPLE = [DatasetItem(index=n, id=f"t{n}", text="Twenty words or so. " * 5) for n in range(20)]
LABELS = LabelSet.of_names(("error", "how-to"))
PRICED = ModelSpec(provider="openai", model="gpt-4.1-mini")
DEARER = ModelSpec(provider="openai", model="gpt-4.1")
UNPRICED = ModelSpec(provider="openai", model="mystery-9")
EMBEDDED = ModelSpec(provider="embedded", model="lexicon")


async def planned(
    settings: Settings, models: Sequence[ModelSpec], sample: Sequence[DatasetItem] = SAMPLE, **asking: bool
) -> Plan:
    provider = ScriptedProvider(name="openai", model="gpt-4.1-mini")
    async with LLMExecutor(settings, providers={"openai": provider}) as executor:
        annotator = LLMAnnotator(executor, models, LABELS, asking=AskingFor(**asking))
        plan = make_plan(annotator, executor, sample, ITEMS, settings)
    assert provider.requests == []
    return plan


async def test_every_text_is_a_call_of_every_model_and_totals_are_sums(settings: Settings) -> None:
    plan = await planned(settings, [PRICED, DEARER])
    cheap, dear = plan.models
    assert (cheap.calls, dear.calls) == (ITEMS, ITEMS)
    assert (plan.items, plan.sampled) == (ITEMS, len(SAMPLE))
    assert cheap.expected_cost_usd is not None
    assert dear.expected_cost_usd is not None
    assert dear.expected_cost_usd == pytest.approx(5 * cheap.expected_cost_usd)  # as the price list has it
    assert plan.expected_cost_usd == pytest.approx(cheap.expected_cost_usd + dear.expected_cost_usd)
    for one in (cheap, dear, plan):
        assert one.expected_cost_usd is not None
        assert one.most_cost_usd is not None
        assert one.expected_cost_usd < one.most_cost_usd


async def test_a_model_without_a_price_leaves_the_total_open_and_the_plan_says_so(settings: Settings) -> None:
    plan = await planned(settings, [PRICED, UNPRICED])
    assert plan.models[0].expected_cost_usd is not None
    assert plan.models[1].expected_cost_usd is plan.models[1].most_cost_usd is None
    assert plan.expected_cost_usd is plan.most_cost_usd is None
    assert any("a budget can't be kept" in sentence for sentence in plan_sentences(plan))
    assert plan_markdown(plan).count("no price known") == 4


async def test_an_embedded_model_costs_no_call_no_money_and_no_time(settings: Settings) -> None:
    plan = await planned(settings, [EMBEDDED])
    (model,) = plan.models
    assert (model.calls, model.input_tokens, model.output_tokens) == (0, 0, 0)
    assert (plan.expected_cost_usd, plan.most_cost_usd, plan.lower_bound_seconds) == (0, 0, 0)
    assert len(plan_sentences(plan)) == 1


async def test_tokens_grow_with_the_texts_and_with_what_is_asked_for(settings: Settings) -> None:
    long_texts = [item.model_copy(update={"text": item.text * 10}) for item in SAMPLE]
    (short,) = (await planned(settings, [PRICED])).models
    (long,) = (await planned(settings, [PRICED], long_texts)).models
    (reasoned,) = (await planned(settings, [PRICED], rationale=True)).models
    assert long.input_tokens > 1.5 * short.input_tokens
    assert long.output_tokens == short.output_tokens
    assert reasoned.output_tokens > 2 * short.output_tokens


async def test_the_time_is_that_of_the_smallest_cap_at_an_assumed_latency(settings: Settings) -> None:
    limits = (("openai", ProviderLimits(max_parallel=4)),)
    settings = settings.model_copy(update={"llm_executor_model_limits": limits})
    plan = await planned(settings, [PRICED])
    assert plan.models[0].max_parallel == 4
    assert plan.lower_bound_seconds == pytest.approx(ITEMS * ASSUMED_LATENCY_SECONDS / 4)
    assert plan.bound_by == "4 calls in flight at openai/gpt-4.1-mini"
    assert not plan.latency_measured
    assert "assumed" in plan_sentences(plan)[1]


async def test_a_latency_that_was_measured_is_taken_instead(settings: Settings) -> None:
    provider = ScriptedProvider('{"label": "error", "confidence": 1}', name="openai", model="gpt-4.1-mini")
    async with LLMExecutor(settings, providers={"openai": provider}) as executor:
        annotator = LLMAnnotator(executor, [PRICED], LABELS)
        await executor.submit(annotator.request(PRICED, SAMPLE[0]))
        plan = make_plan(annotator, executor, SAMPLE, ITEMS, settings)
        seen = executor.usage().of("openai", "gpt-4.1-mini").latency.mean_seconds
    assert plan.latency_measured
    assert plan.latency_seconds == {PRICED.label: seen}
    assert seen < ASSUMED_LATENCY_SECONDS


async def test_a_label_can_t_break_the_table(settings: Settings) -> None:
    named = PRICED.model_copy(update={"name": "a|b<script>"})
    assert "a\\|b&lt;script>" in plan_markdown(await planned(settings, [named]))

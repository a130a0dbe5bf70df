"""Figures for Prometheus (S4-4, S1-56): the exposition as Prometheus reads it, against `usage()`."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from decimal import Decimal

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

import techne.llm.metrics as metrics_module
from techne.errors import (
    ConfigurationError,
    LLMError,
    ProviderUnavailableError,
    QueueFullError,
    ThrottledError,
)
from techne.llm import LLMExecutor, LLMRequest, ProviderAnswer, Usage
from techne.llm.accounting import LATENCY_BOUNDS_SECONDS, LaneState, ModelUsage
from techne.llm.metrics import ExecutorCollector, metrics_text, register
from techne.llm.testing import FakeClock, Gate, ScriptedProvider, Step
from techne.settings import Settings
from tests.unit.llm.test_executor import until

MODEL = "gpt-4.1-mini"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def ask(prompt: str = "Why?", **fields: object) -> LLMRequest:
    return LLMRequest.model_validate({"provider": "openai", "prompt": prompt, **fields})


def parsed(text: str) -> Samples:
    samples: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in samples, f"{key} is there twice"
            samples[key] = sample.value
    return samples


def of(samples: Samples, name: str, model: str = MODEL, provider: str = "openai", **labels: str) -> float:
    wanted = {"provider": provider, "model": model, **labels}
    return samples[f"techne_llm_{name}", frozenset(wanted.items())]


def answer(text: str = "Yes.", **usage: int) -> ProviderAnswer:
    return ProviderAnswer(text, "stop", Usage(**usage))


async def test_figures_are_those_of_the_books(caching_settings: Settings) -> None:
    steps: list[Step] = [
        ThrottledError("Slow down."),
        answer(input_tokens=1000, output_tokens=50, cache_read_tokens=600, cache_write_tokens=100),
        ProviderUnavailableError("Away."),
        answer(input_tokens=10, output_tokens=5),
    ]
    provider = ScriptedProvider(steps, name="openai", model=MODEL)
    async with LLMExecutor(caching_settings, providers={"openai": provider}, clock=FakeClock()) as executor:
        await executor.submit(ask())
        await executor.submit(ask())
        await executor.submit(ask("And?"))
        samples = parsed(metrics_text(executor))
        figures = executor.usage().of("openai")

    assert figures.attempts == 4
    assert of(samples, "requests_total") == figures.requests == 3
    assert of(samples, "cache_hits_total") == figures.cached == 1
    assert of(samples, "attempts_total") == figures.attempts
    assert of(samples, "answers_total") == figures.answers == 2
    assert of(samples, "retries_total") == figures.retries == 2
    assert of(samples, "throttles_total") == 1
    assert of(samples, "failures_total", kind="throttled") == figures.failures["throttled"] == 1
    assert of(samples, "failures_total", kind="unavailable") == figures.failures["unavailable"] == 1
    assert of(samples, "failures_total", kind="timeout") == 0
    assert of(samples, "tokens_total", kind="input") == figures.tokens.input_tokens == 1010
    assert of(samples, "tokens_total", kind="output") == figures.tokens.output_tokens == 55
    assert of(samples, "prompt_cache_tokens_total", kind="read") == 600
    assert of(samples, "prompt_cache_tokens_total", kind="write") == 100
    assert figures.cost_usd > 0
    assert Decimal(str(of(samples, "cost_usd_total"))) == figures.cost_usd
    assert of(samples, "unpriced_calls_total") == 0
    assert of(samples, "call_duration_seconds_count") == figures.answers
    assert of(samples, "queue_wait_seconds_count") == sum(figures.queue_wait.counts) == 2


async def test_what_waits_and_what_is_refused_shows_while_it_happens(settings: Settings) -> None:
    gate = Gate()
    provider = ScriptedProvider("Yes.", name="openai", model=MODEL, gate=gate)
    small = settings.model_copy(update={"llm_executor_queue_size": 3, "llm_executor_openai_qps": None})
    async with LLMExecutor(small, providers={"openai": provider}) as executor:
        tasks = [asyncio.create_task(executor.submit(ask(str(number)))) for number in range(5)]
        await until(lambda: sum(lane.waiting for lane in executor.usage().lanes) == 3)
        with pytest.raises(QueueFullError):
            await executor.submit(ask("one too many"))
        during = parsed(metrics_text(executor))
        gate.open()
        await asyncio.gather(*tasks)
        after = parsed(metrics_text(executor))
    assert of(during, "queue_length") == 3
    assert of(during, "calls_in_flight") == 2
    assert of(during, "parallel_limit") == 2
    assert of(during, "refused_total") == 1
    assert (of(after, "queue_length"), of(after, "calls_in_flight")) == (0, 0)


async def test_an_outage_opens_the_breaker_and_passes_requests_on(settings: Settings) -> None:
    broken = ScriptedProvider([ProviderUnavailableError("Away.")], name="openai", model=MODEL)
    whole = ScriptedProvider("Yes.", name="ollama", model="qwen2:7b")
    strict = settings.model_copy(
        update={"llm_executor_breaker_failures": 1, "llm_executor_fallbacks": ("ollama",)}
    )
    async with LLMExecutor(
        strict, providers={"openai": broken, "ollama": whole}, clock=FakeClock()
    ) as executor:
        assert (await executor.submit(ask())).provider == "ollama"
        samples = parsed(metrics_text(executor))
        lane = next(lane for lane in executor.usage().lanes if lane.provider == "openai")
    states = {state: of(samples, "breaker_state", state=state) for state in ("closed", "half_open", "open")}
    assert states == {state: float(state == lane.breaker) for state in states}
    assert states["closed"] == 0
    assert of(samples, "breaker_openings_total") == lane.breaker_opened >= 1
    assert of(samples, "fallbacks_total") == 1
    assert of(samples, "breaker_state", model="qwen2:7b", provider="ollama", state="closed") == 1


async def test_a_throttle_lowers_the_parallel_limit(settings: Settings) -> None:
    provider = ScriptedProvider([ThrottledError("Slow down."), "Yes."], name="openai", model=MODEL)
    wide = settings.model_copy(
        update={"llm_executor_openai_max_parallel": 10, "llm_executor_max_attempts": 1}
    )
    async with LLMExecutor(wide, providers={"openai": provider}, clock=FakeClock()) as executor:
        with pytest.raises(ThrottledError):
            await executor.submit(ask())
        samples = parsed(metrics_text(executor))
    assert of(samples, "parallel_limit") == 7


async def test_histogram_buckets_are_cumulative_and_end_at_infinity(settings: Settings) -> None:
    class SlowClock(FakeClock):
        def monotonic(self) -> float:
            self.now += 0.3
            return self.now

    provider = ScriptedProvider("Yes.", name="openai", model=MODEL)
    async with LLMExecutor(settings, providers={"openai": provider}, clock=SlowClock()) as executor:
        for number in range(3):
            await executor.submit(ask(str(number)))
        samples = parsed(metrics_text(executor))
        latency = executor.usage().of("openai").latency
    buckets = [
        of(samples, "call_duration_seconds_bucket", le=bound)
        for bound in (*map(str, LATENCY_BOUNDS_SECONDS), "+Inf")
    ]
    running = [sum(latency.counts[: place + 1]) for place in range(len(latency.counts))]
    assert buckets == running
    assert buckets[0] == 0
    assert buckets[-1] == of(samples, "call_duration_seconds_count") == 3
    assert of(samples, "call_duration_seconds_sum") == pytest.approx(latency.total_seconds)


async def test_names_keep_to_the_conventions(settings: Settings) -> None:
    provider = ScriptedProvider("Yes.", name="openai", model=MODEL)
    async with LLMExecutor(settings, providers={"openai": provider}) as executor:
        await executor.submit(ask())
        families = list(ExecutorCollector(executor).collect())
    for family in families:
        assert family.name.startswith("techne_llm_")
        assert family.documentation.endswith(".")
        assert {key for sample in family.samples for key in sample.labels} <= {
            "provider", "model", "kind", "state", "le",
        }  # fmt: skip
        if family.type == "counter":
            assert all(sample.name == f"{family.name}_total" for sample in family.samples)
        if family.type == "histogram":
            assert family.name.endswith("_seconds")


async def test_any_model_name_makes_a_page_that_can_be_read(settings: Settings) -> None:
    nasty = 'a"b\\c\nd\re\x1b[31m{}=,#\u2028' + 500 * "x"
    provider = ScriptedProvider("Yes.", name="openai", model=MODEL)
    async with LLMExecutor(settings, providers={"openai": provider}) as executor:
        await executor.submit(ask(model=nasty))
        samples = parsed(metrics_text(executor))
    models = {dict(labels)["model"] for _, labels in samples}
    assert len(models) == 1
    model = models.pop()
    assert model.startswith('a"b\\c\N{REPLACEMENT CHARACTER}d')
    assert model.isprintable()
    assert len(model) == metrics_module.MOST_LABEL_CHARACTERS


async def test_models_past_the_limit_share_a_series_and_none_moves(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_module, "MOST_MODELS", 2)
    provider = ScriptedProvider("Yes.", name="openai", model=MODEL)
    async with LLMExecutor(settings, providers={"openai": provider}) as executor:
        for model in ("m8", "m9"):
            await executor.submit(ask(model=model))
        parsed(metrics_text(executor))
        for model in ("m1", "m2", "m9"):  # the first two would come first in order of name
            await executor.submit(ask(model=model))
        samples = parsed(metrics_text(executor))
        total = sum(model.requests for model in executor.usage().models)
    assert of(samples, "requests_total", "m8") == 1
    assert of(samples, "requests_total", "m9") == 2
    assert of(samples, "requests_total", "other", "other") == 2
    assert of(samples, "breaker_state", "other", "other", state="closed") == 2
    assert sum(value for (name, _), value in samples.items() if name == "techne_llm_requests_total") == total


async def test_a_registry_serves_what_was_registered(settings: Settings) -> None:
    registry = CollectorRegistry()
    provider = ScriptedProvider("Yes.", name="openai", model=MODEL)
    async with LLMExecutor(settings, providers={"openai": provider}) as executor:
        collector = register(executor, registry)
        assert parsed(generate_latest(registry).decode()) == {}
        await executor.submit(ask())
        assert of(parsed(generate_latest(registry).decode()), "answers_total") == 1
        with pytest.raises(ConfigurationError, match="already"):
            register(executor, registry)
        registry.unregister(collector)
        register(executor, registry)


async def test_figures_outlive_the_executor_and_do_not_start_it(settings: Settings) -> None:
    executor = LLMExecutor(settings, providers={"openai": ScriptedProvider(name="openai", model=MODEL)})
    assert parsed(metrics_text(executor)) == {}
    await executor.submit(ask())
    await executor.aclose()
    assert of(parsed(metrics_text(executor)), "answers_total") == 1
    with pytest.raises(LLMError):
        await executor.submit(ask())


def test_every_figure_of_the_books_has_a_metric() -> None:
    shown = {*metrics_module.COUNTERS, "cached", "failures", "tokens", "cost_usd", "latency", "queue_wait"}
    assert set(ModelUsage.model_fields) - {"provider", "model"} == shown
    lanes = {"waiting", "in_flight", "max_parallel", "breaker", "breaker_opened"}
    assert set(LaneState.model_fields) - {"provider", "model"} == lanes


@pytest.mark.parametrize(
    ("package", "module", "extra"),
    [
        ("prometheus_client", "techne.llm.metrics", "techne[metrics]"),
        ("langchain_core", "techne.llm.langchain", "techne[langchain]"),
    ],
)
def test_a_missing_package_is_told_with_the_extra_that_brings_it(
    package: str, module: str, extra: str
) -> None:
    code = f"""
import sys
sys.modules[{package!r}] = None
import techne.llm
from techne.errors import ConfigurationError
try:
    import {module}
except ConfigurationError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert extra in done.stdout


def test_the_executor_imports_neither() -> None:
    code = "import sys, techne.llm, techne.llm.client; print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert "'techne.llm.dispatch'" in done.stdout
    assert "prometheus_client" not in done.stdout
    assert "langchain_core" not in done.stdout

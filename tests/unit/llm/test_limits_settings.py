"""Limits as the settings have them, and what is told when they make no sense (S4-9)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from techne.errors import ConfigurationError, RequestRejectedError, RequestTooLargeError
from techne.llm import LLMExecutor, LLMRequest
from techne.llm.testing import FaultPlan, FaultyProvider, ScriptedProvider, run_virtual
from techne.settings import ProviderLimits, Settings, get_settings
from tests.support.virtual_time import admission_of, dispatcher_of


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LLM_EXECUTOR_BEDROCK_RPM", "0"),
        ("LLM_EXECUTOR_BEDROCK_TPM", "-1"),
        ("LLM_EXECUTOR_OPENAI_QPS", "nan"),
        ("LLM_EXECUTOR_OPENAI_MAX_PARALLEL", "0"),
        ("LLM_EXECUTOR_GEMINI_QPS", "many"),
        ("LLM_EXECUTOR_MODEL_LIMITS", "{"),
        ("LLM_EXECUTOR_MODEL_LIMITS", "3"),
        ("LLM_EXECUTOR_MODEL_LIMITS", '{"bedrock/m": {"rpm": 0}}'),
        ("LLM_EXECUTOR_MODEL_LIMITS", '{"bedrock/m": {"max_parallel": -2}}'),
        ("LLM_EXECUTOR_MODEL_LIMITS", '{"bedrock/m": {"tokens": 5}}'),
        ("LLM_EXECUTOR_QUEUE_SIZE", "0"),
        ("LLM_EXECUTOR_QUEUE_TIMEOUT_SECONDS", "0"),
        ("LLM_EXECUTOR_MAX_ATTEMPTS", "0"),
        ("LLM_EXECUTOR_WHEN_FULL", "perhaps"),
        ("LLM_EXECUTOR_BREAKER_FAILURES", "0"),
        ("LLM_EXECUTOR_RETRY_BUDGET", "-1"),
        ("LLM_EXECUTOR_MAX_COST_USD", "0"),
        ("LLM_EXECUTOR_PROVIDERS", ","),
    ],
)
def test_a_limit_that_makes_no_sense_names_its_setting(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name):
        get_settings()


@pytest.mark.parametrize("value", ["unlimited", " Unlimited "])
def test_a_rate_can_be_unlimited(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_EXECUTOR_BEDROCK_RPM", value)
    assert get_settings().provider_limits("bedrock").rpm is None


def test_limits_by_name_go_over_those_of_the_provider_s_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_EXECUTOR_BEDROCK_RPM", "7")
    monkeypatch.setenv(
        "LLM_EXECUTOR_MODEL_LIMITS",
        '{"bedrock": {"tpm": 5000, "output_token_weight": 5}, "bedrock/m": {"rpm": 3}, "acme": {"qps": 2}}',
    )
    settings = get_settings()
    bedrock = settings.provider_limits("bedrock")
    assert (bedrock.max_parallel, bedrock.rpm, bedrock.tpm) == (4, 7, 5000)
    assert settings.model_limits("bedrock", "m") == ProviderLimits(rpm=3, output_token_weight=5)
    assert settings.model_limits("bedrock", "other").rpm is None
    assert settings.provider_limits("acme") == ProviderLimits(max_parallel=4, qps=2)


def test_a_rate_under_one_is_kept_over_a_longer_window() -> None:
    async def run() -> list[float]:
        admission = admission_of({"scripted": ProviderLimits(qps=0.5)})
        times = []
        for _ in range(4):
            (await admission.admit("m")).release()
            times.append(asyncio.get_running_loop().time())
        await admission.close()
        return times

    assert run_virtual(run()) == pytest.approx([0, 2.03, 4.06, 6.09])


def test_a_model_has_no_more_in_flight_than_its_provider() -> None:
    async def run() -> None:
        admission = admission_of(
            {"scripted": ProviderLimits(max_parallel=2), "scripted/m": ProviderLimits(max_parallel=9)}
        )
        assert admission.lane("m").slots.limit == 2

    run_virtual(run())


@pytest.mark.parametrize(
    ("limits", "setting"),
    [
        ({"scripted": ProviderLimits(tpm=100)}, r"LLM_EXECUTOR_MODEL_LIMITS \(scripted: tpm\)"),
        ({"scripted/m": ProviderLimits(tpm=100)}, r"LLM_EXECUTOR_MODEL_LIMITS \(scripted/m: tpm\)"),
    ],
)
def test_a_request_over_a_limit_s_whole_window_names_the_setting(
    limits: dict[str, ProviderLimits], setting: str
) -> None:
    async def run() -> None:
        with pytest.raises(RequestTooLargeError, match=setting):
            await admission_of(limits).admit("m", 101)

    run_virtual(run())


def test_a_request_too_large_for_a_provider_s_own_setting_names_that() -> None:
    async def run() -> None:
        provider = FaultyProvider(FaultPlan(), name="bedrock")
        dispatcher = dispatcher_of(provider, llm_executor_bedrock_tpm=1000.0)
        with pytest.raises(RequestTooLargeError, match="LLM_EXECUTOR_BEDROCK_TPM allows 1000 a minute"):
            await dispatcher.serve(LLMRequest(provider="bedrock", prompt="Why?", max_output_tokens=2000))
        assert provider.met == []
        await dispatcher.close()

    run_virtual(run())


@pytest.mark.parametrize("schema", [{"type": "nonsense"}, {"properties": 3}, {"required": "all"}])
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_schema_that_is_none_is_refused_before_anything_is_sent(
    settings: Settings, schema: dict[str, object], streamed: bool
) -> None:
    provider = ScriptedProvider("{}")
    request = LLMRequest(provider="scripted", prompt="Why?", json_schema=schema)
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        work = anext(executor.stream(request)) if streamed else executor.submit(request)
        with pytest.raises(RequestRejectedError, match="json_schema is not a JSON schema"):
            await work
    assert provider.requests == []


@pytest.mark.parametrize(
    "make",
    [
        lambda: LLMRequest(prompt=""),
        lambda: LLMRequest(prompt="Why?", max_output_tokens=0),
        lambda: LLMRequest(prompt="Why?", timeout_seconds=0),
        lambda: LLMRequest.model_validate({"prompt": "Why?", "budget": {"name": "b", "max_cost_usd": 0}}),
        lambda: ProviderLimits(rpm=0),
        lambda: ProviderLimits(max_parallel=0),
        lambda: ProviderLimits(output_token_weight=-1),
    ],
)
def test_what_can_never_be_served_cannot_be_made(make: Callable[[], object]) -> None:
    with pytest.raises(ValidationError):
        make()

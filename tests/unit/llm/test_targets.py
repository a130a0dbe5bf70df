"""Who answers: the choice of `auto`, and what fallback chains pass on (S3-2, S4-6)."""

from __future__ import annotations

from typing import Any

import pytest

from techne.errors import (
    ConfigurationError,
    LLMError,
    ProviderUnavailableError,
    RequestRejectedError,
    TechneError,
)
from techne.llm import Capabilities, LLMRequest, LLMResponse
from techne.llm.dispatch import Dispatcher
from techne.llm.targets import Target, parse_target
from techne.llm.testing import FaultKind, FaultPlan, FaultyProvider, run_virtual
from tests.support.virtual_time import assert_at_rest, dispatcher_of

MODELS = {
    "bedrock": "anthropic.claude-3-5-sonnet-20240620-v1:0",
    "openai": "gpt-4o-mini",
    "ollama": "qwen2:7b",
}
"""In the order of their prices: most, less, nothing."""
LARGE = Capabilities(
    context_tokens=100_000, max_output_tokens=8192, native_json_schema=True, continues_prefill=True
)
SMALL = LARGE.model_copy(update={"context_tokens": 400})
WITHOUT_SCHEMA = LARGE.model_copy(update={"native_json_schema": False})
SCHEMA = {"type": "object", "properties": {"why": {"type": "string"}}, "required": ["why"]}


def provider(name: str, *faults: FaultKind | None, able: Capabilities = LARGE) -> FaultyProvider:
    plan = FaultPlan(list(faults), chances={faults[-1]: 1.0} if faults and faults[-1] else {})
    return FaultyProvider(plan, '{"why": "so"}', name=name, model=MODELS.get(name, "m"), capabilities=able)


def of(*providers: FaultyProvider, **settings: Any) -> Dispatcher:
    names = tuple(one.name for one in providers)
    return dispatcher_of(*providers, **{"llm_executor_providers": names, **settings})


def ask(dispatcher: Dispatcher, **fields: object) -> LLMResponse:
    async def run() -> LLMResponse:
        try:
            return await dispatcher.serve(LLMRequest.model_validate({"prompt": "Why?", **fields}))
        finally:
            assert_at_rest(dispatcher)
            await dispatcher.close()

    return run_virtual(run())


def over(response: LLMResponse) -> list[tuple[str, str, str]]:
    return [(one.provider, one.model, one.reason) for one in response.passed_over]


def test_auto_asks_the_cheapest() -> None:
    response = ask(of(provider("bedrock"), provider("openai"), provider("ollama")))
    assert (response.provider, response.passed_over) == ("ollama", ())


def test_auto_leaves_out_those_whose_window_is_too_small() -> None:
    dispatcher = of(provider("bedrock"), provider("openai"), provider("ollama", able=SMALL))
    assert ask(dispatcher, prompt="Why? " * 200).provider == "openai"


def test_auto_prefers_those_who_follow_a_schema_natively_if_there_is_one() -> None:
    def providers() -> Dispatcher:
        return of(provider("openai"), provider("ollama", able=WITHOUT_SCHEMA))

    assert ask(providers(), json_schema=SCHEMA).provider == "openai"
    assert ask(providers()).provider == "ollama"


def test_auto_puts_those_without_a_price_last_and_keeps_the_order_of_equals() -> None:
    response = ask(
        of(provider("mystery", "unavailable"), provider("riddle"), provider("bedrock", "unavailable")),
        fallbacks=(),
    )
    assert [name for name, *_ in over(response)] == ["bedrock", "mystery"]
    assert response.provider == "riddle"


def test_auto_asks_a_model_that_is_left_alone_last() -> None:
    async def run() -> list[str]:
        local = provider("ollama", "unavailable")
        dispatcher = of(local, provider("openai"), llm_executor_breaker_failures=2)
        providers = [(await dispatcher.serve(LLMRequest(prompt=str(n)))).provider for n in range(3)]
        assert len(local.met) == 2
        await dispatcher.close()
        return providers

    assert run_virtual(run()) == ["openai"] * 3


def test_auto_says_of_each_why_nobody_can_answer() -> None:
    with pytest.raises(ConfigurationError, match=r"bedrock: its window of 400.*openai: its window of 400"):
        ask(of(provider("bedrock", able=SMALL), provider("openai", able=SMALL)), prompt="Why? " * 300)


def test_a_model_given_with_auto_is_asked_where_it_is_configured() -> None:
    dispatcher = of(provider("openai"), provider("ollama"))
    assert ask(dispatcher, model=MODELS["openai"]).provider == "openai"


def test_a_model_that_no_candidate_has_is_named() -> None:
    with pytest.raises(ConfigurationError, match="'unheard-of'"):
        ask(of(provider("openai")), model="unheard-of")


@pytest.mark.parametrize("kind", ["unavailable", "throttled", "timeout", "malformed"])
def test_what_another_may_not_suffer_from_is_passed_on(kind: FaultKind) -> None:
    dispatcher = of(provider("bedrock", kind), provider("openai"))
    response = ask(dispatcher, provider="bedrock", fallbacks=("openai",))
    assert response.provider == "openai"
    assert over(response) == [("bedrock", MODELS["bedrock"], kind)]
    assert dispatcher.usage().of("bedrock").fallbacks == 1


def test_a_refused_request_is_told_and_not_passed_on() -> None:
    other = provider("openai")
    with pytest.raises(RequestRejectedError):
        ask(of(provider("bedrock", "rejected"), other), provider="bedrock", fallbacks=("openai",))
    assert not other.met


def test_the_chain_goes_by_the_settings_where_the_request_has_none() -> None:
    def dispatcher() -> Dispatcher:
        return of(
            provider("bedrock", "unavailable"),
            provider("openai", "malformed"),
            provider("ollama"),
            llm_executor_fallbacks=("openai", "bedrock", "ollama/other/model"),
        )

    response = ask(dispatcher(), provider="bedrock")
    assert (response.provider, response.model) == ("ollama", "other/model")
    assert [reason for *_, reason in over(response)] == ["unavailable", "malformed"]
    with pytest.raises(ProviderUnavailableError):
        ask(dispatcher(), provider="bedrock", fallbacks=())


def test_the_last_error_tells_who_was_asked_before() -> None:
    with pytest.raises(LLMError) as caught:
        ask(
            of(provider("bedrock", "timeout"), provider("openai", "throttled")),
            provider="bedrock",
            fallbacks=("openai",),
        )
    assert caught.value.__notes__ == [f"bedrock ({MODELS['bedrock']}) was asked before: timeout"]


def test_a_fallback_whose_window_is_too_small_is_not_asked() -> None:
    small = provider("openai", able=SMALL)
    dispatcher = of(provider("bedrock", "unavailable"), small, provider("ollama"))
    response = ask(dispatcher, provider="bedrock", prompt="Why? " * 200, fallbacks=("openai", "ollama"))
    assert response.provider == "ollama"
    assert not small.met


@pytest.mark.parametrize(
    ("fields", "settings", "named"),
    [
        ({"provider": "acme"}, {}, r"'acme'"),
        ({"provider": "bedrock", "fallbacks": ("acme/m",)}, {}, r"fallbacks names 'acme/m'"),
        (
            {"provider": "bedrock"},
            {"llm_executor_fallbacks": ("acme",)},
            "LLM_EXECUTOR_FALLBACKS names 'acme'",
        ),
        ({}, {"llm_executor_providers": ("acme",)}, "LLM_EXECUTOR_PROVIDERS names 'acme'"),
    ],
)
def test_an_unknown_provider_is_named_with_where_it_stands(
    fields: dict[str, object], settings: dict[str, object], named: str
) -> None:
    with pytest.raises(ConfigurationError, match=named):
        ask(of(provider("bedrock"), **settings), **fields)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("openai", Target("openai", None)),
        (" openai/gpt ", Target("openai", "gpt")),
        ("bedrock/arn:aws:bedrock:x/y", Target("bedrock", "arn:aws:bedrock:x/y")),
        ("ollama/", Target("ollama", None)),
    ],
)
def test_a_target_is_a_provider_and_perhaps_a_model(text: str, target: Target) -> None:
    assert parse_target(text, "SETTING") == target


@pytest.mark.parametrize("text", ["", "/", "/model", "auto"])
def test_a_target_without_a_provider_is_an_error(text: str) -> None:
    with pytest.raises(TechneError, match="SETTING"):
        parse_target(text, "SETTING")

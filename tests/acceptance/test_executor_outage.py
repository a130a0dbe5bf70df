"""One provider is away for 30 seconds (S4-1, S4-16): nobody else notices, and nobody goes without an answer.

Every provider is a server of its own; the outage is the end of its process. The executor's clock is the
test's, so that breakers open and close when the test says.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from benchmarks.executor_client import MODELS, request
from benchmarks.wire_server import WireServer
from techne.llm import LaneState, LLMExecutor, LLMRequest, LLMResponse
from techne.llm.testing import FakeClock
from techne.settings import Settings

pytestmark = pytest.mark.acceptance

PARALLEL = 4
FAILURES = 5
PAUSE_SECONDS = 10.0
ROUND = 20
"""Requests to each provider at a time."""


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in MODELS:
        monkeypatch.setenv(f"LLM_EXECUTOR_{name.upper()}_MAX_PARALLEL", str(PARALLEL))
        monkeypatch.setenv(f"LLM_EXECUTOR_{name.upper()}_RPM", "unlimited")
        monkeypatch.setenv(f"LLM_EXECUTOR_{name.upper()}_TPM", "unlimited")
    monkeypatch.setenv("OPENAI_API_KEY", "no-key")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "no-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "no-key")
    monkeypatch.setenv("LLM_EXECUTOR_CACHE", "false")
    monkeypatch.setenv("LLM_EXECUTOR_BACKOFF_SECONDS", "0")
    monkeypatch.setenv("LLM_EXECUTOR_BREAKER_FAILURES", str(FAILURES))
    monkeypatch.setenv("LLM_EXECUTOR_BREAKER_SECONDS", str(PAUSE_SECONDS))
    return monkeypatch


def asked(provider: str, number: int) -> LLMRequest:
    """A request; those to OpenAI may be answered by Bedrock."""
    fallbacks = (f"bedrock/{MODELS['bedrock']}",) if provider == "openai" else ()
    return request(provider, number).model_copy(update={"fallbacks": fallbacks})


async def mixed_round(executor: LLMExecutor) -> dict[str, list[LLMResponse]]:
    """The answers to requests to all providers at once, by who was asked."""
    requests = [asked(provider, number) for number in range(ROUND) for provider in MODELS]
    answers = await asyncio.gather(*(executor.submit(each) for each in requests))
    by_provider: dict[str, list[LLMResponse]] = {provider: [] for provider in MODELS}
    for each, answer in zip(requests, answers, strict=True):
        by_provider[each.provider].append(answer)
    return by_provider


def answered_by(responses: Sequence[LLMResponse]) -> dict[str, int]:
    return dict(Counter(response.provider for response in responses))


def lane(executor: LLMExecutor, provider: str) -> LaneState:
    return next(lane for lane in executor.usage().lanes if lane.provider == provider)


def failed_calls(executor: LLMExecutor) -> int:
    return executor.usage().of("openai").failures.get("unavailable", 0)


async def test_an_outage_is_bridged_by_fallbacks_and_ends_with_one_probe(
    environment: pytest.MonkeyPatch,
) -> None:
    clock = FakeClock()
    with WireServer() as openai, WireServer() as bedrock, WireServer() as ollama:
        environment.setenv("OPENAI_BASE_URL", f"{openai.url}/v1")
        environment.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.url)
        environment.setenv("OLLAMA_HOST", ollama.url)
        port = int(openai.url.rpartition(":")[2])
        async with LLMExecutor(Settings(), clock=clock) as executor:
            before = await mixed_round(executor)
            assert [answered_by(before[name]) for name in MODELS] == [{name: ROUND} for name in MODELS]

            openai.__exit__(None, None, None)
            down = await mixed_round(executor)
            assert answered_by(down["openai"]) == {"bedrock": ROUND}
            assert {entry.reason for answer in down["openai"] for entry in answer.passed_over} == {
                "unavailable"
            }
            assert lane(executor, "openai").breaker == "open"
            opening = failed_calls(executor)
            assert FAILURES <= opening < FAILURES + PARALLEL

            clock.now += PAUSE_SECONDS / 2
            assert answered_by((await mixed_round(executor))["openai"]) == {"bedrock": ROUND}
            assert failed_calls(executor) == opening

            clock.now += PAUSE_SECONDS / 2
            assert answered_by((await mixed_round(executor))["openai"]) == {"bedrock": ROUND}
            assert failed_calls(executor) == opening + 1  # the probe

            with WireServer(port=port):
                clock.now += 2 * PAUSE_SECONDS
                await executor.submit(asked("openai", 0))
                assert lane(executor, "openai").breaker == "closed"
                after = await mixed_round(executor)
                assert answered_by(after["openai"]) == {"openai": ROUND}
                assert not any(answer.passed_over for answer in after["openai"])
            usage = executor.usage()
        bridged = 3 * ROUND
        for provider, server in (("bedrock", bedrock), ("ollama", ollama)):
            books, seen = usage.of(provider), server.stats()
            own = 5 * ROUND + (bridged if provider == "bedrock" else 0)
            assert (books.attempts, books.answers, books.failures) == (own, own, {})
            assert (seen["answered"], seen["throttled"]) == (own, 0)
            assert lane_opened(usage.lanes, provider) == 0
        assert lane_opened(usage.lanes, "openai") == 2
        assert usage.of("openai").fallbacks == bridged


def lane_opened(lanes: Sequence[LaneState], provider: str) -> int:
    return sum(lane.breaker_opened for lane in lanes if lane.provider == provider)

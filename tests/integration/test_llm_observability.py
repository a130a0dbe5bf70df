"""What an operator sees of real traffic (S4-4, S4-14, S1-16): a scrape, spans and log lines that agree.

The server is the loopback Bedrock with some faults, the traffic comes from LangChain, the plain client and
the executor itself, and the figures are read as Prometheus reads them: over HTTP.
"""

from __future__ import annotations

import json
import logging
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from opentelemetry import trace
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.parser import text_string_to_metric_families

from techne.llm import LLMExecutor, LLMRequest
from techne.llm.client import BedrockLLMClient
from techne.llm.langchain import ExecutorChatModel
from techne.llm.metrics import register
from techne.llm.retry import RetryPolicy
from techne.settings import Settings
from tests.loopback import Fault, FaultPlan, RecordedRequest, Reply
from tests.loopback.bedrock import BedrockServer
from tests.support.spans import RecordingTracerProvider

SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
SECRET = "the-patient-is-called-Ana"
FAULTS = FaultPlan(sequence=[None, Fault("throttle"), None, Fault("unavailable"), None])
TRAFFIC_CALLS = 6


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BedrockServer]:
    def answer(request: RecordedRequest) -> Reply:
        return Reply(f"Answer about {SECRET}.", input_tokens=1000, output_tokens=50, cache_read_tokens=200)

    with BedrockServer(answer, faults=FAULTS) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def tracing(monkeypatch: pytest.MonkeyPatch) -> RecordingTracerProvider:
    provider = RecordingTracerProvider()
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    return provider


def scrape(port: int) -> dict[tuple[str, str], float]:
    """Values by metric and kind (empty where a metric has no kinds) of the only model."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
        text = page.read().decode()
    samples: dict[tuple[str, str], float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            assert (sample.labels["provider"], sample.labels["model"]) == ("bedrock", SONNET)
            kind = sample.labels.get("kind") or sample.labels.get("state") or sample.labels.get("le", "")
            samples[sample.name.removeprefix("techne_llm_"), kind] = sample.value
    return samples


def told(records: list[logging.LogRecord]) -> list[dict[str, Any]]:
    """The calls' lines as a JSON formatter would write them."""
    return [json.loads(json.dumps(record.llm)) for record in records if hasattr(record, "llm")]


async def make_traffic(executor: LLMExecutor) -> None:
    """Five questions of which one is asked twice: six requests, five calls that are answered."""
    prompt = ChatPromptTemplate.from_messages([("system", f"About {SECRET}."), ("human", "{question}?")])
    chain = prompt | ExecutorChatModel(executor=executor, provider="bedrock") | StrOutputParser()
    assert SECRET in await chain.ainvoke({"question": "first"})
    assert SECRET in "".join([piece async for piece in chain.astream({"question": "second"})])
    client = BedrockLLMClient(executor=executor)
    assert SECRET in client.invoke(f"third, {SECRET}")[0]
    assert SECRET in "".join(client.stream("fourth"))
    for _ in range(2):
        await executor.submit(LLMRequest(provider="bedrock", prompt="fifth", request_id="a\nb"))


async def test_scrape_spans_and_lines_agree_with_the_server(
    server: BedrockServer, tracing: RecordingTracerProvider, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(techne_home=tmp_path, llm_executor_bedrock_rpm=None, llm_executor_bedrock_tpm=None)
    registry = CollectorRegistry()
    web, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        with caplog.at_level(logging.INFO, "techne.llm"):
            async with LLMExecutor(settings, retry=RetryPolicy(base_seconds=0.0)) as executor:
                register(executor, registry)
                with tracing.get_tracer("job").start_as_current_span("job") as job:
                    await make_traffic(executor)
                page = scrape(web.server_port)
                figures = executor.usage().of("bedrock")
    finally:
        web.shutdown()
        web.server_close()
        thread.join(10)

    outcomes = Counter(request.outcome for request in server.requests)
    assert outcomes == {"ok": 5, "throttle": 1, "unavailable": 1}
    assert page["attempts_total", ""] == len(server.requests) == figures.attempts
    assert page["answers_total", ""] == page["call_duration_seconds_count", ""] == outcomes["ok"]
    assert page["requests_total", ""] == TRAFFIC_CALLS
    assert page["cache_hits_total", ""] == 1
    assert page["failures_total", "throttled"] == page["throttles_total", ""] == outcomes["throttle"]
    assert page["failures_total", "unavailable"] == outcomes["unavailable"]
    assert page["retries_total", ""] == 2
    assert page["tokens_total", "input"] == figures.tokens.input_tokens
    assert page["tokens_total", "output"] == 5 * 50
    assert page["prompt_cache_tokens_total", "read"] == 5 * 200
    assert page["cost_usd_total", ""] == pytest.approx(float(figures.cost_usd)) != 0
    assert page["breaker_state", "closed"] == 1
    assert page["queue_length", ""] == page["calls_in_flight", ""] == 0

    spans = tracing.of_calls()
    assert len(spans) == 5
    assert all(span.parent == job.get_span_context() for span in spans)
    assert sum(span.attributes["techne.attempts"] for span in spans) == len(server.requests)
    assert (
        sum(span.attributes["gen_ai.usage.output_tokens"] for span in spans) == page["tokens_total", "output"]
    )

    lines = told(caplog.records)
    answers = [line for line in lines if "finish_reason" in line]
    assert len(answers) == TRAFFIC_CALLS
    assert sum(line["cost_usd"] for line in answers if not line["cached"]) == pytest.approx(
        float(figures.cost_usd)
    )
    assert [line["failure"] for line in lines if "attempt" in line] == ["throttled", "unavailable"]
    assert [line["request_id"] for line in answers[-2:]] == ["a\nb", "a\nb"]
    assert all(record.getMessage().isprintable() for record in caplog.records)
    assert all(SECRET not in span.words for span in tracing.spans)
    assert SECRET not in caplog.text
    assert SECRET not in str(page)

"""docgen on the executor: a budget that stops a run cleanly, and a fallback that finishes it (S4-15)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, temporary_settings

from flows.docgen import lambda_handler
from techne.settings import get_settings
from tests.integration.docgen_runs import event
from tests.loopback import FaultPlan
from tests.loopback.bedrock import BedrockServer
from tests.loopback.ollama import OllamaServer
from tests.support import scripted_model

pytestmark = pytest.mark.usefixtures("prefect_server")

FOUR_THOUSAND_TOKENS_OUT_USD = 4096 * 16.5 / 1_000_000
"""What an answer of stages 2 to 4 may cost with the default model; one of stage 5 may cost twice as much."""


@pytest.fixture(autouse=True)
def own_results(tmp_path: Path) -> Iterator[None]:
    """No result of an earlier test answers for a call."""
    with temporary_settings({PREFECT_LOCAL_STORAGE_PATH: tmp_path / "results"}):
        yield


def use(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()


def test_a_run_stops_before_its_budget_is_passed_and_goes_on_with_more(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with BedrockServer(scripted_model.respond) as server:
        use(monkeypatch, server.environment())
        tight = event(tmp_path, "budgeted", engine="bedrock", max_cost_usd=1.6 * FOUR_THOUSAND_TOKENS_OUT_USD)
        stopped = lambda_handler(tight)
        asked_before = [request.prompt for request in server.requests]
        finished = lambda_handler({**tight, "max_cost_usd": 10})
        asked_after = [request.prompt for request in server.requests[len(asked_before) :]]
    assert stopped["statusCode"] == 500
    assert "budget budgeted" in stopped["body"]["message"]
    assert "max_cost_usd" in stopped["body"]["message"]
    assert finished["statusCode"] == 200, finished
    ping, *answered = asked_before
    assert len(answered) >= 3  # extraction, problems and the outline were within the budget
    assert not set(answered) & set(asked_after) - {ping}
    assert finished["body"]["cost_usd"] > 0


def test_a_fallback_finishes_the_document_and_is_named_in_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gone_after_the_check = FaultPlan([None], probability=1.0, kinds=["unavailable"])
    with (
        BedrockServer(scripted_model.respond, faults=gone_after_the_check) as bedrock,
        OllamaServer(scripted_model.respond) as ollama,
    ):
        use(
            monkeypatch,
            {
                **bedrock.environment(),
                **ollama.environment(),
                "LLM_EXECUTOR_FALLBACKS": "ollama",
                "LLM_EXECUTOR_BACKOFF_SECONDS": "0",
                "LLM_EXECUTOR_OLLAMA_MAX_PARALLEL": "4",
                "OLLAMA_NUM_CTX": "32768",
            },
        )
        answer = lambda_handler(event(tmp_path, "passed-on", engine="bedrock"))
    assert answer["statusCode"] == 200, answer
    assert answer["body"]["models"] == ["qwen2:7b"]
    assert "qwen2:7b" in (tmp_path / "out" / "passed-on" / "document.md").read_text()
    # Five failures open the breaker; from then on nobody asks Bedrock for a while.
    assert len(bedrock.requests) <= 12

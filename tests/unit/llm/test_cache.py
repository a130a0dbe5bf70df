"""Answers kept on disk (S1-53): nothing is paid for twice, and nothing wrong is kept."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from techne.errors import OutputValidationError, RequestRejectedError
from techne.llm import LLMExecutor, LLMRequest, LLMResponse, ProviderAnswer, Usage
from techne.llm.cache import FILE_NAME, ResponseCache, cache_key
from techne.llm.testing import ScriptedProvider, Step
from techne.settings import Settings

REQUEST = LLMRequest(provider="scripted", prompt="Why?", prompt_version="1")
RESPONSE = LLMResponse(
    text="Because.",
    parsed={"because": [1, None, "é"]},
    provider="scripted",
    model="m",
    finish_reason="stop",
    usage=Usage(input_tokens=3, output_tokens=2),
    cost_usd=Decimal("0.0001914"),
    latency_seconds=1.5,
    attempts=2,
)


async def ask_twice(settings: Settings, script: list[Step], request: LLMRequest = REQUEST) -> Any:
    provider = ScriptedProvider(script)
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        first = await executor.submit(request)
        second = await executor.submit(request.model_copy(update={"request_id": "other"}))
        return first, second, provider, executor.usage().of("scripted")


async def test_the_same_request_is_answered_from_disk(caching_settings: Settings) -> None:
    first, second, provider, figures = await ask_twice(caching_settings, ["One.", "Two."])
    assert (first.cached, second.cached) == (False, True)
    assert second == first.model_copy(update={"cached": True})
    assert len(provider.requests) == 1
    assert (figures.requests, figures.cached, figures.attempts) == (2, 1, 1)
    assert figures.tokens == first.usage


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "How?"},
        {"system": "Be brief."},
        {"prefill": "Be"},
        {"model": "another"},
        {"max_output_tokens": 7},
        {"temperature": 0.1},
        {"json_schema": {"type": "string"}},
        {"prompt_version": "2"},
        {"provider": "other"},
    ],
)
def test_whatever_decides_the_answer_is_in_the_key(change: dict[str, Any]) -> None:
    provider = ScriptedProvider()
    changed = REQUEST.model_copy(update=change)

    def key(request: LLMRequest) -> str:
        return cache_key(request, provider.resolve(request.model), provider.parameters(request))

    assert key(changed) != key(REQUEST)


def test_the_request_id_and_the_time_out_are_not_in_the_key() -> None:
    changed = REQUEST.model_copy(update={"request_id": "x", "timeout_seconds": 3.0})
    assert cache_key(changed, "m", {}) == cache_key(REQUEST, "m", {})


@pytest.mark.parametrize(
    "answer",
    [ProviderAnswer("Half", "content_filter"), ProviderAnswer("  ", "stop"), ProviderAnswer("?", "unknown")],
)
async def test_filtered_blank_and_odd_answers_are_not_kept(
    answer: ProviderAnswer, caching_settings: Settings
) -> None:
    _, second, provider, _ = await ask_twice(caching_settings, [answer, "Whole."])
    assert (second.text, second.cached, len(provider.requests)) == ("Whole.", False, 2)


async def test_a_cut_off_text_is_kept_with_its_finish_reason(caching_settings: Settings) -> None:
    _, second, provider, _ = await ask_twice(
        caching_settings, [ProviderAnswer("The first ha", "length"), "Whole."]
    )
    assert second.truncated
    assert second.cached
    assert len(provider.requests) == 1


async def test_errors_are_not_kept(caching_settings: Settings) -> None:
    provider = ScriptedProvider([RequestRejectedError("no"), "Yes."])
    async with LLMExecutor(caching_settings, providers={"scripted": provider}) as executor:
        with pytest.raises(RequestRejectedError):
            await executor.submit(REQUEST)
        assert (await executor.submit(REQUEST)).text == "Yes."


async def test_answers_that_do_not_match_their_schema_are_not_kept(caching_settings: Settings) -> None:
    provider = ScriptedProvider(["1", "1", "1", '"Yes."'])
    request = REQUEST.model_copy(update={"json_schema": {"type": "string"}})
    async with LLMExecutor(caching_settings, providers={"scripted": provider}) as executor:
        with pytest.raises(OutputValidationError):
            await executor.submit(request)
        response = await executor.submit(request)
    assert (response.parsed, response.cached) == ("Yes.", False)


def test_an_answer_comes_back_whole(tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path / "deep" / FILE_NAME)
    cache.put("key", RESPONSE)
    cache.close()
    again = ResponseCache(cache.path)
    assert again.get("key") == RESPONSE.model_copy(update={"cached": True})
    assert again.get("other") is None
    again.close()


def test_threads_and_connections_share_one_file(tmp_path: Path) -> None:
    caches = [ResponseCache(tmp_path / FILE_NAME) for _ in range(3)]
    barrier = threading.Barrier(3)

    def work(cache: ResponseCache, number: int) -> None:
        barrier.wait()
        for step in range(20):
            cache.put(f"{number}-{step}", RESPONSE)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(work, caches, range(3)))
    assert all(caches[0].get(f"{number}-{step}") is not None for number in range(3) for step in range(20))
    for cache in caches:
        cache.close()


def test_a_damaged_file_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(b"this is not a database, whatever its name says" * 100)
    cache = ResponseCache(path)
    with caplog.at_level(logging.WARNING, "techne.llm"):
        assert cache.get("key") is None
    cache.put("key", RESPONSE)
    assert cache.get("key") is not None
    cache.close()
    assert "damaged" in caplog.text
    assert [entry.name for entry in tmp_path.iterdir() if ".damaged-" in entry.name]


def test_a_cache_that_cannot_be_made_fails_no_call(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = ResponseCache(tmp_path / "file" / FILE_NAME)
    cache.put("key", RESPONSE)
    assert cache.get("key") is None
    assert caplog.text.count("can't be used") == 1


KILLED = """
import os, signal, sys
from pathlib import Path
from techne.llm import LLMExecutor, LLMRequest
from techne.llm.testing import ScriptedProvider
from techne.settings import Settings
settings = Settings(techne_home=Path(sys.argv[1]))
executor = LLMExecutor(settings, providers={"scripted": ScriptedProvider("Kept.")})
executor.submit_sync(LLMRequest(provider="scripted", prompt="Why?", prompt_version="1"))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_an_answer_survives_the_death_of_its_process(tmp_path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL
    provider = ScriptedProvider("Paid for again.")
    settings = Settings(techne_home=tmp_path)
    with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        response = executor.submit_sync(REQUEST)
    assert (response.text, response.cached, provider.requests) == ("Kept.", True, [])

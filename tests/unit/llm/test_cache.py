"""The cache behind the executor (S1-53): nothing is paid for twice, and nothing wrong is kept."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from techne.errors import OutputValidationError, RequestRejectedError
from techne.llm import LLMExecutor, LLMRequest, ProviderAnswer
from techne.llm.testing import ScriptedProvider, Step
from techne.settings import Settings

REQUEST = LLMRequest(provider="scripted", prompt="Why?", prompt_version="1")


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

"""Choosing the engine, and saying why."""

from __future__ import annotations

import asyncio

import pytest

from techne.documents.engines import selection
from techne.documents.engines.selection import select_engine
from techne.errors import (
    LLMError,
    ModelNotFoundError,
    ProviderAccessError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from techne.settings import Settings
from tests.support.scripted_executor import ScriptedExecutor

UNREACHABLE = ProviderUnavailableError("Ollama is not reachable at http://localhost:11434.", cure="Start it.")


class Checked(ScriptedExecutor):
    """An executor whose checks fail as told."""

    def __init__(self, **failures: LLMError) -> None:
        super().__init__()
        self.checked: list[str] = []
        self._failures = failures

    async def prepare(self, provider: str, model: str | None = None) -> None:
        pass

    async def check(self, provider: str, model: str | None = None) -> None:
        self.checked.append(provider)
        if provider in self._failures:
            raise self._failures[provider]


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture(autouse=True)
def no_credentials_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        monkeypatch.delenv(name, raising=False)


async def test_auto_takes_bedrock_if_it_is_configured_and_answers(credentials: None) -> None:
    chosen = await select_engine("auto", Settings(), Checked)

    assert (chosen.name, chosen.engine.name) == ("bedrock", "bedrock")
    assert chosen.reason == "Bedrock with bedrock-model: configured and reachable."


async def test_auto_takes_ollama_if_bedrock_has_no_credentials_and_asks_bedrock_nothing() -> None:
    executor = Checked()

    chosen = await select_engine("auto", Settings(), lambda: executor)

    assert chosen.engine.name == "ollama"
    assert chosen.reason == "Ollama with ollama-model: reachable; Bedrock has no AWS credentials."
    assert executor.checked == ["ollama"]


async def test_auto_falls_to_the_embedded_engine_and_says_why() -> None:
    chosen = await select_engine("auto", Settings(), lambda: Checked(ollama=UNREACHABLE))

    assert chosen.name == chosen.engine.name == "extractive"
    assert chosen.reason == (
        "Bedrock has no AWS credentials; Ollama is not reachable at http://localhost:11434; "
        "so the embedded extractive engine."
    )


async def test_auto_says_what_bedrock_answered(credentials: None) -> None:
    refused = ProviderAccessError("Access denied to the model.", cure="Ask for access.")

    chosen = await select_engine("auto", Settings(), lambda: Checked(bedrock=refused, ollama=UNREACHABLE))

    assert chosen.reason.startswith("Bedrock: Access denied to the model; Ollama is not reachable")


async def test_the_embedded_engine_by_name_asks_nobody() -> None:
    def no_executor() -> Checked:
        raise AssertionError("no executor is needed")

    assert (await select_engine("extractive", Settings(), no_executor)).engine.name == "extractive"


async def test_an_engine_by_name_that_is_not_there_is_an_error_with_a_cure() -> None:
    """Never a silent fallback."""
    missing = ModelNotFoundError("Ollama has no model qwen2:7b.", cure="Run `ollama pull qwen2:7b`.")

    with pytest.raises(ModelNotFoundError, match="ollama pull"):
        await select_engine("ollama", Settings(), lambda: Checked(ollama=missing))
    with pytest.raises(ProviderAccessError, match=r"no AWS credentials.*AWS_PROFILE"):
        await select_engine("bedrock", Settings(), Checked)


async def test_an_engine_by_name_that_is_there_is_taken(credentials: None) -> None:
    chosen = await select_engine("bedrock", Settings(), Checked, model="us.other")

    assert chosen.reason == "Bedrock with us.other: as chosen."
    assert chosen.engine.models == ("us.other",)


async def test_a_provider_that_does_not_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, credentials: None
) -> None:
    """Both are looked at side by side and given up together."""

    class Silent(Checked):
        async def check(self, provider: str, model: str | None = None) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(selection, "CHECK_SECONDS", 0.2)

    chosen = await select_engine("auto", Settings(), Silent)

    assert chosen.name == "extractive"
    assert "Bedrock did not answer within 0.2 s; Ollama did not answer" in chosen.reason
    with pytest.raises(ProviderTimeoutError):
        await select_engine("ollama", Settings(), Silent)


async def test_a_profile_that_does_not_exist_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(ProviderAccessError, match="nobody"):
        await select_engine("bedrock", Settings(), Checked)

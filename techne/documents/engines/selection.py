"""Chooses the document engine: what was asked for, or the best one that is there, and says why.

Looking costs nothing worth counting and is over within seconds. A choice that was made by name and is not
available is an error, never a silent fallback.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal, Protocol

from techne.documents.engine import DocumentEngine
from techne.documents.engines.llm import LLMEngine, Submits
from techne.errors import LLMError, ProviderAccessError, ProviderTimeoutError
from techne.settings import Settings

EngineName = Literal["auto", "bedrock", "ollama", "openai", "gemini", "extractive"]

CHECK_SECONDS = 3.0
"""Longest that a provider may take to show that it is there."""

_TITLES = {"bedrock": "Bedrock", "ollama": "Ollama", "openai": "OpenAI", "gemini": "Gemini"}


class Checks(Submits, Protocol):
    """An executor that can also say whether a provider is there."""

    async def prepare(self, provider: str, model: str | None = None) -> None:
        """Import and build what calls to a provider need."""

    async def check(self, provider: str, model: str | None = None) -> None:
        """Return if the provider is there and has the model (None: its configured one).

        Raises:
            LLMError: What is missing, and the cure.
        """


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """The engine, and one sentence on why it is this one."""

    name: str
    reason: str
    engine: DocumentEngine


async def select_engine(
    choice: EngineName,
    settings: Settings,
    executor_factory: Callable[[], Checks],
    *,
    model: str | None = None,
) -> EngineChoice:
    """The engine to use.

    Args:
        choice: `auto` takes Bedrock if it is configured and answers, else Ollama if it answers and has the
            model, else the embedded extractive engine.
        settings: Providers' settings.
        executor_factory: Called when a provider is to be looked at; the caller closes what it makes.
        model: Model of whichever provider is chosen; its configured one if omitted.

    Raises:
        LLMError: The engine chosen by name is not available; the message says why and what to do.
    """
    if choice == "extractive":
        return _extractive("The embedded extractive engine, as chosen: no model was asked.")
    executor = executor_factory()
    if choice != "auto":
        if problem := await _problem(choice, settings, executor, model):
            raise problem
        return _llm(choice, "as chosen", settings, executor, model)
    bedrock, ollama = await asyncio.gather(
        _problem("bedrock", settings, executor, model), _problem("ollama", settings, executor, model)
    )
    if bedrock is None:
        return _llm("bedrock", "configured and reachable", settings, executor, model)
    if ollama is None:
        return _llm("ollama", f"reachable; {_said('bedrock', bedrock)}", settings, executor, model)
    return _extractive(
        f"{_said('bedrock', bedrock)}; {_said('ollama', ollama)}; so the embedded extractive engine."
    )


def _llm(provider: str, why: str, settings: Settings, executor: Checks, model: str | None) -> EngineChoice:
    engine = LLMEngine(executor, provider=provider, settings=settings, model=model)
    reason = f"{_TITLES[provider]} with {', '.join(engine.models)}: {why}."
    return EngineChoice(name=provider, reason=reason, engine=engine)


def _extractive(reason: str) -> EngineChoice:
    from techne.documents.engines.extractive import ExtractiveEngine

    return EngineChoice(name="extractive", reason=reason, engine=ExtractiveEngine())


async def _problem(provider: str, settings: Settings, executor: Checks, model: str | None) -> LLMError | None:
    """Why a provider can't be used, or None if it can."""
    try:
        if provider == "bedrock":
            await _within(_on_thread(lambda: _require_credentials(settings)), provider)
        # Importing the client is slow and says nothing about the service, so it is not timed.
        await executor.prepare(provider, model)
        await _within(executor.check(provider, model), provider)
    except LLMError as error:
        return error
    return None


async def _within(look: Awaitable[None], provider: str) -> None:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await look
    except TimeoutError as error:
        raise ProviderTimeoutError(
            f"{_TITLES[provider]} did not answer within {CHECK_SECONDS:g} s.",
            cure="Check the network and the provider's settings.",
        ) from error


def _require_credentials(settings: Settings) -> None:
    """Find AWS credentials as boto3 would; the instance metadata service is asked once, for a second."""
    import botocore.session
    from botocore.exceptions import BotoCoreError

    session = botocore.session.get_session()
    session.set_config_variable("region", settings.aws_region)
    session.set_config_variable("metadata_service_timeout", 1)
    session.set_config_variable("metadata_service_num_attempts", 1)
    try:
        found = session.get_credentials() is not None
    except BotoCoreError as error:
        raise ProviderAccessError(
            f"AWS credentials could not be read: {error}.", cure="Check AWS_PROFILE and ~/.aws."
        ) from error
    if not found:
        raise ProviderAccessError(
            "Bedrock has no AWS credentials.",
            cure="Set AWS_PROFILE or AWS_ACCESS_KEY_ID, or choose another engine.",
        )


def _said(provider: str, error: LLMError) -> str:
    """The error as part of a sentence that says whose it is."""
    message = error.message.strip().rstrip(".")
    return message if _TITLES[provider] in message else f"{_TITLES[provider]}: {message}"


async def _on_thread(work: Callable[[], object]) -> None:
    """Blocking work on a thread that nobody has to wait for, not even at exit."""
    outcome: Future[None] = Future()

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
            failure: BaseException | None = error
        else:
            failure = None
        if not outcome.set_running_or_notify_cancel():
            return
        if failure is None:
            outcome.set_result(None)
        else:
            outcome.set_exception(failure)

    threading.Thread(target=run, name="techne-engine-check", daemon=True).start()
    await asyncio.wrap_future(outcome)

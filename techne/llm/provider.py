"""What a provider must do, and the registry of providers by name.

A new provider is one class and one registration (S4-16):

    register_provider("acme", AcmeProvider)     # called as AcmeProvider(settings)
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from techne.errors import ConfigurationError
from techne.llm.model import Capabilities, EmbedRequest, FinishReason, LLMRequest, Usage

if TYPE_CHECKING:
    from techne.settings import Settings

Parameters = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """What came back from one call.

    Args:
        text: The answer; JSON when a schema was asked for, however the provider was made to give it.
        finish_reason: Why it ended.
        usage: Tokens as the provider counted them.
        output_limit: Most tokens that this call was allowed to answer with.
        output_ceiling: Most that a call with this prompt could be allowed.
    """

    text: str
    finish_reason: FinishReason
    usage: Usage = field(default_factory=Usage)
    output_limit: int = 0
    output_ceiling: int = 0


@dataclass(frozen=True, slots=True)
class ProviderVectors:
    """What came back from one embedding call: one vector per text, in their order."""

    vectors: tuple[tuple[float, ...], ...]
    usage: Usage = field(default_factory=Usage)


class Provider(Protocol):
    """One source of answers. Its coroutines run on the executor's loop, the rest on any thread."""

    name: str
    """Name in requests and logs."""
    title: str
    """Name in messages to people."""
    model: str
    """Model that answers requests which name none."""
    embedding_model: str
    """Model that answers embedding requests which name none; empty if there is none."""
    server: str
    """Address that decides what a model's name stands for; part of the cache key, empty for the vendor's."""
    output_limit_settings: str
    """Settings that bound the length of an answer, for messages."""

    def resolve(self, model: str | None) -> str:
        """Full id of a model: the configured one for None, aliases replaced."""
        ...

    def parameters(self, request: LLMRequest) -> Parameters:
        """The parameters that the call will carry, defaults included; part of the cache key. Cheap."""
        ...

    def output_limit(self, request: LLMRequest) -> int:
        """Most tokens that the call lets the model answer with; reserved where tokens are limited. Cheap."""
        ...

    def capabilities(self, model: str | None = None) -> Capabilities:
        """What the model can do. May import the client; must not call the server."""
        ...

    def prepare(self, model: str) -> None:
        """Import and build what calls to a model need, on a thread; not timed, since it asks no server.

        Raises:
            LLMError: It can't be built.
        """
        ...

    async def complete(self, request: LLMRequest) -> ProviderAnswer:
        """Make one call, without retries.

        Ends only when the call is really over: one that can't be broken off when cancelled (a thread in a
        blocking client) stays until it returns, and its slot stays taken with it. A `json_schema` is to
        be enforced as well as the model can; the answer is validated by the caller in any case.

        Raises:
            LLMError: Typed by what the caller can do about it.
        """
        ...

    def stream(self, request: LLMRequest) -> AsyncIterator[str | ProviderAnswer]:
        """Make one call and give its text piece by piece; the last thing given is the whole answer.

        Closing the iterator breaks the call off.

        Raises:
            LLMError: As `complete`; also in the middle, when the stream breaks.
        """
        ...

    async def embed(self, request: EmbedRequest) -> ProviderVectors:
        """Make one call that turns texts into vectors. `request.model` is resolved.

        Raises:
            LLMError: As `complete`; RequestRejectedError where the provider has no embeddings.
        """
        ...

    async def count_tokens(self, request: LLMRequest) -> int:
        """Tokens of the prompt: the provider's own count where it offers one for nothing, else an estimate.

        Raises:
            LLMError: As `complete`.
        """
        ...

    async def check(self, model: str | None = None) -> Usage:
        """Return if the server is there, lets us in, and has the model; the tokens that it took.

        None stands for the configured model.

        Raises:
            LLMError: What is missing, and how to get it.
        """
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


ProviderFactory = Callable[["Settings"], Provider]

_factories: dict[str, ProviderFactory | str] = {
    "gemini": "techne.llm.providers.gemini:GeminiProvider",
    "openai": "techne.llm.providers.openai:OpenAIProvider",
    "bedrock": "techne.llm.providers.bedrock:BedrockProvider",
    "ollama": "techne.llm.providers.ollama:OllamaProvider",
}


def register_provider(name: str, factory: ProviderFactory) -> None:
    """Make a provider known by name, in place of any that had the name."""
    _factories[name] = factory


def provider_names() -> tuple[str, ...]:
    """Names that requests may use."""
    return tuple(sorted(_factories))


def build_provider(name: str, settings: Settings) -> Provider:
    """A provider by name.

    Raises:
        ConfigurationError: No provider is registered under the name.
    """
    factory = _factories.get(name)
    if factory is None:
        known = ", ".join(provider_names())
        raise ConfigurationError(
            f"No LLM provider is called {name!r}.", cure=f"Use one of {known}, or register it."
        )
    if isinstance(factory, str):
        module, _, attribute = factory.partition(":")
        factory = getattr(importlib.import_module(module), attribute)
    provider: Provider = factory(settings)
    return provider

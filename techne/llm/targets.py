"""Who is to answer a request, and who if that one can't: fallback chains, and the choice of `auto`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from techne.errors import (
    ConfigurationError,
    LLMError,
    MalformedResponseError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    ThrottledError,
)
from techne.llm.model import Capabilities, LLMRequest, Usage
from techne.llm.pricing import cost_usd
from techne.llm.provider import Provider, provider_names
from techne.llm.tokens import RequestTokens

if TYPE_CHECKING:
    from techne.settings import Settings

AUTO = "auto"
LEAST_ANSWER_TOKENS = 256
"""Room for an answer that a model must have beside the prompt, where the request names no limit."""
_TYPICAL = Usage(input_tokens=1000, output_tokens=300)

FALLBACK_ERRORS = (ProviderUnavailableError, ProviderTimeoutError, ThrottledError, MalformedResponseError)
"""What another provider may not suffer from; a refused request or a wrong key is told, not hidden."""


@dataclass(frozen=True, slots=True)
class Target:
    """One model of one provider; `chosen` if the request names it, rather than a list of alternatives."""

    provider: str
    model: str | None
    chosen: bool = False


class Router:
    """Makes the chains of requests.

    Args:
        settings: Chains of the process.
        provider: Gives a provider by name.
        is_healthy: Whether a provider's model is not left alone now.
        known: Providers that there are beside the registered ones.
    """

    def __init__(
        self,
        settings: Settings,
        provider: Callable[[str], Provider],
        is_healthy: Callable[[str, str], bool],
        *,
        known: Collection[str] = (),
    ) -> None:
        self._settings = settings
        self._provider = provider
        self._is_healthy = is_healthy
        self._known = known

    def chain(self, request: LLMRequest) -> list[Target]:
        """Who is to answer a request, and who if that one can't, in order; at least one.

        Raises:
            ConfigurationError: An unknown provider, or nobody for `auto`.
        """
        settings = self._settings
        if request.provider == AUTO:
            candidates = [
                parse_target(name, "LLM_EXECUTOR_PROVIDERS", known=self._known)
                for name in settings.llm_executor_providers
            ]
            if request.model is not None:
                candidates = [target for target in candidates if self._has(target, request.model)]
                if not candidates:
                    raise ConfigurationError(
                        f"Nobody of LLM_EXECUTOR_PROVIDERS has the model {request.model!r}.",
                        cure="Add it as `provider/model`, or name a provider in the request.",
                    )
            chain = ranked(candidates, request, provider=self._provider, is_healthy=self._is_healthy)
        else:
            chain = [Target(request.provider, request.model, chosen=True)]
        given = request.fallbacks
        names = settings.llm_executor_fallbacks if given is None else given
        setting = "LLM_EXECUTOR_FALLBACKS" if given is None else "fallbacks"
        for name in names:
            target = parse_target(name, setting, known=self._known)
            if not any(self._is_same(target, earlier) for earlier in chain) and self._fits(target, request):
                chain.append(target)
        return chain

    def _has(self, target: Target, model: str) -> bool:
        try:
            provider = self._provider(target.provider)
            return provider.resolve(target.model) == provider.resolve(model)
        except (LLMError, ConfigurationError):
            return target.model == model  # what is wrong with it is told when it is asked

    def _is_same(self, one: Target, other: Target) -> bool:
        if one.provider != other.provider:
            return False
        provider = self._provider(one.provider)
        return provider.resolve(one.model) == provider.resolve(other.model)

    def _fits(self, target: Target, request: LLMRequest) -> bool:
        try:
            return fits(request, self._provider(target.provider).capabilities(target.model))
        except (LLMError, ConfigurationError):
            return True  # what is wrong with it is told when it is asked


def parse_target(text: str, setting: str, *, known: Collection[str] = ()) -> Target:
    """A `provider` or `provider/model`; a model id may hold more slashes.

    Args:
        text: The target.
        setting: Where it stands, for messages.
        known: Providers that there are beside the registered ones.

    Raises:
        ConfigurationError: No such provider; it names the setting.
    """
    provider, _, model = text.strip().partition("/")
    names = {*provider_names(), *known}
    if provider not in names:
        raise ConfigurationError(
            f"{setting} names {text!r}, and no LLM provider is called {provider!r}.",
            cure=f"Use one of {', '.join(sorted(names))}.",
        )
    return Target(provider, model or None)


def passes_on(error: LLMError | ConfigurationError, target: Target) -> bool:
    """Whether the next of the chain is to be asked."""
    if isinstance(error, FALLBACK_ERRORS):
        return True
    return not target.chosen and isinstance(error, ConfigurationError)


def ranked(
    candidates: Sequence[Target],
    request: LLMRequest,
    *,
    provider: Callable[[str], Provider],
    is_healthy: Callable[[str, str], bool],
) -> list[Target]:
    """The candidates of `auto` in the order in which they are asked.

    Those whose window the request doesn't fit are left out. The others are sorted by health, by whether they
    follow a schema natively (if there is one), by price, and by their place in LLM_EXECUTOR_PROVIDERS.

    Raises:
        ConfigurationError: Nobody is left; it says why of each.
    """
    needed = RequestTokens().raw(request) + (request.max_output_tokens or LEAST_ANSWER_TOKENS)
    ranks: list[tuple[tuple[bool, bool, float, int], Target]] = []
    reasons: list[str] = []
    for place, candidate in enumerate(candidates):
        try:
            source = provider(candidate.provider)
            capabilities = source.capabilities(candidate.model)
        except (ConfigurationError, LLMError) as error:
            reasons.append(f"{candidate.provider}: {error.message}")
            continue
        if capabilities.context_tokens < needed:
            reasons.append(f"{candidate.provider}: its window of {capabilities.context_tokens} is too small")
            continue
        model = source.resolve(candidate.model)
        price = cost_usd(candidate.provider, model, _TYPICAL)
        rank = (
            not is_healthy(candidate.provider, model),
            request.json_schema is not None and not capabilities.native_json_schema,
            float("inf") if price is None else float(price),
            place,
        )
        ranks.append((rank, candidate))
    if not ranks:
        raise ConfigurationError(
            f"No provider of LLM_EXECUTOR_PROVIDERS can take the request ({'; '.join(reasons)}).",
            cure="Configure one, or name a provider in the request.",
        )
    return [candidate for _, candidate in sorted(ranks, key=lambda entry: entry[0])]


def fits(request: LLMRequest, capabilities: Capabilities) -> bool:
    """Whether a model's window holds the request and an answer."""
    needed = RequestTokens().raw(request) + (request.max_output_tokens or LEAST_ANSWER_TOKENS)
    return needed <= capabilities.context_tokens

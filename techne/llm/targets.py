"""Who is to answer a request, and who if that one can't: fallback chains, and the choice of `auto`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

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

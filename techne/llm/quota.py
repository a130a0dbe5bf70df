"""Limits that several processes share (resolution 4): the protocol, and the registry of what can keep them.

A quota knows named limits, each so many units that can be held at once. The executor turns that into rates: a
unit of `requests_per_minute` is held for a minute after its request, so in no minute more than the limit is
spent, by however many processes. Units are leased in batches, so that a call doesn't cost a round trip.

The core has no quota of its own. `tasks.quota` registers `prefect`; `LLM_EXECUTOR_LIMITS` chooses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from techne.errors import ConfigurationError

if TYPE_CHECKING:
    from techne.settings import Settings

PROCESS = "process"
"""Value of LLM_EXECUTOR_LIMITS that keeps limits inside the process."""


@dataclass(frozen=True, slots=True)
class QuotaLease:
    """Units held of one limit, until they are given back or their holder dies."""

    limit: str
    amount: int
    handle: str


class SharedQuota(Protocol):
    """Keeper of named limits. Its coroutines run on the executor's loop; one instance per executor."""

    async def lease(self, limit: str, amount: int) -> QuotaLease | None:
        """Take units if they are free now; None if they are not. The lease is kept alive until given back.

        Raises:
            ConfigurationError: There is no such limit, or it is smaller than `amount`; the message names
                the command that creates it.
            ProviderUnavailableError: The keeper can't be reached.
        """
        ...

    async def give_back(self, lease: QuotaLease) -> None:
        """Free a lease's units. Never raises: units that can't be freed lapse with their lease."""
        ...

    async def close(self) -> None:
        """End. What is still held has been spent: it lapses with its lease, and is not given back."""
        ...


QuotaFactory = Callable[["Settings"], SharedQuota]

_factories: dict[str, QuotaFactory] = {}


def register_quota(name: str, factory: QuotaFactory) -> None:
    """Make a keeper of limits known by name, for LLM_EXECUTOR_LIMITS."""
    _factories[name] = factory


def build_quota(settings: Settings) -> SharedQuota | None:
    """The keeper that the settings name; None for limits inside the process.

    Raises:
        ConfigurationError: No keeper is registered under the name.
    """
    name = settings.llm_executor_limits
    if name == PROCESS:
        return None
    if name not in _factories:
        known = ", ".join(sorted({PROCESS, *_factories}))
        raise ConfigurationError(
            f"LLM_EXECUTOR_LIMITS is {name!r}, which nobody has registered.", cure=f"Use one of {known}."
        )
    return _factories[name](settings)


def limit_name(provider: str, model: str | None, what: str) -> str:
    """Name of a shared limit, such as `llm:bedrock:tokens_per_minute` or `llm:openai/gpt:parallel`.

    Args:
        provider: Provider name.
        model: Model id for a limit of the model alone; None for the provider's.
        what: `parallel`, `requests_per_second`, `requests_per_minute` or `tokens_per_minute`.
    """
    return f"llm:{provider}:{what}" if model is None else f"llm:{provider}/{model}:{what}"

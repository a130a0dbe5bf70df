"""What the blocks of model providers share: a model, its limits, and where the key is.

Each provider has a file of its own with what only it has. The limits are those of one process; those that
processes share on the server (LLM_EXECUTOR_LIMITS=prefect) are made by `python -m deployments.limits`.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

from prefect.blocks.system import Secret
from pydantic import Field, SecretStr, model_validator

from blocks.settings_block import Overrides, SettingsBlock, default_of
from techne.settings import Rate, Settings

LIMITS = {
    "max_parallel": ("Calls in flight", "Most calls in flight at once."),
    "qps": ("Calls per second", "Most calls in a second; null for no limit."),
    "rpm": ("Calls per minute", "Most calls in a minute; null for no limit."),
    "tpm": ("Tokens per minute", "Most tokens in a minute, in and out; null for no limit."),
}
"""Title and description of each limit that a provider may have."""


class ProviderBlock(SettingsBlock):
    """A provider of language models, as one process asks it."""

    _provider: ClassVar[str]
    _own_settings: ClassVar[dict[str, str]]
    """Names of the fields that aren't limits, and of the settings that they stand for."""

    model: str
    max_parallel: int
    qps: Rate
    rpm: Rate
    tpm: Rate
    timeout_seconds: float

    def settings(self) -> Overrides:
        """Model, limits and what else this provider has, by the names of `Settings`' fields."""
        own = {setting: getattr(self, name) for name, setting in self._own_settings.items()}
        return own | {f"llm_executor_{self._provider}_{name}": getattr(self, name) for name in LIMITS}

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The provider as these settings have it, its key left out."""
        limits = settings.provider_limits(cls._provider)
        values: dict[str, Any] = {name: getattr(limits, name) for name in LIMITS}
        return cls(**values, **{name: getattr(settings, own) for name, own in cls._own_settings.items()})


class KeyedProviderBlock(ProviderBlock):
    """A provider that asks for a key: the block holds it, or refers to a Secret block that does."""

    api_key: SecretStr | None = Field(
        None, title="Key", description="The provider's key. Leave it empty to choose a Secret block instead."
    )
    api_key_secret: Secret | None = Field(  # type: ignore[type-arg]  # Secret[str] would be another block type
        None, title="Key in a Secret block", description="The Secret block that holds the provider's key."
    )

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if self.api_key and self.api_key_secret is not None:
            raise ValueError(
                "The key is given twice, as `api_key` and as `api_key_secret`: empty one of them."
            )
        return self

    def settings(self) -> Overrides:
        """Model, limits, key and what else this provider has; without a key, a process keeps its own."""
        overrides = super().settings()
        key = self._key()
        return overrides if key is None else {**overrides, f"{self._provider}_api_key": key}

    def _key(self) -> SecretStr | None:
        if self.api_key_secret is None:
            return self.api_key or None  # a form that was emptied holds an empty text
        # Not its get(): that takes a key of digits for a number.
        return SecretStr(str(self.api_key_secret.value.get_secret_value()))


def limit_of(provider: str, name: str) -> Any:
    """The field of a limit, with the default that the provider's setting has."""
    title, description = LIMITS[name]
    return Field(
        default_of(f"llm_executor_{provider}_{name}"),
        title=title,
        description=description,
        ge=1 if name == "max_parallel" else None,
    )


def timeout_of(provider: str) -> Any:
    """The field of a time-out, with the default that the provider's setting has."""
    return Field(
        default_of(f"{provider}_timeout_seconds"),
        title="Time-out",
        description="Longest wait for one answer, in seconds.",
        gt=0,
    )


def max_tokens_of(setting: str) -> Any:
    """The field of the longest answer, with the default that the setting has."""
    return Field(
        default_of(setting),
        title="Output tokens",
        description="Most tokens of one answer, if not asked.",
        ge=1,
    )

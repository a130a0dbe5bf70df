"""What every block of techne has in common: its fields stand for settings that techne reads.

A block is kept by a Prefect server and edited in its UI; techne itself reads environment variables and knows
nothing of Prefect. Here is the bridge between the two. Which blocks a flow loads is the flow's decision.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Self

from prefect.blocks.core import Block
from pydantic import ConfigDict, SecretStr
from pydantic_core import to_jsonable_python

from techne.settings import UNLIMITED, Settings

Overrides = Mapping[str, object]
"""Values by names of `Settings`' fields. Keys are still wrapped in SecretStr, so this may be shown."""


class SettingsBlock(Block):
    """A block whose fields stand for settings of techne."""

    model_config = ConfigDict(extra="forbid")

    @abstractmethod
    def settings(self) -> Overrides:
        """What this block sets, by the names of `techne.settings.Settings`' fields."""

    @classmethod
    @abstractmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The block that says what these settings say, except for keys.

        Raises:
            ConfigurationError: A setting without which there is no such block is not set.
        """

    def applied_to(self, settings: Settings) -> Settings:
        """Settings that are as this block says, and elsewhere as they were.

        Args:
            settings: What holds for everything that this block says nothing of.

        Raises:
            pydantic.ValidationError: A value that the setting can't have.
        """
        values: dict[str, Any] = {name: getattr(settings, name) for name in Settings.model_fields}
        return Settings(**{**values, **self.settings()})

    def environment(self) -> dict[str, str]:
        """The same as environment variables, for a child process. Keys are in clear here: show it to nobody.

        What is unset has no variable, except a limit: that is `unlimited` then.
        """
        return {
            name.upper(): _as_text(value)
            for name, value in self.settings().items()
            if value is not None or name.startswith("llm_executor_")
        }


def _as_text(value: object) -> str:
    if value is None:
        return UNLIMITED
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    plain = to_jsonable_python(value)
    return plain if isinstance(plain, str) else json.dumps(plain)


def default_of(setting: str) -> Any:
    """A setting's default, so that the UI's form opens with what techne does without the block."""
    return Settings.model_fields[setting].default

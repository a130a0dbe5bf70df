"""OpenAI, or a server that speaks its protocol, as a block."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from blocks.provider import KeyedProviderBlock, limit_of, max_tokens_of, timeout_of
from blocks.settings_block import default_of
from techne.settings import Rate


class OpenAIProvider(KeyedProviderBlock):
    """A model of OpenAI, or of a server that speaks its protocol, and the limits that calls of it keep to.

    Code takes the block up with `applied_to`; what starts another process, with `environment`. A deployment
    or work pool does so without code, by a reference in the `env` of its job variables:
    `prefect.blocks.openai-provider.techne.model` in double braces for OPENAI_MODEL. On ECS a key does not
    belong there, where whoever may describe a task reads it: its task definition takes it from a secret
    store.

    Example:
        ```python
        from prefect.blocks.system import Secret

        from blocks import OpenAIProvider
        from techne.settings import get_settings

        Secret(value="sk-...").save("openai-key")
        OpenAIProvider(rpm=500, api_key_secret=Secret.load("openai-key")).save("techne", overwrite=True)

        settings = OpenAIProvider.load("techne").applied_to(get_settings())
        ```
    """

    _block_type_name = "OpenAI Provider"
    _block_type_slug = "openai-provider"
    _description = (
        "A model of OpenAI, or of a server like it, and the limits that techne's calls of it keep to."
    )
    _provider: ClassVar[str] = "openai"
    _own_settings: ClassVar[dict[str, str]] = {
        "model": "openai_model",
        "base_url": "openai_base_url",
        "timeout_seconds": "openai_timeout_seconds",
        "max_tokens": "openai_max_tokens",
    }

    model: str = Field(
        default_of("openai_model"),
        title="Model",
        min_length=1,
        description="The model, by the server's name for it.",
    )
    base_url: str = Field(
        default_of("openai_base_url"),
        title="Address",
        min_length=1,
        description="OpenAI, or any server that speaks its protocol.",
    )
    max_parallel: int = limit_of("openai", "max_parallel")
    qps: Rate = limit_of("openai", "qps")
    rpm: Rate = limit_of("openai", "rpm")
    tpm: Rate = limit_of("openai", "tpm")
    timeout_seconds: float = timeout_of("openai")
    max_tokens: int = max_tokens_of("openai_max_tokens")

"""Google's Gemini API as a block."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from blocks.provider import KeyedProviderBlock, limit_of, max_tokens_of, timeout_of
from blocks.settings_block import default_of
from techne.settings import Rate


class GeminiProvider(KeyedProviderBlock):
    """A model of Google's Gemini API, and the limits that calls of it keep to.

    Code takes the block up with `applied_to`; what starts another process, with `environment`. A deployment
    or work pool does so without code, by a reference in the `env` of its job variables:
    `prefect.blocks.gemini-provider.techne.model` in double braces for GEMINI_MODEL. On ECS a key does not
    belong there, where whoever may describe a task reads it: its task definition takes it from a secret
    store.

    Example:
        ```python
        import os
        import subprocess

        from blocks import GeminiProvider

        gemini = GeminiProvider.load("techne")
        command = ["python", "flows/docgen.py"]
        subprocess.run(command, env={**os.environ, **gemini.environment()}, check=True)
        ```
    """

    _block_type_name = "Gemini Provider"
    _block_type_slug = "gemini-provider"
    _description = "A model of Google's Gemini API, and the limits that techne's calls of it keep to."
    _provider: ClassVar[str] = "gemini"
    _own_settings: ClassVar[dict[str, str]] = {
        "model": "gemini_model",
        "base_url": "gemini_base_url",
        "timeout_seconds": "gemini_timeout_seconds",
        "max_tokens": "gemini_max_tokens",
    }

    model: str = Field(
        default_of("gemini_model"),
        title="Model",
        min_length=1,
        description="The model, as `gemini-2.5-flash`.",
    )
    base_url: str = Field(
        default_of("gemini_base_url"),
        title="Address",
        min_length=1,
        description="The Gemini API, or a proxy of it.",
    )
    max_parallel: int = limit_of("gemini", "max_parallel")
    qps: Rate = limit_of("gemini", "qps")
    rpm: Rate = limit_of("gemini", "rpm")
    tpm: Rate = limit_of("gemini", "tpm")
    timeout_seconds: float = timeout_of("gemini")
    max_tokens: int = max_tokens_of("gemini_max_tokens")

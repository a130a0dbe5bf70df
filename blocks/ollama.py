"""An Ollama server as a block."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from blocks.provider import KeyedProviderBlock, limit_of, max_tokens_of, timeout_of
from blocks.settings_block import default_of
from techne.settings import Rate


class OllamaProvider(KeyedProviderBlock):
    """A model on an Ollama server, and the limits that calls of it keep to.

    Fargate has no GPU, so on ECS `host` is that of a server elsewhere. Ollama's own queue bounds no calls
    of a model that is loaded; `max_parallel` does. Code takes the block up with `applied_to`. A deployment
    or work pool does so without code, by a reference in the `env` of its job variables:
    `prefect.blocks.ollama-provider.techne.host` in double braces for OLLAMA_HOST.

    Example:
        ```python
        from blocks import OllamaProvider
        from techne.settings import get_settings

        OllamaProvider(host="http://gpu.internal:11434", model="llama3.1-8b").save("techne", overwrite=True)

        settings = OllamaProvider.load("techne").applied_to(get_settings())
        ```
    """

    _block_type_name = "Ollama Provider"
    _block_type_slug = "ollama-provider"
    _description = "A model on an Ollama server, and the limits that techne's calls of it keep to."
    _provider: ClassVar[str] = "ollama"
    _own_settings: ClassVar[dict[str, str]] = {
        "model": "ollama_model",
        "host": "ollama_host",
        "timeout_seconds": "ollama_timeout_seconds",
        "num_ctx": "ollama_num_ctx",
        "num_predict": "ollama_num_predict",
        "keep_alive": "ollama_keep_alive",
    }

    model: str = Field(
        default_of("ollama_model"),
        title="Model",
        min_length=1,
        description="The model's tag, or an alias of it.",
    )
    host: str = Field(
        default_of("ollama_host"),
        title="Server",
        min_length=1,
        description="The server, with or without a scheme.",
    )
    max_parallel: int = limit_of("ollama", "max_parallel")
    qps: Rate = limit_of("ollama", "qps")
    rpm: Rate = limit_of("ollama", "rpm")
    tpm: Rate = limit_of("ollama", "tpm")
    timeout_seconds: float = timeout_of("ollama")
    num_ctx: int = Field(
        default_of("ollama_num_ctx"), title="Context window", ge=512, description="Context window, in tokens."
    )
    num_predict: int = max_tokens_of("ollama_num_predict")
    keep_alive: str = Field(
        default_of("ollama_keep_alive"),
        title="Keep alive",
        min_length=1,
        description="How long the server keeps the model loaded after a call, as `5m`.",
    )

"""Amazon Bedrock as a block."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from blocks.provider import ProviderBlock, limit_of, max_tokens_of, timeout_of
from blocks.settings_block import default_of
from techne.settings import Rate


class BedrockProvider(ProviderBlock):
    """A model on Amazon Bedrock, and the limits that calls of it keep to.

    It has no key: Bedrock is asked in AWS_REGION with the credentials of the process, on ECS those of the
    task's role. Code takes the block up with `applied_to`. A deployment or work pool does so without code,
    by a reference in the `env` of its job variables: `prefect.blocks.bedrock-provider.techne.model` in
    double braces for BEDROCK_MODEL_ID.

    Example:
        ```python
        from blocks import BedrockProvider
        from techne.llm import shared_executor
        from techne.settings import get_settings

        bedrock = BedrockProvider.load("techne")
        executor = shared_executor(bedrock.applied_to(get_settings()))
        ```
    """

    _block_type_name = "Bedrock Provider"
    _block_type_slug = "bedrock-provider"
    _description = "A model on Amazon Bedrock, and the limits that techne's calls of it keep to."
    _provider: ClassVar[str] = "bedrock"
    _own_settings: ClassVar[dict[str, str]] = {
        "model": "bedrock_model_id",
        "timeout_seconds": "bedrock_timeout_seconds",
        "max_tokens": "bedrock_max_tokens",
    }

    model: str = Field(
        default_of("bedrock_model_id"),
        title="Model",
        min_length=1,
        description="Id of an inference profile (`us.`, `eu.`, `global.`), or of a model itself.",
    )
    max_parallel: int = limit_of("bedrock", "max_parallel")
    qps: Rate = limit_of("bedrock", "qps")
    rpm: Rate = limit_of("bedrock", "rpm")
    tpm: Rate = limit_of("bedrock", "tpm")
    timeout_seconds: float = timeout_of("bedrock")
    max_tokens: int = max_tokens_of("bedrock_max_tokens")

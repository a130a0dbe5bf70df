"""Every LLM call of techne goes through one executor (S4): `await shared_executor().submit(LLMRequest(...))`.

Importing this package costs little: a provider's client is imported when the provider is first used.
"""

from techne.llm.accounting import ExecutorUsage, ModelUsage
from techne.llm.executor import LLMExecutor
from techne.llm.model import Capabilities, FinishReason, LLMRequest, LLMResponse, Usage
from techne.llm.provider import (
    Provider,
    ProviderAnswer,
    build_provider,
    provider_names,
    register_provider,
)
from techne.llm.shared import close_shared_executors, shared_executor

__all__ = [
    "Capabilities",
    "ExecutorUsage",
    "FinishReason",
    "LLMExecutor",
    "LLMRequest",
    "LLMResponse",
    "ModelUsage",
    "Provider",
    "ProviderAnswer",
    "Usage",
    "build_provider",
    "close_shared_executors",
    "provider_names",
    "register_provider",
    "shared_executor",
]

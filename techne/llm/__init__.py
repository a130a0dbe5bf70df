"""Every LLM call of techne goes through one executor (S4): `await shared_executor().submit(LLMRequest(...))`.

Importing this package costs little: a provider's client is imported when the provider is first used.
"""

from techne.llm.accounting import ExecutorUsage, Histogram, LaneState, ModelUsage
from techne.llm.answering import LLMChunk
from techne.llm.executor import LLMExecutor
from techne.llm.many import Outcome
from techne.llm.model import (
    Capabilities,
    CostBudget,
    EmbedRequest,
    EmbedResponse,
    FinishReason,
    LLMRequest,
    LLMResponse,
    Message,
    PassedOver,
    Usage,
)
from techne.llm.provider import (
    Provider,
    ProviderAnswer,
    ProviderVectors,
    build_provider,
    provider_names,
    register_provider,
)
from techne.llm.quota import QuotaLease, SharedQuota, register_quota
from techne.llm.shared import close_shared_executors, shared_executor

__all__ = [
    "Capabilities",
    "CostBudget",
    "EmbedRequest",
    "EmbedResponse",
    "ExecutorUsage",
    "FinishReason",
    "Histogram",
    "LLMChunk",
    "LLMExecutor",
    "LLMRequest",
    "LLMResponse",
    "LaneState",
    "Message",
    "ModelUsage",
    "Outcome",
    "PassedOver",
    "Provider",
    "ProviderAnswer",
    "ProviderVectors",
    "QuotaLease",
    "SharedQuota",
    "Usage",
    "build_provider",
    "close_shared_executors",
    "provider_names",
    "register_provider",
    "register_quota",
    "shared_executor",
]

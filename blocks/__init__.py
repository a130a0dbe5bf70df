"""Prefect blocks of techne: providers, the tracking table, the place of documents, as a server keeps them.

Blocks import techne alone. `python -m deployments.bootstrap` registers their types, and saves one of each
called `techne` from the settings that it runs with.
"""

from blocks.bedrock import BedrockProvider
from blocks.document_store import DocumentStore
from blocks.gemini import GeminiProvider
from blocks.ollama import OllamaProvider
from blocks.openai import OpenAIProvider
from blocks.provider import ProviderBlock
from blocks.settings_block import SettingsBlock
from blocks.tracking_table import TrackingTable

PROVIDER_BLOCKS: tuple[type[ProviderBlock], ...] = (
    BedrockProvider,
    GeminiProvider,
    OpenAIProvider,
    OllamaProvider,
)
BLOCKS: tuple[type[SettingsBlock], ...] = (*PROVIDER_BLOCKS, TrackingTable, DocumentStore)
"""Every block type of techne."""

__all__ = [
    "BLOCKS",
    "PROVIDER_BLOCKS",
    "BedrockProvider",
    "DocumentStore",
    "GeminiProvider",
    "OllamaProvider",
    "OpenAIProvider",
    "ProviderBlock",
    "SettingsBlock",
    "TrackingTable",
]

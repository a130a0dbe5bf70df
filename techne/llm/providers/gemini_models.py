"""What families of Gemini models can do (https://ai.google.dev/gemini-api/docs/models)."""

from __future__ import annotations

from dataclasses import dataclass

EMBEDDING_INPUT_TOKENS = {
    "text-embedding-004": 2048,
    "gemini-embedding-001": 2048,
    "gemini-embedding-2": 8192,
}
"""What models of vectors read of a text; they overlook the rest."""


@dataclass(frozen=True, slots=True)
class Family:
    """Limits in tokens, and whether `responseJsonSchema` works."""

    context_tokens: int
    max_output_tokens: int
    native_json_schema: bool


_FAMILIES = {
    "gemini-3": Family(1_048_576, 65_536, native_json_schema=True),
    "gemini-2.5": Family(1_048_576, 65_536, native_json_schema=True),
    "gemini-flash": Family(1_048_576, 65_536, native_json_schema=True),  # gemini-flash-latest
    "gemini-pro": Family(1_048_576, 65_536, native_json_schema=True),
    "gemini-2.0": Family(1_048_576, 8_192, native_json_schema=False),
    "gemini-1.5": Family(1_048_576, 8_192, native_json_schema=False),
    "gemini-": Family(131_072, 8_192, native_json_schema=True),
}
_UNKNOWN = Family(32_768, 8_192, native_json_schema=False)
"""Also of Gemma and tuned models."""


def family(model: str) -> Family:
    """What a model can do, by the longest prefix that is known; little if none is."""
    prefixes = (prefix for prefix in _FAMILIES if model.startswith(prefix))
    return _FAMILIES.get(max(prefixes, key=len, default=""), _UNKNOWN)

"""Which answers may be given again, and to which requests.

Where they are kept is the stores' business.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from techne.llm.model import LLMRequest, LLMResponse
from techne.llm.provider import Parameters

FORMAT_VERSION = 1
"""Part of every key: raise it when the meaning of a stored answer changes."""


def cache_key(request: LLMRequest, model: str, parameters: Parameters) -> str:
    """Digest of everything that decides an answer, 64 hexadecimal digits.

    Who asks, how long and at what price is none of it: `request_id`, `tags`, `timeout_seconds`,
    `when_full`, `fallbacks` and `budget` don't matter.

    Args:
        request: The question; its `provider` is the one that answers.
        model: Full id of the model that answers.
        parameters: What the provider sends along, its defaults included.
    """
    content: dict[str, Any] = {
        "format": FORMAT_VERSION,
        "provider": request.provider,
        "model": model,
        "system": request.system,
        "prompt": request.prompt,
        "prefill": request.prefill,
        "parameters": dict(parameters),
        # As text, since the order of its properties is the order in which the model writes them.
        "schema": None if request.json_schema is None else _json(request.json_schema),
        "prompt_version": request.prompt_version,
    }
    # Left out where not asked for, so that answers from before these fields existed keep their keys.
    if request.messages:
        content["messages"] = [(turn.role, turn.content) for turn in request.messages]
    if request.top_p is not None:  # also where a provider's parameters don't have it
        content["top_p"] = request.top_p
    if request.top_k is not None:
        content["top_k"] = request.top_k
    canonical = _json(content, sort_keys=True)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def is_storable(response: LLMResponse) -> bool:
    """Whether an answer may be given again: whole, or cut off at the limit, and not blank."""
    return response.finish_reason in {"stop", "length"} and bool(response.text.strip())


def _json(value: object, *, sort_keys: bool = False) -> str:
    return json.dumps(value, sort_keys=sort_keys, ensure_ascii=False, separators=(",", ":"))

"""What OpenAI's model families can do: one table, because `GET /models` tells names only.

Limits are those of OpenAI's model pages, as langchain-openai 1.7 collected them in its model profiles. Which
models take sampling parameters is in OpenAI's guides: those that always reason refuse them, and those that
reason only when asked (GPT-5.1 to 5.4) take them, since we don't ask.

The table may be behind: an unknown model of OpenAI's gets what every one since 2024 has, and a model of
another server gets limits that most have. A family that claims too much is found out by a refusal (see
`openai.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class ModelFamily:
    """What the models of one family can do.

    Args:
        pattern: Regular expression for the beginning of a model id.
        context_tokens: Window shared by prompt and answer.
        max_output_tokens: Longest answer, reasoning included.
        native_schema: Whether `response_format` takes a JSON schema.
        tools: Whether the model calls functions.
        sampling: Whether temperature and top_p are taken.
        reasoning: Whether the model reasons, and so wants `max_completion_tokens` wherever it is served.
    """

    pattern: str
    context_tokens: int
    max_output_tokens: int
    native_schema: bool = True
    tools: bool = True
    sampling: bool = True
    reasoning: bool = False


def _reasoning(pattern: str, context: int, output: int, *, sampling: bool = False) -> ModelFamily:
    return ModelFamily(pattern, context, output, sampling=sampling, reasoning=True)


FAMILIES: tuple[ModelFamily, ...] = (
    # The first that fits counts: exceptions stand before their family
    ModelFamily(r"gpt-3\.5", 16_385, 4096, native_schema=False),
    ModelFamily(r"gpt-4-32k", 32_768, 4096, native_schema=False),
    ModelFamily(r"gpt-4-(turbo|1106|0125|vision)", 128_000, 4096, native_schema=False),
    ModelFamily(r"gpt-4(-0\d{3})?$", 8192, 8192, native_schema=False),
    ModelFamily(r"gpt-4o-2024-05-13", 128_000, 4096, native_schema=False),
    ModelFamily(r"gpt-4o|chatgpt-4o", 128_000, 16_384),
    ModelFamily(r"gpt-4\.1", 1_047_576, 32_768),
    _reasoning(r"o\d", 200_000, 100_000),
    ModelFamily(r"gpt-5(\.\d)?-chat", 128_000, 16_384),
    _reasoning(r"gpt-5\.\d+-pro", 1_050_000, 128_000),
    _reasoning(r"gpt-5\.4-(mini|nano)", 400_000, 128_000, sampling=True),
    _reasoning(r"gpt-5\.4", 1_050_000, 128_000, sampling=True),
    _reasoning(r"gpt-5\.[1-3]", 400_000, 128_000, sampling=True),
    _reasoning(r"gpt-5\.", 1_050_000, 128_000),
    _reasoning(r"gpt-5", 400_000, 128_000),
    _reasoning(r"gpt-[6-9]", 1_050_000, 128_000),
)
UNKNOWN = ModelFamily("", 128_000, 16_384)
"""A model of OpenAI's that no family fits."""
FOREIGN = ModelFamily("", 32_768, 8192)
"""A model of another server's that no family fits. What it can't do, its refusals tell."""


@lru_cache(maxsize=256)
def family_of(model: str, *, foreign: bool = False) -> ModelFamily:
    """The family of a model id, fine-tuned ones and those with an owner (`openai/gpt-5`) included.

    Args:
        model: Model id.
        foreign: Whether another server than OpenAI's serves it.
    """
    name = model.lower().removeprefix("ft:").rpartition("/")[2]
    known = next((family for family in FAMILIES if re.match(family.pattern, name)), None)
    return known or (FOREIGN if foreign else UNKNOWN)

"""What Bedrock's model families can do: one table, because the service has no call that tells.

Limits and structured output are those of the AWS and Anthropic model pages, as langchain-aws 1.9 collected
them in its model profiles; which tool choices a family takes is what langchain-aws infers. The smallest
prefixes worth a cache checkpoint are in the Bedrock user guide ("Prompt caching") and Anthropic's prompt
caching page; a checkpoint after a shorter prefix does nothing, and costs nothing.

The table may be behind: a model that is not in it gets limits that nearly every model has, and is asked in
words for JSON. A family that claims too much is found out by Bedrock's refusal (see `bedrock.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

ToolChoice = Literal["tool", "any", "auto"]
"""How firmly a model can be made to call a tool: that one, any, or as it likes."""


@dataclass(frozen=True, slots=True)
class ModelFamily:
    """What the models of one family can do.

    Args:
        pattern: Regular expression that finds the family in a model id, a profile id or an ARN.
        context_tokens: Window shared by prompt and answer.
        max_output_tokens: Longest answer.
        native_schema: Whether `outputConfig.textFormat` is enforced.
        tool_choice: The firmest way to have a tool called; None if tools are not to be relied on.
        sampling: Whether temperature, top_p and top_k are taken; newer models refuse them.
        cache_minimum_tokens: Shortest prefix that is cached at a checkpoint; 0 without checkpoints.
        counts_tokens: Whether CountTokens may know the model.
    """

    pattern: str
    context_tokens: int
    max_output_tokens: int
    native_schema: bool = False
    tool_choice: ToolChoice | None = None
    sampling: bool = True
    cache_minimum_tokens: int = 0
    counts_tokens: bool = False


UNKNOWN = ModelFamily("", 128_000, 4096)
"""A model that no family fits."""


def _claude(
    pattern: str,
    context: int,
    output: int,
    cache: int,
    *,
    native: bool = True,
    choice: ToolChoice = "tool",
    sampling: bool = True,
) -> ModelFamily:
    return ModelFamily(
        rf"anthropic\.claude-{pattern}",
        context,
        output,
        native_schema=native,
        tool_choice=choice,
        sampling=sampling,
        cache_minimum_tokens=cache,
        counts_tokens=True,
    )


FAMILIES: tuple[ModelFamily, ...] = (
    # The first that fits counts: exceptions stand before their family
    _claude(r"(fable-5-1|opus-5-5|sonnet-5-5)", 1_000_000, 128_000, 1024, choice="auto", sampling=False),
    _claude(r"[a-z]+-[5-9]\b", 1_000_000, 128_000, 1024, sampling=False),
    _claude(r"opus-4-8", 1_000_000, 128_000, 1024, sampling=False),
    _claude(r"opus-4-7", 1_000_000, 128_000, 2048, sampling=False),
    _claude(r"opus-4-6", 1_000_000, 128_000, 4096),
    _claude(r"sonnet-4-6", 1_000_000, 128_000, 1024),
    _claude(r"(opus|haiku)-4-5", 200_000, 64_000, 4096),
    _claude(r"sonnet-4-5", 200_000, 64_000, 1024),
    _claude(r"sonnet-4-2", 200_000, 64_000, 1024, native=False),
    _claude(r"opus-4-[12]", 200_000, 32_000, 1024, native=False),
    _claude(r"3-7-sonnet", 200_000, 64_000, 1024, native=False),
    _claude(r"3-5-haiku", 200_000, 8192, 2048, native=False),
    _claude(r"3-5-sonnet", 200_000, 8192, 0, native=False),
    _claude(r"", 200_000, 4096, 0, native=False),
    ModelFamily(r"amazon\.nova-2-", 1_000_000, 65_535, tool_choice="tool"),
    ModelFamily(r"amazon\.nova-premier", 1_000_000, 10_000, tool_choice="tool", cache_minimum_tokens=1000),
    ModelFamily(r"amazon\.nova-micro", 128_000, 10_000, tool_choice="tool", cache_minimum_tokens=1000),
    ModelFamily(r"amazon\.nova-", 300_000, 10_000, tool_choice="tool", cache_minimum_tokens=1000),
    ModelFamily(r"openai\.gpt-oss-safeguard|us-gov\.openai\.gpt-oss", 128_000, 16_384, native_schema=True),
    ModelFamily(r"openai\.gpt-oss", 131_072, 128_000, native_schema=True),
    ModelFamily(r"openai\.gpt-5\.4", 1_000_000, 128_000, native_schema=True, tool_choice="tool"),
    ModelFamily(r"openai\.gpt-", 1_000_000, 128_000, native_schema=True, tool_choice="tool", sampling=False),
    ModelFamily(r"meta\.llama4-scout", 10_000_000, 8192, tool_choice="auto"),
    ModelFamily(r"meta\.llama4", 1_000_000, 8192, tool_choice="auto"),
    ModelFamily(r"meta\.llama3-(1|3|2-(11|90)b)", 128_000, 4096, tool_choice="auto"),
    ModelFamily(r"meta\.llama3-2", 128_000, 4096),
    ModelFamily(r"meta\.llama", 8192, 2048),
    ModelFamily(r"deepseek\.r1", 128_000, 32_768),
    ModelFamily(r"deepseek\.", 163_840, 81_920, native_schema=True, tool_choice="any"),
    ModelFamily(r"mistral\.mistral-large-3", 262_144, 8192, native_schema=True, tool_choice="any"),
    ModelFamily(r"mistral\.mistral-large-2402", 32_000, 8192, tool_choice="any"),
    ModelFamily(r"mistral\.mistral-large", 128_000, 8192, tool_choice="any"),
    ModelFamily(r"mistral\.pixtral", 128_000, 8192),
    ModelFamily(r"mistral\.ministral", 128_000, 4096, native_schema=True),
    ModelFamily(r"mistral\.magistral", 128_000, 40_000, native_schema=True),
    ModelFamily(r"mistral\.devstral", 262_144, 8192, native_schema=True),
    ModelFamily(r"mistral\.voxtral", 32_768, 4096, native_schema=True),
    ModelFamily(r"mistral\.", 32_000, 4096),
    ModelFamily(r"google\.gemma-3-4b", 131_072, 4096),
    ModelFamily(r"google\.gemma-(3|4-e2b)", 131_072, 8192, native_schema=True),
    ModelFamily(r"google\.gemma-4", 262_144, 32_768, native_schema=True),
    ModelFamily(r"qwen\.qwen3-32b", 32_768, 16_384, native_schema=True),
    ModelFamily(r"qwen\.qwen3-coder-480b", 131_072, 65_536, native_schema=True),
    ModelFamily(r"qwen\.qwen3-coder-next", 262_144, 65_536, native_schema=True),
    ModelFamily(r"qwen\.qwen3", 262_144, 131_072, native_schema=True),
    ModelFamily(r"minimax\.minimax", 196_608, 98_304, native_schema=True),
    ModelFamily(r"moonshotai\.kimi-k3", 1_048_576, 128_000, native_schema=True, sampling=False),
    ModelFamily(r"moonshot(ai)?\.kimi", 262_144, 16_000, native_schema=True),
    ModelFamily(r"nvidia\.nemotron-super", 262_144, 131_072, native_schema=True),
    ModelFamily(r"nvidia\.nemotron-nano-3", 262_144, 8192, native_schema=True),
    ModelFamily(r"nvidia\.nemotron", 131_072, 8192, native_schema=True),
    ModelFamily(r"xai\.grok-4\.3", 1_000_000, 131_072, native_schema=True, tool_choice="tool"),
    ModelFamily(r"xai\.grok", 500_000, 500_000, native_schema=True, tool_choice="tool"),
    ModelFamily(r"zai\.glm-5\.3", 1_000_000, 128_000, native_schema=True, tool_choice="tool"),
    ModelFamily(r"zai\.glm", 202_752, 131_072, native_schema=True, tool_choice="any"),
    ModelFamily(r"writer\.palmyra-x5", 1_040_000, 8192),
    ModelFamily(r"writer\.palmyra", 122_880, 8192),
)

_FOUNDATION_MODEL = re.compile(r"\b[a-z0-9]+\.[a-z0-9][a-z0-9.:_-]*$")
_GEOGRAPHIES = frozenset(
    {"us", "us-gov", "eu", "apac", "jp", "au", "sa", "ca", "in", "amer", "global"},
)


@lru_cache(maxsize=256)
def family_of(model: str) -> ModelFamily:
    """The family of a model id, inference profile id or ARN; `UNKNOWN` if none fits."""
    folded = model.lower()
    return next((family for family in FAMILIES if re.search(family.pattern, folded)), UNKNOWN)


def foundation_model(model: str) -> str:
    """The model id inside an inference profile id or ARN; the id itself if there is none inside."""
    last = model.rpartition("/")[2]
    geography, _, rest = last.partition(".")
    if geography in _GEOGRAPHIES:
        return rest
    return last if _FOUNDATION_MODEL.search(last) else model

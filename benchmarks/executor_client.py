"""The executor under the benchmarks' load, measured as its peers are: `--how WIRE/MODE[/CACHE]`.

MODE is `submit` or `submit_many`; CACHE is `new` or `known`, by whether it has the answers, and no cache if
left out. Every limit is set and none binds; queue, breaker, retries, budget of retries and books are on.
`benchmarks.executor` runs this in processes of their own.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from benchmarks.peers.measuring import ANSWER_TOKENS, KEY, MODEL, Load, Options, by_workers, main, question
from techne.llm import LLMExecutor, LLMRequest
from techne.settings import Settings

PLENTY = "1000000000"
LIMITS = ("qps", "rpm", "tpm")
MODELS = {"openai": MODEL, "bedrock": "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "ollama": "qwen2:7b"}


def addresses(url: str) -> dict[str, str]:
    """Environment that leads all three providers to a `benchmarks.wire_server`."""
    return {
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_API_KEY": KEY,
        "OLLAMA_HOST": url,
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url,
        "AWS_ENDPOINT_URL_BEDROCK": url,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@contextmanager
def environment(variables: dict[str, str]) -> Iterator[Settings]:
    """The settings of an environment of these variables; a home of its own, gone afterwards."""
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {**variables, "TECHNE_HOME": str(Path(home))}
        yield Settings()


def request(wire: str, number: int) -> LLMRequest:
    """A request that differs from all others."""
    return LLMRequest(
        provider=wire, model=MODELS[wire], prompt=question(number), max_output_tokens=ANSWER_TOKENS
    )


@asynccontextmanager
async def client(options: Options) -> AsyncIterator[Load]:
    """An executor; calls go by `submit`, or all in one list by `submit_many`."""
    wire, mode, *cache = options.how.split("/")
    variables = addresses(options.url) | {
        **{f"LLM_EXECUTOR_{wire.upper()}_{limit.upper()}": PLENTY for limit in LIMITS},
        f"LLM_EXECUTOR_{wire.upper()}_MAX_PARALLEL": str(options.in_flight),
        "LLM_EXECUTOR_QUEUE_SIZE": str(options.in_flight),
        "LLM_EXECUTOR_CACHE": str(bool(cache)).lower(),
    }
    with environment(variables) as settings:
        async with LLMExecutor(settings) as executor:

            async def call(number: int) -> None:
                answer = await executor.submit(request(wire, number))
                if not answer.text:
                    raise RuntimeError("no answer")

            async def many(numbers: range) -> None:
                requests = (request(wire, number) for number in numbers)
                async for outcome in executor.submit_many(requests, workers=options.in_flight):
                    outcome.result()

            load = by_workers(call, options.in_flight) if mode == "submit" else many
            if cache == ["known"]:
                load = _asked_before(load)
            yield load
            usage = executor.usage().of(wire)
            if usage.answers + usage.cached != usage.requests or usage.retries or usage.failures:
                raise RuntimeError(f"not every call was answered at once: {usage}")


def _asked_before(load: Load) -> Load:
    """A load whose every number was asked in the warm-up, so that the cache has them all."""
    asked = range(0)

    async def again(numbers: range) -> None:
        nonlocal asked
        if not asked:
            asked = numbers
            await load(numbers)
            return
        left = len(numbers)
        while left > 0:
            await load(asked[:left])
            left -= len(asked)

    return again


if __name__ == "__main__":
    main(client)

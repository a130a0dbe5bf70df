"""OpenAI's SDK, without limits or retries: `--how aiohttp` on aiohttp, else on its own httpx2."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import openai  # type: ignore[import-not-found,unused-ignore]

from benchmarks.peers.measuring import ANSWER_TOKENS, KEY, MODEL, Load, Options, by_workers, main, question


@asynccontextmanager
async def client(options: Options) -> AsyncIterator[Load]:
    """The asynchronous client."""
    http_client = openai.DefaultAioHttpClient() if options.how == "aiohttp" else None
    async with openai.AsyncOpenAI(
        base_url=f"{options.url}/v1", api_key=KEY, max_retries=0, http_client=http_client
    ) as sdk:

        async def call(number: int) -> None:
            answer = await sdk.chat.completions.create(
                model=MODEL,
                messages=[{"role": "user", "content": question(number)}],
                max_tokens=ANSWER_TOKENS,
            )
            if not answer.choices[0].message.content:
                raise RuntimeError("no answer")

        yield by_workers(call, options.in_flight)


if __name__ == "__main__":
    main(client)

"""The floor: aiohttp and the standard library's JSON, without limits, retries, types or books."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from benchmarks.peers.measuring import ANSWER_TOKENS, KEY, MODEL, Load, Options, by_workers, main, question


@asynccontextmanager
async def client(options: Options) -> AsyncIterator[Load]:
    """Chat Completions by hand."""
    url = f"{options.url}/v1/chat/completions"
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        connector=connector, headers={"Authorization": f"Bearer {KEY}"}
    ) as session:

        async def call(number: int) -> None:
            body = {
                "model": MODEL,
                "messages": [{"role": "user", "content": question(number)}],
                "max_tokens": ANSWER_TOKENS,
            }
            async with session.post(url, json=body) as response:
                answer = await response.json()
            if not answer["choices"][0]["message"]["content"]:
                raise RuntimeError("no answer")

        yield by_workers(call, options.in_flight)


if __name__ == "__main__":
    main(client)

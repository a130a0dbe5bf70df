"""LangChain's `abatch` over ChatOpenAI, with its bound on calls in flight and its rate limiter set high."""

from __future__ import annotations

from langchain_core.rate_limiters import InMemoryRateLimiter
from langchain_openai import ChatOpenAI  # type: ignore[import-not-found,unused-ignore]

from benchmarks.peers.measuring import ANSWER_TOKENS, KEY, MODEL, Load, Options, main, opened, question

PLENTY = 10**6


def batch_load(options: Options) -> Load:
    """One batch for all calls: the library keeps so many in flight."""
    chat = ChatOpenAI(
        model=MODEL,
        base_url=f"{options.url}/v1",
        api_key=KEY,
        max_tokens=ANSWER_TOKENS,
        rate_limiter=InMemoryRateLimiter(
            requests_per_second=PLENTY, max_bucket_size=PLENTY, check_every_n_seconds=0.01
        ),
    )

    async def load(numbers: range) -> None:
        answers = await chat.abatch(
            [question(number) for number in numbers], config={"max_concurrency": options.in_flight}
        )
        if not all(answer.content for answer in answers):
            raise RuntimeError("no answer")

    return load


if __name__ == "__main__":
    main(lambda options: opened(batch_load(options)))

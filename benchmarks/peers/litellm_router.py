"""LiteLLM's Router with limits that do not bind: calls and tokens per minute, and calls in flight.

Only its usage-based strategies look at `rpm` and `tpm` before a call, so one of them is used.
"""

from __future__ import annotations

import litellm  # type: ignore[import-not-found,unused-ignore]

from benchmarks.peers.measuring import (
    ANSWER_TOKENS,
    KEY,
    MODEL,
    Load,
    Options,
    by_workers,
    main,
    opened,
    question,
)

PLENTY = 10**9


def router_load(options: Options) -> Load:
    """Completions of a router with one deployment."""
    litellm.suppress_debug_info = True
    router = litellm.Router(
        model_list=[
            {
                "model_name": MODEL,
                "litellm_params": {
                    "model": f"openai/{MODEL}",
                    "api_base": f"{options.url}/v1",
                    "api_key": KEY,
                    "rpm": PLENTY,
                    "tpm": PLENTY,
                    "max_parallel_requests": options.in_flight,
                },
            }
        ],
        routing_strategy="usage-based-routing-v2",
    )

    async def call(number: int) -> None:
        answer = await router.acompletion(
            model=MODEL, messages=[{"role": "user", "content": question(number)}], max_tokens=ANSWER_TOKENS
        )
        if not answer.choices[0].message.content:
            raise RuntimeError("no answer")

    return by_workers(call, options.in_flight)


if __name__ == "__main__":
    main(lambda options: opened(router_load(options)))

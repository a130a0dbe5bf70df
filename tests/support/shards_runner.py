"""A worker of `annotation-shards/annotation-shards`: it starts flow runs as processes of their own.

`python -m tests.support.shards_runner` says "ready" on standard output when the deployment is there. Its
flow runs have its environment.
"""

from __future__ import annotations

import asyncio
import sys

from prefect.runner import Runner

from flows.annotation_shards import annotation_shards

POLL_SECONDS = 0.5


async def main(runs_at_once: int) -> None:
    """Serve until the process is ended."""
    runner = Runner(
        name="shards",
        query_seconds=POLL_SECONDS,
        limit=runs_at_once,
        pause_on_shutdown=False,
        webserver=False,
    )
    await runner.aadd_deployment(await annotation_shards.ato_deployment("annotation-shards"))
    print("ready", flush=True)
    await runner.start()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))

"""Publishing a run's files as a task: verified, all or none, the manifest last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import copy_context

from prefect import task
from prefect.cache_policies import NO_CACHE
from pydantic import JsonValue

from tasks.retrying import RETRIES, RETRY_DELAY_SECONDS, worth_retrying
from techne.llm.threads import on_daemon_thread
from techne.settings import get_settings
from techne.storage import ObjectURI, OutputFile, PublishedOutputs, open_store, publish


@task(
    name="publish",
    persist_result=False,
    cache_policy=NO_CACHE,
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAY_SECONDS,
    retry_condition_fn=worth_retrying,
)
async def publish_outputs(
    files: Mapping[str, OutputFile],
    destination: ObjectURI,
    attempt: int,
    details: Mapping[str, JsonValue],
    confirm_lease: Callable[[], None],
) -> PublishedOutputs:
    """Put files into the store. A cancelled publication goes on to its end, so that the lease outlasts it.

    Args:
        files: Contents by name.
        destination: Folder that readers look in.
        attempt: Number of the attempt.
        details: What the manifest says beyond the files.
        confirm_lease: Raises if this worker must not publish any more.
    """
    store = open_store(destination, get_settings())
    context = copy_context()  # of the task run, for its logs

    def work() -> PublishedOutputs:
        return context.run(
            publish,
            files,
            destination,
            store=store,
            attempt=attempt,
            details=details,
            before_manifest=confirm_lease,
        )

    return await on_daemon_thread(work, name="publish")

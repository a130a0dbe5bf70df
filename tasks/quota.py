"""Limits across processes, kept by a Prefect server's global concurrency limits (resolution 4).

Here are leases: taken, renewed and given back over Prefect's API. Not here are rates: the limits are plain
ones, without slot decay, and the executor holds a unit for the window after its use. Nor are the limits
themselves: `python -m deployments.limits` creates them.

Measured on Prefect 3.8.8 with two cores: taking or giving back costs 10 ms on SQLite and PostgreSQL, whatever
the amount, while one request is under way; two at once stall each other for 2 s on SQLite and gain 20% on
PostgreSQL. So a process asks for one thing at a time. A renewal costs 3 ms and no database.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.responses import ConcurrencyLimitWithLeaseResponse
from prefect.exceptions import ObjectNotFound

from tasks.prefect_api import api_address, prefect_errors
from techne.errors import ConfigurationError, TechneError
from techne.llm.clock import BACKGROUND, Clock, SystemClock
from techne.llm.quota import QuotaLease, SharedQuota, register_quota
from techne.settings import Settings

LOGGER = logging.getLogger(__name__)

QUOTA = "prefect"
"""Value of LLM_EXECUTOR_LIMITS that chooses this keeper."""
LEASE_SECONDS = 90.0
"""Life of a lease after its last renewal. Prefect allows 60 or more; a minute more than `RENEW_AFTER_SECONDS`
and `TICK_SECONDS` lets what a killed process had just spent count for the whole of a minute's window."""
RENEW_AFTER_SECONDS = 20.0
TICK_SECONDS = 5.0
RENEWALS_AT_ONCE = 4
REQUEST_TIMEOUT_SECONDS = 15.0
"""Longest wait for one answer, Prefect's own retries of it included."""
CLOSE_TIMEOUT_SECONDS = 5.0
CREATE_LIMITS = "Create the limits with `python -m deployments.limits`."
KEEP_LEASES = (
    "Let the server's leases outlive it, as with "
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE=prefect.server.concurrency.lease_storage.filesystem."
)

_T = TypeVar("_T")


def use_prefect_quota() -> None:
    """Make Prefect known as a keeper of limits, for `LLM_EXECUTOR_LIMITS=prefect`."""
    register_quota(QUOTA, _build)


def _build(settings: Settings) -> SharedQuota:
    return PrefectQuota()


def prefect_limit_name(limit: str) -> str:
    """Prefect's name of a limit: `/` becomes `|`, and what a name or an address can't hold becomes `_`."""
    return re.sub(r"[^\w.:|@+-]", "_", limit.replace("/", "|"), flags=re.ASCII)


@dataclass(slots=True)
class _Held:
    """A lease, and when its life last began; taken before the request, so never too late."""

    lease: QuotaLease
    since: float


class PrefectQuota:
    """Keeper of limits on the Prefect server at PREFECT_API_URL.

    A lease lives on the server and is renewed here while it is held. One that can't be renewed in time is
    lost: that is logged, and the work that it stood for goes on.

    Args:
        clock: Time, for renewals.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._client: PrefectClient | None = None
        self._turn = asyncio.Lock()
        self._held: dict[str, _Held] = {}
        self._refused: set[str] = set()
        self._requests: set[asyncio.Task[Any]] = set()
        self._renewals: asyncio.Task[None] | None = None

    async def lease(self, limit: str, amount: int) -> QuotaLease | None:
        """Take units if they are free now; None if they are not. The lease is kept alive until given back.

        Raises:
            ConfigurationError: There is no such limit, or it is smaller than `amount`; or PREFECT_API_URL is
                not set, or not right.
            ProviderUnavailableError: Prefect can't be reached.
        """
        request = self._start(self._take(limit, amount))
        try:
            return await asyncio.shield(request)
        except asyncio.CancelledError:
            self._start(self._discard(request))
            raise

    async def give_back(self, lease: QuotaLease) -> None:
        """Free a lease's units. Never raises: units that can't be freed lapse with their lease."""
        await asyncio.wait({self._start(self._give_back(lease))})

    async def close(self) -> None:
        """End, when what is under way is over, after `CLOSE_TIMEOUT_SECONDS` at most.

        What is still held lapses: it has been spent, and is not for others before the window is over.
        """
        if self._renewals is not None:
            self._renewals.cancel()
            await asyncio.wait({self._renewals})
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                while self._requests:
                    await asyncio.wait(self._requests)
        except TimeoutError:
            LOGGER.warning("Prefect is slow; what was not given back lapses within %.0f s.", LEASE_SECONDS)
        finally:
            self._held.clear()
            for request in self._requests:
                request.cancel()
            client, self._client = self._client, None
            if client is not None:
                await client.__aexit__(None, None, None)

    def _start(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        # Who asked may be cancelled at any moment; a request broken off could leave units held by nobody.
        task = asyncio.get_running_loop().create_task(work)
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)
        return task

    async def _take(self, limit: str, amount: int) -> QuotaLease | None:
        name = prefect_limit_name(limit)
        async with self._turn:
            with prefect_errors():
                client = await self._open()
                if name in self._refused and not await self._has_room(client, limit, amount):
                    return None
                since = self._clock.monotonic()
                try:
                    async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
                        response = await client.increment_concurrency_slots_with_lease(
                            [name], amount, "concurrency", LEASE_SECONDS
                        )
                except httpx.HTTPStatusError as error:
                    if error.response.status_code == httpx.codes.LOCKED:
                        self._refused.add(name)
                        return None
                    if error.response.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
                        raise _too_small(limit, amount) from None
                    raise
                granted = ConcurrencyLimitWithLeaseResponse.model_validate_json(response.content)
        if not granted.limits:  # Prefect grants units of what doesn't exist; that lease holds none and lapses
            raise _missing(limit)
        lease = QuotaLease(limit, amount, str(granted.lease_id))
        self._held[lease.handle] = _Held(lease, since)
        if self._renewals is None or self._renewals.done():
            self._renewals = asyncio.get_running_loop().create_task(self._keep_alive(), name=BACKGROUND)
        return lease

    async def _has_room(self, client: PrefectClient, limit: str, amount: int) -> bool:
        # Asked before units that were refused are asked for again: a refusal costs 10 ms and locks the limit,
        # which on SQLite holds up everybody else; a look at it costs 4 ms and locks nothing.
        name = prefect_limit_name(limit)
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
                found = await client.read_global_concurrency_limit_by_name(name)
        except ObjectNotFound:
            raise _missing(limit) from None
        if found.limit < amount:
            raise _too_small(limit, amount)
        if found.active and found.active_slots + amount > found.limit:
            return False
        self._refused.discard(name)
        return True

    async def _discard(self, request: asyncio.Task[QuotaLease | None]) -> None:
        await asyncio.wait({request})
        if request.cancelled() or request.exception() is not None:
            return
        lease = request.result()
        if lease is not None:
            await self._give_back(lease)

    async def _give_back(self, lease: QuotaLease) -> None:
        if self._held.pop(lease.handle, None) is None:
            return
        try:
            await self._release(lease.handle)
        except TechneError as error:
            LOGGER.warning(
                "%d units of `%s` lapse within %.0f s: %s", lease.amount, lease.limit, LEASE_SECONDS, error
            )

    async def _release(self, handle: str) -> None:
        async with self._turn:
            with prefect_errors():
                client = await self._open()
                async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
                    await client.release_concurrency_slots_with_lease(UUID(handle))

    async def _keep_alive(self) -> None:
        while self._held:
            await self._clock.sleep(TICK_SECONDS)
            try:
                await self._renew_due()
            except Exception:  # one odd answer must not let all the other leases lapse
                LOGGER.warning("Leases were not renewed; that is tried again.", exc_info=True)

    async def _renew_due(self) -> None:
        now = self._clock.monotonic()
        due = [held for held in self._held.values() if now - held.since >= RENEW_AFTER_SECONDS]
        gone: Counter[str] = Counter()
        try:
            for start in range(0, len(due), RENEWALS_AT_ONCE):
                batch = due[start : start + RENEWALS_AT_ONCE]
                for held, alive in zip(batch, await asyncio.gather(*map(self._renew, batch)), strict=True):
                    if not alive and self._held.pop(held.lease.handle, None) is not None:
                        gone[held.lease.limit] += held.lease.amount
        except TechneError as error:
            LOGGER.warning("%d leases could not be renewed; that is tried again: %s", len(due), error)
        for limit, amount in gone.items():
            LOGGER.warning(
                "Prefect has lost a lease of %d units of `%s`, as a restarted server does. %s",
                amount,
                limit,
                KEEP_LEASES,
            )
        self._forget_lapsed()

    async def _renew(self, held: _Held) -> bool:
        since = self._clock.monotonic()
        with prefect_errors():
            client = await self._open()
            try:
                async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
                    await client.renew_concurrency_lease(UUID(held.lease.handle), LEASE_SECONDS)
            except httpx.HTTPStatusError as error:
                if error.response.status_code == httpx.codes.GONE:
                    return False
                raise
        held.since = since
        return True

    def _forget_lapsed(self) -> None:
        now = self._clock.monotonic()
        for handle, held in list(self._held.items()):
            if now - held.since >= LEASE_SECONDS:
                del self._held[handle]
                LOGGER.warning(
                    "The lease of %d units of `%s` has lapsed before it could be renewed.",
                    held.lease.amount,
                    held.lease.limit,
                )

    async def _open(self) -> PrefectClient:
        if self._client is None:
            api_address()
            # With settings of its own it is never the client that a flow on this loop has open and closes.
            client = get_client(httpx_settings={"timeout": httpx.Timeout(REQUEST_TIMEOUT_SECONDS)})
            self._client = await client.__aenter__()
        return self._client


def _missing(limit: str) -> ConfigurationError:
    return ConfigurationError(
        f"Prefect at {api_address()} has no limit `{prefect_limit_name(limit)}`.", cure=CREATE_LIMITS
    )


def _too_small(limit: str, amount: int) -> ConfigurationError:
    return ConfigurationError(
        f"The limit `{prefect_limit_name(limit)}` of Prefect at {api_address()} is smaller than {amount}, "
        "which are asked for at once.",
        cure=CREATE_LIMITS,
    )

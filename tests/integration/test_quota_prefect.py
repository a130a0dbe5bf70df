"""Limits that processes share, on a real Prefect server (S4-1, S4-2; resolution 4).

The server's leases live 15 times as fast as Prefect's (`tests.support.short_leases`), and so do our renewals.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.limits import main
from tasks.quota import LEASE_SECONDS, PrefectQuota, use_prefect_quota
from techne.errors import ConfigurationError, ProviderUnavailableError
from techne.llm.quota import QuotaLease, build_quota, limit_name
from techne.settings import Settings
from tests.support.limits_server import Server, running_limits_server
from tests.support.short_leases import FastClock

PATIENCE_SECONDS = 90.0


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_limits_server(tmp_path_factory.mktemp("prefect")) as server:
        yield server


@pytest.fixture
def server(own_server: Server) -> Iterator[Server]:
    with temporary_settings({PREFECT_API_URL: own_server.url}):
        yield own_server


@pytest.fixture
async def quota(server: Server) -> AsyncIterator[PrefectQuota]:
    quota = PrefectQuota(clock=FastClock())
    yield quota
    await quota.close()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.05)


async def taken(quota: PrefectQuota, limit: str, amount: int) -> QuotaLease:
    lease = await quota.lease(limit, amount)
    assert lease is not None
    return lease


async def test_units_are_leased_while_they_are_free_and_can_be_had_again(
    server: Server, quota: PrefectQuota
) -> None:
    limit = await server.create(5)
    first = await taken(quota, limit, 3)
    assert await quota.lease(limit, 3) is None
    second = await taken(quota, limit, 2)
    assert await server.held(limit) == 5
    await quota.give_back(first)
    assert await server.held(limit) == 2
    await taken(quota, limit, 3)
    await quota.give_back(second)
    await quota.give_back(second)
    assert await server.held(limit) == 3


async def test_millions_of_units_are_leased_as_easily(server: Server, quota: PrefectQuota) -> None:
    limit = await server.create(4_000_000)
    lease = await taken(quota, limit, 3_999_000)
    assert await quota.lease(limit, 1001) is None
    await taken(quota, limit, 1000)
    await quota.give_back(lease)
    assert await server.held(limit) == 1000


async def test_units_that_were_refused_can_be_had_once_they_are_free(
    server: Server, quota: PrefectQuota
) -> None:
    limit = await server.create(10_000)
    lease = await taken(quota, limit, 10_000)
    for amount in (5_000, 5_000, 1):
        assert await quota.lease(limit, amount) is None
    await quota.give_back(lease)
    await taken(quota, limit, 5_000)
    assert await quota.lease(limit, 5_001) is None


async def test_a_limit_that_does_not_exist_is_an_error_that_names_the_command(quota: PrefectQuota) -> None:
    with pytest.raises(ConfigurationError, match=r"`llm:nobody\|none:parallel`.*deployments\.limits"):
        await quota.lease(limit_name("nobody", "none", "parallel"), 1)


async def test_a_limit_that_vanishes_is_an_error_for_those_who_wait(
    server: Server, quota: PrefectQuota
) -> None:
    limit = await server.create(1)
    await taken(quota, limit, 1)
    assert await quota.lease(limit, 1) is None
    async with get_client() as client:
        await client.delete_global_concurrency_limit_by_name(limit)
    with pytest.raises(ConfigurationError, match=r"deployments\.limits"):
        await quota.lease(limit, 1)


async def test_more_than_a_whole_limit_is_an_error(server: Server, quota: PrefectQuota) -> None:
    limit = await server.create(4)
    with pytest.raises(ConfigurationError, match="smaller than 5"):
        await quota.lease(limit, 5)


async def test_what_is_held_at_the_end_has_been_spent_and_lapses_with_its_lease(server: Server) -> None:
    spent, free = await server.create(3), await server.create(3)
    quota = PrefectQuota()
    await taken(quota, spent, 2)
    await quota.give_back(await taken(quota, free, 2))
    await quota.close()
    assert [await server.held(limit) for limit in (spent, free)] == [2, 0]

    async def lapsed() -> bool:
        return await server.held(spent) == 0

    await until(lapsed)


async def test_units_that_nobody_waits_for_any_more_come_back(server: Server, quota: PrefectQuota) -> None:
    limit = await server.create(20)
    waiters = [asyncio.create_task(quota.lease(limit, 1)) for _ in range(20)]
    await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
    for waiter in waiters:
        waiter.cancel()
    outcomes = await asyncio.gather(*waiters, return_exceptions=True)
    kept = sum(isinstance(outcome, QuotaLease) for outcome in outcomes)
    assert kept < 20
    await taken(quota, await server.create(1), 1)  # requests are sent in turn, so the others' are over

    async def only_kept_units_are_held() -> bool:
        return await server.held(limit) == kept

    await until(only_kept_units_are_held)


async def test_a_lease_that_is_held_outlives_one_that_is_not_renewed(
    server: Server, quota: PrefectQuota
) -> None:
    limit = await server.create(3)
    lease = await taken(quota, limit, 2)

    async def only_ours_is_held() -> bool:
        return await server.held(limit) == 2

    async with get_client() as client:
        for _ in range(2):
            await client.increment_concurrency_slots_with_lease([limit], 1, "concurrency", LEASE_SECONDS)
            assert await server.held(limit) == 3
            await until(only_ours_is_held)
    await quota.give_back(lease)
    assert await server.held(limit) == 0


async def test_the_units_of_a_killed_process_come_back(server: Server, quota: PrefectQuota) -> None:
    limit = await server.create(2)
    holder = await server.holder(limit, amount=2, times=0)
    try:
        assert holder.stdout is not None
        assert await holder.stdout.readline() == b"held\n"
        assert await quota.lease(limit, 1) is None
    finally:
        holder.kill()
        await holder.communicate()

    async def free() -> bool:
        return await quota.lease(limit, 2) is not None

    await until(free)


async def test_processes_never_hold_more_than_the_limit_together(server: Server) -> None:
    limit = await server.create(4)
    holders = [await server.holder(limit, amount=2, times=8) for _ in range(3)]
    outputs = await asyncio.gather(*(holder.communicate() for holder in holders))
    assert [holder.returncode for holder in holders] == [0, 0, 0]
    spans = [json.loads(line) for output, _ in outputs for line in output.splitlines()]
    assert len(spans) == 24
    changes = sorted([(begin, 2) for begin, _ in spans] + [(end, -2) for _, end in spans])
    held = most = 0
    for _, change in changes:
        held += change
        most = max(most, held)
    assert most <= 4
    assert await server.held(limit) == 0


async def test_a_lease_that_the_server_has_lost_is_logged_and_forgotten(
    server: Server, quota: PrefectQuota, caplog: pytest.LogCaptureFixture
) -> None:
    lost_limit, kept_limit = await server.create(3), await server.create(1)
    lost = await taken(quota, lost_limit, 3)
    await taken(quota, kept_limit, 1)
    async with get_client() as client:
        await client.request(
            "POST", "/v2/concurrency_limits/decrement-with-lease", json={"lease_id": lost.handle}
        )

    async def logged() -> bool:
        return any("lost a lease of 3 units" in message for message in caplog.messages)

    with caplog.at_level(logging.WARNING, "tasks.quota"):
        await until(logged)
    other = await taken(quota, lost_limit, 3)
    await quota.give_back(lost)
    assert await server.held(lost_limit) == 3
    assert await server.held(kept_limit) == 1
    await quota.give_back(other)


@contextmanager
def closed_port() -> Iterator[int]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # bound, but nobody listens
        yield bound.getsockname()[1]


async def test_a_server_that_cannot_be_reached_is_named_without_its_credentials() -> None:
    quota = PrefectQuota()
    with closed_port() as port, temporary_settings({PREFECT_API_URL: f"http://me:pw@127.0.0.1:{port}/api"}):
        with pytest.raises(ProviderUnavailableError, match="PREFECT_API_URL") as raised:
            await quota.lease("llm:bedrock:parallel", 1)
        assert f"http://127.0.0.1:{port}/api" in str(raised.value)
        assert "pw" not in str(raised.value)
        await quota.close()


@pytest.mark.parametrize("url", [None, "nonsense"])
async def test_an_address_that_is_none_is_an_error_of_the_configuration(url: str | None) -> None:
    quota = PrefectQuota()
    with temporary_settings({PREFECT_API_URL: url}):
        with pytest.raises(ConfigurationError, match="PREFECT_API_URL"):
            await quota.lease("llm:bedrock:parallel", 1)
        await quota.close()


async def test_the_setting_chooses_prefect(server: Server) -> None:
    use_prefect_quota()
    quota = build_quota(Settings(llm_executor_limits="prefect"))
    assert quota is not None
    limit = await server.create(1)
    lease = await quota.lease(limit, 1)
    assert lease is not None
    assert await server.held(limit) == 1
    await quota.give_back(lease)
    await quota.close()


async def test_the_command_creates_what_executors_lease_and_repeats_without_change(
    server: Server,
    quota: PrefectQuota,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LLM_EXECUTOR_MODEL_LIMITS", '{"openai/gpt/4": {"tpm": 200000}}')
    limit = limit_name("openai", "gpt/4", "tokens_per_minute")

    assert run("--dry-run") == 0
    assert "of 12 limits would change" in capsys.readouterr().out
    with pytest.raises(ConfigurationError):
        await quota.lease(limit, 1)

    assert run() == 0
    assert "create  llm:openai|gpt|4:tokens_per_minute" in capsys.readouterr().out
    lease = await taken(quota, limit, 5000)

    assert run() == 0
    assert "\n0 of 12 limits changed" in capsys.readouterr().out
    assert await server.held("llm:openai|gpt|4:tokens_per_minute") == 5000
    await quota.give_back(lease)

    monkeypatch.setenv("LLM_EXECUTOR_BEDROCK_MAX_PARALLEL", "3")
    assert run() == 0
    printed = capsys.readouterr().out
    assert "\n2 of 12 limits changed" in printed
    assert {line.split()[1] for line in printed.splitlines() if line.startswith("update")} == {
        "llm:bedrock:parallel",
        "tag:provider:bedrock",
    }

    assert run("--delete") == 0
    assert "\n12 of 12 limits changed" in capsys.readouterr().out
    assert run("--delete") == 0
    assert "\n0 of 12 limits changed" in capsys.readouterr().out


def run(*arguments: str) -> int:
    from techne.settings import get_settings

    get_settings.cache_clear()
    return main(arguments)


def test_the_command_mends_a_limit_that_somebody_changed(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--no-tags") == 0
    with get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name("llm:ollama:parallel", 7, 2.5)
    capsys.readouterr()
    assert run("--no-tags") == 0
    with get_client(sync_client=True) as client:
        mended = client.read_global_concurrency_limit_by_name("llm:ollama:parallel")
    assert (mended.limit, mended.slot_decay_per_second, mended.active) == (1, 0, True)
    assert "1 of " in capsys.readouterr().out
    assert run("--delete") == 0


def test_the_command_without_a_server_ends_with_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    with closed_port() as port, temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{port}/api"}):
        assert run() == 1
    assert capsys.readouterr().err.startswith("ProviderUnavailableError: Prefect can't be reached at ")

"""Who may call, and when: against an oracle that keeps its own record of every grant (S4-1, S4-13).

The oracle looks at every grant, and at every moment of rest: limits are never passed, nobody waits in vain,
nobody overtakes.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from techne.errors import RequestTooLargeError
from techne.llm.lanes import Permit
from techne.llm.meters import window_margin
from techne.settings import ProviderLimits
from tests.support.virtual_time import admission_of, run_watched

MODELS = ("a", "b")
SECOND, MINUTE = 1.0, 60.0
ROUNDING = 1e-6


@dataclass(frozen=True)
class Plan:
    """One request, and what becomes of it."""

    model: str
    tokens: int
    comes_after: float
    takes: float
    uses: float
    patience: float


@dataclass
class Grant:
    model: str
    tokens: float
    at: float
    in_flight: bool = True
    ended_at: float = -math.inf
    reserved: float = 0.0

    def load(self, now: float, *, at_least: bool) -> tuple[float, int]:
        """Its tokens and slot; the least or the most of before and after for a call that ends right now."""
        if self.ended_at != now:
            return self.tokens, int(self.in_flight)
        bound = min if at_least else max
        return bound(self.tokens, self.reserved), 0 if at_least else 1


@dataclass
class Oracle:
    """Its own books of what was granted, and what the limits would let through."""

    limits: dict[str, ProviderLimits]
    grants: list[Grant] = field(default_factory=list)
    waiting: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: {model: [] for model in MODELS})
    loop: asyncio.AbstractEventLoop | None = None

    def has_room(self, scope: str, tokens: float, now: float, *, at_least: bool) -> bool:
        """Whether the limits let it through: `at_least` by the server's window, else by ours with margin."""
        limits = self.limits.get(scope, ProviderLimits())
        mine = [one for one in self.grants if scope in {"scripted", f"scripted/{one.model}"}]
        loads = [(one.at, *one.load(now, at_least=at_least)) for one in mine]
        if sum(slot for _, _, slot in loads) + 1 > (limits.max_parallel or math.inf):
            return False
        for limit, window, counts_tokens in (
            (limits.qps, SECOND, False),
            (limits.rpm, MINUTE, False),
            (limits.tpm, MINUTE, True),
        ):
            if limit is None:
                continue
            capacity, seconds = (limit, window) if limit >= 1 else (1.0, window / limit)
            seconds += 0.0 if at_least else window_margin(seconds)
            used = sum(
                tokens_ if counts_tokens else 1.0
                for at, tokens_, _ in loads
                if at > now - seconds + (ROUNDING if at_least else -ROUNDING)
            )
            if used + (tokens if counts_tokens else 1.0) > capacity + ROUNDING:
                return False
        return True

    def grant(self, number: int, plan: Plan, now: float) -> Grant:
        for scope in ("scripted", f"scripted/{plan.model}"):
            assert self.has_room(scope, plan.tokens, now, at_least=True), f"{scope} is exceeded by {plan}"
        assert self.waiting[plan.model].pop(0)[0] == number, "overtaken within its lane"
        for model, others in self.waiting.items():
            if others and others[0][0] < number:
                earlier = others[0][1]
                assert not self.has_room(f"scripted/{model}", earlier, now, at_least=False), (
                    "overtaken by a lane"
                )
        grant = Grant(plan.model, plan.tokens, now, reserved=plan.tokens)
        self.grants.append(grant)
        return grant

    def at_rest(self) -> None:
        assert self.loop is not None
        now = math.nextafter(self.loop.time(), math.inf)  # all that ends at this moment has ended
        heads = sorted(
            (others[0], model)
            for model, others in self.waiting.items()
            if others and self.has_room(f"scripted/{model}", others[0][1], now, at_least=False)
        )
        if heads:
            (_, tokens), _ = heads[0]
            assert not self.has_room("scripted", tokens, now, at_least=False), "somebody waits in vain"


async def follow(plans: list[Plan], oracle: Oracle) -> None:
    admission = admission_of(oracle.limits, llm_executor_adaptive=False)
    loop = oracle.loop = asyncio.get_running_loop()
    for model in MODELS:
        admission.lane(model)

    async def request(number: int, plan: Plan) -> None:
        oracle.waiting[plan.model].append((number, plan.tokens))
        permit: Permit | None = None
        try:
            async with asyncio.timeout(plan.patience):
                suspended: list[bool] = []
                loop.call_soon(suspended.append, True)
                permit = await admission.admit(plan.model, plan.tokens)
                if not suspended:  # those whose turn came just before have yet to hear of it
                    await asyncio.sleep(0)
                grant = oracle.grant(number, plan, loop.time())
        except TimeoutError:
            oracle.waiting[plan.model].remove((number, plan.tokens))
            return
        except RequestTooLargeError:
            oracle.waiting[plan.model].remove((number, plan.tokens))
            scopes = [oracle.limits.get(scope) for scope in ("scripted", f"scripted/{plan.model}")]
            assert any(limits and limits.tpm and plan.tokens > limits.tpm for limits in scopes)
            return
        await asyncio.sleep(plan.takes)
        grant.ended_at = loop.time()
        grant.tokens = math.floor(plan.tokens * plan.uses)
        permit.answered(int(grant.tokens), 0)
        grant.in_flight = False
        permit.release()

    async with asyncio.TaskGroup() as group:
        for number, plan in enumerate(plans):
            await asyncio.sleep(plan.comes_after)
            group.create_task(request(number, plan))
    assert admission.waiting == 0
    assert admission.slots is not None
    assert admission.slots.in_flight == 0
    assert all(lane.slots.in_flight == 0 and not lane.queue for lane in admission.lanes.values())
    await admission.close()


limits = st.builds(
    ProviderLimits,
    max_parallel=st.integers(1, 5),
    qps=st.none() | st.sampled_from([0.4, 1, 2.5, 5]),
    rpm=st.none() | st.integers(3, 20),
    tpm=st.none() | st.integers(100, 400),
)
plans = st.builds(
    Plan,
    model=st.sampled_from(MODELS),
    tokens=st.integers(1, 150),
    comes_after=st.sampled_from([0.0, 0.0, 0.0, 0.1, 1.0, 20.0]),
    takes=st.sampled_from([0.0, 0.05, 0.5, 3.0, 30.0, 90.0]),
    uses=st.sampled_from([0.0, 0.3, 1.0, 1.0, 1.5]),
    patience=st.sampled_from([0.5, 40.0, 1e6, 1e6, 1e6]),
)


@given(provider=limits, model=limits, requests=st.lists(plans, min_size=2, max_size=30))
@examples(max_examples=150, deadline=None)
def test_no_limit_is_ever_passed_nobody_overtakes_and_nobody_waits_in_vain(
    provider: ProviderLimits, model: ProviderLimits, requests: list[Plan]
) -> None:
    oracle = Oracle({"scripted": provider, "scripted/a": model})
    run_watched(follow(requests, oracle), oracle.at_rest)

"""Money is set aside before a call and settled after it: a budget is used as far as it goes, never passed."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from techne.errors import BudgetExceededError
from techne.llm import CostBudget, LLMRequest
from techne.llm.budget import Budget
from techne.llm.dispatch import Dispatcher
from techne.llm.testing import Fault, FaultPlan, FaultyProvider, run_virtual
from techne.settings import ProviderLimits
from tests.support.virtual_time import assert_at_rest, dispatcher_of

MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
LIMITS = {"bedrock": ProviderLimits(max_parallel=8, qps=5, rpm=100, tpm=100_000)}


def ask(most_usd: str, prompt: str = "Why?", name: str = "mine", tokens: int = 8000) -> LLMRequest:
    budget = CostBudget(name=name, max_cost_usd=Decimal(most_usd))
    return LLMRequest(provider="bedrock", prompt=prompt, budget=budget, max_output_tokens=tokens)


def dispatcher(*steps: Fault, **settings: Any) -> Dispatcher:
    provider = FaultyProvider(FaultPlan(steps), name="bedrock", model=MODEL)
    return dispatcher_of(provider, **{"llm_executor_model_limits": LIMITS, **settings})


calls = st.lists(
    st.tuples(st.integers(1, 40), st.floats(0, 1), st.floats(0, 3), st.booleans()), min_size=1, max_size=25
)


@given(most=st.integers(1, 100), calls=calls)
@examples(max_examples=100, deadline=None)
def test_a_budget_is_never_passed_and_every_reservation_ends(
    most: int, calls: list[tuple[int, float, float, bool]]
) -> None:
    async def run() -> None:
        budget = Budget("mine", Decimal(most))
        refused = 0

        async def call(worst: int, share: float, takes: float) -> None:
            nonlocal refused
            try:
                reserved = await budget.reserve(Decimal(worst), "m")
            except BudgetExceededError:
                assert not budget.reserved_usd or budget.spent_usd + worst > most, "refused in vain"
                refused += 1
                return
            try:
                await asyncio.sleep(takes)
            finally:
                reserved.settle(Decimal(share) * worst)
                reserved.settle(Decimal(worst))
                assert budget.spent_usd + budget.reserved_usd <= most

        tasks = []
        for worst, share, takes, cancelled in calls:
            tasks.append(asyncio.create_task(call(worst, share, takes)))
            if cancelled:
                asyncio.get_running_loop().call_later(takes / 2, tasks[-1].cancel)
        await asyncio.wait(tasks)
        assert budget.reserved_usd == 0
        assert budget.spent_usd <= most
        assert all(worst <= most for worst, *_ in calls) or refused

    run_virtual(run())


def test_a_refused_call_consumes_neither_turn_nor_money() -> None:
    async def run() -> None:
        own = dispatcher()
        with pytest.raises(BudgetExceededError, match="budget mine"):
            await own.serve(ask("0.001"))
        assert_at_rest(own)
        assert own.usage().attempts == 0
        assert own._budgets["mine"].spent_usd == 0
        taken = [limit.meter.used for limit in own._pool("bedrock").admission.limits[1:]]  # type: ignore[attr-defined]
        assert taken == [0, 0, 0]
        await own.close()

    run_virtual(run())


def test_a_call_that_fits_only_if_others_cost_less_waits_for_them() -> None:
    async def run() -> None:
        own = dispatcher(Fault(after_seconds=5))
        await own.prepare("bedrock", None)
        first = asyncio.create_task(own.serve(ask("0.012", "First?")))
        await asyncio.sleep(1)
        second = await own.serve(ask("0.012", "Second?"))
        assert asyncio.get_running_loop().time() == 5
        assert first.done()
        assert second.cost_usd is not None
        assert own._budgets["mine"].spent_usd == (await first).cost_usd + second.cost_usd  # type: ignore[operator]
        await own.close()

    run_virtual(run())


def test_a_call_that_was_broken_off_is_taken_to_have_cost_its_worst() -> None:
    async def run() -> None:
        own = dispatcher(Fault("timeout"), Fault("unavailable"))
        await own.prepare("bedrock", None)
        worst = own.worst_cost_usd(ask("1"))
        assert worst is not None
        task = asyncio.create_task(own.serve(ask("1")))
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait({task})
        assert own._budgets["mine"].spent_usd == worst
        answer = await own.serve(ask("1"))
        assert own._budgets["mine"].spent_usd == worst + (answer.cost_usd or 0)
        assert_at_rest(own)
        await own.close()

    run_virtual(run())


@pytest.mark.parametrize("name", ["mine", ""])
def test_no_name_of_a_request_s_budget_touches_that_of_the_process(name: str) -> None:
    async def run() -> None:
        own = dispatcher(llm_executor_max_cost_usd=Decimal("0.001"))
        with pytest.raises(BudgetExceededError, match="LLM_EXECUTOR_MAX_COST_USD"):
            await own.serve(ask("100", name=name))
        await own.close()

    run_virtual(run())


def test_a_budget_for_a_model_without_a_price_is_refused() -> None:
    async def run() -> None:
        own = dispatcher()
        with pytest.raises(BudgetExceededError, match="No price is known for mystery"):
            await own.serve(ask("1").model_copy(update={"model": "mystery"}))
        assert_at_rest(own)
        await own.close()

    run_virtual(run())

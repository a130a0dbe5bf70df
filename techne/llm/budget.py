"""Money: what may be spent is reserved before a call is sent, and settled with what it has cost."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from techne.errors import BudgetExceededError


class Budget:
    """One budget of an executor; to be used from its loop.

    A call that fits only if others cost less than their worst waits until they are settled; one that doesn't
    fit even so is refused. So the budget is used as far as it goes and never passed, as far as the estimates
    are upper bounds.

    Args:
        name: For messages.
        max_cost_usd: Most that may be spent.
        setting: What a person would change.
    """

    def __init__(self, name: str, max_cost_usd: Decimal, *, setting: str = "max_cost_usd") -> None:
        self.name = name
        self.max_cost_usd = max_cost_usd
        self.spent_usd = Decimal(0)
        self.reserved_usd = Decimal(0)
        self._setting = setting
        self._settled: asyncio.Event | None = None

    async def reserve(self, worst_usd: Decimal | None, model: str) -> Reservation:
        """Set aside what a call may cost at most.

        Raises:
            BudgetExceededError: It could pass the budget, or no price is known for the model.
        """
        if worst_usd is None:
            raise BudgetExceededError(
                f"No price is known for {model}, so the budget {self.name} can't be kept; nothing was sent.",
                cure=f"Use a model with a known price, or no {self._setting}.",
            )
        while self.spent_usd + self.reserved_usd + worst_usd > self.max_cost_usd:
            if not self.reserved_usd or self.spent_usd + worst_usd > self.max_cost_usd:
                raise BudgetExceededError(
                    f"The budget {self.name} of ${self.max_cost_usd:f} would be passed: "
                    f"${self.spent_usd:.4f} is spent and the next call to {model} may cost "
                    f"${worst_usd:.4f}; nothing was sent.",
                    cure=f"Raise {self._setting}, or ask for less; what was answered so far is kept.",
                )
            self._settled = self._settled or asyncio.Event()
            await self._settled.wait()
        self.reserved_usd += worst_usd
        return Reservation(self, worst_usd)

    def settle(self, worst_usd: Decimal, cost_usd: Decimal) -> None:
        """Replace a reservation by the cost; `Reservation` calls it once."""
        self.reserved_usd -= worst_usd
        self.spent_usd += cost_usd
        if self._settled is not None:
            self._settled.set()
            self._settled = None


class Reservation:
    """Money set aside for one call."""

    __slots__ = ("_budget", "_worst_usd")

    def __init__(self, budget: Budget, worst_usd: Decimal) -> None:
        self._budget: Budget | None = budget
        self._worst_usd = worst_usd

    def settle(self, cost_usd: Decimal) -> None:
        """The call is over and has cost this; only the first word counts."""
        if self._budget is not None:
            self._budget.settle(self._worst_usd, cost_usd)
            self._budget = None

"""What the model calls behind a document used, over all stages."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from techne.documents.merging import all_models, total_cost
from techne.documents.model import ContentMap, Extraction, Outline, WrittenSection
from techne.llm.model import Usage


@dataclass(slots=True)
class Spending:
    """Sums the stages' usage. Answers from a cache count too: they were paid for once."""

    _parts: list[Extraction | ContentMap | Outline | WrittenSection] = field(default_factory=list)

    def add(self, *parts: Extraction | ContentMap | Outline | WrittenSection) -> None:
        """Add the outcome of a stage, or of a part of one."""
        self._parts.extend(parts)

    @property
    def usage(self) -> Usage:
        """Tokens of all calls that went into the document."""
        return sum((part.usage for part in self._parts), Usage())

    @property
    def models(self) -> tuple[str, ...]:
        """The models that answered."""
        return all_models(self._parts)

    @property
    def cost_usd(self) -> Decimal | None:
        """Their cost: nothing if there were none, None if a price is not known."""
        if not self.usage.total_tokens:
            return Decimal(0)
        return total_cost((part.usage, part.cost_usd) for part in self._parts)

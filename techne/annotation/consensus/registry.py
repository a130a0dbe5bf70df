"""Which consensus methods there are, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from techne.annotation.consensus.crowd_kit import GLAD, MACE
from techne.annotation.consensus.dawid_skene import DawidSkene
from techne.annotation.consensus.gold_weighted import GoldWeightedVote
from techne.annotation.consensus.majority import MajorityVote
from techne.annotation.consensus.median import OrdinalMedian
from techne.annotation.consensus.method import ConsensusMethod
from techne.annotation.consensus.one_coin import OneCoin
from techne.annotation.labels import LabelKind
from techne.errors import ConsensusError

METHODS: Mapping[str, type[ConsensusMethod]] = MappingProxyType(
    {
        method.name: method
        for method in (MajorityVote, GoldWeightedVote, DawidSkene, OneCoin, OrdinalMedian, MACE, GLAD)
    }
)
"""All of them, those of the extra `techne[crowd]` last."""


def build(name: str) -> ConsensusMethod:
    """A new method, not fitted yet.

    Raises:
        ConsensusError: There is none of this name.
    """
    method = METHODS.get(name)
    if method is None:
        raise ConsensusError(
            f"There is no consensus method {name!r}.", cure=f"Use one of {', '.join(METHODS)}."
        )
    return method()


def default_methods(kind: LabelKind, *, with_gold: bool) -> tuple[str, ...]:
    """Names of the methods that fit a question and need no extra."""
    return tuple(
        name
        for name, method in METHODS.items()
        if method not in (MACE, GLAD)
        and (with_gold or not method.needs_gold)
        and (kind == "ordinal" or not method.ordinal_only)
    )

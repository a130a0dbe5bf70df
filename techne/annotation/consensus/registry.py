"""Which consensus methods there are, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from techne.annotation.consensus.crowd_kit import GLAD, MACE, CrowdKitMethod
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


def require_usable(names: Iterable[str], kind: LabelKind, *, with_gold: bool) -> None:
    """Refuse what could not be used once the votes are there, so that nobody pays for them in vain.

    Raises:
        ConsensusError: There is no such method, it isn't installed, or it lacks gold or an order of labels.
    """
    for name in names:
        method = build(name)
        if method.ordinal_only and kind != "ordinal":
            raise ConsensusError(
                f"The consensus method {name!r} needs ordinal labels, and these are {kind}.",
                cure='Use another one, or say "kind": "ordinal" if their order means more.',
            )
        if method.needs_gold and not with_gold:
            raise ConsensusError(
                f"The consensus method {name!r} learns from gold, and there is none.",
                cure="Give gold for some texts, or use a method that needs none.",
            )
        if isinstance(method, CrowdKitMethod):
            method.require_installed()


def default_methods(kind: LabelKind, *, with_gold: bool) -> tuple[str, ...]:
    """Names of the methods that fit a question and need no extra."""
    return tuple(
        name
        for name, method in METHODS.items()
        if method not in (MACE, GLAD)
        and (with_gold or not method.needs_gold)
        and (kind == "ordinal" or not method.ordinal_only)
    )

"""Who is asked about which texts, and in which order: everybody about all, or the cheap models first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from flows.annotation_shards import AskShards
from techne.annotation.cascade import CascadePolicy, stated_cascade
from techne.annotation.cascade_planning import FEWEST_GOLD, plan_cascade
from techne.annotation.model import ModelSpec
from techne.annotation.panel import Panel
from techne.annotation.shards import Shard, ShardResult
from techne.annotation.votes import BoolArray

Ranges = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked and answered.

    Args:
        results: Of every shard.
        policy: The cascade that was followed; None where everybody was asked the same.
        items_per_wave: How many texts each wave of the cascade was asked about.
    """

    results: tuple[ShardResult, ...]
    policy: CascadePolicy | None = None
    items_per_wave: tuple[int, ...] = ()


async def ask_panel(models: Sequence[ModelSpec], ranges: Ranges, ask: AskShards) -> Asked:
    """Ask every model about every text."""
    shards = [Shard(model=model, start=start, stop=stop) for model in models for start, stop in ranges]
    return Asked(tuple(await ask(shards)))


async def ask_cascade(
    models: Sequence[ModelSpec],
    ranges: Ranges,
    ask: AskShards,
    *,
    panel_of: Callable[[Sequence[ShardResult]], Panel],
    gold: BoolArray,
    cost_per_call: Mapping[str, float],
    threshold: float | None,
    skipped: Callable[[int], None] = lambda _: None,
) -> Asked:
    """Ask everybody about the gold items, plan a cascade with these, and follow it through the other texts.

    Args:
        models: The panel.
        ranges: Ranges of texts; a shard is a part of one.
        ask: Does shards.
        panel_of: Makes votes of the results so far.
        gold: Shape (texts,): whose answer is known.
        cost_per_call: By model; prices that aren't known are left out, and then every call counts the same.
        threshold: If stated.
        skipped: Told how many calls need not be made, as that becomes known.
    """
    by_name = {model.label: model for model in models}
    results: list[ShardResult] = []
    if np.count_nonzero(gold) >= FEWEST_GOLD:
        results += await ask([shard for model in models for shard in _shards(model, ranges, gold)])
        if not all(result.complete for result in results):
            return Asked(tuple(results))  # out of money, or refused, before there was a plan to follow
        panel = await asyncio.to_thread(panel_of, results)
        policy = await asyncio.to_thread(
            plan_cascade, panel, cost_per_call=cost_per_call, threshold=threshold
        )
        open_texts = ~gold
    else:  # too few to plan with, and then nothing more than other texts
        stated = {} if threshold is None else {"threshold": threshold}
        policy = stated_cascade(list(by_name), cost_per_call=cost_per_call, **stated)
        open_texts = np.ones(len(gold), dtype=np.bool_)
    unasked = len(models) - sum(len(wave) for wave in policy.waves)
    skipped(unasked * int(np.count_nonzero(open_texts)))
    items = []
    for place, wave in enumerate(policy.waves):
        items.append(int(np.count_nonzero(open_texts)))
        if not items[-1]:
            continue
        asked = await ask([shard for name in wave for shard in _shards(by_name[name], ranges, open_texts)])
        results += asked
        if not all(result.complete for result in asked):
            break  # out of money, or refused: what is asked now could not be compared with what was
        panel = await asyncio.to_thread(panel_of, results)
        unsure = await asyncio.to_thread(policy.unsure, panel, place + 1)
        sure = int(np.count_nonzero(open_texts & ~unsure))
        skipped(sure * sum(len(later) for later in policy.waves[place + 1 :]))
        open_texts &= unsure
    return Asked(tuple(results), policy, tuple(items))


def _shards(model: ModelSpec, ranges: Ranges, wanted: BoolArray) -> Iterator[Shard]:
    """The model's shards of the wanted texts; none where a range has none."""
    for start, stop in ranges:
        indices = np.flatnonzero(wanted[start:stop]) + start
        if len(indices) == stop - start:
            yield Shard(model=model, start=start, stop=stop)
        elif len(indices):
            yield Shard(model=model, start=start, stop=stop, only=tuple(indices.tolist()))

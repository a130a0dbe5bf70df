"""Waves: who is asked about which texts, with a scripted way of asking; nobody is called here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from flows.annotation_waves import Asked, ask_cascade, ask_panel
from techne.annotation.cascade import AGREEMENT, WEIGHTED
from techne.annotation.labels import LabelSet
from techne.annotation.model import Annotation, ModelSpec
from techne.annotation.panel import Panel
from techne.annotation.panel_builder import PanelBuilder
from techne.annotation.shards import Shard, ShardResult, ranges
from techne.annotation.votes import BoolArray, Gold

LABELS = LabelSet.of_names(("no", "yes"))
TEXTS = 60
IDS = [f"t{n}" for n in range(TEXTS)]
CHEAP, MIDDLE, DEAR = (ModelSpec(provider="p", model=name) for name in ("cheap", "middle", "dear"))
MODELS = (CHEAP, MIDDLE, DEAR)
COSTS = {CHEAP.label: 1.0, MIDDLE.label: 2.0, DEAR.label: 10.0}
RANGES = ranges(TEXTS, 25)

Says = Callable[[str, int], str]


def truth(text: int) -> str:
    return LABELS.names[text % 2]


def wrong(text: int) -> str:
    return LABELS.names[(text + 1) % 2]


class Models:
    """Answers as told, and remembers who was asked about what, in which order."""

    def __init__(self, says: Says, *, stops_at: int | None = None) -> None:
        self.asked: list[list[Shard]] = []
        self.skipped = 0
        self._says = says
        self._stops_at = stops_at
        self._answers: list[Annotation] = []

    async def ask(self, shards: Sequence[Shard]) -> list[ShardResult]:
        """Do shards; the one that it stops at ends before its first text."""
        self.asked.append(list(shards))
        stopped = "no money" if self._stops_at == len(self.asked) else None
        return [self._result(shard, stopped) for shard in shards]

    def _result(self, shard: Shard, stopped: str | None) -> ShardResult:
        texts = [] if stopped else texts_of(shard)
        self._answers += [
            Annotation(
                index=text,
                item_id=IDS[text],
                model=shard.model.label,
                status="labelled",
                labels=(self._says(shard.model.label, text),),
            )
            for text in texts
        ]
        return ShardResult(
            model=shard.model.label,
            start=shard.start,
            stop=shard.stop,
            file="",
            items=shard.items,
            labelled=len(texts),
            stopped_by=stopped,
        )

    def panel(self, results: Sequence[ShardResult], known: BoolArray) -> Panel:
        """The votes so far, with the gold that is known."""
        builder = PanelBuilder(LABELS, IDS, [model.label for model in MODELS])
        builder.extend(self._answers)
        assert sum(result.answered for result in results) == len(self._answers)
        gold = np.where(known, np.arange(TEXTS) % 2, -1).astype(np.int32)
        return builder.build([Gold(gold)] if known.any() else None)

    async def cascade(self, known: BoolArray, threshold: float | None = None) -> Asked:
        """Have a cascade ask."""
        return await ask_cascade(
            MODELS,
            RANGES,
            self.ask,
            panel_of=lambda results: self.panel(results, known),
            gold=known,
            cost_per_call=COSTS,
            threshold=threshold,
            skipped=self._skip,
        )

    def texts(self, wave: int) -> dict[str, list[int]]:
        """Whom a wave asked about which texts."""
        by_model: dict[str, list[int]] = {}
        for shard in self.asked[wave]:
            by_model.setdefault(shard.model.label, []).extend(texts_of(shard))
        return by_model

    @property
    def calls(self) -> int:
        return sum(shard.items for wave in self.asked for shard in wave)

    def _skip(self, calls: int) -> None:
        self.skipped += calls


def texts_of(shard: Shard) -> list[int]:
    return list(shard.only) if shard.only is not None else list(range(shard.start, shard.stop))


def nothing_known() -> BoolArray:
    return np.zeros(TEXTS, dtype=np.bool_)


def known(count: int) -> BoolArray:
    return np.arange(TEXTS) < count


def always_right(_: str, text: int) -> str:
    return truth(text)


async def test_a_panel_asks_everybody_about_everything_in_one_go() -> None:
    models = Models(always_right)
    asked = await ask_panel(MODELS, RANGES, models.ask)
    assert len(models.asked) == 1
    assert models.texts(0) == {model.label: list(range(TEXTS)) for model in MODELS}
    assert len(asked.results) == len(MODELS) * len(RANGES)
    assert (asked.policy, asked.items_per_wave) == (None, ())


async def test_without_gold_the_cheapest_goes_first_and_the_dear_one_settles_what_is_in_doubt() -> None:
    def middle_errs_on_every_fifth(model: str, text: int) -> str:
        return wrong(text) if model == MIDDLE.label and text % 5 == 0 else truth(text)

    models = Models(middle_errs_on_every_fifth)
    asked = await models.cascade(nothing_known())
    everything = list(range(TEXTS))
    assert [models.texts(wave) for wave in range(3)] == [
        {CHEAP.label: everything},
        {MIDDLE.label: everything},
        {DEAR.label: everything[::5]},
    ]
    assert asked.policy is not None
    assert (asked.policy.method, asked.policy.threshold_source) == (AGREEMENT, "stated")
    assert asked.items_per_wave == (TEXTS, TEXTS, TEXTS // 5)


async def test_a_wave_that_nobody_needs_is_not_asked() -> None:
    models = Models(always_right)
    asked = await models.cascade(nothing_known())
    assert [set(models.texts(wave)) for wave in range(len(models.asked))] == [{CHEAP.label}, {MIDDLE.label}]
    assert asked.items_per_wave == (TEXTS, TEXTS, 0)


async def test_with_gold_everybody_is_asked_about_it_first_and_then_the_policy_about_the_rest() -> None:
    def only_the_dear_one_knows(model: str, text: int) -> str:
        return truth(text) if model == DEAR.label or text % 3 else wrong(text)

    models = Models(only_the_dear_one_knows)
    asked = await models.cascade(known(40))
    assert models.texts(0) == {model.label: list(range(40)) for model in MODELS}
    assert asked.policy is not None
    assert (asked.policy.method, asked.policy.threshold_source) == (WEIGHTED, "gold")
    for wave in range(1, len(models.asked)):
        assert all(min(texts) >= 40 for texts in models.texts(wave).values())
    first = models.texts(1)
    assert set(first) == set(asked.policy.waves[0])
    assert all(texts == list(range(40, TEXTS)) for texts in first.values())


async def test_gold_that_is_too_little_to_plan_with_is_asked_about_like_any_text() -> None:
    models = Models(always_right)
    asked = await models.cascade(known(19))
    assert asked.policy is not None
    assert asked.policy.method == AGREEMENT
    assert models.texts(0) == {CHEAP.label: list(range(TEXTS))}


async def test_calls_that_are_made_and_calls_that_are_skipped_make_the_full_panel() -> None:
    for gold in (nothing_known(), known(40)):
        models = Models(
            lambda model, text: wrong(text) if model == CHEAP.label and text % 7 == 0 else truth(text)
        )
        await models.cascade(gold)
        assert models.calls + models.skipped == TEXTS * len(MODELS)
        assert models.skipped > 0


async def test_no_model_is_asked_twice_about_a_text() -> None:
    models = Models(lambda model, text: wrong(text) if hash((len(model), text)) % 3 == 0 else truth(text))
    await models.cascade(known(30))
    calls = [(shard.model.label, text) for wave in models.asked for shard in wave for text in texts_of(shard)]
    assert len(set(calls)) == len(calls)


async def test_when_the_money_is_gone_no_further_wave_is_asked() -> None:
    models = Models(lambda model, text: wrong(text) if model == CHEAP.label else truth(text), stops_at=2)
    asked = await models.cascade(nothing_known())
    assert len(models.asked) == 2
    assert [result.stopped_by for result in asked.results if not result.complete] == ["no money"] * len(
        RANGES
    )


async def test_when_the_money_is_gone_before_the_plan_nothing_more_is_asked() -> None:
    models = Models(always_right, stops_at=1)
    asked = await models.cascade(known(40))
    assert len(models.asked) == 1
    assert asked.policy is None
    assert not any(result.complete for result in asked.results)


async def test_a_range_without_wanted_texts_makes_no_shard_and_a_whole_one_no_list() -> None:
    models = Models(always_right)
    await models.cascade(known(25))
    assert all(shard.only is None for shard in models.asked[0])
    assert {(shard.start, shard.stop) for shard in models.asked[0]} == {(0, 25)}
    assert {(shard.start, shard.stop) for shard in models.asked[1]} == {(25, 50), (50, 60)}

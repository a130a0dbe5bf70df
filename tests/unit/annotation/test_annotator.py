"""Models that annotate: parallel by model and bounded within it (S0-9 to S0-13); failures are no labels."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest

from techne.annotation.annotator import AskingFor, LLMAnnotator
from techne.annotation.labels import LabelKind, LabelSet
from techne.annotation.model import Annotation, DatasetItem, ModelSpec
from techne.errors import BudgetExceededError, ConfigurationError, ProviderAccessError, RequestRejectedError
from techne.llm import CostBudget, LLMExecutor, LLMRequest, ProviderAnswer, Usage
from techne.llm.testing import Gate, ScriptedProvider
from techne.settings import ProviderLimits, Settings

LABELS = ("error", "how-to")


def items(count: int) -> list[DatasetItem]:
    return [DatasetItem(index=n, id=f"t{n}", text=f"Text number {n}.") for n in range(count)]


def label_set(kind: LabelKind = "single") -> LabelSet:
    return LabelSet.of_names(LABELS, kind)


def model(name: str = "judge", **fields: object) -> ModelSpec:
    return ModelSpec.model_validate({"provider": "scripted", "model": name, **fields})


def answer(**values: object) -> ProviderAnswer:
    return ProviderAnswer(json.dumps(values), "stop", Usage(input_tokens=20, output_tokens=5))


def plain(request: LLMRequest) -> ProviderAnswer:
    return answer(label="error", confidence=75)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the change happens on another loop
            await asyncio.sleep(0.002)


async def annotated(
    executor: LLMExecutor, models: Sequence[ModelSpec], count: int, **options: object
) -> list[Annotation]:
    annotator = LLMAnnotator(executor, models, label_set(), **options)  # type: ignore[arg-type]
    return [annotation async for annotation in annotator.annotate_dataset(items(count))]


async def test_every_model_labels_every_text(settings: Settings) -> None:
    provider = ScriptedProvider(plain)
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        got = await annotated(executor, [model("a"), model("b")], 7)
    assert Counter((one.model, one.item_id) for one in got) == Counter(
        (f"scripted/{name}", f"t{n}") for name in "ab" for n in range(7)
    )
    assert {(one.status, one.labels, one.confidence) for one in got} == {("labelled", ("error",), 0.75)}
    assert {(one.input_tokens, one.output_tokens, one.attempts) for one in got} == {(20, 5, 1)}


async def test_a_model_has_its_number_of_texts_in_flight_and_all_models_work_at_once(
    settings: Settings,
) -> None:
    gate = Gate()
    provider = ScriptedProvider(plain, gate=gate)
    settings = settings.model_copy(
        update={"llm_executor_model_limits": (("scripted", ProviderLimits(max_parallel=100)),)}
    )
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        annotator = LLMAnnotator(
            executor, [model("a", max_parallel=3), model("b", max_parallel=4)], label_set()
        )
        coming = annotator.annotate_dataset(items(50))
        first = asyncio.ensure_future(anext(coming))
        await until(lambda: provider.in_flight == 7)
        gate.open()
        await first
        rest = [annotation async for annotation in coming]
    assert len(rest) == 2 * 50 - 1
    assert provider.max_in_flight == 7


async def test_two_callers_of_one_annotator_share_a_models_slots(settings: Settings) -> None:
    provider = ScriptedProvider(plain)
    settings = settings.model_copy(
        update={"llm_executor_model_limits": (("scripted", ProviderLimits(max_parallel=100)),)}
    )
    asked = model("a", max_parallel=3)
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        annotator = LLMAnnotator(executor, [asked], label_set())

        async def all_of_them() -> int:
            return len([one async for one in annotator.annotate_model(asked, items(40))])

        assert sum(await asyncio.gather(all_of_them(), all_of_them())) == 80
    assert provider.max_in_flight <= 3


async def test_one_loop_after_the_other_gives_the_same(settings: Settings) -> None:
    provider = ScriptedProvider(lambda request: answer(label=LABELS[len(request.prompt) % 2], confidence=60))
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        models = [model("a"), model("b"), ModelSpec(provider="embedded", model="lexicon")]
        annotator = LLMAnnotator(executor, models, label_set())
        at_once = [one async for one in annotator.annotate_dataset(items(12))]
        one_by_one = list(annotator.annotate_dataset_sync(items(12)))

    def told(annotations: list[Annotation]) -> list[tuple[object, ...]]:
        return sorted((one.model, one.index, one.status, one.labels) for one in annotations)

    assert told(at_once) == told(one_by_one)
    assert len(one_by_one) == 36


async def test_an_abstention_is_no_label(settings: Settings) -> None:
    provider = ScriptedProvider(lambda _: answer(label="ABSTAIN", confidence=10))
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        (one,) = await annotated(executor, [model()], 1)
    assert (one.status, one.labels) == ("abstained", ())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["how-to", "error"], ("labelled", ("error", "how-to"))),
        ([], ("labelled", ())),
        (["ABSTAIN"], ("abstained", ())),
    ],
)
async def test_of_several_labels_all_or_none_may_fit(
    settings: Settings, given: list[str], expected: tuple[str, tuple[str, ...]]
) -> None:
    provider = ScriptedProvider(lambda _: answer(labels=given, confidence=10))
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        annotator = LLMAnnotator(executor, [model()], label_set("multi"))
        (one,) = [one async for one in annotator.annotate_dataset(items(1))]
    assert (one.status, one.labels) == expected


async def test_a_text_that_fails_is_listed_with_its_reason_and_stops_nothing(settings: Settings) -> None:
    def some_refused(request: LLMRequest) -> ProviderAnswer:
        if re.search(r"number [13]\.", request.prompt):
            raise RequestRejectedError("The prompt was blocked.")
        return plain(request)

    provider = ScriptedProvider(some_refused)
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        got = await annotated(executor, [model()], 5)
    failed = {one.item_id: (one.failure, one.message) for one in got if one.status == "failed"}
    assert failed == dict.fromkeys(("t1", "t3"), ("rejected", "The prompt was blocked."))
    assert len(got) == 5


async def test_a_label_outside_of_the_set_is_a_failure(settings: Settings) -> None:
    provider = ScriptedProvider(lambda _: answer(label="banana", confidence=1))
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        (one,) = await annotated(executor, [model()], 1)
    assert (one.status, one.failure) == ("failed", "invalid_output")


async def test_credentials_that_fail_end_the_model_instead_of_failing_every_text(settings: Settings) -> None:
    def refused(request: LLMRequest) -> ProviderAnswer:
        raise ProviderAccessError("Who are you?")

    provider = ScriptedProvider(refused)
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        with pytest.raises(ProviderAccessError):
            await annotated(executor, [model(max_parallel=2)], 500)
    assert len(provider.requests) <= 4


async def test_a_used_up_budget_keeps_what_was_paid_for(settings: Settings) -> None:
    provider = ScriptedProvider(plain, name="openai", model="gpt-4.1-mini")
    budget = CostBudget(name="experiment", max_cost_usd=Decimal("0.01"))
    got: list[Annotation] = []
    async with LLMExecutor(settings, providers={"openai": provider}) as executor:
        spec = ModelSpec(provider="openai", model="gpt-4.1-mini")
        annotator = LLMAnnotator(executor, [spec], label_set(), budget=budget)

        async def collect() -> None:
            async for one in annotator.annotate_model(spec, items(5000)):
                got.append(one)  # noqa: PERF401 - what came before the error counts

        with pytest.raises(BudgetExceededError):
            await collect()
        spent = executor.usage().cost_usd
    assert 0 < len(got) < 5000
    assert len(got) == len(provider.requests)
    assert sum(one.cost_usd or Decimal(0) for one in got) == spent <= budget.max_cost_usd
    assert {one.status for one in got} == {"labelled"}


async def test_a_reader_that_stops_leaves_no_slot_taken(settings: Settings) -> None:
    provider = ScriptedProvider(plain)
    asked = model(max_parallel=2)
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        annotator = LLMAnnotator(executor, [asked], label_set())
        for _ in range(5):
            coming = annotator.annotate_model(asked, items(30))
            await anext(coming)
            await coming.aclose()
        assert len([one async for one in annotator.annotate_model(asked, items(10))]) == 10


async def test_another_model_never_answers_in_the_place_of_the_one_that_was_asked(settings: Settings) -> None:
    def refused(request: LLMRequest) -> ProviderAnswer:
        raise RequestRejectedError("No.")

    settings = settings.model_copy(
        update={"llm_executor_fallbacks": ("other",), "llm_executor_max_attempts": 1}
    )
    providers = {"scripted": ScriptedProvider(refused), "other": ScriptedProvider(plain, name="other")}
    async with LLMExecutor(settings, providers=providers) as executor:
        (one,) = await annotated(executor, [model()], 1)
    assert one.status == "failed"
    assert providers["other"].requests == []


async def test_what_is_asked_for_is_what_the_request_says(settings: Settings) -> None:
    provider = ScriptedProvider(lambda _: answer(rationale="Because.", label="error"))
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        asking = AskingFor(confidence=False, rationale=True, abstain=False)
        (one,) = await annotated(executor, [model(temperature=0.3)], 1, asking=asking)
    (request,) = provider.requests
    assert (one.rationale, one.confidence) == ("Because.", None)
    assert (request.temperature, request.max_output_tokens) == (0.3, 512)
    assert request.prompt_version.startswith("annotate.en/")


def test_an_iterator_would_serve_only_the_first_model(settings: Settings) -> None:
    annotator = LLMAnnotator(None, [model()], label_set())
    with pytest.raises(TypeError, match="iterator"):
        asyncio.run(anext(annotator.annotate_dataset(iter(items(3)))))


def test_two_models_need_two_names() -> None:
    with pytest.raises(ConfigurationError, match="'scripted/judge'"):
        LLMAnnotator(None, [model(), model()], label_set())

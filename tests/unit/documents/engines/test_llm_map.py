"""Stage 3 by a language model."""

from __future__ import annotations

import json

import pytest

from techne.documents.engines.llm import LLMEngine
from techne.documents.model import ItemKind
from techne.errors import OutputValidationError, ProcessingError
from techne.llm.model import LLMRequest
from techne.settings import Settings
from tests.support.scripted_executor import Script, ScriptedExecutor, plausible
from tests.support.scripted_model import data
from tests.unit.documents.engines.recordings import item

ERRORS = [
    item(1, ItemKind.ERROR, "The gateway answers 502."),
    item(5, ItemKind.ERROR, "The queue stops at 10000 messages."),
]
CANDIDATES = [
    item(2, ItemKind.DIAGNOSTIC, "Check the ingress logs."),
    item(3, ItemKind.SOLUTION, "Restart the ingress."),
    item(6, ItemKind.COMMAND, "Purge the queue.", code="rabbitmqctl purge_queue mail"),
]


def engine_for(script: Script = plausible, **model: int) -> tuple[LLMEngine, ScriptedExecutor]:
    executor = ScriptedExecutor(script, **model)  # type: ignore[arg-type]
    return LLMEngine(executor, provider="ollama", settings=Settings()), executor


def problem(**parts: object) -> dict[str, object]:
    return {"title": "T", "errors": [], "debugging": [], "solutions": [], "prevention": []} | parts


async def test_a_problem_takes_its_words_from_the_items_it_names() -> None:
    answer = problem(title="Gateway 502.", errors=["i001"], debugging=["i002"], solutions=["i003", "i003"])
    other = problem(title="", errors=["i005"], solutions=["i006"])
    engine, executor = engine_for(lambda _: json.dumps({"problems": [answer, other]}))

    content = await engine.map(ERRORS, CANDIDATES, "en")

    first, second = content.problems
    assert (first.id, first.title, first.item_ids) == ("p01", "Gateway 502", ("i001",))
    assert [(one.text, one.item_ids) for one in first.solutions] == [("Restart the ingress.", ("i003",))]
    assert [one.text for one in first.debugging] == ["Check the ingress logs."]
    assert (second.id, second.title) == ("p02", "The queue stops at 10000 messages")
    assert len(executor.requests) == 1
    assert "i006 command: Purge the queue. | rabbitmqctl purge_queue mail" in executor.requests[0].prompt


async def test_every_error_stays_in_exactly_one_problem_whatever_the_answer() -> None:
    """Unknown ids are dropped, claims to a taken error ignored, forgotten errors kept."""
    answers = [
        problem(errors=["i001", "i001", "i777"], solutions=["i888", "i003"]),
        problem(errors=["i001"], solutions=["i006"]),
        problem(errors=[]),
    ]
    engine, _ = engine_for(lambda _: json.dumps({"problems": answers}))

    content = await engine.map(ERRORS, CANDIDATES, "en")

    assert [one.item_ids for one in content.problems] == [("i001",), ("i005",)]
    assert [one.item_ids for one in content.problems[0].solutions] == [("i003",)]
    assert content.problems[1].solutions == ()


async def test_a_small_context_gets_few_errors_and_the_likeliest_candidates_at_a_time() -> None:
    errors = [item(n * 10, ItemKind.ERROR, f"Service number{n} fails at startup.") for n in range(1, 13)]
    candidates = [
        item(n * 10 + 1, ItemKind.SOLUTION, f"Service number{n} starts once its volume is mounted again.")
        for n in range(1, 13)
    ] + [item(500 + n, ItemKind.RISK, "Something else entirely " * 12, at=90_000.0 + n) for n in range(100)]
    engine, executor = engine_for(context_tokens=2048, max_output_tokens=800)

    content = await engine.map(errors, candidates, "en")

    assert [one.item_ids[0] for one in content.problems] == [error.id for error in errors]
    assert all(one.solutions for one in content.problems)
    assert len(executor.requests) > 1


async def test_an_invalid_answer_for_several_errors_is_asked_for_one_by_one() -> None:
    def overwhelmed(request: LLMRequest) -> str:
        if len(data(request.prompt, "errors")) > 1:
            raise OutputValidationError("No.")
        return plausible(request)[0]

    engine, _ = engine_for(overwhelmed)

    content = await engine.map(ERRORS, CANDIDATES, "en")

    assert [one.item_ids for one in content.problems] == [("i001",), ("i005",)]


async def test_an_error_that_can_not_be_mapped_is_named() -> None:
    def hopeless(request: LLMRequest) -> str:
        raise OutputValidationError("No.")

    engine, _ = engine_for(hopeless)

    with pytest.raises(ProcessingError, match=r"Stage 3 \(map\).*i001.*502"):
        await engine.map(ERRORS, CANDIDATES, "en")

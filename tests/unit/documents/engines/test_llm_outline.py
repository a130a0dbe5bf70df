"""Stage 4 by a language model, and the repair of what it forgets."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from techne.documents.engines.llm import LLMEngine
from techne.documents.engines.llm.answers import sane_title
from techne.documents.engines.llm.sections import MOST_SECTIONS, DraftSection, repaired_sections
from techne.documents.model import ItemKind, Outline, Problem
from techne.errors import OutputValidationError, ProcessingError
from techne.llm.model import LLMRequest
from techne.settings import Settings
from tests.support.scripted_executor import Script, ScriptedExecutor, plausible
from tests.support.scripted_model import data
from tests.unit.documents.engines.recordings import item

ITEMS = [
    item(1, ItemKind.ERROR, "The gateway answers 502."),
    item(2, ItemKind.SOLUTION, "Restart the ingress of the gateway."),
    item(3, ItemKind.RULE, "Deploys stop at 18:00."),
    item(4, ItemKind.RULE, "Deploys need two approvals.", at=95.0),
]
PROBLEMS = [Problem(id="p01", title="Gateway", item_ids=("i001",))]


def engine_for(script: Script = plausible, **model: int) -> tuple[LLMEngine, ScriptedExecutor]:
    executor = ScriptedExecutor(script, **model)  # type: ignore[arg-type]
    return LLMEngine(executor, provider="ollama", settings=Settings()), executor


def section(title: str, *items: str) -> dict[str, object]:
    return {"title": title, "purpose": "P", "items": list(items)}


def placed(outline: Outline) -> list[str]:
    return sorted(item_id for one in outline.sections for item_id in one.item_ids)


async def test_the_outline_is_believed_where_it_is_right_and_repaired_where_not() -> None:
    answer = {
        "title": "# Operating the **gateway** [i001]",
        "summary": [
            {"text": "Restart it.", "items": ["i002", "i999"]},
            {"text": "Rumour.", "items": ["i999"]},
        ],
        "sections": [
            section("2. Gateway failures", "i002", "i001", "i404"),
            section("Deploys", "i003", "i001"),
            section("Nothing in it", "i998"),
        ],
    }
    engine, _ = engine_for(lambda _: json.dumps(answer))

    outline = await engine.outline(ITEMS, PROBLEMS, "en")

    assert outline.title == "Operating the **gateway"
    assert [(one.text, one.item_ids) for one in outline.summary] == [("Restart it.", ("i002",))]
    first, second = outline.sections
    assert (first.id, first.title, first.item_ids, first.problem_ids) == (
        "s01",
        "Gateway failures",
        ("i001", "i002"),
        ("p01",),
    )
    assert second.item_ids == ("i003", "i004")  # the forgotten rule joins the other rule


async def test_items_show_their_problem_and_not_their_codes() -> None:
    engine, executor = engine_for()

    await engine.outline(ITEMS, PROBLEMS, "en")

    assert data(executor.requests[0].prompt, "items")[0] == "i001 error p01: The gateway answers 502."


async def test_items_that_exceed_the_context_are_outlined_in_batches() -> None:
    items = [
        item(n, ItemKind(kind), f"Topic number{n} needs attention from everyone who is on call tonight.")
        for n, kind in enumerate((["error", "solution", "rule", "risk"] * 60)[:220], 1)
    ]
    engine, executor = engine_for(context_tokens=2048, max_output_tokens=800)

    outline = await engine.outline(items, [], "en")

    assert placed(outline) == sorted(one.id for one in items)
    assert 2 <= len(outline.sections) <= MOST_SECTIONS
    assert outline.title
    assert 1 <= len(outline.summary) <= 6
    assert len(executor.requests) > 3
    assert outline.paid_calls == len(executor.requests)


async def test_an_empty_answer_gives_sections_by_kind() -> None:
    engine, _ = engine_for(lambda _: json.dumps({"title": "", "summary": [], "sections": []}))

    outline = await engine.outline(ITEMS, PROBLEMS, "pt-BR")

    assert [one.title for one in outline.sections] == ["Problemas e soluções", "Regras, riscos e prevenção"]
    assert outline.title
    assert placed(outline) == ["i001", "i002", "i003", "i004"]


async def test_an_answer_that_stays_invalid_is_asked_for_on_halves_and_named_at_last() -> None:
    def overwhelmed(request: LLMRequest) -> str:
        if len(data(request.prompt, "items")) > 4:
            raise OutputValidationError("No.")
        return plausible(request)[0]

    items = [item(n, ItemKind.RULE, f"Rule number{n}.") for n in range(1, 17)]
    engine, _ = engine_for(overwhelmed)
    assert placed(await engine.outline(items, [], "en")) == sorted(one.id for one in items)

    def hopeless(request: LLMRequest) -> str:
        raise OutputValidationError("No.")

    engine, _ = engine_for(hopeless)
    with pytest.raises(ProcessingError, match=r"Stage 4 \(outline\)"):
        await engine.outline(items, [], "en")


@pytest.mark.parametrize(
    ("title", "sane"),
    [
        ("### 3.1) Filas e *retries*", "Filas e *retries"),
        ("Seção 2: Banco de dados.", "Banco de dados"),
        ("502 errors", "502 errors"),
        ("A\nB [i003]", "A B"),
        ("", ""),
    ],
)
def test_titles_are_sane(title: str, sane: str) -> None:
    assert sane_title(title) == sane


_ids = st.integers(1, 30).map(lambda n: f"i{n:03d}")
_drafts = st.lists(
    st.builds(
        DraftSection,
        st.sampled_from(["A", "a", "B", "", "C d"]) | st.text(max_size=5),
        st.just(""),
        st.lists(_ids, max_size=8).map(tuple),
    ),
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(_drafts, st.integers(0, 25))
def test_every_item_is_in_exactly_one_section(drafts: list[DraftSection], count: int) -> None:
    """Whatever a model proposes."""
    kinds = list(ItemKind)
    items = [
        item(n, kinds[n % len(kinds)], f"Statement number{n} on topic{n % 4}.") for n in range(1, count + 1)
    ]
    problems = [Problem(id=f"p{n:02d}", title="", item_ids=(f"i{n:03d}",)) for n in range(1, count + 1, 3)]

    sections = repaired_sections(drafts, items, problems, "en")

    assert sorted(i for one in sections for i in one.item_ids) == [one.id for one in items]
    assert sorted(p for one in sections for p in one.problem_ids) == [one.id for one in problems]
    assert len(sections) <= MOST_SECTIONS
    assert all(one.item_ids and one.title for one in sections)
    assert [one.id for one in sections] == [f"s{n:02d}" for n in range(1, len(sections) + 1)]

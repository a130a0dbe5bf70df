"""Stage 5 by a language model."""

from __future__ import annotations

import pytest

from techne.documents.engines.llm import LLMEngine
from techne.documents.engines.llm.prose import cited_ids, joined_at_seam, tidied, without_last_block
from techne.documents.model import ItemKind, OutlineSection, Problem, Statement
from techne.errors import ProviderTimeoutError
from techne.llm.model import FinishReason, LLMRequest
from techne.settings import Settings
from tests.support.scripted_executor import Script, ScriptedExecutor, plausible
from tests.support.scripted_model import data
from tests.unit.documents.engines.recordings import item

ITEMS = [
    item(1, ItemKind.ERROR, "The gateway answers 502."),
    item(2, ItemKind.COMMAND, "Restart the ingress.", code="kubectl rollout restart deploy/ingress"),
    item(3, ItemKind.RULE, "Deploys stop at 18:00."),
]
PROBLEM = Problem(
    id="p01",
    title="Gateway 502",
    item_ids=("i001",),
    solutions=(Statement(text="Restart the ingress.", item_ids=("i002",)),),
    prevention=(Statement(text="Watch the error rate.", item_ids=("i040",)),),
)
SECTION = OutlineSection(
    id="s02", title="Gateway", purpose="Resolve a 502.", item_ids=("i001", "i002", "i003")
)


def engine_for(
    script: Script = plausible,
    *,
    continues_prefill: bool = True,
    context_tokens: int = 200_000,
    max_output_tokens: int = 64_000,
) -> tuple[LLMEngine, ScriptedExecutor]:
    executor = ScriptedExecutor(
        script,
        continues_prefill=continues_prefill,
        context_tokens=context_tokens,
        max_output_tokens=max_output_tokens,
    )
    return LLMEngine(executor, provider="bedrock", settings=Settings()), executor


async def test_a_section_is_asked_for_with_exactly_its_items_and_problems() -> None:
    engine, executor = engine_for()

    written = await engine.write(SECTION, ITEMS, [PROBLEM], "en")

    (request,) = executor.requests
    assert request.max_output_tokens == 8192  # (S1-12)
    assert request.temperature == 0.2
    assert request.json_schema is None
    assert data(request.prompt, "section") == [
        "Gateway",
        "Resolve a 502.",
        "p01 Gateway 502",
        "- prevention: Watch the error rate. [i040]",
        "i001 error p01: The gateway answers 502.",
        "i002 command p01: Restart the ingress. | kubectl rollout restart deploy/ingress",
        "i003 rule: Deploys stop at 18:00.",
    ]
    assert cited_ids(written.markdown) == {"i001", "i002", "i003", "i040"}
    assert (written.section_id, written.truncated, written.paid_calls) == ("s02", False, 1)


async def test_what_the_text_does_not_cite_is_listed_at_its_end_and_foreign_marks_go() -> None:
    engine, _ = engine_for(lambda _: "It answers 502 [i001, i900]. Nonsense [i901].")

    written = await engine.write(SECTION, ITEMS, [], "en")

    assert written.markdown == (
        "It answers 502 [i001]. Nonsense.\n\nAlso said:\n\n"
        "- Restart the ingress. `kubectl rollout restart deploy/ingress` [i002]\n"
        "- Deploys stop at 18:00. [i003]"
    )


async def test_an_answer_that_is_cut_off_is_continued_without_a_seam() -> None:
    """(S1-49) The whole is what an unlimited answer would have been."""
    many = [
        item(n, ItemKind.RULE, f"Rule number {n} says that nobody deploys on that day.") for n in range(1, 15)
    ]

    def halting(request: LLMRequest) -> tuple[str, FinishReason]:
        return plausible(request.model_copy(update={"max_output_tokens": 120}))

    unlimited, _ = engine_for()
    whole = await unlimited.write(SECTION, many, [PROBLEM], "en")
    engine, executor = engine_for(halting)
    cut = await engine.write(SECTION, many, [PROBLEM], "en")
    assert len(executor.requests) > 1
    assert executor.requests[1].prefill
    assert executor.requests[1].request_id == "write-s02.1+1"
    assert cut.markdown == whole.markdown
    assert cut.paid_calls == len(executor.requests)


async def test_an_answer_that_never_ends_is_given_up_and_said_to_be_truncated() -> None:
    """After four continuations; what it did not say is still listed."""
    endless, executor = engine_for(lambda request: (f"More of it {len(request.prefill or '')}. ", "length"))

    written = await endless.write(SECTION, ITEMS, [], "en")

    assert len(executor.requests) == 5
    assert written.truncated
    assert cited_ids(written.markdown) == {"i001", "i002", "i003"}


async def test_where_an_answer_can_not_be_continued_the_rest_is_asked_for_anew() -> None:
    many = [
        item(n, ItemKind.RULE, f"Rule number {n} says that nobody deploys on that day.") for n in range(1, 18)
    ]

    def halting(request: LLMRequest) -> tuple[str, FinishReason]:
        assert request.prefill is None
        return plausible(request.model_copy(update={"max_output_tokens": 120}))

    engine, executor = engine_for(halting, continues_prefill=False)

    written = await engine.write(SECTION, many, [], "en")

    assert len(executor.requests) == 3
    assert not written.truncated
    assert [written.markdown.count(f"[i{n:03d}]") for n in range(1, 18)] == [1] * 17


async def test_an_answer_cut_off_before_it_says_anything_is_not_asked_for_again_and_again() -> None:
    engine, executor = engine_for(lambda _: ("Well, where to begin", "length"), continues_prefill=False)

    written = await engine.write(SECTION, ITEMS, [], "en")

    assert len(executor.requests) == 1
    assert written.truncated
    assert cited_ids(written.markdown) == {"i001", "i002", "i003"}


async def test_listed_items_read_as_they_were_said() -> None:
    """Nothing in them becomes markup, a mark or a code span."""
    spoken = item(4, ItemKind.RISK, "Never *touch* <b>__init__</b> [i999].", code="echo `date`")
    engine, _ = engine_for(lambda _: "")

    written = await engine.write(SECTION, [spoken], [], "pt")

    assert written.markdown == (
        "Também foi dito:\n\n- Never \\*touch\\* &lt;b&gt;\\_\\_init\\_\\_&lt;/b&gt; \\[i999\\]. "
        "`` echo `date` `` [i004]"
    )


async def test_a_small_context_writes_a_section_in_parts_that_fit() -> None:
    many = [
        item(n, ItemKind.SOLUTION, f"Solution number {n} is to wait until the volume is mounted again.")
        for n in range(1, 60)
    ]
    engine, executor = engine_for(context_tokens=2048, max_output_tokens=800)

    written = await engine.write(SECTION, many, [PROBLEM], "pt-BR")

    assert len(executor.requests) > 2
    assert cited_ids(written.markdown) >= {one.id for one in many}
    assert not written.truncated


async def test_a_failure_of_the_provider_comes_out_as_it_is() -> None:
    def slow(request: LLMRequest) -> str:
        raise ProviderTimeoutError("No answer.")

    engine, _ = engine_for(slow)
    with pytest.raises(ProviderTimeoutError):
        await engine.write(SECTION, ITEMS, [], "en")


@pytest.mark.parametrize(
    ("beginning", "rest", "joined"),
    [
        ("Run kube", "ctl get pods.", "Run kubectl get pods."),
        ("- Restart the ing", "- Restart the ingress.", "- Restart the ingress."),
        ("First paragraph.\n\n", "Second.", "First paragraph.\n\nSecond."),
        ("First paragraph.\n\n", "\n\nSecond.", "First paragraph.\n\nSecond."),
        (
            "First line\nand the second line",
            " and the second line ends.",
            "First line\nand the second line ends.",
        ),
        ("Ends in a", "a b c", "Ends in aa b c"),
        ("x" * 90, "x" * 90 + " and the end", "x" * 90 + " and the end"),
    ],
)
def test_a_continuation_joins_without_saying_anything_twice(beginning: str, rest: str, joined: str) -> None:
    assert joined_at_seam(beginning, rest) == joined


def test_the_text_is_made_fit_for_its_section() -> None:
    code = "```bash\necho '# no heading [i900]'\n```"
    raw = f"```markdown\n# Gateway\nText [i001].\n## Steps\n{code}\n#### Deep\n[i900]\n```"

    assert tidied(raw, "gateway", {"i001"}) == (f"Text [i001].\n### Steps\n{code}\n#### Deep")


def test_a_code_block_left_open_is_closed() -> None:
    assert tidied("Run:\n```bash\nls", "T", set()) == "Run:\n```bash\nls\n```"


def test_only_complete_blocks_are_kept_of_a_cut_answer() -> None:
    assert without_last_block("One [i001].\n\nRun this:\n\n```bash\nkubectl get\nkubec") == "One [i001]."
    assert without_last_block("One [i001].\n\n### Next\n\nHalf a sen") == "One [i001]."
    assert without_last_block("Half a sen") == ""

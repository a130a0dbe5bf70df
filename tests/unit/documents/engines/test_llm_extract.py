"""Stage 2 by a language model."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from techne.documents.engines.llm import LLMEngine
from techne.documents.model import ItemKind
from techne.errors import ConfigurationError, OutputValidationError, ProcessingError, ThrottledError
from techne.llm.model import LLMRequest
from techne.settings import Settings
from tests.support.scripted_executor import Script, ScriptedExecutor, plausible
from tests.support.scripted_model import data
from tests.unit.documents.engines.recordings import chunk, turn


def engine_for(script: Script = plausible, *, by_kind: bool = False, **model: int) -> LLMEngine:
    settings = Settings(docgen_extract_by_kind=by_kind)
    return LLMEngine(ScriptedExecutor(script, **model), provider="bedrock", settings=settings)  # type: ignore[arg-type]


def answering(*items: dict[str, str]) -> Script:
    return lambda request: json.dumps({"items": items})


async def test_an_item_carries_its_quote_as_evidence_with_the_time() -> None:
    said = {
        "kind": "command",
        "text": " List the  pods. ",
        "code": "`kubectl get pods -n payments`",
        "turn": "t0002",
        "quote": "run kubectl get pods dash n payments",
    }
    engine = engine_for(answering(said))

    extraction = await engine.extract(
        chunk("Hello all.", "Now run kubectl get pods dash n payments, please."), "en-US"
    )

    (found,) = extraction.items
    assert (found.kind, found.text, found.code) == (
        ItemKind.COMMAND,
        "List the pods.",
        "kubectl get pods -n payments",
    )
    assert found.evidence[0].quote == "run kubectl get pods dash n payments"
    assert 20 < found.evidence[0].start_seconds < 40
    assert extraction.rejected == ()
    assert (extraction.paid_calls, extraction.cost_usd) == (1, Decimal("0.01"))
    assert extraction.usage.input_tokens > 0


async def test_an_item_whose_quote_nobody_said_is_rejected_with_the_reason() -> None:
    invented = {"kind": "solution", "text": "Reboot it.", "turn": "t0001", "quote": "just reboot the server"}
    empty = {"kind": "error", "text": "  ", "turn": "t0001", "quote": "the disk is full"}

    extraction = await engine_for(answering(invented, empty)).extract(chunk("The disk is full."), "en")

    assert extraction.items == ()
    assert "nobody says “just reboot the server”" in extraction.rejected[0]
    assert len(extraction.rejected) == 2


async def test_a_quote_of_the_context_before_the_chunk_is_rejected() -> None:
    """A turn belongs to exactly one chunk; its neighbours only read it."""
    said = {"kind": "error", "text": "Disk full.", "turn": "t0001", "quote": "the disk is full again"}
    before = (turn(1, "The disk is full again."),)

    extraction = await engine_for(answering(said)).extract(chunk("Yes indeed.", context=before), "en")

    assert extraction.items == ()
    assert len(extraction.rejected) == 1


async def test_the_request_is_deterministic_bounded_and_names_its_prompt() -> None:
    executor = ScriptedExecutor(answering())
    engine = LLMEngine(executor, provider="bedrock", settings=Settings(), model="m-1")

    await engine.extract(chunk("One two three."), "pt-BR")

    (request,) = executor.requests
    assert (request.temperature, request.max_output_tokens, request.model) == (0.0, 4096, "m-1")
    assert request.prompt_version.startswith("extract.pt/1-")
    assert request.request_id == "extract-1.1"
    assert data(request.prompt, "recording") == ["t0001 spk_0: One two three."]


async def test_kinds_are_asked_for_in_groups_if_wanted() -> None:
    """(S4-10) Each group in a call of its own, all kinds once."""
    executor = ScriptedExecutor()
    engine = LLMEngine(executor, provider="bedrock", settings=Settings(docgen_extract_by_kind=True))

    extraction = await engine.extract(
        chunk("The job failed with a timeout.", "You run systemctl restart jobs now."), "en"
    )

    assert len(executor.requests) == extraction.paid_calls == 3
    enums = [
        kind
        for request in executor.requests
        for kind in (request.json_schema or {})["properties"]["items"]["items"]["properties"]["kind"]["enum"]
    ]
    assert sorted(enums) == sorted(ItemKind)
    assert {item.kind for item in extraction.items} == {ItemKind.ERROR, ItemKind.COMMAND}
    assert len({item.id for item in extraction.items}) == len(extraction.items)


async def test_an_answer_that_stays_invalid_is_asked_for_on_halves() -> None:
    """A small model's limits cost calls, not content."""

    def confused_by_length(request: LLMRequest) -> str:
        lines = data(request.prompt, "recording")
        if len(lines) > 2:
            raise OutputValidationError("The answer does not match its JSON schema.")
        return plausible(request)[0]

    texts = [
        f"The worker number {n} failed with a timeout in the morning, every single day." for n in range(8)
    ]

    extraction = await engine_for(confused_by_length).extract(chunk(*texts), "en")

    assert [item.evidence[0].turn_id for item in extraction.items] == [f"t{n:04d}" for n in range(1, 9)]


async def test_a_single_long_turn_is_halved_at_a_sentence_and_keeps_its_times() -> None:
    sentence = "The export failed with error code {} and nobody noticed it for a while."
    text = " ".join(sentence.format(n) for n in range(8))
    read: list[str] = []

    def short_of_breath(request: LLMRequest) -> str:
        (line,) = data(request.prompt, "recording")
        if len(line) > 400:
            raise OutputValidationError("Cut off.")
        read.append(line.removeprefix("t0001 spk_0: "))
        return plausible(request)[0]

    extraction = await engine_for(short_of_breath).extract(chunk(text), "en")

    assert " ".join(read) == text
    starts = [item.evidence[0].start_seconds for item in extraction.items]
    assert len(starts) == 8
    assert starts == sorted(starts)
    assert starts[-1] > 15


async def test_a_chunk_that_can_not_be_read_is_an_error_that_names_it() -> None:
    """Never a document with a silent hole."""

    def hopeless(request: LLMRequest) -> str:
        raise OutputValidationError("No valid answer.", cure="Use another model.")

    with pytest.raises(ProcessingError, match=r"Stage 2 \(extract\).*chunk 1 of 1.*No valid.*another model"):
        await engine_for(hopeless).extract(chunk(*["Some words that are said here."] * 30), "en")


async def test_a_provider_s_failure_comes_out_as_it_is() -> None:
    """A task decides by its type whether to try again."""

    def throttled(request: LLMRequest) -> str:
        raise ThrottledError("Failed to invoke Bedrock: ThrottlingException.")

    with pytest.raises(ThrottledError):
        await engine_for(throttled, by_kind=True).extract(chunk("Anything at all."), "en")


async def test_answers_from_the_cache_are_not_paid() -> None:
    engine = LLMEngine(ScriptedExecutor(cached=True), provider="bedrock", settings=Settings())

    extraction = await engine.extract(chunk("The disk failed with a timeout."), "en")

    assert extraction.paid_calls == 0
    assert extraction.usage.total_tokens > 0


def test_the_budget_leaves_room_for_prompt_and_answer() -> None:
    small = engine_for(context_tokens=2048, max_output_tokens=1984).chunk_budget("pt-BR")
    large = engine_for().chunk_budget("pt-BR")

    assert 350 < small < 1000
    assert large == 4096 * 6  # bounded by the items that an answer can hold


def test_a_context_too_small_for_the_prompt_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="context of 512 tokens"):
        engine_for(context_tokens=512, max_output_tokens=512).chunk_budget("en")


def test_the_fingerprint_changes_with_what_changes_answers() -> None:
    engines = [
        engine_for(),
        engine_for(by_kind=True),
        engine_for(context_tokens=2048),
        LLMEngine(ScriptedExecutor(), provider="bedrock", settings=Settings(), model="other"),
        LLMEngine(ScriptedExecutor(), provider="ollama", settings=Settings()),
    ]

    assert len({engine.fingerprint for engine in engines}) == len(engines)
    assert engine_for().fingerprint == engines[0].fingerprint
    assert engines[3].models == ("other",)

"""The LLM engine through the real executor and real clients, against servers that speak their protocols."""

from __future__ import annotations

import pytest

from techne.documents.engines.llm import LLMEngine
from techne.documents.engines.llm.prose import cited_ids
from techne.documents.engines.selection import select_engine
from techne.errors import ModelNotFoundError, ProviderUnavailableError
from techne.llm import LLMExecutor
from techne.llm.retry import RetryPolicy
from techne.settings import Settings
from tests.loopback import FaultPlan, RecordedRequest, Reply
from tests.loopback.bedrock import BedrockServer
from tests.loopback.ollama import OllamaServer
from tests.support.document_run import DocumentRun, run_stages, spoken_turns
from tests.support.scripted_model import respond

QUICK = RetryPolicy(max_attempts=8, base_seconds=0.01, cap_seconds=0.05)


def use(server: BedrockServer | OllamaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)


def stages(requests: list[RecordedRequest]) -> set[str]:
    marks = {"<recording>": "extract", "<errors>": "map", "<section>": "write"}
    asked = [next(text for role, text in request.messages if role == "user") for request in requests]
    return {next((stage for mark, stage in marks.items() if mark in text), "outline") for text in asked}


def assert_whole(run: DocumentRun) -> None:
    items = {item.id for item in run.extraction.items}
    assert items
    assert {i for one in run.outline.sections for i in one.item_ids} == items
    assert set().union(*(cited_ids(one.markdown) for one in run.sections)) >= items


async def test_bedrock_makes_a_document_with_native_schemas_and_continued_sections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """(S1-49, S4-11) Every structured stage uses native structured output; a cut section is continued."""

    def short_of_breath(request: RecordedRequest) -> Reply:
        reply = respond(request)
        is_first = request.json_schema is None and len(request.messages) == 1
        return reply.cut() if is_first else reply

    with BedrockServer(short_of_breath) as server:
        use(server, monkeypatch)
        settings = Settings()
        with LLMExecutor(settings) as executor:
            engine = LLMEngine(executor, provider="bedrock", settings=settings)
            run = await run_stages(engine, spoken_turns(2500), "en", max_tokens_per_chunk=1500)
            first = len(server.requests)
            again = await run_stages(engine, spoken_turns(2500), "en", max_tokens_per_chunk=1500)

    assert_whole(run)
    assert stages(server.requests) == {"extract", "map", "outline", "write"}
    structured = [request for request in server.requests if request.json_schema is not None]
    assert {request.schema_by for request in structured} == {"native"}
    assert any(role == "assistant" for request in server.requests for role, _ in request.messages)
    assert not any(section.truncated for section in run.sections)
    assert run.outline.cost_usd is not None
    assert run.outline.cost_usd > 0
    # The second run is answered from the cache: the same document, nothing sent, nothing paid.
    assert len(server.requests) == first
    assert again.outline.paid_calls == again.extraction.paid_calls == again.content.paid_calls == 0
    assert [one.markdown for one in again.sections] == [one.markdown for one in run.sections]
    assert again.extraction.usage == run.extraction.usage


async def test_faults_of_every_kind_change_nothing_in_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    """(Acceptance 7) Throttling, resets, broken answers and cut-off ones are overcome."""
    runs = []
    for faults in (None, FaultPlan(probability=0.2, seed=3)):
        with BedrockServer(respond, faults=faults) as server:
            use(server, monkeypatch)
            settings = Settings(llm_executor_cache=False, bedrock_timeout_seconds=1.0)
            with LLMExecutor(settings, retry=QUICK) as executor:
                engine = LLMEngine(executor, provider="bedrock", settings=settings)
                runs.append(await run_stages(engine, spoken_turns(1500), "pt-BR", max_tokens_per_chunk=1500))

    assert_whole(runs[1])
    assert runs[0].extraction.items == runs[1].extraction.items
    assert runs[0].outline.sections == runs[1].outline.sections
    assert runs[1].extraction.paid_calls >= runs[0].extraction.paid_calls


async def test_ollama_with_its_small_default_context_makes_a_whole_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """(S3-3) Two thousand tokens for prompt and answer."""
    with OllamaServer(respond) as server:
        use(server, monkeypatch)
        settings = Settings()
        with LLMExecutor(settings) as executor:
            engine = LLMEngine(executor, provider="ollama", settings=settings)
            run = await run_stages(engine, spoken_turns(1500, language="pt"), "pt-BR")

    assert_whole(run)
    assert len(run.chunks) > 2
    assert all(request.body["options"]["num_ctx"] == 2048 for request in server.requests)
    assert engine.models == ("qwen2:7b",)


async def test_the_real_checks_choose_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bedrock before Ollama before the embedded engine, each by its real client."""
    with BedrockServer(respond) as bedrock, OllamaServer(respond) as ollama:
        use(bedrock, monkeypatch)
        use(ollama, monkeypatch)
        with LLMExecutor(Settings()) as executor:
            assert (await select_engine("auto", Settings(), lambda: executor)).name == "bedrock"
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        with LLMExecutor(Settings()) as executor:
            chosen = await select_engine("auto", Settings(), lambda: executor)
            assert (chosen.name, chosen.engine.models) == ("ollama", ("qwen2:7b",))
        unknown = Settings(ollama_model="llama9")
        with LLMExecutor(unknown) as executor:
            with pytest.raises(ModelNotFoundError, match="ollama pull llama9"):
                await select_engine("ollama", unknown, lambda: executor)
            assert (await select_engine("auto", unknown, lambda: executor)).name == "extractive"
    with LLMExecutor(Settings()) as executor, pytest.raises(ProviderUnavailableError, match="not reachable"):
        await select_engine("ollama", Settings(), lambda: executor)

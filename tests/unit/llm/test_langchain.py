"""LangChain over the executor (S1-16): the real langchain-core's chains, under its limits."""

from __future__ import annotations

import asyncio
import logging
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict

import pytest
from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from pydantic import BaseModel, ConfigDict, Field

from techne.errors import (
    InputError,
    LLMError,
    OutputValidationError,
    ProviderUnavailableError,
    QueueFullError,
    RequestRejectedError,
)
from techne.llm import LLMExecutor, LLMRequest, Message, ProviderAnswer, Usage
from techne.llm.langchain import ExecutorChatModel
from techne.llm.testing import FakeClock, Gate, ScriptedProvider
from techne.settings import Settings
from tests.unit.llm.test_executor import until

USAGE = Usage(input_tokens=1000, output_tokens=50, cache_read_tokens=600, cache_write_tokens=100)
ANSWER = ProviderAnswer("Because of the pool.", "stop", USAGE)
PROMPT = ChatPromptTemplate.from_messages([("system", "You explain."), ("human", "Why is {what} slow?")])


class Risk(BaseModel):
    """A risk."""

    kind: str = Field(min_length=2)
    level: int


class Step(BaseModel):
    """A step and those under it."""

    model_config = ConfigDict(strict=True)

    name: str
    due: date
    steps: tuple[Step, ...] = ()


class RiskDict(TypedDict):
    """A risk."""

    kind: str
    level: int


def model_of(executor: LLMExecutor, **fields: Any) -> ExecutorChatModel:
    return ExecutorChatModel(executor=executor, provider="openai", **fields)


def scripted(*steps: ProviderAnswer | str | Exception) -> ScriptedProvider:
    return ScriptedProvider(steps or (ANSWER,), name="openai", model="gpt-4.1-mini")


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream", "batch", "abatch"])
async def test_a_chain_asks_through_the_executor(settings: Settings, way: str) -> None:
    provider = scripted()
    async with LLMExecutor(settings, providers={"openai": provider}) as executor:
        chain = PROMPT | model_of(executor, max_tokens=300, temperature=0.1) | StrOutputParser()
        question = {"what": "search"}
        match way:
            case "invoke":
                answers = [await asyncio.to_thread(chain.invoke, question)]
            case "ainvoke":
                answers = [await chain.ainvoke(question)]
            case "stream":
                answers = ["".join(chain.stream(question))]
            case "astream":
                answers = ["".join([piece async for piece in chain.astream(question)])]
            case "batch":
                answers = await asyncio.to_thread(chain.batch, [question])
            case _:
                answers = await chain.abatch([question])
        figures = executor.usage().of("openai")
    assert answers == ["Because of the pool."]
    (request,) = provider.requests
    assert (request.system, request.prompt) == ("You explain.", "Why is search slow?")
    assert (request.max_output_tokens, request.temperature) == (300, 0.1)
    assert (figures.answers, figures.tokens) == (1, USAGE)


async def test_an_answer_carries_its_usage_and_cost(caching_settings: Settings) -> None:
    async with LLMExecutor(caching_settings, providers={"openai": scripted()}) as executor:
        first = await model_of(executor).ainvoke("Why?")
        again = await model_of(executor).ainvoke("Why?")
        cost = executor.usage().cost_usd
    assert first.usage_metadata == {
        "input_tokens": 1000,
        "output_tokens": 50,
        "total_tokens": 1050,
        "input_token_details": {"cache_read": 600, "cache_creation": 100},
    }
    metadata = first.response_metadata
    assert Decimal(str(metadata["cost_usd"])) == cost > 0
    assert (metadata["model_provider"], metadata["model_name"]) == ("openai", "gpt-4.1-mini")
    assert (metadata["finish_reason"], metadata["attempts"], metadata["cached"]) == ("stop", 1, False)
    assert again.response_metadata["cached"] is True
    assert again.content == first.content


async def test_a_stream_comes_in_pieces_and_ends_with_the_figures(settings: Settings) -> None:
    async with LLMExecutor(settings, providers={"openai": scripted()}) as executor:
        pieces = [piece async for piece in model_of(executor).astream("Why?")]
        blocking = await asyncio.to_thread(lambda: list(model_of(executor).stream("Why?")))
    for chunks in (pieces, blocking):
        assert [chunk.content for chunk in chunks] == ["Because ", "of ", "the ", "pool.", ""]
        whole = chunks[0]
        for chunk in chunks[1:]:
            whole += chunk
        assert isinstance(whole, AIMessageChunk)
        assert whole.content == "Because of the pool."
        assert whole.usage_metadata is not None
        assert whole.usage_metadata["total_tokens"] == 1050
        assert whole.response_metadata["finish_reason"] == "stop"


async def test_a_reader_who_leaves_a_stream_breaks_the_call_off(settings: Settings) -> None:
    async with LLMExecutor(settings, providers={"openai": scripted("word " * 5000)}) as executor:
        chunks = model_of(executor).astream("Why?")
        await anext(chunks)
        await chunks.aclose()  # type: ignore[attr-defined]
        await until(lambda: executor.usage().of("openai").cancelled == 1)
        blocking = model_of(executor).stream("Why not?")
        next(blocking)
        blocking.close()  # type: ignore[attr-defined]
        await until(lambda: executor.usage().of("openai").cancelled == 2)


async def test_a_large_batch_keeps_to_the_executors_limits(settings: Settings) -> None:
    gate = Gate()
    provider = ScriptedProvider(lambda request: request.prompt.upper(), name="openai", gate=gate)
    free = settings.model_copy(update={"llm_executor_openai_max_parallel": 3, "llm_executor_queue_size": 5})
    prompts: list[LanguageModelInput] = [f"q{number}" for number in range(40)]
    async with LLMExecutor(free, providers={"openai": provider}) as executor:
        batch = asyncio.create_task(model_of(executor, when_full="wait").abatch(prompts))
        await until(lambda: provider.in_flight == 3)
        with pytest.raises(QueueFullError):
            await model_of(executor).ainvoke("one too many")
        gate.open()
        answers = await batch
    assert [answer.content for answer in answers] == [f"Q{number}" for number in range(40)]
    assert provider.max_in_flight == 3


async def test_a_cancelled_chain_cancels_the_call(settings: Settings) -> None:
    provider = ScriptedProvider(name="openai", gate=Gate())
    async with LLMExecutor(settings, providers={"openai": provider}) as executor:
        task = asyncio.create_task((PROMPT | model_of(executor)).ainvoke({"what": "it"}))
        await until(lambda: provider.in_flight == 1)
        task.cancel()
        await until(lambda: provider.in_flight == 0)
        assert executor.usage().of("openai").cancelled == 1


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([HumanMessage("Why?")], {"prompt": "Why?"}),
        (
            [SystemMessage("A"), SystemMessage("B"), HumanMessage("Why?")],
            {"system": "A\n\nB", "prompt": "Why?"},
        ),
        ([HumanMessage("Look."), HumanMessage("Why?")], {"prompt": "Look.\nWhy?"}),
        (
            [HumanMessage("Why?"), AIMessage("So."), HumanMessage("And?")],
            {
                "messages": (
                    Message(role="user", content="Why?"),
                    Message(role="assistant", content="So."),
                    Message(role="user", content="And?"),
                )
            },
        ),
        ([HumanMessage("List."), AIMessage("1. ")], {"prompt": "List.", "prefill": "1. "}),
        ([ChatMessage(role="user", content="Why?")], {"prompt": "Why?"}),
        (
            [HumanMessage([{"type": "text", "text": "Why"}, {"type": "text", "text": "?"}])],
            {"prompt": "Why?"},
        ),
        (
            [
                HumanMessage("Why?"),
                AIMessage([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "So."}]),
                HumanMessage("And?"),
            ],
            {
                "messages": (
                    Message(role="user", content="Why?"),
                    Message(role="assistant", content="So."),
                    Message(role="user", content="And?"),
                )
            },
        ),
    ],
)
async def test_messages_become_a_request(
    settings: Settings, messages: list[BaseMessage], expected: dict[str, Any]
) -> None:
    provider = scripted()
    async with LLMExecutor(settings, providers={"openai": provider}) as executor:
        await model_of(executor).ainvoke(messages)
    (request,) = provider.requests
    assert request.model_dump(include={"prompt", "messages", "system", "prefill"}, exclude_defaults=True) == (
        LLMRequest(**expected).model_dump(
            include={"prompt", "messages", "system", "prefill"}, exclude_defaults=True
        )
    )


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ([HumanMessage([{"type": "image_url", "image_url": {"url": "data:,"}}])], "image_url"),
        ([HumanMessage("Hi"), ToolMessage("42", tool_call_id="1")], "tool"),
        (
            [
                HumanMessage("Hi"),
                AIMessage("", tool_calls=[{"name": "f", "args": {}, "id": "1"}]),
                HumanMessage("?"),
            ],
            "tool calls",
        ),
        ([SystemMessage("Be kind.")], "ask nothing"),
        ([HumanMessage("")], "prompt or messages"),
        ([ChatMessage(role="moderator", content="Hush.")], "chat"),
    ],
)
async def test_what_cannot_be_carried_is_refused(
    settings: Settings, messages: list[BaseMessage], told: str
) -> None:
    provider = scripted()
    async with LLMExecutor(settings, providers={"openai": provider}) as executor:
        with pytest.raises(InputError, match=told):
            await model_of(executor).ainvoke(messages)
    assert provider.requests == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [({"stop": ["\n"]}, "stop"), ({"logprobs": True}, "logprobs"), ({"temperature": 9}, "temperature")],
)
async def test_arguments_it_cannot_keep_are_refused(
    settings: Settings, arguments: dict[str, Any], told: str
) -> None:
    provider = scripted()
    async with LLMExecutor(settings, providers={"openai": provider}) as executor:
        with pytest.raises(InputError, match=told):
            await model_of(executor).ainvoke("Why?", **arguments)
    assert provider.requests == []


async def test_a_call_may_set_its_own_parameters(settings: Settings) -> None:
    provider = scripted()
    async with LLMExecutor(settings, providers={"openai": provider}) as executor:
        model = model_of(executor, temperature=0.1, max_tokens=100, request_tags={"kind": "test"})
        await model.bind(model="other", max_tokens=7, request_id="mine").ainvoke("Why?")
    (request,) = provider.requests
    assert (request.model, request.max_output_tokens, request.temperature) == ("other", 7, 0.1)
    assert (request.request_id, request.tags) == ("mine", {"kind": "test"})


async def test_the_run_id_of_langchain_is_in_the_executors_log(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async with LLMExecutor(settings, providers={"openai": scripted()}) as executor:
        with caplog.at_level(logging.INFO, "techne.llm"):
            answer = await model_of(executor).ainvoke("Why?")
    assert answer.id is not None
    run_id = answer.id.removeprefix("lc_run--").rpartition("-")[0]
    assert len(run_id) == 36
    assert f"request_id={run_id} " in caplog.text


@pytest.mark.parametrize("way", ["ainvoke", "astream"])
async def test_errors_keep_their_type(settings: Settings, way: str) -> None:
    provider = scripted(RequestRejectedError("No."))
    async with LLMExecutor(settings, providers={"openai": provider}) as executor:
        chain = PROMPT | model_of(executor) | StrOutputParser()
        with pytest.raises(RequestRejectedError):
            await (
                chain.ainvoke({"what": "it"}) if way == "ainvoke" else anext(chain.astream({"what": "it"}))
            )


async def test_retries_and_fallbacks_are_the_executors(settings: Settings) -> None:
    gone = scripted(ProviderUnavailableError("Away."))
    there = ScriptedProvider("Here.", name="ollama", model="qwen2:7b")
    async with LLMExecutor(
        settings, providers={"openai": gone, "ollama": there}, clock=FakeClock()
    ) as executor:
        answer = await model_of(executor, fallbacks=("ollama",)).ainvoke("Why?")
    assert answer.content == "Here."
    assert answer.response_metadata["model_provider"] == "ollama"
    assert [passed["provider"] for passed in answer.response_metadata["passed_over"]] == ["openai"]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (Risk, Risk(kind="outage", level=3)),
        (RiskDict, {"kind": "outage", "level": 3}),
        ({"type": "object", "required": ["kind"]}, {"kind": "outage", "level": 3}),
    ],
)
async def test_structured_output_is_enforced_by_the_executor(
    settings: Settings, schema: Any, expected: object
) -> None:
    provider = scripted('```json\n{"kind": "outage", "level": 3}\n```')
    async with LLMExecutor(settings, providers={"openai": provider}) as executor:
        chain = PROMPT | model_of(executor).with_structured_output(schema, method="function_calling")
        assert await chain.ainvoke({"what": "it"}) == expected
        assert await asyncio.to_thread(chain.invoke, {"what": "it"}) == expected
        assert [value async for value in chain.astream({"what": "it"})] == [expected]
    sent = provider.requests[0].json_schema
    assert sent is not None
    assert "kind" in sent["required"]


async def test_a_model_of_strict_and_recursive_fields_is_read_from_json(settings: Settings) -> None:
    provider = scripted('{"name": "a", "due": "2026-01-02", "steps": [{"name": "b", "due": "2026-01-01"}]}')
    async with LLMExecutor(settings, providers={"openai": provider}) as executor:
        step = await model_of(executor).with_structured_output(Step).ainvoke("What?")
    below = Step(name="b", due=date(2026, 1, 1))
    assert step == Step(name="a", due=date(2026, 1, 2), steps=(below,))
    assert "$ref" in str(provider.requests[0].json_schema)


async def test_an_answer_of_another_shape_is_asked_for_again_and_then_an_error(settings: Settings) -> None:
    provider = scripted('{"kind": 1}', '{"kind": "outage", "level": 3}')
    async with LLMExecutor(settings, providers={"openai": provider}) as executor:
        model = model_of(executor).with_structured_output(Risk)
        assert await model.ainvoke("What?") == Risk(kind="outage", level=3)
    assert len(provider.requests) == 2
    hopeless = scripted('{"kind": 1}')
    async with LLMExecutor(settings, providers={"openai": hopeless}) as executor:
        with pytest.raises(OutputValidationError):
            await model_of(executor).with_structured_output(Risk).ainvoke("What?")


async def test_raw_output_comes_with_the_parsed_one_or_with_the_error(settings: Settings) -> None:
    class Picky(Risk):
        def model_post_init(self, context: Any) -> None:
            if self.level > 2:
                raise ValueError("more than the schema can say")

    async with LLMExecutor(
        settings, providers={"openai": scripted('{"kind": "outage", "level": 3}')}
    ) as executor:
        good = await model_of(executor).with_structured_output(Risk, include_raw=True).ainvoke("What?")
        bad = await model_of(executor).with_structured_output(Picky, include_raw=True).ainvoke("What?")
    assert isinstance(good, dict)
    assert isinstance(bad, dict)
    assert (good["parsed"], good["parsing_error"]) == (Risk(kind="outage", level=3), None)
    assert bad["parsed"] is None
    assert isinstance(bad["parsing_error"], ValueError)
    assert isinstance(bad["raw"], AIMessage)


async def test_langchains_own_accounting_sees_the_tokens(settings: Settings) -> None:
    usage = UsageMetadataCallbackHandler()
    async with LLMExecutor(settings, providers={"openai": scripted()}) as executor:
        await model_of(executor).ainvoke("Why?", config={"callbacks": [usage]})
        async for _ in model_of(executor).astream("Why?", config={"callbacks": [usage]}):
            pass
    assert usage.usage_metadata["gpt-4.1-mini"]["total_tokens"] == 2100


async def test_events_of_a_chain_stream_its_pieces(settings: Settings) -> None:
    async with LLMExecutor(settings, providers={"openai": scripted()}) as executor:
        chain = PROMPT | model_of(executor) | StrOutputParser()
        events = [event async for event in chain.astream_events({"what": "it"}, version="v2")]
    pieces = [event["data"]["chunk"].content for event in events if event["event"] == "on_chat_model_stream"]
    assert "".join(pieces) == "Because of the pool."
    assert len(pieces) > 1


async def test_the_shared_executor_is_used_if_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    from techne.llm import close_shared_executors, register_provider
    from techne.llm import provider as registry

    monkeypatch.setattr(registry, "_factories", dict(registry._factories))
    register_provider("openai", lambda settings: scripted())
    try:
        assert (await ExecutorChatModel(provider="openai").ainvoke("Why?")).content == "Because of the pool."
    finally:
        await asyncio.to_thread(close_shared_executors)


async def test_a_closed_executor_says_so(settings: Settings) -> None:
    executor = LLMExecutor(settings, providers={"openai": scripted()})
    await executor.aclose()
    with pytest.raises(LLMError, match="closed"):
        await model_of(executor).ainvoke("Why?")


def test_its_description_holds_no_executor(settings: Settings) -> None:
    with LLMExecutor(settings) as executor:
        model = model_of(executor, model="gpt-4.1-mini")
        assert "LLMExecutor" not in repr(model)
        assert "executor" not in model.model_dump()
        assert model.get_num_tokens("Some words of a text.") > 0

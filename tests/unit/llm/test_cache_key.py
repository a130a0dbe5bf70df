"""What decides an answer is in its key, and nothing else is (S1-53)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from techne.llm import LLMRequest, LLMResponse, Usage
from techne.llm.cache import cache_key, is_storable
from techne.llm.model import CostBudget, Message
from techne.llm.provider import build_provider, provider_names
from techne.settings import Settings

TEXTS = st.text(min_size=1, max_size=20)
SCHEMAS = st.dictionaries(TEXTS, st.one_of(TEXTS, st.integers(), st.booleans()), max_size=3)
TURNS = st.lists(st.builds(Message, role=st.just("user"), content=TEXTS), min_size=1, max_size=3).map(tuple)
QUESTIONS = st.one_of(st.fixed_dictionaries({"prompt": TEXTS}), st.fixed_dictionaries({"messages": TURNS}))
DECIDING: dict[str, st.SearchStrategy[Any]] = {
    "provider": st.sampled_from(["one", "two", "three"]),
    "model": st.none() | TEXTS,
    "system": st.none() | TEXTS,
    "prefill": st.none() | TEXTS,
    "max_output_tokens": st.none() | st.integers(1, 10_000),
    "temperature": st.none() | st.floats(0, 2),
    "top_p": st.none() | st.floats(0.01, 1),
    "top_k": st.none() | st.integers(1, 100),
    "json_schema": st.none() | SCHEMAS,
    "prompt_version": st.text(max_size=5),
}
INDIFFERENT: dict[str, st.SearchStrategy[Any]] = {
    "request_id": st.text(max_size=5),
    "tags": st.dictionaries(TEXTS, TEXTS, max_size=2),
    "timeout_seconds": st.none() | st.floats(1, 100),
    "when_full": st.sampled_from([None, "refuse", "wait"]),
    "budget": st.none() | st.builds(CostBudget, name=TEXTS, max_cost_usd=st.integers(1, 9)),
    "fallbacks": st.none() | st.lists(TEXTS, max_size=2).map(tuple),
}
REQUESTS = st.builds(
    lambda question, rest: LLMRequest(**question, **rest), QUESTIONS, st.fixed_dictionaries(DECIDING)
)


def key(request: LLMRequest) -> str:
    parameters = {"max_tokens": request.max_output_tokens, "temperature": request.temperature}
    return cache_key(request, request.model or "", parameters)


def test_every_field_of_a_request_either_decides_or_does_not() -> None:
    assert {*DECIDING, *INDIFFERENT, "prompt", "messages"} == set(LLMRequest.model_fields)


@pytest.mark.parametrize("field", [*DECIDING, "prompt", "messages"])
@given(data=st.data())
@examples(max_examples=25, deadline=None)
def test_a_change_of_one_deciding_field_changes_the_key(field: str, data: st.DataObject) -> None:
    request = data.draw(REQUESTS)
    if field in {"prompt", "messages"}:
        name = "prompt" if request.prompt else "messages"
        changed = request.model_copy(update={name: data.draw(TEXTS if name == "prompt" else TURNS)})
    else:
        changed = request.model_copy(update={field: data.draw(DECIDING[field])})
    same = _asked(changed, field) == _asked(request, field)
    assert (key(changed) == key(request)) is same


def _asked(request: LLMRequest, field: str) -> str:
    if field in {"prompt", "messages"}:
        return repr((request.prompt, request.messages))
    value = getattr(request, field)
    if field == "model":
        return value or ""
    return repr(value)  # tells 1 from True, and one order of properties from another, as a server would


@given(request=REQUESTS, change=st.fixed_dictionaries({}, optional=INDIFFERENT))
@examples(max_examples=50, deadline=None)
def test_who_asks_and_how_does_not_change_the_key(request: LLMRequest, change: dict[str, Any]) -> None:
    assert key(request.model_copy(update=change)) == key(request)


@pytest.mark.parametrize("name", provider_names())
@pytest.mark.parametrize(
    "change", [{"max_output_tokens": 77}, {"temperature": 0.123}, {"top_p": 0.456}, {"top_k": 7}]
)
def test_what_a_provider_is_asked_for_is_in_the_key(name: str, change: dict[str, Any]) -> None:
    provider = build_provider(name, Settings())
    plain = LLMRequest(provider=name, prompt="Why?")
    keys = {
        cache_key(request, provider.resolve(None), provider.parameters(request))
        for request in (plain, plain.model_copy(update=change))
    }
    assert len(keys) == 2


def test_the_parameters_that_a_provider_adds_are_in_the_key() -> None:
    request = LLMRequest(provider="one", prompt="Why?")
    assert cache_key(request, "m", {"num_ctx": 2048}) != cache_key(request, "m", {"num_ctx": 4096})


def test_the_order_of_a_schemas_properties_is_in_the_key() -> None:
    reasoned: dict[str, Any] = {"properties": {"reason": {}, "verdict": {}}}
    guessed: dict[str, Any] = {"properties": {"verdict": {}, "reason": {}}}
    assert key(LLMRequest(prompt="Why?", json_schema=reasoned)) != key(
        LLMRequest(prompt="Why?", json_schema=guessed)
    )


def test_answers_from_before_conversations_keep_their_keys() -> None:
    known = "790cc1760107077fa70e5386e25bf9c5e467b1493fe0cea27e0c627a798ed6e0"
    assert cache_key(LLMRequest(provider="one", prompt="Why?"), "m", {"max_tokens": 8}) == known


def test_half_a_surrogate_pair_has_a_key() -> None:
    assert len(key(LLMRequest(prompt="\ud800"))) == 64


@pytest.mark.parametrize(
    ("finish_reason", "text", "storable"),
    [
        ("stop", "Because.", True),
        ("length", "Beca", True),
        ("stop", " \n", False),
        ("content_filter", "Because.", False),
        ("tool_use", "Because.", False),
        ("unknown", "Because.", False),
    ],
)
def test_whole_and_cut_off_answers_are_storable(finish_reason: Any, text: str, storable: bool) -> None:
    response = LLMResponse(
        text=text,
        provider="one",
        model="m",
        finish_reason=finish_reason,
        usage=Usage(),
        latency_seconds=0,
        attempts=1,
    )
    assert is_storable(response) is storable

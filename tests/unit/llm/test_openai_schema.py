"""Schemas for OpenAI's strict mode, and answers brought back to the schema that was asked for (S4-6)."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import validate
from pydantic import BaseModel, Field

from techne.documents.engines.llm import outlining, problems
from techne.documents.engines.llm.extraction import _schema
from techne.documents.model import ItemKind
from techne.llm.providers.openai_schema import schema_format, without_added_nulls
from tests.loopback.exchange import minimal_instance
from tests.loopback.openai_rules import broken_rule


def accepted(schema: dict[str, Any]) -> bool:
    """Whether OpenAI's rules allow it in strict mode."""
    described = {"name": "answer", "schema": schema, "strict": True}
    asked = {"type": "json_schema", "json_schema": described}
    return broken_rule({"model": "gpt-4.1", "messages": [], "response_format": asked}) is None


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    found = schema_format(schema)
    assert found is not None
    assert found.strict
    assert accepted(found.schema)
    return found.schema


class Leaf(BaseModel):
    kind: Literal["leaf"]
    note: str | None = None
    size: int = Field(3, ge=1, le=9, description="How large.")


class Branch(BaseModel):
    kind: Literal["branch"]
    label: str = "none"


class Tree(BaseModel):
    title: str
    parts: list[Leaf | Branch] = []
    first: Leaf = Field(description="The first.")
    colour: Literal["red", "green"] = "red"


SHOP: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "price": {"type": "number"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "maker": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "vat": {"type": ["string", "null"]}},
        },
        "size": {"enum": ["s", "l"]},
    },
    "required": ["name"],
}


def test_techne_s_own_schemas_are_strict() -> None:
    for schema in (outlining._SCHEMA, problems._SCHEMA, _schema(list(ItemKind))):
        strict(schema)


def test_a_pydantic_model_s_schema_is_strict() -> None:
    schema = strict(Tree.model_json_schema())
    assert schema["$defs"]["Leaf"]["properties"]["size"]["description"] == "How large. (maximum 9, minimum 1)"
    assert schema["properties"]["first"]["description"] == "The first."


def test_a_schema_that_requires_all_of_itself_goes_out_as_it_is() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    found = schema_format(schema)
    assert found is not None
    assert (found.schema, found.nulls_added) == (schema, False)


def test_what_may_be_left_out_may_be_null_instead() -> None:
    schema = strict(SHOP)
    assert schema["required"] == ["name", "price", "tags", "maker", "size"]
    assert schema["properties"]["name"] == {"type": "string"}
    assert schema["properties"]["price"] == {"type": ["number", "null"]}
    assert schema["properties"]["size"] == {
        "anyOf": [{"enum": ["s", "l"], "type": "string"}, {"type": "null"}]
    }
    assert schema["properties"]["maker"]["properties"]["vat"] == {"type": ["string", "null"]}


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        ({"name": "x", "price": None, "tags": None, "maker": None, "size": None}, {"name": "x"}),
        (
            {"name": "x", "price": 1, "tags": [], "maker": {"city": None, "vat": None}, "size": "s"},
            {"name": "x", "price": 1, "tags": [], "maker": {"vat": None}, "size": "s"},
        ),
    ],
)
def test_nulls_that_were_not_asked_for_are_taken_out(answer: Any, meant: Any) -> None:
    text = without_added_nulls(json.dumps(answer), SHOP)
    assert json.loads(text) == meant
    validate(meant, SHOP)


def test_nulls_are_taken_out_of_the_alternative_that_was_chosen() -> None:
    schema = Tree.model_json_schema()
    leaf = {"kind": "leaf", "note": None, "size": None}
    answer = {
        "title": "x",
        "first": leaf,
        "parts": [leaf, {"kind": "branch", "label": None}],
        "colour": None,
    }
    assert json.loads(without_added_nulls(json.dumps(answer), schema)) == {
        "title": "x",
        "first": {"kind": "leaf", "note": None},
        "parts": [{"kind": "leaf", "note": None}, {"kind": "branch"}],
    }


@pytest.mark.parametrize("text", ['{"a": null', "null", "no null here", "[null]"])
def test_what_is_no_such_object_is_left_alone(text: str) -> None:
    assert without_added_nulls(text, SHOP) == text


@pytest.mark.parametrize(
    "part",
    [
        {"allOf": [{"type": "string"}]},
        {},
        {"type": "array"},
        {"type": "string", "not": {"const": "x"}},
        {"enum": ["a", 1]},
        {"$ref": "#/$defs/missing"},
        {"type": "object", "properties": {"b": {"$ref": "#/properties/a", "title": "B"}}},
    ],
)
def test_what_strict_mode_cannot_say_is_asked_for_without_it(part: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": {"a": part}, "required": ["a"]}
    found = schema_format(schema)
    assert found is not None
    assert (found.schema, found.strict) == (schema, False)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object", "properties": {"next": {"$ref": "#"}}},
    ],
)
def test_what_no_response_format_can_say_has_none(schema: dict[str, Any]) -> None:
    assert schema_format(schema) is None


def test_a_stream_s_schema_gets_no_nulls() -> None:
    found = schema_format(SHOP, may_add_nulls=False)
    assert found is not None
    assert (found.schema, found.strict) == (SHOP, False)


SCALARS = st.sampled_from(
    [{"type": "string"}, {"type": "integer", "minimum": 2}, {"enum": ["a"]}, {"type": ["string", "null"]}]
)


@st.composite
def objects(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    inner = SCALARS | objects(depth - 1) if depth else SCALARS
    inner = inner | st.builds(lambda part: {"type": "array", "items": part, "minItems": 1}, inner)
    properties = draw(st.dictionaries(st.sampled_from("abc"), inner, min_size=1))
    required = draw(st.lists(st.sampled_from(sorted(properties)), unique=True))
    return {"type": "object", "properties": properties, "required": required}


def nulled(value: Any, schema: dict[str, Any]) -> Any:
    """An instance with every null that the strict schema allows and the other does not know."""
    if isinstance(value, list):
        return [nulled(item, schema["items"]) for item in value]
    if not isinstance(value, dict):
        return value
    parts = schema["properties"]
    return {name: nulled(value[name], parts[name]) if name in value else None for name in parts}


@given(schema=objects())
def test_an_answer_to_the_strict_schema_is_one_to_the_schema_that_was_asked_for(
    schema: dict[str, Any],
) -> None:
    sent = strict(schema)
    meant = minimal_instance(schema)
    answer = nulled(meant, schema)
    validate(answer, sent)
    validate(json.loads(without_added_nulls(json.dumps(answer), schema)), schema)

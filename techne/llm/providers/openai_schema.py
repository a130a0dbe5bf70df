"""JSON schemas as OpenAI's strict mode takes them ("Supported schemas" in the Structured Outputs guide).

Strict mode wants every property required. One that may be left out is therefore sent as one that may be null,
and such nulls are taken out of the answer again, so that it matches the schema that was asked for.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from techne.llm.structured import Schema, native_schema

_INEXPRESSIBLE = frozenset(
    {
        "allOf",
        "not",
        "if",
        "then",
        "else",
        "dependentRequired",
        "dependentSchemas",
        "patternProperties",
        "propertyNames",
        "contains",
        "minContains",
        "maxContains",
        "prefixItems",
        "additionalItems",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
_DROPPED = ("default", "examples", "discriminator", "$schema", "$id", "$comment")
_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"},
)
_DEFINITION = re.compile(r"#/(\$defs|definitions)/[^/]+")
_NULL: Schema = {"type": "null"}


@dataclass(frozen=True, slots=True)
class SchemaFormat:
    """A schema for `response_format`.

    Args:
        schema: The schema as it is sent.
        strict: Whether the answer is made to match it.
        nulls_added: Whether answers may have nulls that the schema which was asked for does not know.
    """

    schema: Schema
    strict: bool
    nulls_added: bool


class _InexpressibleError(Exception):
    """Strict mode can't say what the schema says."""


def schema_format(schema: Schema, *, may_add_nulls: bool = True) -> SchemaFormat | None:
    """How a schema goes into `response_format`: strictly if it can be said so; None if not at all.

    Args:
        schema: What the answer must match.
        may_add_nulls: Whether nulls can be taken out of the answer again; pieces of a stream are out already.
    """
    found = _schema_format(json.dumps(schema))
    if found is not None and found.nulls_added and not may_add_nulls:
        return SchemaFormat(schema, strict=False, nulls_added=False)
    return found


@lru_cache(maxsize=128)
def _schema_format(text: str) -> SchemaFormat | None:
    """Few schemas are asked for many times, so the work is done once."""
    schema = json.loads(text)
    if schema.get("type") != "object":
        return None
    closed = native_schema(schema)
    if closed is None:
        return None
    try:
        strict = _Strict(closed)
        return SchemaFormat(strict.converted(closed), strict=True, nulls_added=strict.nulls_added)
    except _InexpressibleError:
        return SchemaFormat(schema, strict=False, nulls_added=False)


class _Strict:
    """Conversion of one schema, which has no references to itself."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self.nulls_added = False

    def converted(self, part: Any) -> Schema:
        if not isinstance(part, dict) or _INEXPRESSIBLE & part.keys():
            raise _InexpressibleError
        if "$ref" in part:
            return self._referred(part)
        result = {name: value for name, value in part.items() if name not in _DROPPED}
        if result.get("format") not in _FORMATS:
            result.pop("format", None)
        if "oneOf" in result:
            result["anyOf"] = [*result.get("anyOf", []), *result.pop("oneOf")]
        if "anyOf" in result:
            result["anyOf"] = [self.converted(branch) for branch in result["anyOf"]]
        for names in ("$defs", "definitions"):
            if names in result:
                result[names] = {name: self.converted(branch) for name, branch in result[names].items()}
        if "properties" in result:
            result["properties"] = self._properties(result)
            result["required"] = list(result["properties"])
        if "items" in result:
            result["items"] = self.converted(result["items"])
        if not {"type", "anyOf"} & result.keys():
            result["type"] = _type_of_values(result)
        if result.get("type") == "array" and "items" not in result:
            raise _InexpressibleError
        return result

    def _referred(self, part: Schema) -> Schema:
        """A reference to a definition. Strict mode takes nothing beside it: one with more is written out."""
        if not _DEFINITION.fullmatch(str(part["$ref"])):  # only these are known not to lead to themselves
            raise _InexpressibleError
        target = _resolved(part["$ref"], self._root)
        beside = {name: value for name, value in part.items() if name != "$ref"}
        return self.converted({**target, **beside}) if beside else dict(part)

    def _properties(self, part: Schema) -> dict[str, Schema]:
        required = part.get("required", [])
        properties: dict[str, Schema] = {}
        for name, value in part["properties"].items():
            properties[name] = self.converted(value)
            if name not in required and not _admits_null(value, self._root):
                properties[name] = _or_null(properties[name])
                self.nulls_added = True
        return properties


def without_added_nulls(text: str, schema: Schema) -> str:
    """An answer without the nulls that stand for what was left out; as it is if it is no JSON."""
    if "null" not in text:
        return text
    try:
        value = json.loads(text)
    except ValueError:  # cut off at the limit
        return text
    return json.dumps(_pruned(value, schema, schema), ensure_ascii=False)


def _pruned(value: Any, schema: Any, root: Schema) -> Any:
    if isinstance(schema, dict) and "$ref" in schema:
        schema = {**_resolved(schema["$ref"], root), **schema}
    if not isinstance(schema, dict):
        return value
    if isinstance(value, list):
        items = _items_of(schema, root)
        return [_pruned(item, items, root) for item in value]
    if not isinstance(value, dict):
        return value
    known = _branch_for(value, schema, root)
    properties, required = known.get("properties", {}), known.get("required", [])
    return {
        name: _pruned(item, properties.get(name), root)
        for name, item in value.items()
        if item is not None or name in required or _admits_null(properties.get(name, True), root)
    }


def _branch_for(value: dict[str, Any], schema: Schema, root: Schema) -> Schema:
    """The alternative that an object was made by: in strict mode it has exactly its properties."""
    branches = [*schema.get("anyOf", []), *schema.get("oneOf", [])]
    for branch in branches:
        found = _resolved(branch["$ref"], root) if "$ref" in branch else branch
        found = _branch_for(value, found, root)
        properties = found.get("properties", {})
        constants = {name: part["const"] for name, part in properties.items() if "const" in part}
        if properties.keys() == value.keys() and all(value[n] == const for n, const in constants.items()):
            return found
    return schema


def _items_of(schema: Schema, root: Schema) -> Any:
    branches = [schema, *schema.get("anyOf", []), *schema.get("oneOf", [])]
    found = (_resolved(branch["$ref"], root) if "$ref" in branch else branch for branch in branches)
    return next((branch["items"] for branch in found if "items" in branch), None)


def _admits_null(schema: Any, root: Schema) -> bool:
    if not isinstance(schema, dict):
        return bool(schema)
    if "$ref" in schema:
        return _admits_null(_resolved(schema["$ref"], root), root)
    branches = [*schema.get("anyOf", []), *schema.get("oneOf", [])]
    if branches:
        return any(_admits_null(branch, root) for branch in branches)
    if "const" in schema or "enum" in schema:
        return None in schema.get("enum", [schema.get("const")])
    kinds = schema.get("type")
    return kinds is None or "null" in ([kinds] if isinstance(kinds, str) else kinds)


def _or_null(schema: Schema) -> Schema:
    if isinstance(schema.get("type"), str) and not {"enum", "const"} & schema.keys():
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, _NULL]}


def _resolved(reference: Any, root: Schema) -> Schema:
    target: Any = root
    try:
        for step in str(reference).removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
    except (KeyError, TypeError) as error:
        raise _InexpressibleError from error
    if not isinstance(target, dict):
        raise _InexpressibleError
    return target


def _type_of_values(schema: Schema) -> str:
    """The type that strict mode wants beside an enumeration; it takes no schema that admits anything."""
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    kinds = {type(value) for value in values}
    names: dict[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number"}
    if len(kinds) != 1 or (kind := kinds.pop()) not in names:
        raise _InexpressibleError
    return names[kind]

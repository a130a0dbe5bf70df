"""Requests that a person fills in: their JSON schema is what the Prefect UI draws a form of.

What a field is called, and what is said of it, stands at the field.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class Form(BaseModel):
    """A request whose JSON schema makes a good form.

    Fields stand in their order here: PostgreSQL sorts an object's keys by their length, so each says its
    `position`. A field that may be left out is a plain one, where Pydantic would have a choice between a
    value and null; Prefect's server takes null for such a field as well.
    """

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler(core_schema)
        properties: dict[str, dict[str, Any]] = handler.resolve_ref_schema(schema).get("properties", {})
        for position, field in enumerate(properties.values()):
            field["position"] = position
            if "default" in field and field["default"] is None:
                _leave_null_out(field, handler)
        return schema


def _leave_null_out(field: dict[str, Any], handler: GetJsonSchemaHandler) -> None:
    choices = [choice for choice in field.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) != 1:
        return
    # A reference would have Prefect's server refuse null, so what it refers to stands here.
    value = handler.resolve_ref_schema(choices[0])
    if _fills_itself_in(value):
        return
    del field["anyOf"], field["default"]
    field |= {**value, **field}


def _fills_itself_in(value: dict[str, Any]) -> bool:
    """Whether a form would send it though nobody touched it, with its defaults or incomplete."""
    return any("default" in inner for inner in value.get("properties", {}).values()) or "required" in value

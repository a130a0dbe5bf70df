"""An export as most tools write it: one JSON array of objects."""

from __future__ import annotations

from pydantic import JsonValue, TypeAdapter, ValidationError

from techne.errors import DatasetError

_OBJECTS = TypeAdapter(list[dict[str, JsonValue]])
_BOM = b"\xef\xbb\xbf"


def read_objects(data: bytes, source: str, tool: str, cure: str) -> list[dict[str, JsonValue]]:
    """The objects of an export.

    Args:
        data: JSON in UTF-8, with or without a byte order mark.
        source: How messages name the file.
        tool: Whose export it should be, for messages.
        cure: What to do if it isn't one.

    Raises:
        DatasetError: It is no array of objects.
    """
    try:
        return _OBJECTS.validate_json(data.removeprefix(_BOM))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise DatasetError(
            f"{source} is no {tool} export: {first['msg'][0].lower() + first['msg'][1:]}.", cure=cure
        ) from None

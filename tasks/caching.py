"""Cache keys by content: the same input to the same engine is never worked on twice."""

from __future__ import annotations

import hashlib
from typing import Any

from prefect.context import TaskRunContext
from pydantic import TypeAdapter

from tasks.engines import EngineSpec

_JSON: TypeAdapter[Any] = TypeAdapter(Any)


def content_key(context: TaskRunContext, arguments: dict[str, Any]) -> str | None:
    """Hash of a task's name and arguments, the engine's fingerprint (models, prompt versions) included.

    The extractive engine is quicker than a look into a result store, and pays for nothing: no key, no cache.
    """
    engine = arguments.get("engine")
    if isinstance(engine, EngineSpec) and not engine.pays:
        return None
    digest = hashlib.sha256(context.task.name.encode())
    for name in sorted(arguments):
        digest.update(name.encode())
        value = arguments[name]
        if isinstance(value, EngineSpec):  # more money gives no other answers
            value = value.model_copy(update={"budget": None})
        digest.update(_JSON.dump_json(value))
    return f"docgen-{digest.hexdigest()}"

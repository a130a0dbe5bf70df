"""Cache keys by content: the same input to the same engine is never worked on twice."""

from __future__ import annotations

import hashlib
from typing import Any, cast

from prefect.context import TaskRunContext
from pydantic import TypeAdapter

from tasks.engines import EngineSpec
from techne.documents.prompts import Stage

_JSON: TypeAdapter[Any] = TypeAdapter(Any)


def content_key(context: TaskRunContext, arguments: dict[str, Any]) -> str | None:
    """Hash of a task's name, which is its stage's, and arguments.

    Of the engine there is its fingerprint in this stage, made from model, parameters and prompt versions.

    The extractive engine is quicker than a look into a result store, and pays for nothing: no key, no cache.
    """
    engine = arguments.get("engine")
    if isinstance(engine, EngineSpec) and not engine.pays:
        return None
    digest = hashlib.sha256(context.task.name.encode())
    for name in sorted(arguments):
        digest.update(name.encode())
        value = arguments[name]
        if isinstance(value, EngineSpec):
            value = value.deciding(cast("Stage", context.task.name))
        digest.update(_JSON.dump_json(value))
    return f"docgen-{digest.hexdigest()}"

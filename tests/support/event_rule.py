"""EventBridge's part between S3 and Prefect: the event of an upload, and what a transformer makes of it.

After the Amazon EventBridge User Guide, "Input transformation" and "Amazon S3 event notifications": a
variable that stands in the template without quotes is put in as JSON, one within a text as it is.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

RULE = Path(__file__).parents[2] / "deployments" / "inbox_events.yaml"
_TEXT_OR_VARIABLE = re.compile(r'"(?:[^"\\]|\\.)*"|<(\w+)>')


def upload(bucket: str, key: str, etag: str = "a" * 32) -> dict[str, Any]:
    """The event of an object that came: the same for the same object, as when it is delivered twice."""
    return {
        "version": "0",
        "id": str(uuid5(NAMESPACE_URL, f"{bucket}/{key}/{etag}")),
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "123456789012",
        "time": "2026-11-20T09:30:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {"key": key, "size": 1024, "etag": etag, "sequencer": "0062E99A88DC407460"},
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "123456789012",
            "source-ip-address": "192.0.2.1",
            "reason": "PutObject",
        },
    }


def transformed(transformer: dict[str, Any], event: dict[str, Any]) -> str:
    """What the target is sent for an event."""
    values = {name: _at(path, event) for name, path in transformer["InputPathsMap"].items()}

    def filled(found: re.Match[str]) -> str:
        if found[1]:
            return json.dumps(values[found[1]])
        return re.sub(r"<(\w+)>", lambda inner: str(values[inner[1]]), found[0])

    return _TEXT_OR_VARIABLE.sub(filled, transformer["InputTemplate"])


def _at(path: str, event: dict[str, Any]) -> Any:
    node: Any = event
    for name in path.removeprefix("$.").split("."):
        node = node[name]
    return node

"""What artifacts are called: a name of their own for each piece of work.

The Prefect UI leads from a run's artifact to the page of its key, where all versions of the key are. With the
piece of work in the key these are the attempts at it, and not the documents of all other runs.
"""

from __future__ import annotations

import re

_NOT_IN_KEYS = re.compile(r"[^a-z0-9]+")


def artifact_key(kind: str, work: str) -> str:
    """The key of a piece of work's artifact: `docgen-document-lesson-7`.

    Args:
        kind: What it is, such as `docgen-document`.
        work: Id of the execution or experiment.
    """
    return f"{kind}-{_NOT_IN_KEYS.sub('-', work.lower())}".strip("-")

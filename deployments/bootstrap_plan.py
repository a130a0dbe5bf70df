"""Desired state against actual state: what a bootstrap finds on a server, and how each finding is mended.

One module for each kind of thing yields the findings (`bootstrap_block_types`, `bootstrap_documents`,
`bootstrap_work_pools`, `bootstrap_limits`, `bootstrap_automations`); `bootstrap` shows and mends them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

MISSING = "missing"
SHOWN_CHARACTERS = 60
SHOWN_DIFFERENCES = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a server should have, and how it is.

    Attributes:
        kind: What it is, as `work pool`.
        name: Its name on the server.
        difference: None if it is as it should be, `MISSING`, or what differs, in a few words.
        mend: Makes it as it should be; called only if there is a difference.
    """

    kind: str
    name: str
    difference: str | None
    mend: Callable[[], object]


def differing(wanted: Mapping[str, object], found: Mapping[str, object]) -> str | None:
    """What of `wanted` is otherwise in `found`, in a few words; None if nothing is.

    Names in `found` that `wanted` doesn't have are nobody's business here.
    """
    differences = [
        f"{name} is {_shown(found.get(name))}, not {_shown(value)}"
        for name, value in wanted.items()
        if found.get(name) != value
    ]
    if len(differences) > SHOWN_DIFFERENCES:
        differences[SHOWN_DIFFERENCES:] = [f"and {len(differences) - SHOWN_DIFFERENCES} more"]
    return "; ".join(differences) or None


def _shown(value: object) -> str:
    text = repr(value) if value is not None else "unset"
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"

"""Finds what looks like a secret in a text: keys by their shape, and random values beside names of secrets.

It is for our own files, in which every finding is looked at: it rather tells too much than too little.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

LOGIN = "login in a URL"
SHAPES = {
    "AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "OpenAI or Anthropic key": r"\bsk-[A-Za-z0-9_-]{20,}",
    "Google API key": r"\bAIza[0-9A-Za-z_-]{35}",
    "GitHub token": r"\b(?:gh[opsur]_[A-Za-z0-9]{20,}|github_pat_\w{20,})",
    "Slack token": r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    "Slack webhook": r"hooks\.slack\.com/services/\w+/\w+/\w{10,}",
    "Prefect key": r"\bpn[ub]_[A-Za-z0-9]{30,}",
    "Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}",
    "JSON web token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.",
    LOGIN: r"[a-z][a-z0-9+]*://[^\s/:@{}<>$\"'`]+:[^\s/:@{}<>$\"'`]{3,}@",
}
_SECRET_NAME = (
    r"(?:passw(?:or)?d|secret(?:_access)?_?key|api_?key|auth_?string|auth_?token|access_?token|credential)"
)
_ASSIGNMENT = re.compile(
    rf"\b(?P<name>\w*{_SECRET_NAME}\w*)[\"']?\s*(?::|=(?!=)|:=)\s*(?P<quote>[\"']?)(?P<value>[^\s\"'`,;)}}\]]{{8,}})",
    re.IGNORECASE,
)
_MADE_UP = re.compile(r"secret|passw|fake|dummy|example|wrong|nothing", re.IGNORECASE)
"""Values that say themselves that they are none."""
RANDOM_BITS = 3.0
"""Entropy of a character, in bits, from which a value counts as random; English words have about 2.5 to 3."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that looks like a secret."""

    line: int
    kind: str
    value: str


def find_secrets(text: str) -> Iterator[Finding]:
    """All that looks like a secret, line by line; each value once a line."""
    shapes = {kind: re.compile(pattern) for kind, pattern in SHAPES.items()}
    for number, line in enumerate(text.splitlines(), 1):
        found = [
            Finding(number, kind, one[0]) for kind, shape in shapes.items() for one in shape.finditer(line)
        ]
        yield from (one for one in found if one.kind != LOGIN or not _MADE_UP.search(one.value))
        for one in _ASSIGNMENT.finditer(line):
            value = one["value"]
            if _looks_random(value) and not any(
                value in other.value or other.value in value for other in found
            ):
                yield Finding(number, f"value of {one['name']}", value)


def _looks_random(value: str) -> bool:
    """Whether a value is nobody's word: digits among letters, and hardly a letter twice."""
    if not re.search(r"\d", value) or not re.search(r"[A-Za-z]", value):
        return False
    if _MADE_UP.search(value):
        return False
    if re.search(r"[(<\[{$*]|::|://|\.\w+\.", value):  # code, a placeholder, a reference
        return False
    return entropy(value) >= RANDOM_BITS


def entropy(text: str) -> float:
    """Shannon's entropy of the text's characters, in bits."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())

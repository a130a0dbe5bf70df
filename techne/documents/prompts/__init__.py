"""The prompts of stages 2 to 5: one file per stage and language, with a version.

A file has front matter, the system prompt, and after a line `=== user ===` the question around the data.
`$names` are filled once and what fills them is not looked at again, so data can't trigger a placeholder.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Template
from typing import Literal

Stage = Literal["extract", "map", "outline", "write"]
STAGES: tuple[Stage, ...] = ("extract", "map", "outline", "write")
LANGUAGES = ("en", "pt")

_FILE = re.compile(
    r"---\nversion: (?P<version>\S+)\n---\n(?P<system>.+)\n=== user ===\n(?P<user>.+)", re.DOTALL
)

_LANGUAGE_NAMES = {
    "pt": {"pt": "português", "pt-br": "português do Brasil", "pt-pt": "português de Portugal"},
    "en": {
        "de": "German",
        "en": "English",
        "en-gb": "British English",
        "es": "Spanish",
        "fr": "French",
        "it": "Italian",
        "ja": "Japanese",
    },
}


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt, ready for a document language."""

    stage: Stage
    version: str
    """Number and content hash: `extract.pt/1-5f0c2a9b`. Part of every cache key."""
    system: str
    _user: Template

    def user(self, **data: str) -> str:
        """The question, with the data in its places.

        Raises:
            KeyError: A placeholder of the file was given no data.
        """
        return self._user.substitute(data)


@cache
def load_prompt(stage: Stage, language: str) -> Prompt:
    """The prompt of a stage for a document in `language`, a BCP 47 tag.

    Documents in Portuguese get Portuguese prompts; all others English ones that name the language.
    """
    tag = language.lower().replace("_", "-")
    prompt_language = "pt" if tag.split("-")[0] == "pt" else "en"
    text = resources.files(__name__).joinpath(f"{stage}.{prompt_language}.md").read_text(encoding="utf-8")
    match = _FILE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"The prompt {stage}.{prompt_language}.md lacks its version or its user part.")
    names = _LANGUAGE_NAMES[prompt_language]
    name = names.get(tag) or names.get(tag.split("-")[0]) or f"the language {language}"
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return Prompt(
        stage=stage,
        version=f"{stage}.{prompt_language}/{match['version']}-{digest}",
        system=Template(match["system"].strip()).substitute(language=name),
        _user=Template(match["user"].strip()),
    )


@cache
def prompts_fingerprint(*stages: Stage) -> str:
    """Changes whenever the words of any prompt of these stages do; of all stages if none is named."""
    versions = [load_prompt(stage, language).version for stage in stages or STAGES for language in LANGUAGES]
    return hashlib.sha256("\n".join(versions).encode()).hexdigest()[:12]

"""The content of a document, from extracted item to finished document, in the order of the stages.

Engines produce these values, tasks persist them as JSON, assembly renders them. Text that an engine
writes refers to items as `[i012]` or `[i012, i015]`; assembly turns the marks into times.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from techne.llm.model import Usage
from techne.transcripts.model import Frozen


class ItemKind(StrEnum):
    """What an item says (S1-9, S1-10)."""

    ERROR = "error"
    DIAGNOSTIC = "diagnostic"
    SOLUTION = "solution"
    COMMAND = "command"
    RISK = "risk"
    RULE = "rule"
    CONFIGURATION = "configuration"
    PREVENTION = "prevention"
    CONCEPT = "concept"


class Evidence(Frozen):
    """Where the recording says it."""

    turn_id: str
    quote: str = Field(description="Words of that turn, verbatim.")
    start_seconds: float = Field(ge=0, description="Time of the quote.")


class Item(Frozen):
    """One thing that the recording says, with its evidence."""

    id: str = Field(description="`i001` onwards after the merge; unique within its chunk before it.")
    kind: ItemKind
    text: str = Field(description="The statement, one or two sentences, in the document's language.")
    code: str | None = Field(None, description="The command, path or setting as one would type it.")
    evidence: tuple[Evidence, ...] = Field(min_length=1)


class Extraction(Frozen):
    """Stage 2's output for one chunk, or, merged, for the recording."""

    items: tuple[Item, ...]
    rejected: tuple[str, ...] = Field(
        (), description="Why items were refused, such as a quote that nobody said."
    )
    usage: Usage = Usage()
    cost_usd: Decimal | None = None
    paid_calls: int = Field(0, ge=0, description="Calls that were sent, not answered from the cache.")
    models: tuple[str, ...] = Field((), description="Models that answered.")


class Statement(Frozen):
    """A sentence and the items that it rests on."""

    text: str
    item_ids: tuple[str, ...] = Field(min_length=1)


class Problem(Frozen):
    """Stage 3's output for one problem (S1-10)."""

    id: str = Field(description="`p01` onwards.")
    title: str
    item_ids: tuple[str, ...] = Field(min_length=1, description="The error items that it is made of.")
    debugging: tuple[Statement, ...] = ()
    solutions: tuple[Statement, ...] = ()
    prevention: tuple[Statement, ...] = ()


class ContentMap(Frozen):
    """Stage 3's output for one or all problems."""

    problems: tuple[Problem, ...]
    usage: Usage = Usage()
    cost_usd: Decimal | None = None
    paid_calls: int = Field(0, ge=0)
    models: tuple[str, ...] = ()


class OutlineSection(Frozen):
    """A section to be written, with the items that it must cover."""

    id: str = Field(description="`s01` onwards.")
    title: str
    purpose: str = ""
    item_ids: tuple[str, ...] = ()
    problem_ids: tuple[str, ...] = ()


class Outline(Frozen):
    """Stage 4's output: the document without its content."""

    title: str
    summary: tuple[Statement, ...] = Field((), description="Two to six sentences for who reads nothing else.")
    sections: tuple[OutlineSection, ...]
    usage: Usage = Usage()
    cost_usd: Decimal | None = None
    paid_calls: int = Field(0, ge=0)
    models: tuple[str, ...] = ()


class WrittenSection(Frozen):
    """Stage 5's output for one section: Markdown below the section's heading, with `[i012]` marks."""

    section_id: str
    markdown: str
    truncated: bool = Field(False, description="True if it is still incomplete after continuing.")
    usage: Usage = Usage()
    cost_usd: Decimal | None = None
    paid_calls: int = Field(0, ge=0)
    models: tuple[str, ...] = ()


class RecordingFacts(Frozen):
    """What the document's facts table says about where it came from."""

    execution_id: str
    transcript_uri: str
    video_uri: str | None = None
    language: str = Field(description="Language of the document, such as `pt-BR`.")
    recording_language: str
    generated_on: str = Field(description="ISO date.")
    duration_seconds: float
    speakers: tuple[str, ...]
    turns: int
    engine: str = Field(description="A provider such as `bedrock`, or `extractive`.")
    engine_reason: str = ""
    models: tuple[str, ...] = ()
    usage: Usage = Usage()
    cost_usd: Decimal | None = None
    chunks: int = 1
    prompt_version: str = ""


class Document(Frozen):
    """Everything that assembly needs to render the document."""

    facts: RecordingFacts
    items: tuple[Item, ...]
    problems: tuple[Problem, ...]
    outline: Outline
    sections: tuple[WrittenSection, ...]

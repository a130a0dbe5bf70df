"""What the grounding check found, as it is stored in the manifest and shown in the appendix."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from techne.transcripts.model import Frozen

Part = Literal["title", "summary", "problem", "section"]


class LiteralKind(StrEnum):
    """What a checked piece of text is."""

    COMMAND = "command"
    CODE = "code"
    PATH = "path"
    SETTING = "setting"
    VERSION = "version"
    NUMBER = "number"
    NAME = "name"
    URL = "url"


class UnverifiedLiteral(Frozen):
    """Something that the document says and the recording does not."""

    literal: str = Field(description="As the document writes it.")
    kind: LiteralKind
    part: Part
    part_id: str = Field("", description="Id of the section or problem; empty for title and summary.")
    line: int = Field(1, ge=1, description="Line of the section's Markdown, or of the statement.")


class UnsupportedStatement(Frozen):
    """A paragraph, list item or table row that cites no item."""

    section_id: str
    line: int = Field(ge=1)
    text: str = Field(description="Its beginning.")


class UnknownMark(Frozen):
    """A mark that cites an item which does not exist."""

    item_id: str
    part: Part
    part_id: str = ""


class GroundingReport(Frozen):
    """How much of the document the recording bears out.

    A literal counts once for each part of the document that it occurs in.
    """

    checked: dict[LiteralKind, int] = Field(description="Literals looked up, by kind.")
    checked_total: int = Field(ge=0)
    verified_total: int = Field(ge=0)
    ratio: float = Field(ge=0, le=1, description="Verified share of what was checked; 1 if nothing was.")
    unverified: tuple[UnverifiedLiteral, ...]
    unused_item_ids: tuple[str, ...] = Field(description="Items that no part of the document cites.")
    statements_without_evidence: tuple[UnsupportedStatement, ...]
    unknown_marks: tuple[UnknownMark, ...]

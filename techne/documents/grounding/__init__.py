"""Grounding: whether what a document says was said in the recording."""

from techne.documents.grounding.check import check_grounding
from techne.documents.grounding.index import TranscriptIndex, spoken_urls
from techne.documents.grounding.report import (
    GroundingReport,
    LiteralKind,
    UnknownMark,
    UnsupportedStatement,
    UnverifiedLiteral,
)

__all__ = [
    "GroundingReport",
    "LiteralKind",
    "TranscriptIndex",
    "UnknownMark",
    "UnsupportedStatement",
    "UnverifiedLiteral",
    "check_grounding",
    "spoken_urls",
]

"""The walk back from a finished document to what was said."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from techne.documents.grounding.index import TranscriptIndex
from techne.documents.grounding.literals import Literal, literals_in
from techne.documents.grounding.passages import claims_of, passages_of
from techne.documents.grounding.report import (
    GroundingReport,
    LiteralKind,
    UnknownMark,
    UnsupportedStatement,
    UnverifiedLiteral,
)
from techne.documents.grounding.spoken import digits_of
from techne.documents.marks import marked_ids
from techne.documents.model import Document
from techne.transcripts.model import Transcript

_GAP_IN_COMMAND = 5
"""Words that may stand between two parts of a command as it was spoken."""


def check_grounding(document: Document, transcript: Transcript) -> GroundingReport:
    """Look up every literal of the document in the transcript.

    Args:
        document: The document before assembly, with its evidence marks.
        transcript: The transcript as read, before cleaning.
    """
    verifier = _Verifier(TranscriptIndex(transcript))
    checked: Counter[LiteralKind] = Counter()
    unverified: list[UnverifiedLiteral] = []
    seen: set[tuple[str, str, LiteralKind, str]] = set()
    failed = 0
    for passage in passages_of(document):
        for literal in literals_in(passage, document.facts.language):
            key = (passage.part, passage.part_id, literal.kind, literal.text)
            if key in seen:
                continue
            seen.add(key)
            checked[literal.kind] += 1
            missing_words = verifier.missing(literal)
            failed += bool(missing_words)
            unverified.extend(
                UnverifiedLiteral(
                    literal=missing,
                    kind=literal.kind,
                    part=passage.part,
                    part_id=passage.part_id,
                    line=passage.line,
                )
                for missing in missing_words
            )
    total = checked.total()
    verified = total - failed
    return GroundingReport(
        checked={kind: checked[kind] for kind in LiteralKind if checked[kind]},
        checked_total=total,
        verified_total=verified,
        ratio=round(verified / total, 4) if total else 1.0,
        unverified=tuple(unverified),
        unused_item_ids=_unused(document),
        statements_without_evidence=tuple(
            UnsupportedStatement(section_id=claim.section_id, line=claim.line, text=claim.text)
            for claim in claims_of(document)
            if not claim.item_ids and claim.text
        ),
        unknown_marks=_unknown_marks(document),
    )


class _Verifier:
    def __init__(self, index: TranscriptIndex) -> None:
        self._index = index
        self._answers: dict[Literal, bool] = {}

    def missing(self, literal: Literal) -> list[str]:
        """What of the literal was not said: itself, the unknown words of a name, or nothing."""
        if self._was_said(literal):
            return []
        words = literal.text.split(" ")
        if literal.kind is LiteralKind.NAME and len(words) > 1:
            unknown = [word for word in words if not self._was_said(Literal(word, LiteralKind.NAME))]
            return [literal.text] if len(unknown) == len(words) else unknown
        return [literal.text]

    def _was_said(self, literal: Literal) -> bool:
        if literal not in self._answers:
            self._answers[literal] = self._look_up(literal)
        return self._answers[literal]

    def _look_up(self, literal: Literal) -> bool:
        index = self._index
        if literal.value:
            return any(index.has_number(value) for value in _variants(literal)) or (
                literal.kind is LiteralKind.VERSION
                and index.has_sequence(literal.value.replace(".", " "), gap=0)
            )
        if index.has_phrase(literal.text):
            return True
        if literal.kind is LiteralKind.COMMAND:
            return index.has_sequence(literal.text, gap=_GAP_IN_COMMAND)
        if literal.kind in (LiteralKind.SETTING, LiteralKind.URL, LiteralKind.PATH):
            return index.has_sequence(_without_signs(literal.text), gap=1 + literal.text.count("="))
        if literal.kind is LiteralKind.VERSION:
            return index.has_sequence(literal.text.lstrip("vV").replace(".", " "), gap=0)
        if literal.kind is LiteralKind.NAME:
            return any(index.has_phrase(form) for form in _other_forms(literal.text))
        return False


def _variants(literal: Literal) -> set[str]:
    """A number as read and as it may have been meant: 1.500, 1500; 02, 2; 10.00, 10."""
    written = re.match(r"[\d.,]*\d", literal.text)
    variants = {literal.value}
    if written:
        number = written.group()
        variants |= (
            {digits_of(number), number.replace(",", ".")} if literal.value == digits_of(number) else set()
        )
    variants |= {value.lstrip("0") or "0" for value in variants if "." not in value}
    variants |= {re.sub(r"\.0+$", "", value) for value in variants}
    return variants


def _without_signs(text: str) -> str:
    return re.sub(r"[^\w\s.]|_|(?<!\d)\.|\.(?!\d)", " ", text)


def _other_forms(name: str) -> list[str]:
    """Singular and plural."""
    forms = [f"{name}s", f"{name}es"]
    if name.endswith("s") and len(name) > 3:
        forms.append(name.removesuffix("'s").removesuffix("’s").removesuffix("s"))
    if name.endswith("es") and len(name) > 4:
        forms.append(name[:-2])
    return forms


def _citations(document: Document) -> Iterator[UnknownMark]:
    """Every citation of an item, as the mark that it is if there is no such item."""
    for statement in document.outline.summary:
        for item_id in (*statement.item_ids, *marked_ids(statement.text)):
            yield UnknownMark(item_id=item_id, part="summary")
    for problem in document.problems:
        for item_id in problem.item_ids:
            yield UnknownMark(item_id=item_id, part="problem", part_id=problem.id)
        for statement in (*problem.debugging, *problem.solutions, *problem.prevention):
            for item_id in (*statement.item_ids, *marked_ids(statement.text)):
                yield UnknownMark(item_id=item_id, part="problem", part_id=problem.id)
    for section in document.sections:
        for item_id in marked_ids(section.markdown):
            yield UnknownMark(item_id=item_id, part="section", part_id=section.section_id)


def _unused(document: Document) -> tuple[str, ...]:
    cited = {citation.item_id for citation in _citations(document)}
    return tuple(item.id for item in document.items if item.id not in cited)


def _unknown_marks(document: Document) -> tuple[UnknownMark, ...]:
    known = {item.id for item in document.items}
    unknown = (citation for citation in _citations(document) if citation.item_id not in known)
    return tuple(dict.fromkeys(unknown))

"""Stage 6: a document's content becomes Markdown.

Everything an engine wrote passes through `sanitizing`; evidence marks become times, linked into the video
where a browser can open it; what the recording does not bear out carries a sign. The same content gives
the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from techne.documents.escaping import code_span, destination
from techne.documents.grounding import GroundingReport, spoken_urls
from techne.documents.grounding.report import Part
from techne.documents.labels import Labels, labels_for
from techne.documents.model import Document, Item, Problem, RecordingFacts, Statement
from techne.documents.sanitizing import Policy, sanitize_inline, sanitize_markdown
from techne.documents.timing import at_time, clock, is_playable
from techne.transcripts.model import Transcript

_NUMBERING = re.compile(r"^\s*\d+(?:\.\d+)*[.):]?\s+(?=\D)")
_EXTRACTIVE = "extractive"
_MATRIX_WORDS = 16
_UNUSED_WORDS = 12
_MOST_UNVERIFIED = 20
_MOST_UNUSED = 5
_MOST_TIMES = 3


def assemble_markdown(
    document: Document,
    report: GroundingReport,
    transcript: Transcript,
    *,
    video_uri: str | None = None,
) -> str:
    """The finished document.

    Args:
        document: What the engine made.
        report: What `check_grounding` says of it.
        transcript: The transcript as read; links stay only where it names their address.
        video_uri: Where the recording is, if not `document.facts.video_uri`.
    """
    return _Assembly(document, report, transcript, video_uri or document.facts.video_uri).markdown()


@dataclass(frozen=True, slots=True)
class _Times:
    """Turns item ids into times."""

    items: dict[str, Item]
    video_url: str | None

    def seconds(self, item_ids: Iterable[str]) -> list[int]:
        known = (self.items[item_id] for item_id in item_ids if item_id in self.items)
        return list(dict.fromkeys(int(item.evidence[0].start_seconds) for item in known))

    def marks(self, item_ids: Sequence[str]) -> str:
        times = self.seconds(item_ids)
        return f"({self.listed(times)})" if times else ""

    def listed(self, seconds: Sequence[int]) -> str:
        return ", ".join(
            f"[{clock(second)}]({destination(at_time(self.video_url, second))})"
            if self.video_url
            else clock(second)
            for second in seconds
        )


class _Assembly:
    def __init__(
        self, document: Document, report: GroundingReport, transcript: Transcript, video_uri: str | None
    ) -> None:
        self._document = document
        self._report = report
        self._video_uri = video_uri
        self._labels: Labels = labels_for(document.facts.language)
        video_url = video_uri if is_playable(video_uri) else None
        self._times = _Times({item.id: item for item in document.items}, video_url)
        self._policy = Policy(
            allowed_urls=spoken_urls(transcript) | ({video_url} if video_url else frozenset()),
            render_marks=self._times.marks,
            image_note=self._labels.image,
        )

    def markdown(self) -> str:
        parts = [
            f"# {self._line(self._document.outline.title, 'title')}",
            self._facts(self._document.facts),
            self._summary(),
            self._matrix(),
            *self._sections(),
            self._verification(),
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _policy_for(self, part: Part, part_id: str = "") -> Policy:
        literals = (
            found.literal
            for found in self._report.unverified
            if found.part == part and found.part_id == part_id
        )
        return replace(self._policy, unverified=tuple(dict.fromkeys(literals)))

    def _line(self, text: str, part: Part, part_id: str = "", *, in_table: bool = False) -> str:
        return sanitize_inline(text, self._policy_for(part, part_id), in_table=in_table)

    def _facts(self, facts: RecordingFacts) -> str:
        labels = self._labels
        used = facts.engine != _EXTRACTIVE
        # Why the embedded engine was taken is a long story; the manifest tells it.
        reason = facts.engine_reason if used else labels.extractive
        engine = facts.engine + (f" ({reason})" if reason else "")
        tokens = labels.tokens_in_out.format(
            self._number(facts.usage.input_tokens), self._number(facts.usage.output_tokens)
        )
        cost = labels.unknown_cost
        if facts.cost_usd is not None:
            cost = f"US$ {facts.cost_usd:.4f}".replace(".", labels.decimal)
        speakers = ", ".join(facts.speakers)
        rows = [
            (labels.generated_on, facts.generated_on),
            (labels.duration, clock(facts.duration_seconds)),
            (labels.speakers, f"{len(facts.speakers)}: {speakers}" if facts.speakers else ""),
            (labels.engine, engine),
            (labels.models, ", ".join(facts.models)),
            (labels.tokens, tokens if used else ""),
            (labels.cost, cost if used else ""),
            (labels.chunks, str(facts.chunks) if facts.chunks > 1 else ""),
        ]
        lines = [f"| {labels.recording} | |", "|---|---|"]
        lines += [
            f"| {label} | {sanitize_inline(value, self._policy, in_table=True)} |"
            for label, value in rows
            if value
        ]
        lines.append(f"| {labels.transcript} | {code_span(facts.transcript_uri, in_table=True)} |")
        if self._video_uri:
            video = code_span(self._video_uri, in_table=True)
            if self._times.video_url:
                video = f"[{labels.video.lower()}]({destination(self._times.video_url)})"
            lines.append(f"| {labels.video} | {video} |")
        return "\n".join(lines)

    def _number(self, value: int) -> str:
        return f"{value:,}".replace(",", self._labels.thousands)

    def _summary(self) -> str:
        sentences = [self._statement(statement, "summary") for statement in self._document.outline.summary]
        return f"## {self._labels.summary}\n\n{' '.join(sentences)}" if sentences else ""

    def _statement(self, statement: Statement, part: Part, part_id: str = "") -> str:
        text = self._line(statement.text, part, part_id)
        times = self._times.marks(statement.item_ids)
        return f"{text} {times}" if times and times not in text else text

    def _matrix(self) -> str:
        problems = self._document.problems
        if not problems:
            return ""
        labels = self._labels
        lines = [
            f"## {labels.matrix}",
            "",
            f"| {labels.problem} | {labels.solution} | {labels.times} |",
            "|---|---|---|",
        ]
        return "\n".join([*lines, *(self._matrix_row(problem) for problem in problems)])

    def _matrix_row(self, problem: Problem) -> str:
        title = self._line(problem.title, "problem", problem.id, in_table=True)
        first = problem.solutions[0] if problem.solutions else None
        solution = self._labels.no_solution
        if first:
            solution = self._line(_shortened(first.text, _MATRIX_WORDS), "problem", problem.id, in_table=True)
        item_ids = (*problem.item_ids[:1], *(first.item_ids if first else ()))
        times = self._times.listed(self._times.seconds(item_ids)[:_MOST_TIMES])
        return f"| {title} | {solution} | {times} |"

    def _sections(self) -> list[str]:
        titles = {section.id: section.title for section in self._document.outline.sections}
        order = {section_id: position for position, section_id in enumerate(titles)}
        written = sorted(
            (section for section in self._document.sections if section.markdown.strip()),
            key=lambda section: order.get(section.section_id, len(order)),
        )
        parts: list[str] = []
        for number, section in enumerate(written, start=1):
            title = _NUMBERING.sub("", titles.get(section.section_id, section.section_id))
            policy = replace(self._policy_for("section", section.section_id), own_title=title)
            parts.append(f"## {number}. {sanitize_inline(title, policy)}")
            parts.append(sanitize_markdown(section.markdown, policy))
            if section.truncated:
                parts.append(f"*{self._labels.truncated}*")
        return parts

    def _verification(self) -> str:
        labels, report = self._labels, self._report
        parts = [f"## {labels.verification}", labels.nothing_checked]
        if report.checked_total:
            parts[1] = labels.verified.format(report.verified_total, report.checked_total)
        missing = dict.fromkeys((found.literal, found.kind) for found in report.unverified)
        if missing:
            lines = [f"- {code_span(literal)} ({labels.kinds[kind]})" for literal, kind in missing]
            parts += [labels.unverified, self._bounded(lines, _MOST_UNVERIFIED)]
        unused = [
            self._times.items[item_id] for item_id in report.unused_item_ids if item_id in self._times.items
        ]
        if unused:
            lines = [f"- {self._unused(item)}" for item in unused]
            parts += [labels.unused, self._bounded(lines, _MOST_UNUSED)]
        if report.statements_without_evidence:
            parts.append(labels.without_evidence.format(len(report.statements_without_evidence)))
        return "\n\n".join(parts)

    def _unused(self, item: Item) -> str:
        text = sanitize_inline(_shortened(item.text, _UNUSED_WORDS), self._policy)
        return f"{text} {self._times.marks((item.id,))}"

    def _bounded(self, lines: Sequence[str], most: int) -> str:
        shown = list(lines[:most])
        if len(lines) > most:
            shown.append(f"- {self._labels.more.format(len(lines) - most)}")
        return "\n".join(shown)


def _shortened(text: str, most_words: int) -> str:
    """The first words of a text; code is never cut in two."""
    words = text.split()
    if len(words) <= most_words:
        return text
    cut = " ".join(words[:most_words])
    if cut.count("`") % 2:
        cut = cut[: cut.rindex("`")]
    return cut.rstrip(" ,;:.") + " …"

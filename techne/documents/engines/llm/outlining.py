"""Stage 4: the document's title, summary and sections, each with the items that it must cover.

Items that do not fit one call are outlined in batches, and the sections of the batches are then grouped as
items were before. Whatever the model answers, every item ends up in exactly one section.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from techne.documents.engines.llm.answers import STATEMENTS_SCHEMA, sane_title, statements
from techne.documents.engines.llm.calls import ModelCalls, Tally, batched_by_tokens, together
from techne.documents.engines.llm.rendering import item_line, neutralised
from techne.documents.engines.llm.sections import DraftSection, repaired_sections
from techne.documents.model import Item, Outline, Problem, Statement
from techne.documents.prompts import Prompt, load_prompt
from techne.errors import OutputValidationError, ProcessingError, RequestTooLargeError

_TEXT_WORDS = 7
"""Words of an item that the outline needs: what it is about, not what it says."""
_ANSWER_TOKENS_PER_ITEM = 8
_ANSWER_TOKENS_FOR_REST = 400
_FEWEST_LINES = 4
_MOST_SUMMARY_STATEMENTS = 6

_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "summary": STATEMENTS_SCHEMA,
        "sections": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "title": {"type": "string"},
                    "purpose": {"type": "string"},
                    "items": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["title", "purpose", "items"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["title", "summary", "sections"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class _Draft:
    """An answer, as far as it is believed."""

    title: str
    summary: tuple[Statement, ...]
    sections: tuple[DraftSection, ...]


class Outliner:
    """Makes the outline of one document."""

    def __init__(self, calls: ModelCalls, language: str) -> None:
        self._calls = calls
        self._language = language
        self._prompt: Prompt = load_prompt("outline", language)
        self._room = calls.data_tokens(self._prompt, self._prompt.user(items=""))
        answer = calls.output_tokens(self._prompt) - _ANSWER_TOKENS_FOR_REST
        self._most_lines = max(12, answer // _ANSWER_TOKENS_PER_ITEM)
        self._tally = Tally()

    async def outline(self, items: Sequence[Item], problems: Sequence[Problem]) -> Outline:
        """The outline, repaired.

        Raises:
            ProcessingError: No valid answer even for a small batch of items.
            LLMError: The provider failed.
        """
        problem_of = _problem_of_items(problems)
        lines = {
            item.id: item_line(
                item, code=False, problem_id=problem_of.get(item.id, ""), max_words=_TEXT_WORDS
            )
            for item in items
        }
        draft = await self._drafted(lines, "1") if lines else _Draft("", (), ())
        sections = repaired_sections(draft.sections, items, problems, self._language)
        return Outline(
            title=draft.title or (sections[0].title if sections else ""),
            summary=draft.summary[:_MOST_SUMMARY_STATEMENTS],
            sections=sections,
            usage=self._tally.usage,
            cost_usd=self._tally.cost_usd,
            paid_calls=self._tally.paid_calls,
            models=self._tally.models,
        )

    async def _drafted(self, lines: Mapping[str, str], label: str) -> _Draft:
        ids = list(lines)
        batches = batched_by_tokens(
            [self._calls.line_tokens(line) for line in lines.values()],
            most_tokens=self._room,
            most_items=self._most_lines,
        )
        drafts = await together(
            self._asked({line_id: lines[line_id] for line_id in ids[batch]}, f"{label}.{number}")
            for number, batch in enumerate(batches, 1)
        )
        if len(drafts) == 1:
            return drafts[0]
        return await self._joined(drafts, len(ids), label)

    async def _joined(self, drafts: Sequence[_Draft], lines: int, label: str) -> _Draft:
        """Groups the sections of the batches by asking the same question about them."""
        summary = tuple(
            one for row in zip_longest(*(draft.summary for draft in drafts)) for one in row if one is not None
        )[:_MOST_SUMMARY_STATEMENTS]
        sections = [section for draft in drafts for section in draft.sections]
        if not len(drafts) < len(sections) < lines:  # nothing to group, or no progress
            return _Draft(drafts[0].title, summary, tuple(sections))
        by_id = {f"i{number:03d}": section for number, section in enumerate(sections, 1)}
        joined = await self._drafted(
            {handle: neutralised(f"{handle} section: {one.title}") for handle, one in by_id.items()},
            f"{label}.sections",
        )
        grouped = {handle for group in joined.sections for handle in group.item_ids}
        return _Draft(
            joined.title,
            summary,
            (
                *(
                    DraftSection(
                        group.title,
                        group.purpose,
                        tuple(item_id for handle in group.item_ids for item_id in by_id[handle].item_ids),
                    )
                    for group in joined.sections
                ),
                *(section for handle, section in by_id.items() if handle not in grouped),
            ),
        )

    async def _asked(self, lines: Mapping[str, str], label: str) -> _Draft:
        try:
            response = await self._calls.ask(
                self._prompt,
                self._prompt.user(items="\n".join(lines.values())),
                self._tally,
                label=label,
                schema=_SCHEMA,
            )
        except (OutputValidationError, RequestTooLargeError) as error:
            failure = error
        else:
            return _believed(response.parsed, lines)
        if len(lines) < 2 * _FEWEST_LINES:
            raise ProcessingError(
                f"Stage 4 (outline) got no usable answer for {len(lines)} items from {next(iter(lines))}: "
                f"{failure.message}",
                cure=failure.cure,
            ) from failure
        ids = list(lines)
        middle = len(ids) // 2
        first, second = await together(
            self._asked({line_id: lines[line_id] for line_id in half}, f"{label}{side}")
            for side, half in (("a", ids[:middle]), ("b", ids[middle:]))
        )
        return _Draft(
            first.title or second.title, first.summary + second.summary, first.sections + second.sections
        )


def _believed(answer: dict[str, Any], known: Mapping[str, str]) -> _Draft:
    """Known ids only, and each of them in the first section that has it."""
    left = dict.fromkeys(known)
    sections: list[DraftSection] = []
    for section in answer["sections"]:
        own = tuple(item_id for item_id in dict.fromkeys(section["items"]) if item_id in left)
        for item_id in own:
            del left[item_id]
        if own:
            purpose = " ".join(section["purpose"].split())
            sections.append(DraftSection(sane_title(section["title"]), purpose, own))
    summary = statements(answer["summary"], known.keys())
    return _Draft(sane_title(answer["title"]), summary, tuple(sections))


def _problem_of_items(problems: Sequence[Problem]) -> dict[str, str]:
    """The problem that each item belongs to: as its error, or as the first that rests on it."""
    belongs: dict[str, str] = {}
    for problem in problems:
        belongs.update(dict.fromkeys(problem.item_ids, problem.id))
    for problem in problems:
        for statement in (*problem.debugging, *problem.solutions, *problem.prevention):
            for item_id in statement.item_ids:
                belongs.setdefault(item_id, problem.id)
    return belongs

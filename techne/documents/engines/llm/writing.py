"""Stage 5: one section's Markdown, from exactly its items and problems.

A section that does not fit one call is written in parts. An answer that is cut off is continued; what it
still does not say is listed at the end, so that no item is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from techne.documents.engines.llm.calls import ModelCalls, Tally, batched_by_tokens, together
from techne.documents.engines.llm.prose import (
    cited_ids,
    joined_at_seam,
    listed_items,
    tidied,
    without_last_block,
)
from techne.documents.engines.llm.rendering import item_line, neutralised, problem_lines
from techne.documents.model import Item, OutlineSection, Problem, WrittenSection
from techne.documents.prompts import Prompt, load_prompt

MOST_CONTINUATIONS = 4
_TEMPERATURE = 0.2
_PROSE_PER_DATA = 1.6
"""Tokens of prose that a token of items becomes, at the most that is usual."""
_LEAST_OUTPUT_TOKENS = 96
_CONTINUATION_TOKENS = 96
"""What providers say around the beginning of an answer to have it continued."""


class SectionWriter:
    """Writes one section."""

    def __init__(self, calls: ModelCalls, section: OutlineSection, language: str) -> None:
        self._calls = calls
        self._section = section
        self._language = language
        self._prompt: Prompt = load_prompt("write", language)
        self._output = calls.output_tokens(self._prompt)
        self._head = "\n".join(filter(None, map(neutralised, (section.title, section.purpose))))
        room = calls.data_tokens(self._prompt, self._prompt.user(section=self._head, items=""))
        self._room = min(room, int(self._output / _PROSE_PER_DATA))
        self._tally = Tally()

    async def write(self, items: Sequence[Item], problems: Sequence[Problem]) -> WrittenSection:
        """The section; every item is cited in it, and nothing else is.

        Raises:
            LLMError: The provider failed.
        """
        written = await together(
            self._written(part, f"{number}") for number, part in enumerate(self._parts(items, problems), 1)
        )
        known = {item.id for item in items}.union(_ids_of(problems))
        markdown = tidied("\n\n".join(text for text, _ in written), self._section.title, known)
        cited = cited_ids(markdown)
        left = [item for item in items if item.id not in cited]
        if left:
            markdown = "\n\n".join(part for part in (markdown, listed_items(left, self._language)) if part)
        return WrittenSection(
            section_id=self._section.id,
            markdown=markdown,
            truncated=any(cut for _, cut in written),
            usage=self._tally.usage,
            cost_usd=self._tally.cost_usd,
            paid_calls=self._tally.paid_calls,
            models=self._tally.models,
        )

    def _parts(self, items: Sequence[Item], problems: Sequence[Problem]) -> list[_Part]:
        """Problems with their own items first, then the rest, in as many parts as the context asks for."""
        left = {item.id: item for item in items}
        given = frozenset(left)
        blocks: list[_Part] = []
        for problem in problems:
            own = [left.pop(item_id) for item_id in _ids_of([problem]) if item_id in left]
            lines = {item.id: item_line(item, problem_id=problem.id) for item in own}
            blocks.append(_Part(problem_lines(problem, given), lines))
        blocks += [_Part([], {item.id: item_line(item)}) for item in left.values()]
        pieces = [
            piece
            for block in blocks
            for piece in ([block] if self._tokens(block) <= self._room else block.pieces())
        ]
        batches = batched_by_tokens(
            [self._tokens(piece) for piece in pieces], most_tokens=self._room, most_items=len(pieces)
        )
        return [_Part.joined(pieces[batch]) for batch in batches]

    def _tokens(self, part: _Part) -> int:
        return sum(map(self._calls.line_tokens, part.lines))

    async def _written(self, part: _Part, label: str) -> tuple[str, bool]:
        """The part's text, and whether it is still cut off."""
        done, text = "", ""
        question = self._question(part)
        prefill: str | None = None
        for continuation in range(MOST_CONTINUATIONS + 1):
            response = await self._calls.ask(
                self._prompt,
                question,
                self._tally,
                label=f"{self._section.id}.{label}" + (f"+{continuation}" if continuation else ""),
                temperature=_TEMPERATURE,
                prefill=prefill,
                max_output_tokens=self._allowance(question, prefill),
            )
            text = joined_at_seam(text, response.text) if prefill else response.text.lstrip()
            if not response.truncated:
                return done + text, False
            if self._can_continue(question, text):
                prefill = text.rstrip()
                continue
            # No room for the question and all of the answer: keep what is complete, ask for the rest.
            complete = without_last_block(text)
            part = part.without(cited_ids(complete))
            if not part.items:
                return done + complete, False
            if not cited_ids(complete):  # the same question would be cut off in the same place
                break
            done, text, prefill = f"{done}{complete}\n\n", "", None
            question = self._question(part)
        return (done + text).rstrip(), True

    def _question(self, part: _Part) -> str:
        return self._prompt.user(section=self._head, items="\n".join(part.lines))

    def _allowance(self, question: str, prefill: str | None) -> int:
        """What the context leaves for the answer once it holds the beginning of it."""
        if prefill is None:
            return self._output
        sent = sum(map(self._calls.tokens, (self._prompt.system, question, prefill)))
        return min(self._output, self._calls.capabilities.context_tokens - sent - _CONTINUATION_TOKENS)

    def _can_continue(self, question: str, text: str) -> bool:
        if not self._calls.capabilities.continues_prefill or not text.strip():
            return False
        return self._allowance(question, text) >= _LEAST_OUTPUT_TOKENS


@dataclass(frozen=True, slots=True)
class _Part:
    """What one call is given: lines of problems, and items by their ids."""

    problems: list[str]
    items: dict[str, str]

    @property
    def lines(self) -> list[str]:
        return [*self.problems, *self.items.values()]

    def pieces(self) -> list[_Part]:
        """Its items without the problem's own words, one by one."""
        return [_Part([], {item_id: line}) for item_id, line in self.items.items()]

    def without(self, item_ids: set[str]) -> _Part:
        return _Part([], {item_id: line for item_id, line in self.items.items() if item_id not in item_ids})

    @classmethod
    def joined(cls, parts: Sequence[_Part]) -> _Part:
        return cls(
            [line for part in parts for line in part.problems],
            {item_id: line for part in parts for item_id, line in part.items.items()},
        )


def _ids_of(problems: Sequence[Problem]) -> list[str]:
    """Ids of a problem's errors and of what belongs to it, in the order of use."""
    return [
        item_id
        for problem in problems
        for ids in (
            problem.item_ids,
            *(one.item_ids for one in (*problem.debugging, *problem.solutions, *problem.prevention)),
        )
        for item_id in ids
    ]

"""Stage 2: what the turns of one chunk say, as items whose quotes have been found in those turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from techne.documents.engines.llm.calls import ModelCalls, Tally, together
from techne.documents.engines.llm.quotes import QuoteFinder
from techne.documents.engines.llm.rendering import turn_line, turn_lines
from techne.documents.model import Extraction, Item, ItemKind
from techne.documents.prompts import Prompt, load_prompt
from techne.errors import OutputValidationError, ProcessingError, RequestTooLargeError
from techne.transcripts.model import Chunk, Turn
from techne.transcripts.tokens import estimate_tokens

KIND_GROUPS: tuple[tuple[ItemKind, ...], ...] = (
    (ItemKind.ERROR, ItemKind.DIAGNOSTIC, ItemKind.SOLUTION),
    (ItemKind.COMMAND, ItemKind.CONFIGURATION),
    (ItemKind.RISK, ItemKind.RULE, ItemKind.PREVENTION, ItemKind.CONCEPT),
)
"""What is asked for together when each chunk is asked about by kind (S4-10)."""

_INPUT_PER_OUTPUT = 6
"""Tokens of transcript whose items fit one token of answer: a token of speech makes about a sixth of one."""
_MOST_HALVINGS = 3
_SMALLEST_PART_TOKENS = 48
_LONGEST_TEXT = 700
_SHOWN = 60


def chunk_budget(calls: ModelCalls, language: str) -> int:
    """Tokens of transcript, context turns included, that one call can take and answer completely."""
    prompt = load_prompt("extract", language)
    room = calls.data_tokens(prompt, prompt.user(before="", recording="", kinds=_listed(ItemKind)))
    return min(room, calls.output_tokens(prompt) * _INPUT_PER_OUTPUT)


class ChunkReader:
    """Reads one chunk.

    An answer that stays invalid or is cut off is asked for again on each half of the turns, so that a small
    model's limits cost calls, not content.
    """

    def __init__(self, calls: ModelCalls, chunk: Chunk, language: str) -> None:
        self._calls = calls
        self._chunk = chunk
        self._prompt: Prompt = load_prompt("extract", language)
        self._tally = Tally()

    async def read(self, groups: Sequence[Sequence[ItemKind]]) -> Extraction:
        """The items of the chunk, from one call for each group of kinds.

        Raises:
            ProcessingError: No valid answer even for a small part of the chunk.
            LLMError: The provider failed.
        """
        whole = _Part(self._chunk.turns, self._chunk.context)
        answers = await together(self._read(whole, kinds, f"{n}") for n, kinds in enumerate(groups, 1))
        finder = QuoteFinder(self._chunk.turns)
        items: list[Item] = []
        rejected: list[str] = []
        for answer in chain.from_iterable(answers):
            item = _item(answer, finder, len(items) + 1)
            if isinstance(item, Item):
                items.append(item)
            else:
                rejected.append(item)
        return Extraction(
            items=tuple(items),
            rejected=tuple(rejected),
            usage=self._tally.usage,
            cost_usd=self._tally.cost_usd,
            paid_calls=self._tally.paid_calls,
            models=self._tally.models,
        )

    async def _read(
        self, part: _Part, kinds: Sequence[ItemKind], label: str, halvings: int = 0
    ) -> list[dict[str, Any]]:
        question = self._prompt.user(
            before=turn_lines(part.before),
            recording=turn_lines(part.turns),
            kinds=_listed(kinds),
        )
        try:
            response = await self._calls.ask(
                self._prompt,
                question,
                self._tally,
                label=f"{self._chunk.index + 1}.{label}",
                schema=_schema(kinds),
            )
        except (OutputValidationError, RequestTooLargeError) as error:
            failure = error
        else:
            found: list[dict[str, Any]] = response.parsed["items"]
            return found
        halves = part.halves() if halvings < _MOST_HALVINGS else None
        if halves is None:
            raise ProcessingError(
                f"Stage 2 (extract) got no usable answer for chunk {self._chunk.index + 1} of "
                f"{self._chunk.total}: {failure.message}",
                cure=failure.cure,
            ) from failure
        first, second = await together(
            self._read(half, kinds, f"{label}{side}", halvings + 1)
            for side, half in zip("ab", halves, strict=True)
        )
        return first + second


@dataclass(frozen=True, slots=True)
class _Part:
    """Turns to extract from, and turns before them to understand them by."""

    turns: tuple[Turn, ...]
    before: tuple[Turn, ...]

    def halves(self) -> tuple[_Part, _Part] | None:
        """Two parts of about equal tokens, without context; None where it is too small to divide."""
        tokens = [estimate_tokens(turn_line(turn)) for turn in self.turns]
        if sum(tokens) < 2 * _SMALLEST_PART_TOKENS:
            return None
        if len(self.turns) == 1:
            return self._halved_turn(self.turns[0])
        sizes = [sum(tokens[:cut]) for cut in range(1, len(tokens))]
        cut = min(range(len(sizes)), key=lambda n: abs(sizes[n] - sum(tokens) / 2)) + 1
        return _Part(self.turns[:cut], ()), _Part(self.turns[cut:], ())

    def _halved_turn(self, turn: Turn) -> tuple[_Part, _Part] | None:
        """Cut after the sentence, or else the word, that ends nearest to the middle."""
        middle = len(turn.text) / 2
        ends = [n + 1 for n, mark in enumerate(turn.text[:-1]) if mark in ".!?" and turn.text[n + 1] == " "]
        ends = ends or [n for n, mark in enumerate(turn.text) if mark == " "]
        if not ends:
            return None
        cut = min(ends, key=lambda end: abs(end - middle))
        at = turn.seconds_at(cut)
        first = turn.model_copy(update={"text": turn.text[:cut].strip(), "end_seconds": at})
        second = turn.model_copy(update={"text": turn.text[cut:].strip(), "start_seconds": at})
        return _Part((first,), ()), _Part((second,), ())


def _listed(kinds: Sequence[ItemKind] | type[ItemKind]) -> str:
    return ", ".join(kind.value for kind in kinds)


def _schema(kinds: Sequence[ItemKind]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "items": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "kind": {"type": "string", "enum": [kind.value for kind in kinds]},
                        "text": {"type": "string"},
                        "code": {"type": "string"},
                        "turn": {"type": "string"},
                        "quote": {"type": "string"},
                    },
                    "required": ["kind", "text", "turn", "quote"],
                    "additionalProperties": False,
                },
            }
        },
        "required": ["items"],
        "additionalProperties": False,
    }


def _item(answer: dict[str, Any], finder: QuoteFinder, number: int) -> Item | str:
    """The item, or why it is refused."""
    text = " ".join(answer["text"].split())[:_LONGEST_TEXT]
    code = " ".join(answer.get("code", "").split()).strip("`")
    shown = f"{answer['kind']} “{text[:_SHOWN]}” ({answer['turn'][:_SHOWN]})"
    if not text:
        return f"{shown}: it says nothing"
    evidence = finder.find(answer["turn"].strip(), answer["quote"])
    if not evidence:
        return f"{shown}: nobody says “{answer['quote'][:_SHOWN]}”"
    return Item(
        id=f"i{number:03d}", kind=ItemKind(answer["kind"]), text=text, code=code or None, evidence=evidence
    )

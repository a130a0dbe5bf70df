"""Stage 3: the problem that each error is, with its debugging steps, solutions and prevention.

The model says which items belong to a problem and in what order; the words stay those of the items, so that
nothing is paraphrased on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from techne.documents.engines.llm.answers import sane_title
from techne.documents.engines.llm.calls import ModelCalls, Tally, batched_by_tokens, together
from techne.documents.engines.llm.rendering import item_line
from techne.documents.mapping import CANDIDATES_PER_PROBLEM, rank_candidates, unsolved_problem
from techne.documents.model import ContentMap, Item, Problem, Statement
from techne.documents.prompts import Prompt, load_prompt
from techne.errors import OutputValidationError, ProcessingError, RequestTooLargeError

_ANSWER_TOKENS_PER_PROBLEM = 120
_CONTEXT_TOKENS_PER_PROBLEM = 500
_MOST_PROBLEMS = 8
_LISTED_WORDS = 12
"""Words of an item that show whether it belongs to a problem."""
_IDS = {"type": "array", "items": {"type": "string"}}
_PARTS = ("debugging", "solutions", "prevention")

_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "problems": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "title": {"type": "string"},
                    "errors": _IDS,
                    **dict.fromkeys(_PARTS, _IDS),
                },
                "required": ["title", "errors", *_PARTS],
                "additionalProperties": False,
            },
        }
    },
    "required": ["problems"],
    "additionalProperties": False,
}


def problems_per_call(calls: ModelCalls) -> int:
    """Errors that are worth asking about together: each shares the prompt, and its candidates with others."""
    return max(1, min(_MOST_PROBLEMS, calls.capabilities.context_tokens // _CONTEXT_TOKENS_PER_PROBLEM))


class ProblemMapper:
    """Maps one group of errors, in as many calls as the context asks for."""

    def __init__(self, calls: ModelCalls, language: str) -> None:
        self._calls = calls
        self._prompt: Prompt = load_prompt("map", language)
        self._room = calls.data_tokens(self._prompt, self._prompt.user(errors="", candidates=""))
        self._tally = Tally()

    async def map(self, errors: Sequence[Item], candidates: Sequence[Item]) -> ContentMap:
        """One problem per error, or per few that are the same.

        Raises:
            ProcessingError: No valid answer even for a single error.
            LLMError: The provider failed.
        """
        answers = await together(self._map(errors[batch], candidates) for batch in self._batches(errors))
        return ContentMap(
            problems=tuple(
                problem.model_copy(update={"id": f"p{number:02d}"})
                for number, problem in enumerate(chain.from_iterable(answers), 1)
            ),
            usage=self._tally.usage,
            cost_usd=self._tally.cost_usd,
            paid_calls=self._tally.paid_calls,
            models=self._tally.models,
        )

    def _batches(self, errors: Sequence[Item]) -> list[slice]:
        """Errors leave at least as much room for their candidates as they take, several times over."""
        return batched_by_tokens(
            [self._calls.line_tokens(_line(error)) for error in errors],
            most_tokens=self._room // 4,
            most_items=max(1, self._calls.output_tokens(self._prompt) // _ANSWER_TOKENS_PER_PROBLEM),
        )

    async def _map(self, errors: Sequence[Item], candidates: Sequence[Item]) -> list[Problem]:
        chosen = self._fitting(errors, candidates)
        question = self._prompt.user(
            errors="\n".join(map(_line, errors)), candidates="\n".join(map(_line, chosen))
        )
        try:
            response = await self._calls.ask(
                self._prompt, question, self._tally, label=errors[0].id, schema=_SCHEMA
            )
        except (OutputValidationError, RequestTooLargeError) as error:
            failure = error
        else:
            return _problems(response.parsed["problems"], errors, chosen)
        if len(errors) == 1:
            raise ProcessingError(
                f"Stage 3 (map) got no usable answer for the error {errors[0].id}, “{errors[0].text}”: "
                f"{failure.message}",
                cure=failure.cure,
            ) from failure
        middle = len(errors) // 2
        halves = (errors[:middle], errors[middle:])
        first, second = await together(self._map(half, candidates) for half in halves)
        return first + second

    def _fitting(self, errors: Sequence[Item], candidates: Sequence[Item]) -> list[Item]:
        """The candidates that fit, the likeliest of each error before the second likeliest of any."""
        room = self._room - sum(self._calls.line_tokens(_line(error)) for error in errors)
        ranked = [rank_candidates(error, candidates)[:CANDIDATES_PER_PROBLEM] for error in errors]
        chosen: set[str] = set()
        for rank in range(max(map(len, ranked))):
            for candidate in (ranking[rank] for ranking in ranked if rank < len(ranking)):
                cost = self._calls.line_tokens(_line(candidate))
                if candidate.id not in chosen and cost <= room:
                    chosen.add(candidate.id)
                    room -= cost
        return [candidate for candidate in candidates if candidate.id in chosen]


def _line(item: Item) -> str:
    return item_line(item, max_words=_LISTED_WORDS)


def _problems(
    answers: Sequence[dict[str, Any]], errors: Sequence[Item], candidates: Sequence[Item]
) -> list[Problem]:
    """What holds of the answer: known ids only, each error in one problem, none without one."""
    left = {error.id: error for error in errors}
    known = {candidate.id: candidate for candidate in candidates}
    problems: list[Problem] = []
    for answer in answers:
        own = tuple(item_id for item_id in dict.fromkeys(answer["errors"]) if item_id in left)
        if not own:
            continue
        debugging, solutions, prevention = (
            tuple(
                Statement(text=known[item_id].text, item_ids=(item_id,))
                for item_id in dict.fromkeys(answer[part])
                if item_id in known
            )
            for part in _PARTS
        )
        problems.append(
            Problem(
                id="p01",
                title=sane_title(answer["title"]) or left[own[0]].text.rstrip(". "),
                item_ids=own,
                debugging=debugging,
                solutions=solutions,
                prevention=prevention,
            )
        )
        for item_id in own:
            del left[item_id]
    return problems + [unsolved_problem(error) for error in left.values()]

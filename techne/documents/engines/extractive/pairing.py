"""Which items belong to which problem: by time, by words in common, by who answers whom."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from techne.documents.engines.extractive.headings import is_heading
from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.phrasing import label_of, title_of
from techne.documents.model import Item, ItemKind, Problem, Statement
from techne.documents.wording import overlap, wording

_NEW_AFTER_SECONDS = 45.0
_ALIKE_SECONDS = 110.0
_HYPOTHESIS_SECONDS = 20.0
"""Time in which "if it says denied" is a step of the diagnosis and no problem of its own."""
_LONGEST_SECONDS = 240.0
_ALIKE = 0.2
_REACH_SECONDS = 110.0
_NEXT_SECONDS = 50.0
_BEFORE_SECONDS = 45.0
_TAIL_SECONDS = 70.0
MOST_BLOCK_WORDS = 260
"""Words of a problem after which what merely lies near it goes elsewhere."""

_SOLVING = frozenset({ItemKind.SOLUTION, ItemKind.COMMAND, ItemKind.CONFIGURATION})
_CURING = frozenset({ItemKind.SOLUTION, ItemKind.COMMAND})
_FOLLOWING = frozenset({ItemKind.SOLUTION, ItemKind.COMMAND, ItemKind.DIAGNOSTIC, ItemKind.PREVENTION})


def start_of(item: Item) -> float:
    """The time of an item's first quote."""
    return min(evidence.start_seconds for evidence in item.evidence)


@dataclass(slots=True)
class _Episode:
    """A problem in the making."""

    errors: list[Item]
    others: list[Item] = field(default_factory=list)
    solved: bool = False
    """Whether what was done about it has been told since its last error."""

    @property
    def first(self) -> float:
        return start_of(self.errors[0])

    @property
    def last(self) -> float:
        return max(start_of(item) for item in (*self.errors, *self.others))


def problems_of(errors: Sequence[Item], candidates: Sequence[Item], lexicon: Lexicon) -> list[Problem]:
    """The problems that the errors are, each with the candidates that belong to it."""
    episodes = _episodes(errors, candidates, lexicon)
    known = {item.id for episode in episodes for item in episode.others}
    for candidate in sorted(candidates, key=_order):
        if candidate.id not in known:
            episode = _home(candidate, episodes)
            if episode is not None:
                episode.others.append(candidate)
    return [_problem(number, episode, lexicon) for number, episode in enumerate(episodes, 1)]


def _order(item: Item) -> tuple[float, str]:
    return (start_of(item), item.id)


def _episodes(errors: Sequence[Item], candidates: Sequence[Item], lexicon: Lexicon) -> list[_Episode]:
    """Reads the items as they were told: error, what was done about it, the next error.

    What is told before any error of its subject stays for `_home`.
    """
    error_ids = {item.id for item in errors}
    episodes: list[_Episode] = []
    current: _Episode | None = None
    for item in sorted((*errors, *candidates), key=_order):
        if item.id in error_ids:
            if current is not None and _continues(current, item, lexicon):
                current.errors.append(item)
                current.solved = False
            else:
                current = _Episode([item])
                episodes.append(current)
        elif current is not None:
            answers = item.kind in _FOLLOWING and not current.solved
            if (_is_announced(item, lexicon) and not answers) or not _is_near(item, current):
                current = None
                continue
            current.others.append(item)
            looks = item.kind is ItemKind.COMMAND and lexicon.look.search(fold(item.text)) is not None
            cures = (item.kind in _CURING and not looks) or _is_cure(item, lexicon)
            current.solved = current.solved or cures
    return episodes


def _is_near(item: Item, episode: _Episode) -> bool:
    since_told = start_of(item) - episode.last
    since_error = start_of(item) - start_of(episode.errors[-1])
    if _words((*episode.errors, *episode.others, item)) > MOST_BLOCK_WORDS:
        return False
    return since_told <= _NEXT_SECONDS and (since_error <= _REACH_SECONDS or not episode.solved)


def _continues(episode: _Episode, error: Item, lexicon: Lexicon) -> bool:
    gap = start_of(error) - episode.last
    if start_of(error) - episode.first > _LONGEST_SECONDS or _is_announced(error, lexicon):
        return False
    if gap <= _HYPOTHESIS_SECONDS and lexicon.hypothesis.match(fold(error.text)):
        return True
    alike = any(_kinship(error, known) >= _ALIKE for known in episode.errors)
    if episode.solved and not alike and _is_marked(error, lexicon):
        return False
    return gap <= (_ALIKE_SECONDS if alike else _NEW_AFTER_SECONDS)


def _is_marked(error: Item, lexicon: Lexicon) -> bool:
    """Whether it shows a symptom or an error of its own, and does not merely speak of errors."""
    folded = fold(error.text)
    return any(cue.search(folded) for cue in (lexicon.named_error, lexicon.message, lexicon.symptom))


def _is_announced(item: Item, lexicon: Lexicon) -> bool:
    return lexicon.new_problem.search(fold(item.evidence[0].quote)) is not None or _has_heading(item, lexicon)


def _has_heading(item: Item, lexicon: Lexicon) -> bool:
    """Whether the speaker names a subject in a few words before telling of it: "Out of memory. It ..."."""
    first, *rest = _SENTENCE_END.split(item.evidence[0].quote, maxsplit=1)
    return bool(rest or len(item.evidence) > 1) and is_heading(first, lexicon)


_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")


def _kinship(one: Item, other: Item) -> float:
    first, second = wording(one.text), wording(other.text)
    return overlap(first.stems | first.numbers, second.stems | second.numbers)


def _home(candidate: Item, episodes: Sequence[_Episode]) -> _Episode | None:
    """The episode that the candidate is told in; else the one it shares words with."""
    time = start_of(candidate)
    for episode in reversed(episodes):
        if episode.first <= time:
            if time - episode.last <= _REACH_SECONDS:
                return episode
            break
    following = next((episode for episode in episodes if episode.first > time), None)
    if following and following.first - time <= _BEFORE_SECONDS and _shares(candidate, following):
        return following
    alike = [(max(_kinship(candidate, error) for error in episode.errors), episode) for episode in episodes]
    best = max(alike, key=lambda pair: pair[0], default=None)
    return best[1] if best and best[0] >= 2 * _ALIKE else None


def _shares(candidate: Item, episode: _Episode) -> bool:
    return any(_kinship(candidate, error) >= _ALIKE / 2 for error in episode.errors)


def _problem(number: int, episode: _Episode, lexicon: Lexicon) -> Problem:
    def told(kinds: frozenset[ItemKind]) -> tuple[Statement, ...]:
        return tuple(
            Statement(text=label_of(item, lexicon), item_ids=(item.id,))
            for item in episode.others
            if item.kind in kinds
        )

    solving = [item for item in episode.others if item.kind in _SOLVING]
    # What is named a solution stands first: it is what an overview shows.
    solving.sort(
        key=lambda item: (item.kind is not ItemKind.SOLUTION and not _is_cure(item, lexicon), _order(item))
    )
    return Problem(
        id=f"p{number:02d}",
        title=title_of(episode.errors, lexicon),
        item_ids=tuple(item.id for item in episode.errors),
        debugging=told(frozenset({ItemKind.DIAGNOSTIC, ItemKind.CONCEPT})),
        solutions=tuple(Statement(text=label_of(item, lexicon), item_ids=(item.id,)) for item in solving),
        prevention=told(frozenset({ItemKind.PREVENTION, ItemKind.RISK, ItemKind.RULE})),
    )


def _is_cure(item: Item, lexicon: Lexicon) -> bool:
    return lexicon.solution.search(fold(item.text)) is not None


def allocated(items: Sequence[Item], problems: Sequence[Problem]) -> dict[str, list[Item]]:
    """The items of each problem, in order of time, none in two of them.

    An item that several problems claim goes to the one it is told in. An item that lies between those of a
    problem, or continues them, joins it as long as the problem stays short enough to be read at a glance.
    """
    by_id = {item.id: item for item in items}
    told: dict[str, list[Item]] = {problem.id: [] for problem in problems}
    taken: set[str] = set()
    for problem in problems:
        for item_id in problem.item_ids:
            if item_id in by_id and item_id not in taken:
                taken.add(item_id)
                told[problem.id].append(by_id[item_id])
    starts = sorted((start_of(own[0]), problem_id) for problem_id, own in told.items() if own)
    for item_id, claims in _claims(problems).items():
        item = by_id.get(item_id)
        if item is None or item_id in taken or not claims:
            continue
        taken.add(item_id)
        told[_nearest(item, claims, starts)].append(item)
    for item in sorted(items, key=_order):
        if item.id in taken:
            continue
        home = _surrounding(item, starts, told)
        if home is not None and _words(told[home]) + len(item.text.split()) <= MOST_BLOCK_WORDS:
            told[home].append(item)
            taken.add(item.id)
    return {problem_id: sorted(own, key=_order) for problem_id, own in told.items()}


def _claims(problems: Sequence[Problem]) -> dict[str, list[str]]:
    claims: dict[str, list[str]] = {}
    for problem in problems:
        for statement in (*problem.debugging, *problem.solutions, *problem.prevention):
            for item_id in statement.item_ids:
                claims.setdefault(item_id, []).append(problem.id)
    return claims


def _nearest(item: Item, claims: Sequence[str], starts: Sequence[tuple[float, str]]) -> str:
    time = start_of(item)
    before = [problem_id for start, problem_id in starts if start <= time and problem_id in claims]
    return before[-1] if before else claims[0]


def _surrounding(item: Item, starts: Sequence[tuple[float, str]], told: dict[str, list[Item]]) -> str | None:
    time = start_of(item)
    before = [problem_id for start, problem_id in starts if start <= time]
    if not before:
        return None
    last = max(map(start_of, told[before[-1]]))
    if time <= last:
        return before[-1]
    near = time - last <= _TAIL_SECONDS
    return before[-1] if near and item.kind in _FOLLOWING else None


def _words(items: Sequence[Item]) -> int:
    return sum(len(item.text.split()) for item in items)

"""Plans stage 3 and joins its answers.

Each error item is a problem, or joins one. Planning says which errors are looked at together, because they
may be one problem, and which other items may belong to them, because they are said near them or in the same
words. What belongs to what is the engine's to decide (S4-11).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, exp, log

from techne.documents.merging import all_models, total_cost
from techne.documents.model import ContentMap, Item, ItemKind, Problem
from techne.documents.wording import overlap, wording
from techne.llm.model import Usage

CANDIDATES_PER_PROBLEM = 4
"""Most items offered for one problem."""

_CANDIDATE_KINDS = frozenset(ItemKind) - {ItemKind.ERROR, ItemKind.CONCEPT}
_NEIGHBOURS = 16
"""Items on either side in time that are considered; further ones only for a rare word in common."""
_BUCKET = 32
_RARE_WORDS = 4
_FADES_AFTER_SECONDS = 120.0
_LOOKS_BACK = 0.4
"""Weight of what was said before an error: its solution is told after it, its diagnosis at times before."""
_SAME_PROBLEM_SECONDS = 180.0
_SAME_PROBLEM_OVERLAP = 0.34
_SAME_PROBLEM_FAR_OVERLAP = 0.6


@dataclass(frozen=True, slots=True)
class MappingGroup:
    """What one call of `DocumentEngine.map` is given, both in order of time."""

    problem_items: tuple[Item, ...]
    candidates: tuple[Item, ...]


def plan_mapping(items: Sequence[Item], *, max_groups: int, per_call: int) -> tuple[MappingGroup, ...]:
    """Divides the errors among calls and preselects the candidates of each.

    Args:
        items: Merged items, in order of time.
        max_groups: Most groups; `per_call` gives way where there are too many errors for it.
        per_call: Most errors in one group.

    Returns:
        Groups in order of time; every error item is in exactly one. None if there are no errors.
    """
    if max_groups < 1 or per_call < 1:
        raise ValueError("max_groups and per_call are at least 1")
    errors = sorted((item for item in items if item.kind is ItemKind.ERROR), key=_time)
    if not errors:
        return ()
    size = max(per_call, ceil(len(errors) / max_groups))
    index = _CandidateIndex([item for item in items if item.kind in _CANDIDATE_KINDS])
    packed = _packed(_clusters(errors, size), size)
    if len(packed) > max_groups:
        ordered = [error for cluster in packed for error in cluster]
        packed = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    groups: list[MappingGroup] = []
    for group in packed:
        problem_items = sorted(group, key=_time)
        chosen = {candidate.id: candidate for error in problem_items for candidate in index.near(error)}
        groups.append(MappingGroup(tuple(problem_items), tuple(sorted(chosen.values(), key=_time))))
    return tuple(groups)


def rank_candidates(error: Item, candidates: Iterable[Item]) -> list[Item]:
    """Candidates of one error, the likeliest first."""
    pool = list(candidates)
    index = _CandidateIndex(pool)
    return sorted(pool, key=lambda item: (-index.score(error, item), _time(item)))


def merge_maps(maps: Sequence[ContentMap], items: Sequence[Item] = ()) -> ContentMap:
    """All problems, numbered `p01` onwards; an error that is in two of them stays in the first.

    Args:
        maps: The answers of stage 3, in the order of the plan.
        items: Merged items; if given, problems are put in order of time and an error that no answer
            mentions becomes a problem without a solution.
    """
    times = {item.id: _time(item) for item in items}
    taken: set[str] = set()
    problems: list[Problem] = []
    for problem in (problem for part in maps for problem in part.problems):
        own = tuple(dict.fromkeys(item_id for item_id in problem.item_ids if item_id not in taken))
        taken.update(own)
        if own:
            problems.append(problem.model_copy(update={"item_ids": own}))
    problems += [
        unsolved_problem(item) for item in items if item.kind is ItemKind.ERROR and item.id not in taken
    ]
    if items:
        last = (float("inf"), "")
        problems.sort(key=lambda problem: min(times.get(item_id, last) for item_id in problem.item_ids))
    return ContentMap(
        problems=tuple(
            problem.model_copy(update={"id": f"p{number:02d}"}) for number, problem in enumerate(problems, 1)
        ),
        usage=sum((part.usage for part in maps), Usage()),
        cost_usd=total_cost((part.usage, part.cost_usd) for part in maps),
        paid_calls=sum(part.paid_calls for part in maps),
        models=all_models(maps),
    )


def unsolved_problem(error: Item) -> Problem:
    """The problem that an error is as long as nothing is known to solve it."""
    return Problem(id="p01", title=error.text.rstrip(". "), item_ids=(error.id,))


def _time(item: Item) -> tuple[float, str]:
    return (min(evidence.start_seconds for evidence in item.evidence), item.id)


def _clusters(errors: Sequence[Item], size: int) -> list[list[Item]]:
    """Errors that may be one problem: near in time and alike in wording, or far apart and very alike.

    Each error joins the best of the clusters that are recent or share a rare stem with it, if that has room.
    """
    frequency = Counter(stem for error in errors for stem in wording(error.text).stems)
    clusters: list[list[Item]] = []
    by_stem: dict[str, list[int]] = defaultdict(list)
    for error in errors:
        words = wording(error.text)
        rare = sorted(words.stems, key=lambda stem: (frequency[stem], stem))[:_RARE_WORDS]
        near = range(max(0, len(clusters) - _RARE_WORDS), len(clusters))
        known = {number for stem in rare for number in by_stem[stem][-_BUCKET:]} | set(near)
        best = max(
            ((_kinship(clusters[number], error), number) for number in sorted(known)), default=(0.0, -1)
        )
        if best[0] > 0 and len(clusters[best[1]]) < size:
            number = best[1]
            clusters[number].append(error)
        else:
            number = len(clusters)
            clusters.append([error])
        for stem in words.stems:
            if not by_stem[stem] or by_stem[stem][-1] != number:
                by_stem[stem].append(number)
    return clusters


def _kinship(cluster: Sequence[Item], error: Item) -> float:
    """How much the nearest member of the cluster has in common with the error; 0 if not enough."""
    best = 0.0
    one = wording(error.text)
    for member in cluster[-_RARE_WORDS:]:
        other = wording(member.text)
        shared = overlap(one.stems | one.numbers, other.stems | other.numbers)
        apart = abs(_time(error)[0] - _time(member)[0])
        limit = _SAME_PROBLEM_OVERLAP if apart <= _SAME_PROBLEM_SECONDS else _SAME_PROBLEM_FAR_OVERLAP
        if shared >= limit or (error.code and error.code == member.code):
            best = max(best, shared, 0.01)
    return best


def _packed(clusters: Sequence[list[Item]], size: int) -> list[list[Item]]:
    """Clusters in order, joined as long as a group has room; groups come out of about equal size."""
    total = sum(map(len, clusters))
    target = ceil(total / ceil(total / size))
    packed: list[list[Item]] = []
    for cluster in clusters:
        if packed and len(packed[-1]) + len(cluster) <= target:
            packed[-1].extend(cluster)
        else:
            packed.append(list(cluster))
    return packed


class _CandidateIndex:
    """Finds the items that may belong to an error without comparing it with all of them."""

    def __init__(self, candidates: Sequence[Item]) -> None:
        self._items = sorted(candidates, key=_time)
        self._times = [_time(item)[0] for item in self._items]
        self._frequency = Counter(stem for item in self._items for stem in _terms(item))
        self._by_stem: dict[str, list[int]] = defaultdict(list)
        for position, item in enumerate(self._items):
            for stem in _terms(item):
                self._by_stem[stem].append(position)

    def near(self, error: Item) -> list[Item]:
        middle = bisect_left(self._times, _time(error)[0])
        positions = set(range(max(0, middle - _NEIGHBOURS), min(len(self._items), middle + _NEIGHBOURS)))
        rare = sorted(
            (stem for stem in _terms(error) if stem in self._by_stem),
            key=lambda stem: (self._frequency[stem], stem),
        )[:_RARE_WORDS]
        for stem in rare:
            if self._frequency[stem] <= _BUCKET:
                positions.update(self._by_stem[stem])
        found = [self._items[position] for position in positions]
        found.sort(key=lambda item: (-self.score(error, item), _time(item)))
        return found[:CANDIDATES_PER_PROBLEM]

    def score(self, error: Item, candidate: Item) -> float:
        """Nearness in time plus the weight of the words in common, each up to 1."""
        apart = _time(candidate)[0] - _time(error)[0]
        nearness = exp(-abs(apart) / _FADES_AFTER_SECONDS) * (1.0 if apart >= 0 else _LOOKS_BACK)
        total = len(self._items) + 1
        wanted = _terms(error)
        weights = {stem: log(total / (self._frequency.get(stem, 0) + 0.5) + 1) for stem in wanted}
        # Summed in a fixed order: a set's order differs from process to process, and so would the sum.
        shared = sum(weights[stem] for stem in sorted(wanted & _terms(candidate)))
        return nearness + shared / (sum(weights[stem] for stem in sorted(wanted)) or 1.0)


def _terms(item: Item) -> frozenset[str]:
    words = wording(f"{item.text} {item.code}" if item.code else item.text)
    return words.stems | words.numbers

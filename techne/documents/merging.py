"""Merges the extractions of all chunks into one: each thing once, with all its evidence, in order of time.

It runs once, after every chunk is done (S4-12). Merging is careful rather than thorough: two items become
one only if neither loses anything by it, so codes or numbers that differ, a negation on one side, or words
that replace each other ("staging", "production") keep items apart.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from techne.documents.model import (
    ContentMap,
    Evidence,
    Extraction,
    Item,
    ItemKind,
    Outline,
    WrittenSection,
)
from techne.documents.wording import Wording, overlap, wording
from techne.llm.model import Usage

_SIMILAR = 0.6
"""Overlap of words from which one statement may be the other with something added."""
_SIMILAR_WITH_SAME_CODE = 0.3
_RARE_STEMS = 3
_BUCKET = 48
"""Most items that one shared word can bring up for comparison; keeps the merge near linear."""

_COMPATIBLE = (
    frozenset({ItemKind.COMMAND, ItemKind.SOLUTION}),
    frozenset({ItemKind.RULE, ItemKind.PREVENTION}),
)
"""Kinds between which a model wavers when it reads the same words twice."""


def merge_extractions(extractions: Sequence[Extraction]) -> Extraction:
    """The items of all chunks, deduplicated, in order of time and numbered `i001` onwards.

    The answer does not depend on the order of `extractions`. Usage, cost and paid calls are summed.
    """
    items = sorted((item for extraction in extractions for item in extraction.items), key=_order)
    merged = sorted(_deduplicated(items), key=_order)
    return Extraction(
        items=tuple(
            item.model_copy(update={"id": f"i{number:03d}"}) for number, item in enumerate(merged, 1)
        ),
        rejected=tuple(reason for extraction in extractions for reason in extraction.rejected),
        usage=sum((extraction.usage for extraction in extractions), Usage()),
        cost_usd=total_cost((extraction.usage, extraction.cost_usd) for extraction in extractions),
        paid_calls=sum(extraction.paid_calls for extraction in extractions),
        models=all_models(extractions),
    )


def all_models(parts: Iterable[Extraction | ContentMap | Outline | WrittenSection]) -> tuple[str, ...]:
    """Every model that answered for one of the parts, in order of names."""
    return tuple(sorted({model for part in parts for model in part.models}))


def total_cost(spent: Iterable[tuple[Usage, Decimal | None]]) -> Decimal | None:
    """The sum of the costs, or None where tokens were used at an unknown price, or nothing has a price."""
    total: Decimal | None = None
    for usage, cost in spent:
        if cost is not None:
            total = (total or Decimal(0)) + cost
        elif usage.total_tokens:
            return None
    return total


def _order(item: Item) -> tuple[float, str, str, str, str]:
    first = min(item.evidence, key=lambda evidence: evidence.start_seconds)
    return (first.start_seconds, first.turn_id, item.kind.value, item.text, item.code or "")


@dataclass(slots=True)
class _Entry:
    """An item that is kept, and all that were found to say the same."""

    item: Item
    words: Wording
    others: list[Item] = field(default_factory=list)

    def absorb(self, item: Item) -> None:
        """Keeps the richer statement, and a code if either has one."""
        words = wording(item.text)
        if _says_all(words, self.words) and not _says_all(self.words, words):
            item, self.item, self.words = self.item, item, words
        if self.item.code is None and item.code is not None:
            self.item = self.item.model_copy(update={"code": item.code, "kind": item.kind})
        self.others.append(item)

    def joined(self) -> Item:
        if not self.others:
            return self.item
        evidence = [one for item in (self.item, *self.others) for one in item.evidence]
        return self.item.model_copy(update={"evidence": _united(evidence)})


def _united(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Every quote once, the longer one where one quote contains another of the same turn."""
    kept: list[Evidence] = []
    for one in sorted(evidence, key=lambda e: (-len(e.quote), e.start_seconds, e.turn_id, e.quote)):
        if not any(one.turn_id == other.turn_id and one.quote in other.quote for other in kept):
            kept.append(one)
    return tuple(sorted(kept, key=lambda e: (e.start_seconds, e.turn_id, e.quote)))


def _deduplicated(items: Sequence[Item]) -> list[Item]:
    frequency = Counter(stem for item in items for stem in wording(item.text).stems)
    by_text: dict[tuple[str, ...], list[_Entry]] = defaultdict(list)
    by_code: dict[str, list[_Entry]] = defaultdict(list)
    by_stem: dict[str, list[_Entry]] = defaultdict(list)
    by_rare_stem: dict[str, list[_Entry]] = defaultdict(list)
    entries: list[_Entry] = []
    for item in items:
        words = wording(item.text)
        rare = sorted(words.stems, key=lambda stem: (frequency[stem], stem))[:_RARE_STEMS]
        # Whichever of the two says less, its rare words occur in the other: hence the two indexes.
        buckets = [by_text[words.words], by_code[_code(item)]] if item.code else [by_text[words.words]]
        buckets += [by_stem[stem] for stem in rare]
        buckets += [by_rare_stem[stem] for stem in sorted(words.stems)]
        entry = next(
            (entry for bucket in buckets for entry in bucket[-_BUCKET:] if _same(entry, item, words)), None
        )
        if entry is None:
            entry = _Entry(item, words)
            entries.append(entry)
        else:
            entry.absorb(item)
        for index, keys in ((by_stem, words.stems), (by_rare_stem, rare)):
            for key in keys:
                _file(index[key], entry)
        _file(by_text[words.words], entry)
        if item.code:
            _file(by_code[_code(item)], entry)
    return [entry.joined() for entry in entries]


def _file(bucket: list[_Entry], entry: _Entry) -> None:
    if not bucket or bucket[-1] is not entry:
        bucket.append(entry)


def _same(entry: _Entry, item: Item, words: Wording) -> bool:
    """Whether both say the same, or one says the same and a little more."""
    kept = entry.item
    if kept.code and item.code and _code(kept) != _code(item):
        return False
    if kept.kind is not item.kind and not any({kept.kind, item.kind} <= kinds for kinds in _COMPATIBLE):
        return False
    if entry.words.words == words.words:
        return True
    if entry.words.negated != words.negated:
        return False
    same_code = bool(kept.code and item.code)
    if entry.words.numbers != words.numbers and not same_code:
        return False
    if kept.kind is not item.kind and not same_code:
        return entry.words.stems == words.stems
    if not (_says_all(entry.words, words) or _says_all(words, entry.words)):
        return False
    return overlap(entry.words.stems, words.stems) >= (_SIMILAR_WITH_SAME_CODE if same_code else _SIMILAR)


def _says_all(one: Wording, other: Wording) -> bool:
    """Whether nothing is lost if the one stands for the other."""
    return one.stems >= other.stems and one.numbers >= other.numbers


def _code(item: Item) -> str:
    return " ".join((item.code or "").split())

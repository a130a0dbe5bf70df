"""Repairs an outline's sections: every item in exactly one, none empty, not too many, sane titles.

It is deterministic and asks nobody, so that whatever a model forgets or invents the document is whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp

from techne.documents.model import Item, ItemKind, OutlineSection, Problem
from techne.documents.wording import overlap, wording

MOST_SECTIONS = 12
_FADES_AFTER_SECONDS = 180.0

_DEFAULT_TITLES = {
    "pt": {
        "problems": "Problemas e soluções",
        "commands": "Comandos e configurações",
        "rules": "Regras, riscos e prevenção",
        "concepts": "Conceitos",
    },
    "en": {
        "problems": "Problems and solutions",
        "commands": "Commands and settings",
        "rules": "Rules, risks and prevention",
        "concepts": "Concepts",
    },
}
_DEFAULT_SECTION_OF_KIND = {
    ItemKind.ERROR: "problems",
    ItemKind.DIAGNOSTIC: "problems",
    ItemKind.SOLUTION: "problems",
    ItemKind.COMMAND: "commands",
    ItemKind.CONFIGURATION: "commands",
    ItemKind.RISK: "rules",
    ItemKind.RULE: "rules",
    ItemKind.PREVENTION: "rules",
    ItemKind.CONCEPT: "concepts",
}


@dataclass(frozen=True, slots=True)
class DraftSection:
    """A section as a model proposed it."""

    title: str
    purpose: str
    item_ids: tuple[str, ...]


@dataclass(slots=True)
class _Section:
    title: str
    purpose: str
    items: list[Item] = field(default_factory=list)

    def fit(self, item: Item) -> float:
        """How well the item would sit here: by time, by wording, by kind."""
        apart = min(abs(_time(item) - _time(own)) for own in self.items)
        title = wording(self.title).stems
        shared = max(
            (overlap(wording(item.text).stems, wording(own.text).stems) for own in self.items), default=0.0
        )
        named = len(wording(item.text).stems & title) / max(1, len(title))
        same_kind = sum(own.kind is item.kind for own in self.items) / len(self.items)
        return exp(-apart / _FADES_AFTER_SECONDS) + shared + named + 0.5 * same_kind


def repaired_sections(
    drafts: Sequence[DraftSection], items: Sequence[Item], problems: Sequence[Problem], language: str
) -> tuple[OutlineSection, ...]:
    """Sections `s01` onwards in the model's order; a problem goes where most of its errors are."""
    titles = _DEFAULT_TITLES["pt" if language.lower().startswith("pt") else "en"]
    sections = _adopted(drafts, items, titles)
    placed = {item.id for section in sections for item in section.items}
    unplaced = [item for item in items if item.id not in placed]
    if sections:
        homes = [max(range(len(sections)), key=lambda n: sections[n].fit(item)) for item in unplaced]
        for home, item in zip(homes, unplaced, strict=True):
            sections[home].items.append(item)
    else:
        sections = _by_kind(unplaced, titles)
    while len(sections) > MOST_SECTIONS:
        _join_smallest(sections)
    numbered = {f"s{number:02d}": section for number, section in enumerate(sections, 1)}
    section_of = {item.id: section_id for section_id, section in numbered.items() for item in section.items}
    homes_of_problems = {problem.id: _home(problem, section_of) for problem in problems}
    return tuple(
        OutlineSection(
            id=section_id,
            title=section.title,
            purpose=section.purpose,
            item_ids=tuple(item.id for item in sorted(section.items, key=lambda one: (_time(one), one.id))),
            problem_ids=tuple(problem for problem, home in homes_of_problems.items() if home == section_id),
        )
        for section_id, section in numbered.items()
    )


def _adopted(drafts: Sequence[DraftSection], items: Sequence[Item], titles: dict[str, str]) -> list[_Section]:
    """The drafts with known items; those of one title become one section."""
    left = {item.id: item for item in items}
    sections: dict[str, _Section] = {}
    for draft in drafts:
        own = [left.pop(item_id) for item_id in dict.fromkeys(draft.item_ids) if item_id in left]
        if not own:
            continue
        commonest = Counter(item.kind for item in own).most_common(1)[0][0]
        title = draft.title or titles[_DEFAULT_SECTION_OF_KIND[commonest]]
        section = sections.setdefault(title.casefold(), _Section(title, draft.purpose))
        section.items.extend(own)
    return list(sections.values())


def _by_kind(items: Sequence[Item], titles: dict[str, str]) -> list[_Section]:
    sections = {key: _Section(title, "") for key, title in titles.items()}
    for item in items:
        sections[_DEFAULT_SECTION_OF_KIND[item.kind]].items.append(item)
    return [section for section in sections.values() if section.items]


def _join_smallest(sections: list[_Section]) -> None:
    """Adds the section with the fewest items to the one that fits them best."""
    smallest = min(sections, key=lambda section: len(section.items))
    sections.remove(smallest)
    home = max(sections, key=lambda section: sum(map(section.fit, smallest.items)))
    home.items.extend(smallest.items)


def _home(problem: Problem, section_of: dict[str, str]) -> str | None:
    homes = Counter(section_of[item_id] for item_id in problem.item_ids if item_id in section_of)
    return homes.most_common(1)[0][0] if homes else None


def _time(item: Item) -> float:
    return min(evidence.start_seconds for evidence in item.evidence)

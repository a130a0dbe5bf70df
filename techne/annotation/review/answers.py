"""What people answered: one answer an item, what was passed over, and where people contradict each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from techne.annotation.labels import LabelSet
from techne.annotation.tables.table import nearest

Labels = tuple[str, ...]
"""An answer: one label; for multi any number, none included. In the order of the label set."""


@dataclass(frozen=True, slots=True)
class CollectedAnswers:
    """The answers of one file or form.

    Args:
        labels: By item id, where there is one answer.
        skipped: Ids of items that were passed over.
        disagreements: By item id, the different answers of people who don't agree; none of them is taken.
    """

    labels: dict[str, Labels]
    skipped: tuple[str, ...] = ()
    disagreements: dict[str, tuple[Labels, ...]] = field(default_factory=dict)


class AnswerCollector:
    """Gathers answers one after another, several about an item among them."""

    def __init__(self) -> None:
        self._answers: dict[str, list[Labels]] = {}

    def seen(self, item_id: str) -> None:
        """Know of an item, though nobody may have answered it."""
        self._answers.setdefault(item_id, [])

    def add(self, item_id: str, labels: Labels) -> None:
        """An answer."""
        answers = self._answers.setdefault(item_id, [])
        if labels not in answers:
            answers.append(labels)

    def collected(self) -> CollectedAnswers:
        """All that was gathered."""
        return CollectedAnswers(
            labels={item: answers[0] for item, answers in self._answers.items() if len(answers) == 1},
            skipped=tuple(item for item, answers in self._answers.items() if not answers),
            disagreements={
                item: tuple(answers) for item, answers in self._answers.items() if len(answers) > 1
            },
        )


def in_order(labels: Iterable[str], label_set: LabelSet) -> Labels:
    """An answer's labels, each once, in the order of the set; unknown ones last, for `problem_with`."""
    given = dict.fromkeys(labels)
    known = [name for name in label_set.names if name in given]
    return (*known, *(label for label in given if label not in label_set.names))


def problem_with(labels: Labels, label_set: LabelSet) -> str | None:
    """What is wrong with an answer, as a clause; None if it is one."""
    unknown = next((label for label in labels if label not in label_set.names), None)
    if unknown is not None:
        near = nearest(unknown, label_set.names)
        meant = f" (did you mean {near!r}?)" if near else ""
        names = ", ".join(repr(name[:60]) for name in label_set.names[:20])
        return f"the label {unknown[:100]!r} is unknown{meant}; there are {names}"
    if label_set.kind != "multi" and len(labels) != 1:
        return f"there are {len(labels)} labels where exactly one fits"
    return None

"""How labels, and answers that are no labels, are called where people choose among them."""

from __future__ import annotations

from collections.abc import Callable, Collection

from techne.annotation.labels import LabelSet
from techne.annotation.review.answers import Labels, in_order
from techne.errors import LabelSetError

SKIP = "skip"
NONE_FITS = "none of these"


def skip_choice(label_set: LabelSet) -> str:
    """What somebody chooses who can't or won't decide; no label is called so."""
    return _distinct(SKIP, label_set)


def none_choice(label_set: LabelSet) -> str:
    """What somebody chooses who decides that no label fits, for multi; no label is called so."""
    return _distinct(NONE_FITS, label_set)


def answers_chosen(choices: Collection[str], label_set: LabelSet) -> list[Labels]:
    """What choices among the labels and the two above say: one answer, or none where it is a skip.

    Labels together with the choice that none fits are two answers, which contradict each other.
    """
    words = {skip_choice(label_set), none_choice(label_set)}
    labels = in_order((choice for choice in choices if choice not in words), label_set)
    none_fits = label_set.kind == "multi" and none_choice(label_set) in choices
    return [*([()] if none_fits else []), *([labels] if labels else [])]


def choice_names(label_set: LabelSet, written: Callable[[str], str], tool: str) -> dict[str, str]:
    """What each label is called in a tool that can't hold every text.

    Args:
        label_set: The labels.
        written: A text as the tool can hold it.
        tool: Its name, for messages.

    Raises:
        LabelSetError: Two labels would be called the same.
    """
    names = {name: written(name) for name in label_set.names}
    called: dict[str, str] = {}
    for name, choice in names.items():
        other = called.setdefault(choice, name)
        if other != name:
            raise LabelSetError(
                f"The labels {other!r} and {name!r} would both be called {choice!r} in {tool}.",
                cure="Rename one of them.",
            )
    return names


def _distinct(word: str, label_set: LabelSet) -> str:
    taken = {name.strip().casefold() for name in label_set.names}
    while word.casefold() in taken:
        word = f"({word})"
    return word

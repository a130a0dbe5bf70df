"""The bundled sample: its files agree with each other, and say what its README says."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from techne.annotation.dataset import Dataset
from techne.annotation.embedded.registry import NAMES, build
from techne.annotation.embedded.words import words
from techne.annotation.gold import read_gold
from techne.annotation.labels import LabelKind, LabelSet, parse_label_set
from techne.annotation.model import DatasetItem

SAMPLE = Path(__file__).resolve().parents[4] / "samples" / "annotation"
KINDS: dict[str, LabelKind] = {"": "single", "-urgency": "ordinal", "-topics": "multi"}


@pytest.fixture(scope="module")
def tickets() -> list[DatasetItem]:
    return list(Dataset.open(SAMPLE / "tickets.csv", max_text_characters=10_000).whole.items())


@pytest.fixture(params=KINDS, ids=[name or "-purpose" for name in KINDS])
def which(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


def label_set(which: str) -> LabelSet:
    path = SAMPLE / f"labels{which}.json"
    return parse_label_set(path.read_bytes(), path.name)


def gold(which: str) -> dict[str, set[str]]:
    with (SAMPLE / f"gold{which}.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: set(row["label"].split("|")) - {""} for row in csv.DictReader(file)}


@pytest.mark.parametrize("path", sorted(SAMPLE.iterdir()), ids=lambda path: path.name)
def test_files_are_plain_utf_8_with_unix_line_ends(path: Path) -> None:
    data = path.read_bytes()
    assert not data.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in data
    assert data.endswith(b"\n")
    assert "\ufffd" not in data.decode("utf-8")


def test_tickets_differ_in_id_and_in_words(tickets: list[DatasetItem]) -> None:
    assert len(tickets) == len({ticket.id for ticket in tickets}) == 246
    assert all(re.fullmatch(r"T\d{3}", ticket.id) for ticket in tickets)
    assert len({tuple(words(ticket.text)) or ticket.text for ticket in tickets}) == len(tickets)


def test_gold_is_about_tickets_and_uses_the_labels(tickets: list[DatasetItem], which: str) -> None:
    answers = read_gold(SAMPLE / f"gold{which}.csv", [ticket.id for ticket in tickets], label_set(which))
    assert answers.items == (60 if which else 150)
    assert (answers.unmatched, answers.repeated, answers.blank) == (0, 0, 0)
    assert all(answers.distribution[name] >= 4 for name in label_set(which).names)


def test_kinds_are_as_the_names_say(which: str) -> None:
    assert label_set(which).kind == KINDS[which]
    assert label_set(which).language == "pt-BR"


def test_examples_are_no_tickets(tickets: list[DatasetItem], which: str) -> None:
    texts = {tuple(words(ticket.text)) for ticket in tickets}
    for label in label_set(which).labels:
        assert label.description
        assert label.keywords
        assert len(set(label.examples)) == len(label.examples) >= 8
        assert not texts & {tuple(words(example)) for example in label.examples}


def test_some_tickets_of_several_topics_and_of_none() -> None:
    topics = gold("-topics")
    assert any(len(labels) > 1 for labels in topics.values())
    assert any(not labels for labels in topics.values())


def test_annotators_agree_with_nobody_always_and_beat_the_commonest_label_when_they_answer(
    tickets: list[DatasetItem],
) -> None:
    answers = {
        name: {one.item_id: one.labels for one in build(name, label_set("")).annotate(tickets)}
        for name in NAMES
    }
    known = gold("")
    commonest = max(sum(labels == {name} for labels in known.values()) for name in label_set("").names)
    for given in answers.values():
        answered = [item for item in known if given[item]]
        right = sum(set(given[item]) == known[item] for item in answered)
        assert commonest / len(known) < right / len(answered) < 1
    assert len({tuple(given.values()) for given in answers.values()}) == len(NAMES)


def test_the_readme_tells_the_accuracies(tickets: list[DatasetItem], which: str) -> None:
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    known = gold(which)
    for name in NAMES:
        annotations = [one for one in build(name, label_set(which)).annotate(tickets) if one.item_id in known]
        right = sum(one.status == "labelled" and set(one.labels) == known[one.item_id] for one in annotations)
        abstained = sum(one.status == "abstained" for one in annotations)
        share = f"{right} of {len(known)} | {right / len(known):.3f}"
        row = f"| `labels{which}.json` | `{name}` | {share} | {abstained} |"
        assert row in readme, f"README.md wants: {row}"

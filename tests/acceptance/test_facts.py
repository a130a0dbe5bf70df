"""What the embedded engine makes of the bundled recordings, against the facts that they hold."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from flows.docgen import lambda_handler
from tests.acceptance.document_blocks import TIME, read_pieces
from tests.acceptance.fact_scoring import Facts, read_said, score
from tests.acceptance.runs import ROOT, Place

pytestmark = pytest.mark.acceptance

FACTS = sorted((ROOT / "tests/acceptance/facts").glob("*.json"))
LEAST_LITERALS = 0.95
LEAST_PAIRS = 0.8
MOST_WORDS = 0.6


@pytest.mark.parametrize("path", FACTS, ids=[path.stem for path in FACTS])
def test_the_embedded_engine_finds_the_facts_and_makes_nothing_up(place: Place, path: Path) -> None:
    facts = Facts.model_validate_json(path.read_text(encoding="utf-8"))
    transcript = ROOT / facts.transcript
    answer = lambda_handler(place.event("facts", transcript, engine="extractive"))
    assert answer["statusCode"] == 200, json.dumps(answer)
    document = place.document("facts").decode()
    judged = score(document, read_said(transcript), facts)
    assert judged.literal_recall >= LEAST_LITERALS, judged.missed_literals
    assert judged.pair_recall >= LEAST_PAIRS, judged.missed_pairs
    assert judged.invented == ()
    assert judged.noise_found == ()
    assert judged.corrected_away_found == ()
    assert judged.corrections_missing == ()
    assert judged.word_ratio <= MOST_WORDS
    assert answer["body"]["grounding"]["verified"] == answer["body"]["grounding"]["checked"] > 0
    assert lines_without_a_time(document) == []


def lines_without_a_time(document: str) -> list[str]:
    """List items and table rows that don't say when it was said."""
    without_heads = re.sub(r"^\|.+\|\n(?=\|[-|: ]+\|$)", _emptied, document, flags=re.MULTILINE)
    groups: dict[str, list[str]] = {}
    for piece in read_pieces(without_heads):
        own = [group for group in piece.groups if not group.startswith("section")]
        if own and not piece.excluded:
            groups.setdefault(own[0], []).append(piece.text)
    texts = [" ".join(texts).strip() for texts in groups.values()]
    return [text for text in texts if text and not TIME.search(text)]


def _emptied(head: re.Match[str]) -> str:
    return re.sub(r"[^|\n]+", " ", head[0])

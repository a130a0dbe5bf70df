"""Evidence: every quote as it was said."""

from __future__ import annotations

from techne.documents.evidence import quoted_as_said
from techne.documents.model import Evidence, Item, ItemKind
from techne.transcripts.cleaning import clean_transcript
from techne.transcripts.model import Transcript, Turn


def recording(text: str) -> Transcript:
    turn = Turn(id="t0001", speaker="spk_0", start_seconds=0, end_seconds=9, text=text)
    return Transcript(
        language="pt-BR",
        duration_seconds=9,
        speakers=("spk_0",),
        turns=(turn,),
        source_format="test",
        word_count=len(text.split()),
    )


def test_a_quote_from_the_cleaned_transcript_is_given_back_with_its_fillers() -> None:
    raw = recording("Então você reinicia, éé, o servidor nginx, hum, na porta 8080.")
    cleaned = clean_transcript(raw).transcript.turns[0].text
    assert "éé" not in cleaned
    item = Item(
        id="i001",
        kind=ItemKind.SOLUTION,
        text="Reinicia o servidor nginx.",
        evidence=(Evidence(turn_id="t0001", quote=cleaned, start_seconds=0),),
    )
    (as_said,) = quoted_as_said([item], raw)
    assert "éé" in as_said.evidence[0].quote
    assert as_said.evidence[0].quote in raw.turns[0].text


def test_a_quote_that_nobody_said_is_left_alone() -> None:
    item = Item(
        id="i001",
        kind=ItemKind.RULE,
        text="x",
        evidence=(Evidence(turn_id="t0009", quote="nunca dito", start_seconds=0),),
    )
    assert quoted_as_said([item], recording("Outra coisa.")) == (item,)

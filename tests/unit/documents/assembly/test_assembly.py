"""The finished Markdown: facts, times, matrix, warnings, and nothing unsafe."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from techne.documents.assembly import assemble_markdown
from techne.documents.evidence import EvidenceFile, evidence_file
from techne.documents.grounding import check_grounding
from techne.documents.markdown import tree
from techne.documents.model import Document, OutlineSection, Problem, Statement, WrittenSection
from techne.transcripts.model import DroppedSpeech, DropReason, Transcript
from tests.unit.documents.assembly.test_sanitizing import INJECTION
from tests.unit.documents.builders import document_of, item, transcript_of

RECORDING = transcript_of("o erro 502 foi dito e kubectl get pods também")


def assembled(document: Document, *, transcript: Transcript = RECORDING, video_uri: str | None = None) -> str:
    return assemble_markdown(document, check_grounding(document, transcript), transcript, video_uri=video_uri)


def with_item_at(seconds: float, markdown: str = "Foi dito [i001].") -> Document:
    return document_of(markdown, items=(item("i001", seconds=seconds),))


@pytest.mark.parametrize(
    ("seconds", "clock", "fragment"), [(751.9, "0:12:31", 751), (0, "0:00:00", 0), (10_799, "2:59:59", 10799)]
)
def test_a_mark_becomes_a_link_into_a_video_that_browsers_can_open(
    seconds: float, clock: str, fragment: int
) -> None:
    markdown = assembled(with_item_at(seconds), video_uri="https://v.example/a.mp4#t=5")
    assert f"Foi dito ([{clock}](https://v.example/a.mp4#t={fragment}))." in markdown


@pytest.mark.parametrize("video_uri", [None, "s3://bucket/video.mp4", "file:///video.mp4"])
def test_a_mark_becomes_a_plain_time_without_one(video_uri: str | None) -> None:
    markdown = assembled(with_item_at(751), video_uri=video_uri)
    assert "Foi dito (0:12:31)." in markdown
    assert markdown.count(str(video_uri)) == (1 if video_uri else 0)
    assert "](" not in markdown


def test_marks_in_a_row_share_their_parentheses_and_unknown_ones_vanish() -> None:
    markdown = assembled(document_of("Foi dito [i001, i002] [i001][i077]. Outro [i077]."))
    assert "Foi dito (0:01:00, 0:02:00). Outro." in markdown


def test_the_facts_table_says_where_the_document_came_from() -> None:
    facts: dict[str, Any] = {
        "engine_reason": "bedrock respondeu",
        "models": ("us.model-v1:0",),
        "chunks": 2,
        "usage": {"input_tokens": 150_000, "output_tokens": 8_000},
        "video_uri": "s3://in/v.mp4",
    }
    markdown = assembled(document_of("x", facts=facts))
    for row in (
        "| Documento de | 2026-01-31 |",
        "| Duração | 0:15:30 |",
        "| Participantes | 2: spk_0, spk_1 |",
        "| Feito por | bedrock (bedrock respondeu) |",
        "| Modelos | us.model-v1:0 |",
        "| Tokens | 150.000 de entrada, 8.000 de saída |",
        "| Custo | US$ 0,5700 |",
        "| Partes | 2 |",
        "| Transcrição | `s3://in/t.json` |",
        "| Vídeo | `s3://in/v.mp4` |",
    ):
        assert row in markdown


def test_labels_follow_the_language_and_fall_back_to_english() -> None:
    facts: dict[str, Any] = {"models": ("m",), "cost_usd": Decimal("0.5")}
    for language in ("en-US", "fr-FR"):
        markdown = assembled(document_of("x", language=language, facts=facts))
        assert "| Cost | US$ 0.5000 |" in markdown
        assert "## What was checked" in markdown
    assert "## O que foi verificado" in assembled(document_of("x", language="pt-PT"))


def test_the_extractive_engine_is_named_for_what_it_is() -> None:
    sentence = "sem modelo de linguagem"
    assert sentence in assembled(document_of("x", facts={"engine": "extractive"}))
    assert sentence not in assembled(document_of("x"))


def test_an_unknown_price_is_not_shown_as_nothing() -> None:
    markdown = assembled(document_of("x", facts={"cost_usd": None, "models": ("m",)}))
    assert "| Custo | preço desconhecido |" in markdown


def test_the_matrix_has_a_row_per_problem() -> None:
    long = "Rode " + "muito " * 14 + "`kubectl get pods` e espere"
    problems = (
        Problem(
            id="p01",
            title="Erro | 502",
            item_ids=("i001",),
            solutions=(Statement(text=long, item_ids=("i002",)), Statement(text="b", item_ids=("i001",))),
        ),
        Problem(id="p02", title="Outro", item_ids=("i002",)),
    )
    lines = assembled(document_of("x", problems=problems)).splitlines()
    assert "| Erro \\| 502 | Rode " + "muito " * 14 + "… | 0:01:00, 0:02:00 |" in lines
    assert "| Outro | não informada | 0:02:00 |" in lines


def test_sections_are_numbered_in_the_outline_s_order() -> None:
    document = document_of("um", "dois", section_title="3. Parte")
    document = document.model_copy(
        update={
            "sections": (
                WrittenSection(section_id="s02", markdown="dois", truncated=True),
                WrittenSection(section_id="s01", markdown="### 1. Parte\n\n#### sub\n\num"),
            )
        }
    )
    headings = [line for line in assembled(document).splitlines() if line.startswith("#")]
    assert headings == [
        "# um treinamento",
        "## 1. Parte",
        "### sub",
        "## 2. Parte",
        "## O que foi verificado",
    ]
    assert "incompleta" in assembled(document)


def test_what_was_not_said_is_marked_and_listed() -> None:
    markdown = assembled(
        document_of("Use Redis 502 [i001].\n\n```\nkubectl drop\n```", title="sobre o Vault")
    )
    assert "# sobre o Vault ⚠" in markdown
    assert "Use Redis ⚠ 502 (0:01:00)." in markdown
    assert "```\nkubectl drop\n```\n\n⚠ `kubectl drop`" in markdown
    assert "1 de 4 comandos" in markdown
    assert "- `Redis` (nome)" in markdown
    assert "- `kubectl drop` (comando)" in markdown


def test_what_was_not_used_is_listed_up_to_a_bound() -> None:
    items = tuple(item(f"i{number:03d}", text=f"fato <b>{number}</b>") for number in range(1, 10))
    markdown = assembled(document_of("x [i001]", items=items))
    assert "- fato &lt;b&gt;2&lt;/b&gt; (0:02:00)" in markdown
    assert "fato &lt;b&gt;7" not in markdown
    assert "mais 3 em evidence.json" in markdown


def test_the_same_content_gives_the_same_bytes() -> None:
    document = document_of(INJECTION, summary=(Statement(text="Resumo Redis.", item_ids=("i001",)),))
    assert assembled(document) == assembled(document)


def test_an_injection_anywhere_stays_text() -> None:
    evil = "x <script>y</script> ![p](http://evil.example/p.png) [a](javascript:z) [b](http://evil.example)"
    statement = Statement(text=evil, item_ids=("i001",))
    document = document_of(
        INJECTION,
        title=evil,
        section_title=evil,
        summary=(statement,),
        items=(item("i001"), item("i002", text=evil)),
        problems=(Problem(id="p01", title=evil, item_ids=("i001",), solutions=(statement,)),),
        facts={"engine_reason": evil, "speakers": (evil,), "models": (evil,)},
    )
    document = document.model_copy(
        update={
            "outline": document.outline.model_copy(
                update={"sections": (OutlineSection(id="s01", title=evil, purpose=evil),)}
            )
        }
    )
    for node in tree(assembled(document)).walk():
        assert node.type not in ("html_inline", "html_block", "image", "link")


def test_a_link_stays_where_the_recording_names_its_address() -> None:
    transcript = transcript_of("vejam https://docs.example.com/guia, e escrevam para ana@example.com.")
    markdown = assembled(
        document_of(
            "[guia](https://docs.example.com/guia) [outro](https://docs.example.com/) ana@example.com"
        ),
        transcript=transcript,
    )
    assert "[guia](https://docs.example.com/guia) outro [ana@example.com](mailto:ana@example.com)" in markdown


def test_boilerplate_is_short() -> None:
    facts: dict[str, Any] = {"engine": "extractive", "video_uri": "https://v.example/a.mp4", "chunks": 2}
    assert len(assembled(document_of("x [i001, i002]", facts=facts)).split()) <= 100


def test_the_evidence_file_keeps_everything_and_reads_back() -> None:
    document = document_of("Use Redis [i001].")
    dropped = DroppedSpeech(
        turn_id="t0001", start_seconds=0, text="bom dia", reason=DropReason.GREETING, whole_turn=True
    )
    report = check_grounding(document, RECORDING)
    stored = evidence_file(document, [dropped], report)
    assert (stored.items, stored.dropped, stored.grounding) == (document.items, (dropped,), report)
    assert EvidenceFile.model_validate_json(stored.model_dump_json()) == stored

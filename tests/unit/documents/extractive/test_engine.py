"""The embedded engine on short recordings of many subjects, and on anything else that may come."""

import asyncio
import re
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from techne.documents.engine import DocumentEngine
from techne.documents.engines.extractive import ExtractiveEngine
from techne.documents.grounding.spoken import read_atoms
from techne.documents.marks import marked_ids
from techne.transcripts.model import Chunk, Turn
from tests.support.work import lines_run
from tests.unit.documents.extractive.document import Made, make, says
from tests.unit.documents.extractive.recordings import RECORDINGS, Recording

_WITH_PAIRS = [recording for recording in RECORDINGS if recording.pairs]


def made(recording: Recording) -> Made:
    return make(recording.chunk(), recording.language)


def test_it_is_a_document_engine_without_models_or_limits() -> None:
    engine: DocumentEngine = ExtractiveEngine()
    assert (engine.name, engine.models, engine.chunk_budget("pt-BR")) == ("extractive", (), None)
    assert engine.fingerprint.startswith("extractive/")


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_noise_and_values_taken_back_are_gone(recording: Recording) -> None:
    text = made(recording).text
    assert [phrase for phrase in (*recording.noise, *recording.wrong) if says(text, phrase)] == []


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_every_item_is_told_once_and_with_its_mark(recording: Recording) -> None:
    document = made(recording)
    told = [item_id for section in document.sections for item_id in marked_ids(section)]
    told += [item_id for statement in document.outline.summary for item_id in statement.item_ids]
    assert sorted(told) == sorted(item.id for item in document.items)
    for line in "\n".join(document.sections).splitlines():
        if line.startswith("- "):
            assert marked_ids(line)


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_the_same_recording_gives_the_same_document(recording: Recording) -> None:
    assert made(recording) == made(recording)


def test_most_literals_of_very_short_recordings_are_told() -> None:
    texts = [(made(recording).text, recording.literals) for recording in RECORDINGS]
    told = [says(text, literal) for text, literals in texts for literal in literals]
    assert sum(told) >= 0.8 * len(told)


def test_a_problem_stands_with_its_solution() -> None:
    """S1-10: most problems of very short recordings, and whatever is told of them, in one block."""
    blocks = [(made(recording).blocks(), recording.pairs) for recording in _WITH_PAIRS]
    together = [
        any(says(block, problem) and says(block, solution) for block in own)
        for own, pairs in blocks
        for problem, solution in pairs
    ]
    assert sum(together) >= 0.7 * len(together)


_TWO_SENTENCES = (
    "If the worker shows error 502 you must restart nginx with systemctl restart nginx.",
    "The read timeout in the file nginx.conf is 60 seconds.",
)


@pytest.mark.parametrize("texts", [_TWO_SENTENCES, (" ".join(_TWO_SENTENCES),)], ids=["turns", "turn"])
def test_two_sentences_are_a_recording_too(texts: tuple[str, ...]) -> None:
    turns = tuple(
        Turn(id=f"t{n:04d}", speaker="spk_0", start_seconds=n * 9, end_seconds=n * 9 + 8, text=text)
        for n, text in enumerate(texts)
    )
    document = make(Chunk(index=0, total=1, context=(), turns=turns, tokens=0), "en-US")
    for literal in ("502", "systemctl restart nginx", "nginx.conf", "60 seconds"):
        assert says(document.text, literal)


_SAID = (
    "o a erro não perdão desculpa é de trinta sessenta segundos porta 8080 8443 barra ponto traço igual a "
    "kubectl get pods né então sorry no actually the fails with run dash dash dot slash x_y /etc/hosts "
    "CamelCase ERR-12 ? . , ! …"
)
_WORDS = st.sampled_from(sorted(set(_SAID.split(" "))))
_TEXTS = st.lists(_WORDS, max_size=40).map(" ".join) | st.text(max_size=80)


@settings(max_examples=60, deadline=None)
@given(st.lists(_TEXTS, max_size=6), st.sampled_from(["pt-BR", "en-US", "es-ES"]))
def test_whatever_is_said_it_is_quoted_verbatim_and_no_number_is_new(texts: list[str], language: str) -> None:
    turns = tuple(
        Turn(id=f"t{n:04d}", speaker=f"spk_{n % 2}", start_seconds=n, end_seconds=n + 1, text=text)
        for n, text in enumerate(texts)
    )
    chunk = Chunk(index=0, total=1, context=(), turns=turns, tokens=0)
    items = asyncio.run(ExtractiveEngine().extract(chunk, language)).items
    by_id = {turn.id: turn for turn in turns}
    said = " ".join(turn.text for turn in turns)
    for item in items:
        for evidence in item.evidence:
            turn = by_id[evidence.turn_id]
            assert evidence.quote in turn.text
            assert turn.start_seconds <= evidence.start_seconds <= turn.end_seconds
        written = re.findall(r"\d+", item.text)
        assert set(written) <= set(re.findall(r"\d+", said))
    make(chunk, language)


def test_numbers_in_words_are_those_that_were_said() -> None:
    for recording in RECORDINGS:
        said = {
            atom.text
            for turn in recording.turns()
            for atom in read_atoms(turn.text, recording.language)
            if atom.kind == "number"
        }
        for item in made(recording).items:
            numbers = {a.text for a in read_atoms(item.text, recording.language) if a.kind == "number"}
            assert numbers <= said


def _long_chunk(rounds: int) -> Chunk:
    """Two recordings told over and over, each time with other values."""
    told = [turn for recording in RECORDINGS[:2] for turn in recording.turns()]
    turns = [
        turn.model_copy(
            update={
                "id": f"t{place:04d}",
                "start_seconds": place * 8.0,
                "end_seconds": place * 8.0 + 7,
                "text": turn.text.replace("X100", f"X{place}").replace("539", str(10_000 + place)),
            }
        )
        for place, turn in enumerate(told * rounds)
    ]
    return Chunk(index=0, total=1, context=(), turns=tuple(turns), tokens=0)


def test_twice_as_much_talk_is_about_twice_as_much_work() -> None:
    """S1-5: recordings of up to three hours."""
    make(_long_chunk(1), "pt-BR")  # what is compiled and remembered once
    short, long = (lines_run(partial(make, _long_chunk(rounds), "pt-BR")) for rounds in (3, 6))
    assert long < 2.6 * short

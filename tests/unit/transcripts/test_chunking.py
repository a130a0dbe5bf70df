"""Chunks: every turn once, within the limit, as few as fit, cut where topics end."""

from __future__ import annotations

import logging
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from techne.documents.engines.llm.rendering import turn_line
from techne.transcripts.boundaries import opens_topic
from techne.transcripts.chunking import chunk_transcript, render_turn, render_turns
from techne.transcripts.model import Chunk, Transcript, Turn
from techne.transcripts.parser import TranscriptionParser
from techne.transcripts.synthetic import synthetic_recording
from techne.transcripts.tokens import estimate_tokens

SENTENCE = "Depois vocês conferem o painel e reiniciam o serviço de pagamentos."
TALK = st.text("abcde ão1,.?!\n<", min_size=1, max_size=200).filter(str.strip)


def transcript(*texts: str, pause: float = 0.5, speakers: int = 1) -> Transcript:
    turns: list[Turn] = []
    clock = 0.0
    for number, text in enumerate(texts, 1):
        end = clock + 0.4 * len(text.split())
        turns.append(
            Turn(
                id=f"t{number:04d}",
                speaker=f"spk_{number % speakers}",
                start_seconds=clock,
                end_seconds=end,
                text=text,
            )
        )
        clock = end + pause
    return Transcript(
        language="pt-BR",
        duration_seconds=clock,
        speakers=tuple(f"spk_{n}" for n in range(speakers)),
        turns=tuple(turns),
        source_format="test",
        word_count=sum(len(text.split()) for text in texts),
    )


def spoken(chunks: tuple[Chunk, ...]) -> list[Turn]:
    return [turn for chunk in chunks for turn in chunk.turns]


def total_tokens(read: Transcript) -> int:
    return sum(estimate_tokens(render_turn(turn) + "\n") for turn in read.turns)


transcripts = st.lists(TALK, max_size=40).map(lambda texts: transcript(*texts, speakers=2))


@given(read=transcripts, max_tokens=st.integers(64, 900), overlap=st.integers(0, 4))
@examples(max_examples=100, deadline=None)
def test_whatever_is_said_is_in_one_chunk_in_order_and_within_the_limit(
    read: Transcript, max_tokens: int, overlap: int
) -> None:
    """Adaptive chunking with overlap (S1-3, S1-5)."""
    chunks = chunk_transcript(read, max_tokens=max_tokens, overlap_turns=overlap)

    assert list(dict.fromkeys(turn.id for turn in spoken(chunks))) == [turn.id for turn in read.turns]
    letters = "".join("".join(turn.text.split()) for turn in spoken(chunks))
    assert letters == "".join("".join(turn.text.split()) for turn in read.turns)
    assert [(chunk.index, chunk.total) for chunk in chunks] == [(n, len(chunks)) for n in range(len(chunks))]
    for chunk in chunks:
        assert chunk.turns
        assert len({turn.id for turn in chunk.turns}) == len(chunk.turns)
        assert estimate_tokens(render_turns(chunk.context + chunk.turns)) <= chunk.tokens <= max_tokens


@given(read=transcripts, max_tokens=st.integers(64, 900), overlap=st.integers(0, 4))
@examples(max_examples=100, deadline=None)
def test_context_is_the_whole_turns_right_before(read: Transcript, max_tokens: int, overlap: int) -> None:
    chunks = chunk_transcript(read, max_tokens=max_tokens, overlap_turns=overlap)

    turns = list(read.turns)
    for chunk in chunks:
        first = [turn.id for turn in turns].index(chunk.turns[0].id)
        assert len(chunk.context) <= overlap
        assert list(chunk.context) == turns[max(0, first - len(chunk.context)) : first]


@given(
    words=st.lists(st.integers(1, 30), min_size=1, max_size=60),
    max_tokens=st.integers(120, 600),
)
@examples(max_examples=100, deadline=None)
def test_there_are_as_few_chunks_as_whole_turns_allow(words: list[int], max_tokens: int) -> None:
    read = transcript(*("casa " * count for count in words))
    chunks = chunk_transcript(read, max_tokens=max_tokens, overlap_turns=0)

    fewest, used = 1, 0
    for turn in read.turns:
        tokens = estimate_tokens(render_turn(turn) + "\n")
        if used + tokens > max_tokens:
            fewest, used = fewest + 1, 0
        used += tokens
    assert len(chunks) == fewest
    assert spoken(chunks) == list(read.turns)


@pytest.mark.parametrize("chunks_wanted", [2, 3, 7])
def test_small_turns_give_the_least_number_of_chunks_about_equal(chunks_wanted: int) -> None:
    read = transcript(*[SENTENCE] * 400)
    total = total_tokens(read)

    chunks = chunk_transcript(read, max_tokens=int(total / chunks_wanted * 1.05))

    assert len(chunks) == chunks_wanted
    sizes = [chunk.tokens for chunk in chunks]
    assert max(sizes) < 1.2 * min(sizes)


def test_one_chunk_is_enough_where_all_fits() -> None:
    read = transcript(SENTENCE, SENTENCE)
    (chunk,) = chunk_transcript(read, max_tokens=total_tokens(read))
    assert (chunk.turns, chunk.context, chunk.tokens) == (read.turns, (), total_tokens(read))


def test_no_turns_give_no_chunks() -> None:
    assert chunk_transcript(transcript(), max_tokens=100) == ()


def test_two_turns_before_a_chunk_are_its_context_and_count() -> None:
    read = transcript(*[SENTENCE] * 60)
    first, second, *_ = chunk_transcript(read, max_tokens=600)
    assert first.context == ()
    assert second.context == first.turns[-2:]
    assert second.tokens >= estimate_tokens(render_turns(second.context + second.turns))


def test_context_that_would_take_over_a_quarter_of_a_chunk_is_left_out() -> None:
    read = transcript(*[f"{SENTENCE} " * 6] * 8)
    chunks = chunk_transcript(read, max_tokens=300)
    assert all(chunk.context == () for chunk in chunks)


def test_a_large_turn_is_divided_between_sentences_with_times_in_proportion() -> None:
    read = transcript(SENTENCE, f"{SENTENCE} " * 40, SENTENCE)
    chunks = chunk_transcript(read, max_tokens=300)

    parts = [turn for turn in spoken(chunks) if turn.id == "t0002"]
    assert len(parts) > 2
    assert all(part.text.endswith("pagamentos.") and part.text.startswith("Depois") for part in parts)
    assert " ".join(part.text for part in parts) == read.turns[1].text.strip()
    assert parts[0].start_seconds == read.turns[1].start_seconds
    assert parts[-1].end_seconds == pytest.approx(read.turns[1].end_seconds)
    for before, after in pairwise(parts):
        assert before.start_seconds < before.end_seconds == after.start_seconds
    words_per_second = [len(part.text.split()) / (part.end_seconds - part.start_seconds) for part in parts]
    assert max(words_per_second) < 1.1 * min(words_per_second)


def test_a_large_sentence_is_divided_between_words() -> None:
    read = transcript("palavra " * 500)
    chunks = chunk_transcript(read, max_tokens=200)
    words = [word for turn in spoken(chunks) for word in turn.text.split()]
    assert words == ["palavra"] * 500


def test_a_limit_without_room_for_a_part_is_refused() -> None:
    with pytest.raises(ValueError, match="turn t0001"):
        chunk_transcript(transcript("palavra " * 50), max_tokens=20)


def cut_at(read: Transcript, max_tokens: int) -> str:
    """Id of the turn that opens the second of two chunks."""
    first, second = chunk_transcript(read, max_tokens=max_tokens)
    assert first.turns[-1].id < second.turns[0].id
    return second.turns[0].id


@pytest.mark.parametrize("cue", ["Bom, próximo tópico, o banco.", "Okay, moving on to the database."])
@pytest.mark.parametrize("position", [45, 50, 54])
def test_a_cue_phrase_near_the_middle_opens_a_chunk(cue: str, position: int) -> None:
    texts = [SENTENCE] * 100
    texts[position] = cue
    read = transcript(*texts)
    assert cut_at(read, int(total_tokens(read) * 0.6)) == f"t{position + 1:04d}"


@pytest.mark.parametrize("position", [46, 53])
def test_a_long_pause_near_the_middle_is_where_a_chunk_ends(position: int) -> None:
    read = transcript(*[SENTENCE] * 100)
    turns = [
        turn.model_copy(update={key: getattr(turn, key) + 20 for key in ("start_seconds", "end_seconds")})
        if number >= position
        else turn
        for number, turn in enumerate(read.turns)
    ]
    read = read.model_copy(update={"turns": tuple(turns)})
    assert cut_at(read, int(total_tokens(read) * 0.6)) == f"t{position + 1:04d}"


@pytest.mark.parametrize("position", [47, 53])
def test_a_shift_of_vocabulary_near_the_middle_is_where_a_chunk_ends(position: int) -> None:
    other = "Nessa bancada soldamos resistores, medindo tensão com multímetro calibrado."
    read = transcript(*[SENTENCE] * position, *[other] * (100 - position))
    assert cut_at(read, int(total_tokens(read) * 0.6)) == f"t{position + 1:04d}"


def test_a_question_stays_with_its_answer() -> None:
    texts = [SENTENCE] * 100
    texts[49] = "E quanto tempo isso leva na prática?"
    read = transcript(*texts)
    assert cut_at(read, int(total_tokens(read) * 0.6)) != "t0051"


@pytest.mark.parametrize(
    ("text", "opens"),
    [
        ("Agora vamos falar de certificados.", True),
        ("Então, passando para a parte de rede.", True),
        ("Alright, let's talk about backups.", True),
        ("The next topic is monitoring.", True),
        ("O serviço caiu agora de manhã.", False),
        ("The next step is to restart it.", False),
    ],
)
def test_cue_phrases_are_told_from_other_words(text: str, opens: bool) -> None:
    assert opens_topic(text) is opens


def test_a_turn_is_a_line_with_its_id_time_and_speaker() -> None:
    turn = Turn(id="t0012", speaker="spk_1", start_seconds=195.9, end_seconds=200, text="Oi.")
    assert render_turn(turn) == "[t0012 0:03:15 spk_1] Oi."
    assert render_turn(turn.model_copy(update={"speaker": None})) == "[t0012 0:03:15] Oi."
    assert render_turns([turn, turn]).splitlines() == [render_turn(turn)] * 2


@given(text=TALK, speaker=st.sampled_from([None, "spk_0", "</recording>"]))
@examples(max_examples=100, deadline=None)
def test_a_chunk_counts_no_less_than_a_model_is_sent(text: str, speaker: str | None) -> None:
    turn = Turn(id="t0001", speaker=speaker, start_seconds=0, end_seconds=1, text=text)
    assert estimate_tokens(turn_line(turn) + "\n") <= estimate_tokens(render_turn(turn) + "\n")


def test_the_log_says_what_is_created(caplog: pytest.LogCaptureFixture) -> None:
    """The lines that operators know (S1-15, S1-44)."""
    read = transcript(*[SENTENCE] * 100)
    total = total_tokens(read)
    with caplog.at_level(logging.INFO, logger="techne.transcripts"):
        chunk_transcript(read, max_tokens=int(total * 0.6))
    assert caplog.messages == [
        f"Chunking transcription: {total} tokens",
        f"Creating 2 chunks (~{total // 2} tokens each)",
        "Created 2 chunk(s)",
    ]


@pytest.mark.parametrize("max_tokens", [300, 20_000])
def test_time_is_linear_in_the_turns(max_tokens: int) -> None:
    def seconds(turns: int) -> float:
        read = transcript(*[SENTENCE] * turns, speakers=3)
        started = time.process_time()
        chunk_transcript(read, max_tokens=max_tokens)
        return time.process_time() - started

    seconds(500)
    short = min(seconds(1_500) for _ in range(3))
    long = min(seconds(12_000) for _ in range(2))
    assert long < 8 * 2.5 * short


def test_the_parser_reads_and_chunks_parsed_json() -> None:
    """One object for both (S1-14, S1-15)."""
    parser = TranscriptionParser(max_tokens_per_chunk=2_000)
    recording = synthetic_recording(0.2, seed=3, language="pt-BR")

    read = parser.parse_transcribe_json(recording)
    chunks = parser.chunk_transcription(read)

    assert isinstance(chunks, list)
    assert len(chunks) > 2
    assert all(chunk.tokens <= 2_000 for chunk in chunks)
    assert spoken(tuple(chunks)) == list(read.turns)

"""Stage 1: what was said on the subject, without fillers and talk beside it (S1-8).

No model is asked: the rules are deterministic, and what they take out is kept with the reason. They need a
positive sign (a phrase of the lexicon, or the place right after one) and no technical content; a sentence
that has any stays, whatever else it says. Leaving noise in costs a few tokens, losing a step costs the
document.

Rules look back only, and what is dropped can only have made its followers easier to drop. So cleaning a
cleaned transcript changes nothing more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from techne.transcripts.evidence import Evidence, Examiner, Token, split_sentences, tokenise
from techne.transcripts.fillers import capitalised, without_fillers
from techne.transcripts.lexicon import Cue, Lexicon
from techne.transcripts.lexicon_en import ENGLISH
from techne.transcripts.lexicon_pt import PORTUGUESE
from techne.transcripts.model import CleanTranscript, DroppedSpeech, DropReason, Transcript, Turn
from techne.transcripts.verbatim import verbatim

__all__ = ["clean_transcript", "verbatim"]

_LONGEST_CUED_WORDS = 40
_LONGEST_HOMELY_WORDS = 25
_LONGEST_CONTINUATION_WORDS = {DropReason.SMALL_TALK: 8, DropReason.AUDIO_CHECK: 5}
_LONGEST_ASIDE_TURN_WORDS = 24
_LONGEST_CHAIN = 4
_BREAK_SENTENCES = 12
_BREAK_SENTENCE_WORDS = 10
_SUBJECT_USES = 3
_MOSTLY = 0.6

_CUED = (
    (Cue.AUDIO_CHECK, DropReason.AUDIO_CHECK),
    (Cue.PAUSE, DropReason.BREAK),
    (Cue.ERRAND, DropReason.BREAK),
    (Cue.SMALL_TALK, DropReason.SMALL_TALK),
)
_TOPICAL = frozenset({Cue.AUDIO_CHECK, Cue.PAUSE, Cue.ERRAND, Cue.SMALL_TALK, Cue.HOMELY})


@dataclass(slots=True)
class Sentence:
    """One sentence of a turn: as spoken, without fillers, and what its words say."""

    spoken: list[Token]
    kept: list[Token]
    evidence: Evidence
    salutation: list[Token] = field(default_factory=list)


@dataclass(slots=True)
class Context:
    """What the sentences before leave behind for the next one.

    Attributes:
        reason: Why the last sentence was dropped; None if it was kept.
        chain: How many sentences in a row were dropped for their place alone.
        on_break: How many more sentences a break that was called may last.
        asked: The last kept sentence is a question.
    """

    reason: DropReason | None = None
    chain: int = 0
    on_break: int = 0
    asked: bool = False


def clean_transcript(transcript: Transcript) -> CleanTranscript:
    """The transcript without fillers and without talk beside the subject.

    Greetings, audio and screen checks, small talk, breaks, farewells and mere backchannels go, as whole turns
    or as sentences of a turn; they are listed in `dropped`, verbatim. Hesitations ("éé", "um"), asides ("you
    know" between commas) and tags ("né?") go without a record. Where the language is neither Portuguese nor
    English, both lexicons hold at once. Time is linear in the words.
    """
    lexicon = _lexicon(transcript.language)
    examiner = Examiner(lexicon)
    turns = [_sentences(turn.text, lexicon, examiner) for turn in transcript.turns]
    subjects = _subjects(turns)
    context = Context()
    kept_turns: list[Turn] = []
    dropped: list[DroppedSpeech] = []
    for turn, sentences in zip(transcript.turns, turns, strict=True):
        reasons = _judge(sentences, context, subjects)
        dropped.extend(_records(turn, sentences, reasons))
        text = _remaining(turn.text, sentences, reasons)
        if text:
            kept_turns.append(turn if text == turn.text else turn.model_copy(update={"text": text}))
    words = sum(len(turn.text.split()) for turn in transcript.turns)
    words_kept = sum(len(turn.text.split()) for turn in kept_turns)
    cleaned = transcript.model_copy(
        update={
            "turns": tuple(kept_turns),
            "word_count": max(transcript.word_count - (words - words_kept), 0),
        }
    )
    return CleanTranscript(transcript=cleaned, dropped=tuple(dropped))


def _lexicon(language: str) -> Lexicon:
    primary = language.partition("-")[0].lower()
    known = {"pt": PORTUGUESE, "en": ENGLISH}
    return known.get(primary) or PORTUGUESE | ENGLISH


def _sentences(text: str, lexicon: Lexicon, examiner: Examiner) -> list[Sentence]:
    sentences = []
    for spoken in split_sentences(tokenise(text)):
        kept = without_fillers(spoken, lexicon)
        evidence = examiner.examine(kept)
        sentence = Sentence(spoken, kept, evidence)
        if evidence.salutation:
            sentence.salutation = kept[: evidence.salutation]
            first, *rest = kept[evidence.salutation :]
            remaining = without_fillers([capitalised(first, rest[0] if rest else None), *rest], lexicon)
            reexamined = examiner.examine(remaining)
            if reexamined.covered < 1:
                sentence.kept, sentence.evidence = remaining, reexamined
            else:
                sentence.salutation = []
        sentences.append(sentence)
    return sentences


def _subjects(turns: Sequence[Sequence[Sentence]]) -> frozenset[tuple[str, ...]]:
    """Phrases that are no small talk here, because the recording's technical sentences keep using them."""
    uses: Counter[tuple[str, ...]] = Counter()
    for sentences in turns:
        for sentence in sentences:
            if sentence.evidence.technical:
                uses.update({match.phrase for match in sentence.evidence.matches if match.cue in _TOPICAL})
    return frozenset(phrase for phrase, count in uses.items() if count >= _SUBJECT_USES)


def _judge(
    sentences: Sequence[Sentence], context: Context, subjects: frozenset[tuple[str, ...]]
) -> list[DropReason | None]:
    """The reason to drop each sentence of a turn, or None to keep it; `context` moves on."""
    aside = not any(sentence.evidence.technical for sentence in sentences)
    short = sum(sentence.evidence.words for sentence in sentences) <= _LONGEST_ASIDE_TURN_WORDS
    reasons: list[DropReason | None] = []
    for sentence in sentences:
        evidence = sentence.evidence
        reason, placed = _reason(evidence, context, subjects, aside=aside, short=short)
        reasons.append(reason)
        if reason is None:
            context.reason, context.chain, context.on_break = None, 0, 0
            context.asked = evidence.question
            continue
        if reason is DropReason.FILLER:
            continue
        context.asked = False
        context.reason = reason
        context.chain = context.chain + 1 if placed else 0
        if evidence.cues(Cue.PAUSE) and not evidence.cues(Cue.RESUME):
            context.on_break = _BREAK_SENTENCES
        elif evidence.cues(Cue.RESUME):
            context.on_break = 0
        else:
            context.on_break = max(context.on_break - 1, 0)
    return reasons


def _reason(
    evidence: Evidence,
    context: Context,
    subjects: frozenset[tuple[str, ...]],
    *,
    aside: bool,
    short: bool,
) -> tuple[DropReason | None, bool]:
    """Why to drop a sentence, if at all, and whether only its place tells."""
    if not evidence.words:
        return DropReason.FILLER, False
    if evidence.technical:
        return None, False
    own = _own_reason(evidence, context, subjects)
    if own is not None:
        return own, False
    if aside and not (evidence.opens or evidence.instructs) and _follows_on(evidence, context, short=short):
        return (DropReason.BREAK if context.reason is DropReason.BREAK else DropReason.SMALL_TALK), True
    return None, False


def _own_reason(
    evidence: Evidence, context: Context, subjects: frozenset[tuple[str, ...]]
) -> DropReason | None:
    live = [match for match in evidence.matches if match.phrase not in subjects]
    cues = Counter(match.cue for match in live)
    greets = cues[Cue.GREETING] + cues[Cue.SALUTATION]
    if greets and (evidence.covered > _MOSTLY or greets > 1) and evidence.words <= _LONGEST_CUED_WORDS:
        return DropReason.GREETING
    if cues[Cue.RESUME] and evidence.covered > _MOSTLY:
        return DropReason.BREAK
    if evidence.words <= _LONGEST_CUED_WORDS:
        for cue, reason in _CUED:
            if cues[cue]:
                return reason
    if evidence.covered >= 1 and (cues[Cue.BACKCHANNEL] or cues[Cue.ANSWER]):
        answers = context.asked and (cues[Cue.ANSWER] or evidence.called)
        return None if answers else DropReason.FILLER
    if context.on_break and evidence.timed and evidence.words <= _BREAK_SENTENCE_WORDS // 2:
        return DropReason.BREAK
    homely = cues[Cue.HOMELY] and evidence.words <= _LONGEST_HOMELY_WORDS
    if homely and not (context.asked or evidence.timed or evidence.instructs):
        beside = context.on_break or context.reason in {DropReason.SMALL_TALK, DropReason.BREAK}
        if beside or (evidence.personal and not evidence.named):
            return DropReason.SMALL_TALK
    return None


def _follows_on(evidence: Evidence, context: Context, *, short: bool) -> bool:
    """Whether a sentence without any sign of its own belongs to the small talk before it."""
    if context.on_break:
        return evidence.words <= _BREAK_SENTENCE_WORDS
    return (
        context.reason is not None
        and short
        and context.chain < _LONGEST_CHAIN
        and evidence.words <= _LONGEST_CONTINUATION_WORDS.get(context.reason, 0)
        and not (evidence.named or evidence.timed)
        and not (evidence.question and evidence.words > 2)
    )


def _records(
    turn: Turn, sentences: Sequence[Sentence], reasons: Sequence[DropReason | None]
) -> list[DroppedSpeech]:
    if None not in reasons:
        return [_record(turn, 0, turn.text, _main_reason(sentences, reasons), whole=True)]
    records = []
    for sentence, why in zip(sentences, reasons, strict=True):
        if why is not None:
            start, end = sentence.spoken[0].start, sentence.spoken[-1].end
            records.append(_record(turn, start, turn.text[start:end], why, whole=False))
        elif sentence.salutation:
            start, end = sentence.spoken[0].start, sentence.salutation[-1].end
            records.append(_record(turn, start, turn.text[start:end], DropReason.GREETING, whole=False))
    return records


def _main_reason(sentences: Sequence[Sentence], reasons: Sequence[DropReason | None]) -> DropReason:
    """The reason that most words go for; backchannels count only if there is nothing else."""
    weights: Counter[DropReason] = Counter()
    for sentence, reason in zip(sentences, reasons, strict=True):
        spoken = sum(bool(token.word) for token in sentence.spoken)
        if reason is not None and spoken:
            weights[reason] += 1 if reason is DropReason.FILLER else 1000 * spoken
    return weights.most_common(1)[0][0] if weights else DropReason.EMPTY


def _record(turn: Turn, offset: int, text: str, reason: DropReason, *, whole: bool) -> DroppedSpeech:
    return DroppedSpeech(
        turn_id=turn.id,
        start_seconds=turn.seconds_at(offset),
        speaker=turn.speaker,
        text=text,
        reason=reason,
        whole_turn=whole,
    )


def _remaining(text: str, sentences: Sequence[Sentence], reasons: Sequence[DropReason | None]) -> str:
    parts = []
    changed = False
    for sentence, reason in zip(sentences, reasons, strict=True):
        if reason is not None:
            changed = True
        elif sentence.kept == sentence.spoken:
            parts.append(text[sentence.spoken[0].start : sentence.spoken[-1].end])
        else:
            changed = True
            parts.append(" ".join(token.raw for token in sentence.kept))
    return " ".join(parts) if changed else text

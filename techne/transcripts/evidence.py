"""What the words of a sentence say about it: technical content, or talk beside the subject.

Everything is decided on words that have already been freed of fillers, with one look-up a word: a recording
of three hours has some thirty thousand of them. What follows from the evidence is `cleaning`'s business.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from techne.transcripts.lexicon import Cue, Lexicon, Match, PhraseIndex, normalise, words

_EDGES = ".,;:!?…\"'()[]{}«»“”‘’—–"
_ENDERS = ".!?…"
_ABBREVIATIONS = frozenset({"dr", "dra", "sr", "sra", "mr", "mrs", "ms", "prof", "profa", "eng"})
_SCORE_OR_CLOCK = re.compile(
    r"\d{1,2}(?:h(?:\d\d)?|am|pm|st|nd|rd|th|x\d{1,2}|:\d\d|-\d{1,2})?[aªoº]?$", re.IGNORECASE
)
_CODE = re.compile(r"[a-z][A-Z]|[A-Za-z]\d|\d[A-Za-z]|[_/\\=@#%°$&|<>*~^{}\[\]+]|\w[.:]\w|^--?\w")
_PLAIN_CAPITALS = frozenset(
    {"OK", "TV", "AM", "PM", "USA", "US", "UK", "EUA", "RJ", "SP", "MG", "LOL", "KKK", "DJ"}
)
_MASKING = frozenset(
    {Cue.GREETING, Cue.AUDIO_CHECK, Cue.PAUSE, Cue.ERRAND, Cue.SMALL_TALK, Cue.RESUME, Cue.NEUTRAL}
)


class Token(NamedTuple):
    """A word as written, with its punctuation, and where it stands in the turn."""

    raw: str
    core: str
    word: str
    start: int
    end: int

    @property
    def trail(self) -> str:
        """The punctuation after the word."""
        return self.raw[self.raw.rfind(self.core) + len(self.core) :] if self.core else self.raw

    @property
    def ends_sentence(self) -> bool:
        """Whether a full stop, question or exclamation mark follows the word."""
        return not self.raw[-1:].isalnum() and self.raw.rstrip("\"'”’)»]")[-1:] in _ENDERS


def tokenise(text: str) -> list[Token]:
    """The whitespace-separated words of a turn."""
    tokens = []
    end = 0
    for raw in text.split():
        start = text.index(raw, end)
        end = start + len(raw)
        core, word = _core_and_word(raw)
        tokens.append(Token(raw, core, word, start, end))
    return tokens


@functools.lru_cache(maxsize=65_536)
def _core_and_word(raw: str) -> tuple[str, str]:
    core = raw.strip(_EDGES)
    return core, normalise(core)


def split_sentences(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens by sentence: a boundary is an ending mark before anything but a lower-case letter."""
    sentences: list[list[Token]] = []
    current: list[Token] = []
    for position, token in enumerate(tokens):
        current.append(token)
        if not token.ends_sentence or token.word in _ABBREVIATIONS:
            continue
        following = tokens[position + 1].core[:1] if position + 1 < len(tokens) else ""
        if not following.islower():
            sentences.append(current)
            current = []
    if current:
        sentences.append(current)
    return sentences


class Weight(IntEnum):
    """How surely a word is technical."""

    NONE = 0
    NUMBER = 1  # technical with a unit
    HARD = 2


@dataclass(slots=True)
class Evidence:
    """What a sentence's words say.

    Attributes:
        words: How many words it has.
        technical: It has technical content, and is never dropped.
        timed: It has a number with a measure of time.
        named: It has a capitalised word that is nobody's name as far as we know.
        question: It ends in a question mark.
        personal: Its speaker speaks of themselves.
        instructs: It has a verb of instruction, though not in front, where it would be technical.
        opens: It begins with a word that turns back to the subject.
        called: Somebody is called by name.
        covered: Share of its words that belong to greetings, backchannels and those they are said to.
        matches: Phrases of the lexicon in it, from left to right.
        salutation: Leading words that only greet, and may be cut; 0 if there are none.
    """

    words: int
    technical: bool = False
    timed: bool = False
    named: bool = False
    question: bool = False
    personal: bool = False
    instructs: bool = False
    opens: bool = False
    called: bool = False
    covered: float = 0.0
    matches: list[Match] = field(default_factory=list)
    salutation: int = 0

    def cues(self, cue: Cue) -> int:
        """How many different phrases of this kind the sentence has."""
        return len({match.phrase for match in self.matches if match.cue is cue})


class Examiner:
    """Weighs sentences by the lexicon of a language, remembering each word it has seen."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._index = PhraseIndex(lexicon.cues)
        self._weights: dict[str, Weight] = {}

    def examine(self, sentence: Sequence[Token]) -> Evidence:
        """The evidence of one sentence, fillers already left out."""
        normalised = [token.word for token in sentence]
        spoken = [token for token in sentence if token.word]
        evidence = Evidence(words=len(spoken))
        if not spoken:
            return evidence
        lexicon = self._lexicon
        evidence.matches = [m for m in self._index.find(normalised) if not _is_bare(m, sentence)]
        evidence.question = "?" in sentence[-1].trail
        evidence.personal = not lexicon.first_person.isdisjoint(normalised)
        evidence.opens = spoken[0].word in lexicon.openers
        masked: set[int] = set()
        covered = 0
        for match in evidence.matches:
            if match.cue in _MASKING:
                masked.update(range(match.start, match.end))
            if match.cue is Cue.TECHNICAL:
                evidence.technical = True
            if match.cue in _COVERING:
                covered += match.end - match.start
        names = _vocatives(sentence)
        evidence.called = bool(names)
        evidence.covered = (covered + len(names - masked)) / len(spoken)
        if evidence.covered < 1:
            self._weigh(sentence, masked, names, evidence)
        if not lexicon.imperatives.isdisjoint(normalised):
            instructing = {at for at, word in enumerate(normalised) if word in lexicon.imperatives} - masked
            evidence.instructs = bool(instructing)
            if 0 in instructing:
                evidence.technical = True
        evidence.salutation = _salutation(sentence, evidence.matches, names)
        return evidence

    def _weigh(
        self, sentence: Sequence[Token], masked: set[int], names: set[int], evidence: Evidence
    ) -> None:
        lexicon = self._lexicon
        for position, token in enumerate(sentence):
            if position in masked:
                continue
            weight = self._weights.get(token.core)
            if weight is None:
                weight = self._weights[token.core] = self._weight(token)
            if weight is Weight.HARD:
                evidence.technical = True
                return
            if weight is Weight.NUMBER and position + 1 < len(sentence):
                unit = sentence[position + 1].word
                if unit in lexicon.units:
                    evidence.technical = True
                    return
                if unit in lexicon.clock_units:
                    evidence.timed = True
            elif (
                position
                and token.core[:1].isupper()
                and position not in names
                and token.word not in lexicon.first_person
            ):
                evidence.named = True

    def _weight(self, token: Token) -> Weight:
        core, word = token.core, token.word
        lexicon = self._lexicon
        if core.isdigit():
            return Weight.HARD if len(core) > 2 else Weight.NUMBER
        if _SCORE_OR_CLOCK.match(core) or word in lexicon.numerals:
            return Weight.NUMBER
        if _CODE.search(token.raw.strip(".,;!?…\"'()“”«»")):
            return Weight.HARD
        if len(core) > 1 and core.isupper() and core.isalpha() and core not in _PLAIN_CAPITALS:
            return Weight.HARD
        technical = word in lexicon.technical_words or word in lexicon.rules
        if technical or word.startswith(lexicon.technical_stems):
            return Weight.HARD
        return Weight.NONE


_COVERING = frozenset({Cue.SALUTATION, Cue.GREETING, Cue.AUDIENCE, Cue.BACKCHANNEL, Cue.ANSWER, Cue.RESUME})


def _is_bare(match: Match, sentence: Sequence[Token]) -> bool:
    """Whether a greeting of one word runs on into the sentence, as in "the morning shift"."""
    greets = match.cue is Cue.GREETING or match.cue is Cue.SALUTATION
    if not greets or match.end - match.start > 1 or sentence[match.start].trail:
        return False
    return match.end < len(sentence) and sentence[match.end].word not in _CALLED


_CALLED = words(
    "everyone everybody all folks team guys there again "
    "pessoal gente galera turma todos todas a mesmo tchau viu"
)


def _vocatives(sentence: Sequence[Token]) -> set[int]:
    """Positions of capitalised words that stand like a name called: between commas, or last after one."""
    found = set()
    for position, token in enumerate(sentence):
        if position and token.core.istitle() and token.core.isalpha():
            alone = sentence[position - 1].raw[-1:] in ",.?!" and token.trail[:1] in {",", ".", "?", "!"}
            if alone:
                found.add(position)
    return found


def _salutation(sentence: Sequence[Token], matches: Sequence[Match], names: set[int]) -> int:
    if not matches or matches[0].start or matches[0].cue is not Cue.SALUTATION:
        return 0
    position = cut = matches[0].end
    starts = {match.start: match for match in matches if match.cue in {Cue.SALUTATION, Cue.AUDIENCE}}
    cut = position if sentence[position - 1].trail == "," else 0
    while position < len(sentence) and (position in starts or position in names):
        position = starts[position].end if position in starts else position + 1
        if sentence[position - 1].trail == ",":
            cut = position
    return cut if len(sentence) - cut > 1 else 0

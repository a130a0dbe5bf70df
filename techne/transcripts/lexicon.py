"""What the lexicons of cleaning hold, and how their words and phrases are compared and found.

The lexicons themselves are in `lexicon_pt` and `lexicon_en`; what follows from them is in `evidence` and
`cleaning`.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Cue(Enum):
    """What a word or phrase says about the sentence it is in."""

    GREETING = "greeting"  # greetings, thanks and farewells
    SALUTATION = "salutation"  # a greeting that may be cut from the front of a sentence with content
    AUDIENCE = "audience"  # who a greeting or a backchannel is said to
    BACKCHANNEL = "backchannel"  # says only that one listens
    ANSWER = "answer"  # a backchannel that may also answer a question
    AUDIO_CHECK = "audio_check"
    PAUSE = "pause"  # a break begins for all
    ERRAND = "errand"  # one of them leaves or fetches something; the others may go on
    RESUME = "resume"  # a break ends
    SMALL_TALK = "small_talk"
    HOMELY = "homely"  # small talk only together with other signs of it
    NEUTRAL = "neutral"  # looks like one of the above, and is not
    TECHNICAL = "technical"  # a technical term of several words


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words and phrases of one language, in any spelling of case and accents.

    Attributes:
        hesitations: Sounds that are no word of the language; left out wherever they are spoken.
        asides: Phrases left out when they stand between commas.
        tags: Words left out after a comma at a sentence's end, such as "né?".
        cues: Phrases by what they say about a sentence.
        technical_stems: Beginnings of technical words.
        technical_words: Whole words; too short or too ambiguous for a stem.
        rules: Words of obligation, prohibition and instruction.
        imperatives: Verbs that instruct when they open a sentence.
        first_person: Words of somebody who speaks of themselves.
        openers: First words of a sentence that turns back to the subject.
        numerals: Numbers as words, from two.
        units: Measures that make a number technical.
        clock_units: Measures of time: technical, unless the sentence is about a break.
        connectors: Words after which no comma is kept when a filler goes.
    """

    hesitations: frozenset[str]
    asides: frozenset[tuple[str, ...]]
    tags: frozenset[str]
    cues: dict[Cue, frozenset[tuple[str, ...]]]
    technical_stems: tuple[str, ...]
    technical_words: frozenset[str]
    rules: frozenset[str]
    imperatives: frozenset[str]
    first_person: frozenset[str]
    openers: frozenset[str]
    numerals: frozenset[str]
    units: frozenset[str]
    clock_units: frozenset[str]
    connectors: frozenset[str]

    def __or__(self, other: Lexicon) -> Lexicon:
        """Both languages at once, for a recording whose language nobody knows.

        A sound is a hesitation only if it means nothing in either language: "um" is a Portuguese article.
        """
        ambiguous = frozenset({"um", "er", "hum"})
        return Lexicon(
            hesitations=(self.hesitations | other.hesitations) - ambiguous,
            asides=self.asides | other.asides,
            tags=self.tags | other.tags,
            cues={cue: self.cues.get(cue, frozenset()) | other.cues.get(cue, frozenset()) for cue in Cue},
            technical_stems=self.technical_stems + other.technical_stems,
            technical_words=self.technical_words | other.technical_words,
            rules=self.rules | other.rules,
            imperatives=self.imperatives | other.imperatives,
            first_person=self.first_person | other.first_person,
            openers=self.openers | other.openers,
            numerals=self.numerals | other.numerals,
            units=self.units | other.units,
            clock_units=self.clock_units | other.clock_units,
            connectors=self.connectors | other.connectors,
        )


@functools.lru_cache(maxsize=65_536)
def normalise(word: str) -> str:
    """The word without case and accents, for comparison."""
    lowered = word.casefold().replace("’", "'")
    if lowered.isascii():
        return lowered
    return "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))


def words(text: str) -> frozenset[str]:
    """The whitespace-separated words of a lexicon entry."""
    return frozenset(normalise(word) for word in text.split())


def stems(text: str) -> tuple[str, ...]:
    """The whitespace-separated beginnings of words of a lexicon entry."""
    return tuple(sorted(words(text)))


def phrases(text: str) -> frozenset[tuple[str, ...]]:
    """The phrases of a lexicon entry, separated by semicolons."""
    split = (tuple(normalise(word) for word in phrase.split()) for phrase in text.split(";"))
    return frozenset(phrase for phrase in split if phrase)


@dataclass(frozen=True, slots=True)
class Match:
    """Words `start` to `end` (exclusive) of a sentence are a phrase of the lexicon."""

    start: int
    end: int
    cue: Cue
    phrase: tuple[str, ...]


class PhraseIndex:
    """Finds the longest phrase at each word; where several cues have it, the first in the order of `Cue`."""

    def __init__(self, cues: dict[Cue, frozenset[tuple[str, ...]]]) -> None:
        self._cues = {phrase: cue for cue in reversed(Cue) for phrase in cues.get(cue, ())}
        self._lengths: dict[str, list[int]] = {}
        """Lengths of the phrases that begin with a word, the longest first."""
        for first, length in sorted({(phrase[0], len(phrase)) for phrase in self._cues}, reverse=True):
            self._lengths.setdefault(first, []).append(length)

    def find(self, normalised: Sequence[str]) -> list[Match]:
        """Matches from left to right, none overlapping."""
        found: list[Match] = []
        spoken = tuple(normalised)
        end = 0
        for start, lengths in enumerate(map(self._lengths.get, spoken)):
            if lengths is None or start < end:
                continue
            for length in lengths:
                phrase = spoken[start : start + length]
                cue = self._cues.get(phrase)
                if cue is not None:
                    end = start + len(phrase)
                    found.append(Match(start, end, cue, phrase))
                    break
        return found

"""What the lexicons of cleaning hold, and how their words and phrases are compared and found.

The lexicons themselves are in `lexicon_pt` and `lexicon_en`; what follows from them is in `evidence` and
`cleaning`.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class PhraseIndex:
    """Finds the longest phrase at each word, by the phrase's first word."""

    by_first_word: dict[str, list[tuple[tuple[str, ...], Cue]]] = field(default_factory=dict)

    @classmethod
    def of(cls, cues: dict[Cue, frozenset[tuple[str, ...]]]) -> PhraseIndex:
        """An index of all phrases; of two equal ones the first cue in the order of `Cue` wins."""
        index = cls()
        for phrase, cue in _in_order(cues):
            index.by_first_word.setdefault(phrase[0], []).append((phrase, cue))
        for candidates in index.by_first_word.values():
            candidates.sort(key=lambda candidate: -len(candidate[0]))
        return index

    def find(self, normalised: Sequence[str]) -> list[Match]:
        """Matches from left to right, none overlapping."""
        found: list[Match] = []
        position = 0
        while position < len(normalised):
            match = self._at(normalised, position)
            if match is None:
                position += 1
            else:
                found.append(match)
                position = match.end
        return found

    def _at(self, normalised: Sequence[str], start: int) -> Match | None:
        for phrase, cue in self.by_first_word.get(normalised[start], ()):
            end = start + len(phrase)
            if tuple(normalised[start:end]) == phrase:
                return Match(start, end, cue, phrase)
        return None


def _in_order(cues: dict[Cue, frozenset[tuple[str, ...]]]) -> Iterator[tuple[tuple[str, ...], Cue]]:
    for cue in Cue:
        entries: Iterable[tuple[str, ...]] = cues.get(cue, ())
        for phrase in sorted(entries):
            yield phrase, cue

"""The cue words of a language, compiled: closed classes and morphology, never words of one subject.

Patterns are written in lower case without accents and are matched against text folded in the same way
(`fold` keeps every character's position). Words of the trade that both languages share, such as
"timeout" or "denied", are in `SHARED_*` here, because Portuguese recordings are full of English messages.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

SHARED_ERROR = (
    r"errors?|exceptions?|\w+(?:exception|error|backoff)|failed|failures?|fatal|panic|crash(?:ed|es|ing)?|"
    r"denied|refused|rejected|forbidden|unauthori[sz]ed|not found|no such|timed out|unreachable|"
    r"unavailable|"
    r"deadlocks?|overflow|segfault|out of memory|oom\w*|killed|corrupt(?:ed)?|duplicate|mismatch|bugs?"
)
"""Words of error messages, which are English in every language's recordings."""


SHARED_NAMED_ERROR = (
    r"(?:errors?|status(?: code)?|http|codes?|events?(?: id)?|faults?|alarms?|failures?|sqlstate|"
    r"exit(?: code)?|"
    r"erros?|rejeic(?:ao|oes)|codigos?|alarmes?|falhas?|eventos?|excecao)[ :-]{1,2}(?:de |o |a |the |"
    r"is |equals )?"
    r"(?:[a-z]{0,6}[-_]?\d[\w./#-]*)|0x[0-9a-f]{4,}|\w*err_\w+|e[a-z]*(?:refused|reset|timedout|acces|"
    r"noent)|"
    r"\w{3,}(?:exception|error|backoff|killed)|[a-z]{3}-\d{4,5}"
)
"""Errors by their names and numbers: `CommitFailedException`, `0xC0000133`, status 204, `ORA-01555`."""


SHARED_MESSAGE = (
    r"(?:\w+ )?(?:is|was|has been|cannot be|could not be|been)? ?(?:denied|refused|timed out|"
    r"not found|failed|too \w+|"
    r"no space left|unreachable|forbidden|closed|reset by peer|no such \w+|mismatch|exceeded|"
    r"already exists)"
)
"""Words that messages are made of in every language's recordings."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The words that the engine itself writes; everything else is the speakers'."""

    title: str
    problems: str
    procedures: str
    configurations: str
    rules: str
    risks: str
    prevention: str
    overview: str
    concepts: str
    symptom: str
    diagnosis: str
    solution: str
    avoid: str
    rule: str
    risk: str
    setting: str
    value: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Cues:
    """A lexicon as it is written: sources of regular expressions."""

    abbreviations: str
    leading: str
    trailing: str
    aside: str
    framing: str
    strong_correction: str
    weak_correction: str
    negated_value: str
    copula: str
    explanation: str
    afterthought: str
    joining: str
    relative: str
    defining: str
    negation: str
    limiting: str
    hypothesis: str
    finite: str
    error: str
    symptom: str
    reports: str
    reporting: str
    joint: str
    asks_of_trouble: str
    new_problem: str
    diagnosis: str
    cause: str
    solution: str
    action: str
    look: str
    run: str
    typed: str
    obligation: str
    prohibition: str
    risk: str
    prevention: str
    setting: str
    changed: str
    schedule: str
    location: str
    concept: str
    condition: str
    reason: str
    restriction: str
    units: str
    noise: str
    logistics: str
    meta: str
    personal: str
    acknowledgement: str
    interrogative: str
    dependent: str
    clause_start: str
    instructed: str
    code_noun: str
    stop_words: str
    calendar: str
    labels: Labels


class Lexicon:
    """The cues of one language, compiled once."""

    def __init__(self, cues: Cues, language: str) -> None:
        self.language = language
        self.labels = cues.labels
        self.abbreviations = re.compile(rf"(?:^|\W)(?:{cues.abbreviations})\.$")
        self.leading = re.compile(rf"(?:{cues.leading})(?:\s*[,;:…]+\s*|\s+|$)")
        self.trailing = re.compile(rf"[,;…\s]+(?:{cues.trailing})\s*(?P<end>[.?!…]*)$")
        self.aside = re.compile(rf"(?:^|(?<=[,;…]))\s*(?:{cues.aside})\s*(?:[,;…]+\s*|(?=[.?!]|$))")
        self.framing = re.compile(rf"(?:{cues.framing})(?:\s*[,:]\s*|\s+)")
        self.strong_correction = _cue(cues.strong_correction)
        self.weak_correction = _cue(cues.weak_correction)
        self.negated_value = _cue(cues.negated_value)
        self.copula = re.compile(rf"(?:{cues.copula})\s+(?=\S)")
        self.explanation = _cue(cues.explanation)
        self.afterthought = _cue(cues.afterthought)
        self.joining = re.compile(rf"(?:{cues.joining})\b")
        self.relative = re.compile(rf"(?:{cues.relative})\b")
        self.defining = re.compile(rf"(?:{cues.defining})\b")
        self.hypothesis = re.compile(rf"(?:{cues.hypothesis})\b")
        self.limiting = re.compile(rf"(?:{cues.limiting})\b")
        self.finite = _cue(cues.finite)
        self.negation = _cue(cues.negation)
        self.error = _cue(f"{cues.error}|{SHARED_ERROR}")
        self.message = _cue(SHARED_MESSAGE)
        self.named_error = _cue(SHARED_NAMED_ERROR)
        self.symptom = _cue(cues.symptom)
        self.reporting = re.compile(rf"\b(?:{cues.reporting})\s+")
        self.joint = re.compile(rf"(?:{cues.joint})")
        self.reports = _cue(cues.reports)
        self.asks_of_trouble = re.compile(rf"^(?:{cues.asks_of_trouble})\b")
        self.new_problem = _cue(cues.new_problem)
        self.diagnosis = _cue(cues.diagnosis)
        self.cause = _cue(cues.cause)
        self.solution = _cue(cues.solution)
        self.action = re.compile(
            rf"(?:^|[,;:.]\s*|\b(?:{cues.instructed})\s+)(?:{cues.clause_start})?(?:{cues.action})\b"
        )
        self.look = _cue(cues.look)
        self.typed = _cue(cues.typed)
        self.run = _cue(cues.run)
        self.obligation = _cue(cues.obligation)
        self.prohibition = _cue(cues.prohibition)
        self.risk = _cue(cues.risk)
        self.prevention = _cue(cues.prevention)
        self.setting = _cue(cues.setting)
        self.changed = _cue(cues.changed)
        self.schedule = _cue(cues.schedule)
        self.location = _cue(cues.location)
        self.concept = _cue(cues.concept)
        self.condition = _cue(cues.condition)
        self.reason = _cue(cues.reason)
        self.restriction = _cue(cues.restriction)
        self.units = re.compile(rf"\s*(?:{cues.units})\b|\s*%")
        self.noise = _cue(cues.noise)
        self.logistics = _cue(cues.logistics)
        self.meta = _cue(cues.meta)
        self.personal = _cue(cues.personal)
        self.acknowledgement = re.compile(rf"(?:(?:{cues.acknowledgement})[\s,.!?…]*)+$")
        self.interrogative = re.compile(rf"^(?:{cues.interrogative})\b")
        self.dependent = re.compile(rf"^(?:{cues.dependent})\b")
        self.code_noun = _cue(cues.code_noun)
        self.stop_words = frozenset(cues.stop_words.split())
        self.calendar = frozenset(cues.calendar.split())


def _cue(source: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{source})(?!\w)")


def fold(text: str) -> str:
    """The text in lower case without accents, every character in its place."""
    lowered = text.lower() if text.isascii() else "".join(map(_fold_character, text))
    return lowered.replace("’", "'")


@lru_cache(maxsize=2048)
def _fold_character(character: str) -> str:
    base = unicodedata.normalize("NFD", character)[0].lower()
    return base if len(base) == 1 else character


@lru_cache(maxsize=2)
def _lexicon(primary: str) -> Lexicon:
    if primary == "pt":
        from techne.documents.engines.extractive.lexicon_pt import CUES
    else:
        from techne.documents.engines.extractive.lexicon_en import CUES
    return Lexicon(CUES, primary)


def lexicon_for(language: str) -> Lexicon:
    """The lexicon of a BCP 47 tag; English where the language is neither Portuguese nor English."""
    return _lexicon("pt" if language.lower().startswith("pt") else "en")

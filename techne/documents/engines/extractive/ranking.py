"""How much a statement tells: values and cues first, then the weight of its words in the recording."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from math import log, sqrt

from techne.documents.engines.extractive.analysis import Statement
from techne.documents.engines.extractive.lexicon import Lexicon
from techne.documents.engines.extractive.values import Value
from techne.documents.wording import stem

WORTHY = 1.2
"""Score below which a statement is never selected."""

_WEIGHTS = {
    "error": 1.2,
    "named_error": 0.6,
    "symptom": 0.9,
    "diagnosis": 0.6,
    "cause": 0.5,
    "solution": 1.1,
    "action": 0.8,
    "run": 0.3,
    "obligation": 0.8,
    "prohibition": 1.4,
    "risk": 1.2,
    "prevention": 1.0,
    "setting": 0.5,
    "changed": 0.8,
    "schedule": 1.6,
    "location": 0.4,
    "concept": 0.4,
    "condition": 0.4,
    "reason": 0.3,
    "restriction": 0.3,
    "noise": -2.2,
    "logistics": -4.0,
    "meta": -1.3,
    "personal": -1.4,
}
_CHATTER_WITHOUT_CODE = 0.8
_QUESTION = -2.2
_QUESTION_OF_TROUBLE = -0.9
_TROUBLE = ("error", "named_error", "symptom", "condition")
_SHORT = 1.1
_FEWEST_WORDS = 3
"""Words below which a number says nothing: "eight hundred" repeats what was told."""
_SHORT_WORDS = 6
"""Words below which a sentence without a value rarely says anything by itself ("you don't need to")."""
_BESIDE = 0.2
"""What a figure is worth that is told of everyday life."""
_MESSAGE = 1.8
_FOREIGN = 1.0
_ACRONYM = 1.2
"""A word in capitals is the name of something more often than a code."""
_WORD = re.compile(r"[a-z0-9_][\w.-]+")
_COMMON_ENOUGH = 2
_DIMINISHING = 0.5
_KNOWN = 0.2
"""What a value is still worth when it has been told."""


class Ranking:
    """Scores the statements of one chunk."""

    def __init__(self, statements: Sequence[Statement], lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        counted = Counter(word for statement in statements for word in set(self._terms(statement)))
        self._total = max(len(statements), 1)
        self._frequency = counted

    def _terms(self, statement: Statement) -> list[str]:
        return [
            stem(word) for word in _WORD.findall(statement.folded) if word not in self._lexicon.stop_words
        ]

    def cue_score(self, statement: Statement) -> float:
        """What the statement is worth for how it is said; it may be negative."""
        score = sum(_WEIGHTS.get(cue, 0.0) for cue in sorted(statement.cues))
        if "logistics" in statement.cues and (statement.commands or len(statement.code_values) > 1):
            score -= _WEIGHTS["logistics"] * 0.7
        score += self._centrality(statement)
        if statement.has("noise", "logistics", "meta", "personal") and not statement.code_values:
            score -= _CHATTER_WITHOUT_CODE
        tells_value = bool(statement.code_values or statement.codes)
        if statement.is_question:
            troubled = statement.has("asks_of_trouble") or (tells_value and statement.has(*_TROUBLE))
            score += (
                _QUESTION_OF_TROUBLE
                if troubled and (statement.words > _SHORT_WORDS or tells_value)
                else _QUESTION
            )
        if statement.words < _FEWEST_WORDS and not tells_value:
            score -= _SHORT
        if not tells_value and not statement.numbers:
            score -= _SHORT if statement.words < _SHORT_WORDS else 0.0
        return score

    def value_score(self, statement: Statement, known: Collection[str]) -> float:
        """What its values are worth; those that are told already are worth little."""
        codes = [code for code in statement.codes if code.is_command or not code.is_verbatim(statement.text)]
        weights = [(2.6 if code.is_command else 2.0) * _novelty(code.text, known) for code in codes]
        for value in statement.values:
            if any(code.start <= value.start < code.end for code in codes):
                continue
            if value.kind == "code":
                word = statement.text[value.start : value.end]
                weight = _ACRONYM if word.isalpha() and word.isupper() else 2.0
            elif value.kind == "number":
                weight = _number_weight(value)
            else:
                weight = 0.8
            weights.append(weight * _novelty(key_of(value), known))
        weights += [_MESSAGE * _novelty(message, known) for message in statement.messages]
        weights += [_FOREIGN * _novelty(words, known) for words in statement.foreign]
        told = _diminishing(weights)
        beside = statement.has("noise", "logistics") and not (
            statement.code_values or statement.codes or statement.messages
        )
        return told * _BESIDE if beside else told

    def _centrality(self, statement: Statement) -> float:
        """Up to 1: words that the recording uses again, and rather rarely."""
        weight = 0.0
        terms = set(self._terms(statement))
        for term in sorted(terms):
            frequency = self._frequency[term]
            if frequency >= _COMMON_ENOUGH:
                weight += log(1 + frequency) * log(self._total / frequency + 1) / 10
        return min(weight / sqrt(max(statement.words, 6)) * 1.6, 1.0)


def _diminishing(weights: Sequence[float]) -> float:
    """The first counts in full, the others for less and less."""
    return sum(
        weight / (1 + _DIMINISHING * position)
        for position, weight in enumerate(sorted(weights, reverse=True))
    )


def _number_weight(value: Value) -> float:
    digits = sum(character.isdigit() for character in value.key)
    if (value.unit and not value.counts) or "." in value.key or digits > 2:
        return 1.8
    if digits == 2 or value.counts:
        return 1.0
    return 0.2


def _novelty(key: str, known: Collection[str]) -> float:
    return _KNOWN if key in known else 1.0


def key_of(value: Value) -> str:
    """What makes two mentions of a value one: a number counts with its unit."""
    return f"{value.key} {value.unit[:4]}".strip() if value.kind == "number" else value.key


def keys_of(statement: Statement) -> set[str]:
    """The values that are told with a statement."""
    told = {code.text for code in statement.codes} | {*statement.messages, *statement.foreign}
    return {key_of(value) for value in statement.values} | told

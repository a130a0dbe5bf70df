"""Short names for items: the title of a problem, the label of a solution. Always the speakers' own words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from techne.documents.engines.extractive import listing
from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.spoken_code import codes_in
from techne.documents.engines.extractive.values import values_in
from techne.documents.model import Item

_CLAUSE = re.compile(r"(?<=[,;!?])\s+|(?<=[^\W\d]:)\s+|(?<=\.)\s+(?=[^\W\d_a-z])|(?<=[a-z])\.\s+")
_TITLE_WORDS = 7
_MESSAGE_WORDS = 11
"""Words of a message, which is not cut short of what makes it one."""
_LABEL_WORDS = 5
_LATEST = 4
_EDGE = " ,;:.!?…"
_NEGATIONS = listing.words(
    "nao nunca jamais nem nada sem exceto not no never nor without unless except cannot"
)


def title_of(errors: Sequence[Item], lexicon: Lexicon) -> str:
    """The error's name or message, else the clause that tells the symptom."""
    best, best_weight = "", float("-inf")
    for order, item in enumerate(errors[:_LATEST]):
        for place, title in enumerate(_titles(item.text, lexicon)):
            weight = _weight(title, lexicon) - 0.25 * order - 0.05 * place
            if weight > best_weight:
                best, best_weight = title, weight
    return best or errors[0].text.rstrip(_EDGE)


def _titles(text: str, lexicon: Lexicon) -> Iterator[str]:
    text = _typed(text, lexicon)
    for clause in _CLAUSE.split(text):
        plain = clause.strip(_EDGE)
        if not plain:
            continue
        for candidate in _beginnings(plain, lexicon):
            words = _without_lead(candidate.split(), lexicon)
            kept = _whole(words, min(len(_until_joint(words, lexicon)), _TITLE_WORDS), lexicon)
            if _names(candidate, lexicon) and not _names(" ".join(kept), lexicon):
                kept = _whole(words, _MESSAGE_WORDS, lexicon)
            while len(kept) > 1 and _is_common(kept[-1], lexicon):
                kept.pop()
            if kept:
                yield _capitalised(" ".join(kept).strip(_EDGE))


def _beginnings(clause: str, lexicon: Lexicon) -> Iterator[str]:
    """The clause, and what is left of it after each word of reporting and from the error's name on."""
    folded = fold(clause)
    for match in lexicon.reporting.finditer(folded):
        if clause[match.end() :].strip():
            yield clause[match.end() :].strip()
    named = lexicon.named_error.search(folded)
    if named:
        yield clause[named.start() :]
    yield clause


def _names(text: str, lexicon: Lexicon) -> bool:
    folded = fold(text)
    return bool(lexicon.named_error.search(folded) or lexicon.message.search(folded))


def _typed(text: str, lexicon: Lexicon) -> str:
    """The text with its spoken signs as signs."""
    for code in reversed(codes_in(text, lexicon)):
        if not code.is_command:
            text = text[: code.start] + code.text + text[code.end :]
    return text


def _without_lead(words: Sequence[str], lexicon: Lexicon) -> list[str]:
    start = 0
    while start < len(words) - 1 and _is_common(words[start], lexicon):
        if lexicon.named_error.match(fold(" ".join(words[start:]))):
            break
        start += 1
    return list(words[start:])


def _until_joint(words: Sequence[str], lexicon: Lexicon) -> list[str]:
    """The words up to where another clause is joined to them, if enough stand before."""
    for place, word in enumerate(words):
        if place > 2 and len(words) > _TITLE_WORDS and lexicon.joint.fullmatch(fold(word)):
            return list(words[:place])
    return list(words)


def _whole(words: Sequence[str], count: int, lexicon: Lexicon) -> list[str]:
    """The first words, but no number without its end: "three thousand" is not what was said of 3,200."""
    text = " ".join(words)
    end = len(" ".join(words[:count]))
    for value in values_in(text, lexicon, _language(lexicon)):
        if value.kind == "number" and value.start < end < value.end:
            return text[: value.start].split() or list(words)
    return list(words[:count])


def _language(lexicon: Lexicon) -> str:
    return lexicon.language


def _is_common(word: str, lexicon: Lexicon) -> bool:
    folded = fold(word).strip(_EDGE)
    if not folded:
        return True
    return folded in lexicon.stop_words and folded not in _NEGATIONS and not word.isupper()


def label_of(item: Item, lexicon: Lexicon) -> str:
    """The code of an item, or the words of it that say what to do."""
    if item.code:
        first = item.code.splitlines()[0]
        if " " in first:
            return f"`{first}`"
    text = _typed(item.text, lexicon)
    clauses = [clause for clause in _CLAUSE.split(text) if clause.strip(_EDGE)]
    if not clauses:
        return text
    best = max(clauses, key=lambda clause: _label_weight(clause, lexicon)).strip(_EDGE)
    words = _without_lead(best.split(), lexicon)
    words = _whole(words, min(len(_until_joint(words, lexicon)), _LABEL_WORDS), lexicon)
    while len(words) > 1 and _is_common(words[-1], lexicon):
        words.pop()
    label = " ".join(words)
    if _negates(best) and not _negates(label):
        label = best  # "restarting the pod" is not what "restarting the pod does not help" says
    return _capitalised(label.strip(_EDGE))


def _negates(text: str) -> bool:
    words = [word.strip(_EDGE) for word in fold(text).split()]
    return any(word in _NEGATIONS or word.endswith("n't") for word in words)


def _weight(title: str, lexicon: Lexicon) -> float:
    folded = fold(title)
    words = len(title.split())
    values = values_in(title, lexicon, _language(lexicon))
    named, message = bool(lexicon.named_error.search(folded)), bool(lexicon.message.search(folded))
    weight = 2.2 * named + 1.8 * message
    if not (named or message):
        weight += 0.9 * bool(lexicon.error.search(folded)) + 1.0 * bool(lexicon.symptom.search(folded))
    weight += min(0.8 * sum(value.kind == "code" for value in values), 1.2)
    weight += 0.4 * any(value.kind != "code" for value in values)
    weight -= 1.0 * bool(lexicon.new_problem.search(folded)) + 0.6 * bool(lexicon.dependent.match(folded))
    if words < 2:
        coded = any(value.kind == "code" for value in values) and not (title.isalpha() and title.isupper())
        weight -= 0.0 if coded else 2.5
    return weight - 0.2 * max(words - 5, 0)


def _label_weight(clause: str, lexicon: Lexicon) -> float:
    folded = fold(clause)
    return (
        1.2 * bool(lexicon.solution.search(folded))
        + 1.0 * bool(lexicon.action.search(folded))
        + 0.4 * bool(lexicon.obligation.search(folded))
        - 0.8 * (len(clause.split()) < 3)
        - 0.6 * bool(lexicon.personal.search(folded))
    )


def _capitalised(text: str) -> str:
    first = text.split(" ", 1)[0]
    return text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text

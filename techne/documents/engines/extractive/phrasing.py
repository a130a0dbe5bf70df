"""Short names for items: the title of a problem, the label of a solution. Always the speakers' own words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.values import values_in
from techne.documents.model import Item

_CLAUSE = re.compile(r"(?<=[,;:.!?])\s+")
_TITLE_WORDS = 5
_LABEL_WORDS = 4
_EDGE = " ,;:.!?…"


def title_of(errors: Sequence[Item], lexicon: Lexicon) -> str:
    """The words that name the problem best, from the clause where its message or symptom begins."""
    best, best_weight = "", float("-inf")
    for order, item in enumerate(errors[:4]):
        clauses = [clause for clause in _CLAUSE.split(item.text) if clause.strip(_EDGE)]
        for position, clause in enumerate(clauses):
            title = _without_lead(clause, lexicon)
            for following in clauses[position + 1 :]:
                if (
                    clause.rstrip()[-1:] in ".!?"
                    or len(title.split()) + len(following.split()) > _TITLE_WORDS
                ):
                    break
                title, clause = f"{title} {following}", following
            title = _cut(title, _TITLE_WORDS, lexicon)
            weight = _weight(title, lexicon) - 0.3 * order
            if weight > best_weight:
                best, best_weight = title, weight
    return best


def _without_lead(clause: str, lexicon: Lexicon) -> str:
    """The clause from its first word that is not of the closed classes."""
    words = clause.split()
    start = 0
    while start < len(words) - 2 and _is_common(words[start], lexicon):
        start += 1
    return " ".join(words[start:])


def _is_common(word: str, lexicon: Lexicon) -> bool:
    folded = fold(word).strip(_EDGE)
    return folded in lexicon.stop_words and folded not in _NEGATIONS and not lexicon.error.fullmatch(folded)


_NEGATIONS = frozenset({"nao", "not", "no", "sem", "without", "never", "nunca"})


def label_of(item: Item, lexicon: Lexicon) -> str:
    """The code of an item, or the clause of it that says what to do."""
    if item.code:
        first = item.code.splitlines()[0]
        if " " in first:
            return f"`{first}`"
    clauses = [clause for clause in _CLAUSE.split(item.text) if clause.strip(_EDGE)]
    best = max(clauses, key=lambda clause: _label_weight(clause, lexicon))
    return _cut(best, _LABEL_WORDS, lexicon)


def _weight(clause: str, lexicon: Lexicon) -> float:
    folded = fold(clause)
    words = len(clause.split())
    values = values_in(clause, lexicon, "pt" if lexicon.labels.title.startswith("T") else "en")
    weight = 1.5 * bool(lexicon.error.search(folded)) + 1.0 * bool(lexicon.symptom.search(folded))
    weight += min(0.8 * sum(value.kind == "code" for value in values), 1.2)
    weight += 0.5 * any(value.kind == "number" for value in values) + 0.3 * any(
        v.kind == "name" for v in values
    )
    if lexicon.new_problem.search(folded):
        weight -= 1.0
    if words < 2 and not values:
        weight -= 1.0
    if words > _TITLE_WORDS:
        weight -= 0.08 * (words - _TITLE_WORDS)
    if lexicon.dependent.match(folded):
        weight -= 0.5
    return weight


def _label_weight(clause: str, lexicon: Lexicon) -> float:
    folded = fold(clause)
    return (
        1.2 * bool(lexicon.solution.search(folded))
        + 1.0 * bool(lexicon.action.search(folded))
        + 0.4 * bool(lexicon.obligation.search(folded))
        - 0.8 * (len(clause.split()) < 3)
    )


def _cut(clause: str, most_words: int, lexicon: Lexicon) -> str:
    """The clause, or the stretch of it that tells most."""
    words = clause.strip(_EDGE).split()
    if len(words) <= most_words:
        return _capitalised(" ".join(words))
    starts = [0] + [start for start in range(1, len(words) - 2) if not _is_common(words[start], lexicon)]
    stretches = [" ".join(words[start : start + most_words]) for start in starts]
    best = max(range(len(starts)), key=lambda place: (_weight(stretches[place], lexicon), -place))
    kept = stretches[best].split()
    while len(kept) > 2 and _is_common(kept[-1], lexicon):
        kept.pop()
    ends = starts[best] + len(kept) == len(words)
    return _capitalised(" ".join(kept).rstrip(_EDGE)) + ("" if ends else " …")


def _capitalised(text: str) -> str:
    first = text.split(" ", 1)[0]
    return text[0].upper() + text[1:] if first.isalpha() and first.islower() else text

"""The document's plan: which items stand in which section, what the summary says, what the title is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.pairing import allocated, start_of
from techne.documents.engines.extractive.spoken_code import codes_in
from techne.documents.engines.extractive.values import values_in
from techne.documents.model import Item, ItemKind, Outline, OutlineSection, Problem, Statement

_TITLE_TERMS = 3
_SUMMARY_STATEMENTS = 3
_SUMMARY_WORDS = 30
_EARLY = 0.25
"""Share of the recording in which speakers say what it is about."""

_SECTIONS: tuple[tuple[str, frozenset[ItemKind]], ...] = (
    ("concepts", frozenset({ItemKind.CONCEPT})),
    ("problems", frozenset()),
    ("procedures", frozenset({ItemKind.SOLUTION, ItemKind.COMMAND, ItemKind.DIAGNOSTIC, ItemKind.ERROR})),
    ("configurations", frozenset({ItemKind.CONFIGURATION})),
    ("rules", frozenset({ItemKind.RULE})),
    ("risks", frozenset({ItemKind.RISK})),
    ("prevention", frozenset({ItemKind.PREVENTION})),
)


def outline_of(
    items: Sequence[Item], problems: Sequence[Problem], lexicon: Lexicon, language: str
) -> Outline:
    """Sections with content only; each item is in one of them, or in the summary."""
    told = allocated(items, problems)
    in_problems = {item.id for own in told.values() for item in own}
    loose = [item for item in items if item.id not in in_problems]
    summary = _summary(loose, items)
    used = {item_id for statement in summary for item_id in statement.item_ids}
    sections: list[OutlineSection] = []
    for name, kinds in _SECTIONS:
        problem_ids: tuple[str, ...] = ()
        if name == "problems":
            own = [item.id for item in items if item.id in in_problems]
            problem_ids = tuple(problem.id for problem in problems if told[problem.id])
        else:
            own = [item.id for item in loose if item.kind in kinds and item.id not in used]
        if own:
            sections.append(
                OutlineSection(
                    id=f"s{len(sections) + 1:02d}",
                    title=str(getattr(lexicon.labels, name)),
                    item_ids=tuple(own),
                    problem_ids=problem_ids,
                )
            )
    return Outline(title=_title(items, lexicon, language), summary=summary, sections=tuple(sections))


def _summary(loose: Sequence[Item], items: Sequence[Item]) -> tuple[Statement, ...]:
    """What the recording says of its subject at the beginning; told here and not again."""
    if not items:
        return ()
    first, last = start_of(items[0]), start_of(items[-1])
    until = first + _EARLY * max(last - first, 1.0)
    early = [
        item
        for item in loose
        if item.kind in {ItemKind.CONCEPT, ItemKind.CONFIGURATION}
        and item.code is None
        and start_of(item) <= until
        and len(item.text.split()) <= _SUMMARY_WORDS
    ]
    chosen = early[:_SUMMARY_STATEMENTS]
    if not chosen:
        rules = [
            item
            for item in loose
            if item.kind in {ItemKind.RULE, ItemKind.RISK, ItemKind.CONCEPT}
            and item.code is None
            and len(item.text.split()) <= _SUMMARY_WORDS
        ]
        chosen = rules[:2]
    return tuple(Statement(text=item.text, item_ids=(item.id,)) for item in chosen)


def _title(items: Sequence[Item], lexicon: Lexicon, language: str) -> str:
    terms = salient_terms(items, lexicon, language)[:_TITLE_TERMS]
    return f"{lexicon.labels.title}: {', '.join(terms)}" if terms else lexicon.labels.title


def salient_terms(items: Sequence[Item], lexicon: Lexicon, language: str) -> list[str]:
    """Names and code words that most items use, else their most frequent words; as they are written."""
    counted: Counter[str] = Counter()
    written: dict[str, Counter[str]] = {}
    for item in items:
        for word, is_name in _terms(item.text, lexicon, language):
            key = fold(word)
            counted[key] += 2 if is_name else 1
            written.setdefault(key, Counter())[word] += 1
    if len(counted) < _TITLE_TERMS:
        for item in items:
            for word in {word.strip(".,;:!?") for word in item.text.split()}:
                key = fold(word)
                if len(key) > 4 and key.isalpha() and key not in lexicon.stop_words and key not in counted:
                    written.setdefault(key, Counter())[word.lower()] += 1
        for key, forms in written.items():
            counted.setdefault(key, 0)
            counted[key] += forms.total() if key not in counted else 0
    first = {key: place for place, key in enumerate(written)}
    ranked = sorted(counted, key=lambda key: (-counted[key], first.get(key, 0), key))
    return [
        max(written[key], key=lambda form: (written[key][form], form)) for key in ranked if counted[key] > 1
    ]


def _terms(text: str, lexicon: Lexicon, language: str) -> Iterator[tuple[str, bool]]:
    """Names, those of several words as one, and words that look like code, without values and paths."""
    run: tuple[int, int] | None = None
    codes = codes_in(text, lexicon)
    for value in values_in(text, lexicon, language):
        if any(code.start <= value.start < code.end for code in codes):
            continue
        word = text[value.start : value.end]
        acronym = value.kind == "code" and word.isalpha() and word.isupper()
        if value.kind == "name" or acronym:
            if run and text[run[1] : value.start] == " ":
                run = (run[0], value.end)
                continue
            if run:
                yield text[run[0] : run[1]], not text[run[0] : run[1]].isupper()
            run = (value.start, value.end)
            continue
        signs = any(sign in word for sign in "/=@:*\\#()") or word[0] in "-."
        if value.kind == "code" and not signs and len(word) > 2 and not any(map(str.isdigit, word)):
            yield word, False
    if run:
        yield text[run[0] : run[1]], not text[run[0] : run[1]].isupper()

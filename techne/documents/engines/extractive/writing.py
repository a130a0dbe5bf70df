"""A section as Markdown: problems with their parts, the rest as lists in order of time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.outlining import salient_terms
from techne.documents.engines.extractive.pairing import allocated, start_of
from techne.documents.engines.extractive.spoken_code import Code, codes_in
from techne.documents.engines.extractive.values import values_in
from techne.documents.escaping import code_fence, code_span, escape_text
from techne.documents.model import Item, ItemKind, OutlineSection, Problem

_LONG_LIST = 14
_GROUP = 9
_GROUP_TERMS = 3

_ROLES: dict[ItemKind, str] = {
    ItemKind.ERROR: "symptom",
    ItemKind.DIAGNOSTIC: "diagnosis",
    ItemKind.SOLUTION: "solution",
    ItemKind.COMMAND: "solution",
    ItemKind.PREVENTION: "avoid",
    ItemKind.RISK: "risk",
    ItemKind.RULE: "rule",
}
"""What an item is to its problem; the others carry on with what is being told."""
_ORDER = ("symptom", "diagnosis", "solution", "rule", "risk", "avoid")


def markdown_of(
    section: OutlineSection,
    items: Sequence[Item],
    problems: Sequence[Problem],
    lexicon: Lexicon,
    language: str,
) -> str:
    """The text of a section, every statement with its mark."""
    wanted = set(section.item_ids)
    own = sorted(
        (item for item in items if item.id in wanted or not wanted),
        key=lambda item: (start_of(item), item.id),
    )
    blocks: list[str] = []
    told: set[str] = set()
    if section.problem_ids:
        concerned = [problem for problem in problems if problem.id in section.problem_ids]
        parts = allocated(own, concerned)
        for problem in concerned:
            if parts[problem.id]:
                blocks.append(_problem(problem, parts[problem.id], lexicon, language))
                told.update(item.id for item in parts[problem.id])
    rest = [item for item in own if item.id not in told]
    blocks.extend(_lists(rest, lexicon, language))
    return "\n\n".join(block for block in blocks if block)


def _problem(problem: Problem, items: Sequence[Item], lexicon: Lexicon, language: str) -> str:
    parts: dict[str, list[Item]] = {role: [] for role in _ORDER}
    role = _ORDER[0]
    for item in items:
        role = _role(item, role, lexicon)
        parts[role].append(item)
    lines = [f"### {escape_text(problem.title)}", ""]
    for role, told in parts.items():
        for place, item in enumerate(told):
            label = "" if place or role == _ORDER[0] else f"**{getattr(lexicon.labels, role)}:** "
            lines.append(_bullet(item, lexicon, language, label=label))
    return "\n".join(lines)


def _role(item: Item, before: str, lexicon: Lexicon) -> str:
    if item.kind is ItemKind.COMMAND and lexicon.look.search(fold(item.text)):
        return "diagnosis"
    return _ROLES.get(item.kind, before)


def _lists(items: Sequence[Item], lexicon: Lexicon, language: str) -> Iterator[str]:
    if len(items) <= _LONG_LIST:
        yield "\n".join(_bullet(item, lexicon, language) for item in items)
        return
    for group in _groups(items):
        terms = salient_terms(group, lexicon, language)[:_GROUP_TERMS]
        if terms:
            yield f"### {escape_text(', '.join(terms))}"
        yield "\n".join(_bullet(item, lexicon, language) for item in group)


def _groups(items: Sequence[Item]) -> list[list[Item]]:
    """Parts of a long list, cut where the recording is silent on the matter for longest."""
    gaps = sorted(
        range(1, len(items)), key=lambda place: (start_of(items[place - 1]) - start_of(items[place]), place)
    )
    cuts = sorted(gaps[: max(len(items) // _GROUP, 1)])
    return [list(items[start:end]) for start, end in zip([0, *cuts], [*cuts, len(items)], strict=True)]


def _bullet(item: Item, lexicon: Lexicon, language: str, *, label: str = "") -> str:
    wanted = set(item.code.splitlines()) if item.code else set()
    codes = [code for code in codes_in(item.text, lexicon) if code.text in wanted]
    last = codes[-1] if codes else None
    if last and item.kind in _SHOWS_COMMANDS and _deserves_block(last, item.text):
        text = _inline(item.text[: last.start].rstrip(" ,:") + ":", codes[:-1], lexicon, language)
        fence = code_fence(last.text, "bash")
        return (
            f"- {label}{text} [{item.id}]\n\n" + "\n".join(f"  {part}" for part in fence.splitlines()) + "\n"
        )
    return f"- {label}{_inline(item.text, codes, lexicon, language)} [{item.id}]"


_SHOWS_COMMANDS = frozenset({ItemKind.COMMAND, ItemKind.SOLUTION, ItemKind.DIAGNOSTIC})
_BLOCK_WORDS = 6
_LEAD_IN_WORDS = 3


def _deserves_block(code: Code, text: str) -> bool:
    """A command of some length that ends the text, after words that lead to it."""
    return (
        code.is_command
        and len(code.text.split()) >= _BLOCK_WORDS
        and not text[code.end :].strip(" .")
        and len(text[: code.start].split()) >= _LEAD_IN_WORDS
    )


def _inline(text: str, codes: Sequence[Code], lexicon: Lexicon, language: str) -> str:
    """The text with its code as code."""
    spans = [(code.start, code.end, code.text) for code in codes]
    for value in values_in(text, lexicon, language):
        if value.kind == "code" and not any(
            start < value.end and value.start < end for start, end, _ in spans
        ):
            word = text[value.start : value.end]
            if _is_code_word(word):
                spans.append((value.start, value.end, word))
    pieces: list[str] = []
    position = 0
    for start, end, code_text in sorted(spans):
        pieces += [escape_text(text[position:start]), code_span(code_text)]
        position = end
    pieces.append(escape_text(text[position:]))
    return "".join(pieces)


_SURE_CODE = re.compile(r"[_/=@\\]|^-|\w\.[a-zA-Z]|[a-z][A-Z]|-.*-|\w-\w.*\d")


def _is_code_word(word: str) -> bool:
    return bool(_SURE_CODE.search(word)) and not re.fullmatch(r"\d+/\d+", word)

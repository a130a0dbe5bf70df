"""Finding what can be checked in a passage: commands, codes, paths, settings, versions, numbers, names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from techne.documents.grounding.passages import Passage
from techne.documents.grounding.report import LiteralKind
from techne.documents.grounding.spoken import Atom, fold, read_atoms


@dataclass(frozen=True, slots=True)
class Literal:
    """A checkable piece of text; `value` is a number in digits where `kind` is number."""

    text: str
    kind: LiteralKind
    value: str = ""


_FILE = (
    r"(?<![\w.-])\w[\w.-]*\.(?:ya?ml|json|conf|cfg|ini|toml|properties|xml|env|log|sh|py|js|ts|java|sql|csv|txt|md|tf|lock"
    r"|jar|war|zip|tar|gz|pem|crt|key|service|exe|dll|ps1|bat)\b"
)
_URL = r"(?:https?|s3|ftp|jdbc:\w+|redis|postgres(?:ql)?|mysql|amqp|file)://[^\s<>\"')\]]*[^\s<>\"')\].,;:!?]"
_PATH = r"(?<![\w/.])(?:~|\.{1,2})?/[\w][\w.@{}$-]*(?:/[\w.@{}$*-]+)*/?|\b[A-Za-z]:\\[\w\\.-]+|" + _FILE
_CODE = (
    r"\b0x[0-9A-Fa-f]+\b|\b[A-Z][A-Z0-9]{1,}-\d{2,}\b|\b[A-Z]{1,4}\d{3,}\b|\b[A-Z][A-Z0-9]*_ERR\w*\b|\bERR_\w+\b"
    r"|\b(?:[A-Z][a-z0-9]+){1,}(?:Exception|Error|BackOff)\b|\bE[A-Z]{4,}\b"
)
_VERSION = r"\bv\d+(?:\.\d+)*\b|(?<![\w.])\d+(?:\.\d+){2,}(?![\w.]*\w)"
_SETTING = (
    r"(?<![\w.-])[A-Za-z_][\w.-]*=[^\s,;()]*[^\s,;().]|(?<![\w-])--[A-Za-z][\w-]*"
    r"|\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b|\b[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+\b"
    r"|\b[a-z][a-z0-9]{2,}(?:\.[a-z][a-z0-9-]{2,})+\b"
)
_IN_PROSE = re.compile(
    f"(?P<url>{_URL})|(?P<path>{_PATH})|(?P<code>{_CODE})|(?P<version>{_VERSION})|(?P<setting>{_SETTING})"
)
_CLOCK = re.compile(
    r"\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?\b|[\[(]\s*\d{1,3}:\d{2}(?:\s*[–-]\s*\d{1,3}:\d{2})?\s*[\])]"
)
_REFERENCE = re.compile(
    r"\b(?:se[cç][aã]o|se[cç][oõ]es|cap[ií]tulo|passos?|etapas?|itens|item|tabela|figura|ap[eê]ndice|problemas?|"
    r"section|sections|chapter|steps?|stages?|table|figure|appendix|problems?)\s+\d+(?:\.\d+)*\b",
    re.IGNORECASE,
)
_VERSION_CUE = frozenset({"versao", "versoes", "version", "versions", "release", "v"})
_CODE_CUE = frozenset({"erro", "error", "http", "codigo", "code", "status", "exit", "sqlstate", "errno"})
_WORD = re.compile(r"[^\W\d_][\w]*(?:['’-]\w+)*")
_SENTENCE_END = ".!?:;…•—–\n|/>"
_NOT_NAMES = frozenset({"i", "ok", "faq", "ps", "obs", "nota", "note", "n", "a", "o", "e", "etc"})
_SHELLS = frozenset(
    {"bash", "sh", "shell", "console", "zsh", "powershell", "ps1", "bat", "cmd", "terminal", ""}
)
_PLACEHOLDER = re.compile(r"<[^<>\s][^<>]*>|\{\{?[^{}]*\}?\}|\$\([^)]*\)")
_PROMPT = re.compile(r"^\s*(?:\$|>|#(?=\s*(?:kubectl|docker|sudo|apt|systemctl)\b)|PS>|C:\\>)\s+")
_COMMENT = re.compile(r"^\s*(?:#|//|--\s|;|/\*|\*)")


def literals_in(passage: Passage, language: str) -> Iterator[Literal]:
    """Every literal of a passage, in the order of the text, repeated where it is.

    Args:
        passage: The text and what it is.
        language: Language of the document.
    """
    if passage.form == "code":
        yield from _in_code(passage, language)
    else:
        yield from _in_prose(passage.text, language, heading=passage.form == "heading")


def _in_code(passage: Passage, language: str) -> Iterator[Literal]:
    text = _PROMPT.sub("", passage.text).rstrip(" \\").strip()
    if not text:
        return
    if _COMMENT.match(passage.text) and not text.startswith("--"):
        yield from _in_prose(_COMMENT.sub("", passage.text), language, heading=False)
        return
    kind = _kind_of_code(text, passage.language)
    checked = _PLACEHOLDER.sub(" ", text).strip() if kind is LiteralKind.COMMAND else text
    atoms = read_atoms(checked, language)
    if not atoms:
        return
    value = atoms[0].text if kind is LiteralKind.NUMBER and len(atoms) == 1 else ""
    yield Literal(checked, kind, value)


def _kind_of_code(text: str, language: str) -> LiteralKind:
    if re.fullmatch(r"\d+(?:[.,]\d+)?\s?(?:%|[a-zA-Z]{1,3})?", text):
        return LiteralKind.NUMBER
    for kind, pattern in (
        (LiteralKind.URL, _URL),
        (LiteralKind.PATH, _PATH),
        (LiteralKind.VERSION, _VERSION),
        (LiteralKind.CODE, _CODE),
    ):
        if re.fullmatch(pattern, text):
            return kind
    if language not in _SHELLS:
        return LiteralKind.SETTING
    if re.fullmatch(r"-{1,2}[\w-]+|[\w.\[\]-]+\s*[=:]\s*\S*|[\w-]+(?:[._][\w-]+)+", text):
        return LiteralKind.SETTING
    return LiteralKind.COMMAND if " " in text else LiteralKind.NAME


def _in_prose(text: str, language: str, *, heading: bool) -> Iterator[Literal]:
    text = _blank(_REFERENCE, _blank(_CLOCK, text))
    found = [
        (match.start(), Literal(match.group(), LiteralKind(match.lastgroup or "name")))
        for match in _IN_PROSE.finditer(text)
    ]
    rest = _blank(_IN_PROSE, text)
    found.extend(_numbers(rest, language))
    found.extend(_names(rest, language, heading=heading))
    for _, literal in sorted(found, key=lambda pair: pair[0]):
        yield literal


def _blank(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda match: "\N{OBJECT REPLACEMENT CHARACTER}" * len(match.group()), text)


def _numbers(text: str, language: str) -> Iterator[tuple[int, Literal]]:
    atoms = read_atoms(text, language)
    for position, atom in enumerate(atoms):
        if atom.kind != "number" or not atom.alone:
            continue
        written = text[atom.start : atom.end]
        if atom.text == "1" and not written[0].isdigit():
            continue  # "um", "uma" and "one" are articles and pronouns more often than numbers
        before = fold(atoms[position - 1].text) if position else ""
        kind = LiteralKind.NUMBER
        if before in _VERSION_CUE:
            kind = LiteralKind.VERSION
        elif before in _CODE_CUE and len(atom.text) >= 3:
            kind = LiteralKind.CODE
        yield atom.start, Literal(_number_as_written(text, atom), kind, atom.text)


def _number_as_written(text: str, atom: Atom) -> str:
    suffix = re.match(r"[^\W\d_]{1,3}\b|\s?%|[ºª]", text[atom.end :])
    written = text[atom.start : atom.end]
    return written + suffix.group() if suffix and written[-1].isdigit() else written


def _names(text: str, language: str, *, heading: bool) -> Iterator[tuple[int, Literal]]:
    words = list(_WORD.finditer(text))
    title_case = heading and _is_title_case(words[1:], language)
    group: list[re.Match[str]] = []
    for word in words:
        if not _is_name(word, text, title_case=title_case):
            continue
        if group and text[group[-1].end() : word.start()] != " ":
            yield _name(group, text)
            group = []
        group.append(word)
    if group:
        yield _name(group, text)


def _is_title_case(words: list[re.Match[str]], language: str) -> bool:
    """Whether capitals mean nothing here; in English headings that is the rule, elsewhere it takes two."""
    long_words = [word.group() for word in words if len(word.group()) > 3]
    capitals = sum(word[0].isupper() for word in long_words)
    return capitals * 2 > len(long_words) and (capitals > 1 or language.startswith("en"))


def _is_name(match: re.Match[str], text: str, *, title_case: bool) -> bool:
    word = match.group()
    if fold(word) in _NOT_NAMES:
        return False
    if match.start() and text[match.start() - 1].isdigit():
        return False  # a unit, as in 30ms
    mixed = any(character.isupper() for character in word[1:]) or any(map(str.isdigit, word))
    if mixed:
        return True
    return word[0].isupper() and not title_case and not _begins_sentence(text, match.start())


def _begins_sentence(text: str, position: int) -> bool:
    before = text[:position].rstrip(" \t\"'“”‘’«»*_([")
    return not before or before[-1] in _SENTENCE_END


def _name(group: list[re.Match[str]], text: str) -> tuple[int, Literal]:
    start = group[0].start()
    return start, Literal(text[start : group[-1].end()], LiteralKind.NAME)

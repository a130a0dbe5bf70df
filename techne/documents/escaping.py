"""Writing text, code and destinations so that Markdown reads them back as just that."""

from __future__ import annotations

import re

_ALWAYS = re.compile(r"[\\`*\[\]~|]")
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_LINE_START = re.compile(r"^(?:(#{1,6})(?=\s|$)|([-+])(?=[\s-]|$)|(=)|(\d{1,9})([.)])(?=\s|$))")
_CLOSING_HASHES = re.compile(r"(?:^|(?<=\s))#(?=#*\s*$)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]|[\ud800-\udfff]")
_IN_DESTINATION = {character: f"%{ord(character):02X}" for character in " ()<>\\|\"'`*[]{}^\n\t"}


def without_controls(text: str) -> str:
    """The text without the characters that XML forbids and terminals act upon; tabs and line ends stay."""
    return _CONTROL.sub("", text)


def escape_text(text: str) -> str:
    """Text as Markdown that renders as that text, within a line."""
    escaped = _ALWAYS.sub(lambda match: "\\" + match.group(), without_controls(text))
    escaped = _UNDERSCORE.sub(r"\\_", escaped)
    escaped = _ENTITY.sub("&amp;", escaped)
    return escaped.replace("<", "&lt;").replace(">", "&gt;")


def escape_line_start(line: str) -> str:
    """A line of inline Markdown that begins no heading, list or rule."""
    stripped = line.lstrip(" \t")

    def escaped(match: re.Match[str]) -> str:
        hashes, bullet, equals, number, delimiter = match.groups()
        return f"{number}\\{delimiter}" if number else f"\\{hashes or bullet or equals}"

    return _LINE_START.sub(escaped, stripped)


def escape_heading(line: str) -> str:
    """A line of inline Markdown that keeps its last `#` in a heading."""
    return _CLOSING_HASHES.sub(r"\\#", " ".join(line.split()))


def code_span(code: str, *, in_table: bool = False) -> str:
    """Code between backticks, as many as it takes."""
    code = " ".join(without_controls(code).splitlines()).strip()
    if not code:
        return ""
    ticks = "`" * (_longest_run(code) + 1)
    pad = " " if code.startswith("`") or code.endswith("`") else ""
    span = f"{ticks}{pad}{code}{pad}{ticks}"
    return span.replace("|", "\\|") if in_table else span


def code_fence(code: str, language: str = "") -> str:
    """A fenced block, its fence longer than any run of backticks in it."""
    ticks = "`" * max(3, _longest_run(code) + 1)
    lines = without_controls(code).rstrip("\n")
    word = re.match(r"[\w+#.-]*", language.strip())
    return f"{ticks}{word.group() if word else ''}\n{lines}\n{ticks}"


def destination(url: str) -> str:
    """A link destination without characters that could end it early."""
    return "".join(_IN_DESTINATION.get(character, character) for character in without_controls(url))


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)

"""Takes out of a sentence what only speech needs: fillers, leading discourse words, tags at the end."""

from __future__ import annotations

import re

from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.programs import ORDINARY_PROGRAMS, PROGRAMS

_MARGIN = " ,;:…—-"
_SPACES = re.compile(r"\s+")
_STUTTER = re.compile(r"\b([^\W\d]\w*)(?:[,…]+\s*|\s+)\1\b(?![\w'-])", re.IGNORECASE)
_SPACE_BEFORE_SIGN = re.compile(r"\s+(?=[,;:.!?](?:\s|$))")
_REPEATED_SIGN = re.compile(r"([,;])(?:\s*[,;])+")
_ROUNDS = 6


def trimmed(text: str, lexicon: Lexicon) -> str:
    """The sentence without fillers, capitalised and with its full stop; empty if nothing is left."""
    text = _SPACES.sub(" ", text).strip()
    text = _without_trailing(text, lexicon)
    text = _without_leading(text, lexicon)
    text = _without_trailing(_without_asides(text, lexicon), lexicon)
    text = _without_leading(text, lexicon)
    text = _STUTTER.sub(_once, text)
    text = _REPEATED_SIGN.sub(r"\1", _SPACE_BEFORE_SIGN.sub("", text)).strip(_MARGIN)
    return finished(text)


def finished(text: str) -> str:
    """The text with a capital and a full stop; words that are code keep their first letter."""
    text = text.strip(_MARGIN)
    if not any(character.isalnum() for character in text):
        return ""
    first = text.split(" ", 1)[0].rstrip(",;:")
    if first in PROGRAMS and first not in ORDINARY_PROGRAMS:
        pass  # a command is typed as it is
    elif first.replace("'", "").replace("’", "").isalpha() and first.islower():
        text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?" else text.rstrip("…") + "."


def _once(match: re.Match[str]) -> str:
    return match.group(1) if len(match.group(1)) < 4 else match.group(0)


def _without_asides(text: str, lexicon: Lexicon) -> str:
    for _ in range(_ROUNDS):
        match = lexicon.aside.search(fold(text))
        if match is None or match.end() == match.start():
            return text
        before, after = text[: match.start()].rstrip(_MARGIN), text[match.end() :]
        joint = ", " if before and after and after[0] not in ".!?" else ""
        if not before and not after.strip(".!? "):
            return text
        text = before + joint + after
    return text


def _without_leading(text: str, lexicon: Lexicon) -> str:
    for _ in range(_ROUNDS):
        folded = fold(text)
        match = lexicon.leading.match(folded) or lexicon.framing.match(folded)
        if match is None or match.end() == 0 or not text[match.end() :].strip(" .!?"):
            return text
        if match.group().strip() == "e" and text[0] not in "eE":
            return text  # "é" says what something is, "e" only goes on
        text = text[match.end() :].lstrip(_MARGIN)
    return text


def _without_trailing(text: str, lexicon: Lexicon) -> str:
    for _ in range(_ROUNDS):
        match = lexicon.trailing.search(fold(text))
        if match is None or match.start() == 0 or "," not in text[match.start() : match.start() + 2]:
            return text
        end = text[match.start("end") : match.end("end")]
        text = text[: match.start()] + ("." if end.startswith("?") else end)
    return text

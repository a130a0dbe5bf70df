"""Words that are spoken for signs, and a sentence as pieces: words and such signs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from techne.documents.engines.extractive.lexicon import fold

_TOKEN = re.compile(r"[^\s,;!?…\"“”«»]+|[,;!?…\"“”«»]")
_PHRASES: tuple[tuple[str, str], ...] = (
    # Longer phrases first; what is typed for each. Spaces around say on which sides words stay apart.
    ("dois tracos", " --"),
    ("traco traco", " --"),
    ("dois hifens", " --"),
    ("hifen hifen", " --"),
    ("menos menos", " --"),
    ("dash dash", " --"),
    ("double dash", " --"),
    ("two dashes", " --"),
    ("minus minus", " --"),
    ("hyphen hyphen", " --"),
    ("barra invertida", "\\"),
    ("contra barra", "\\"),
    ("contrabarra", "\\"),
    ("backslash", "\\"),
    ("back slash", "\\"),
    ("barra barra", "//"),
    ("slash slash", "//"),
    ("forward slash", "/"),
    ("barra vertical", " | "),
    ("pipe", " | "),
    ("maior maior", " >> "),
    ("maior que", " > "),
    ("menor que", " < "),
    ("greater than", " > "),
    ("less than", " < "),
    ("e comercial e comercial", " && "),
    ("igual a", "="),
    ("igual", "="),
    ("equals to", "="),
    ("equal to", "="),
    ("equals", "="),
    ("equal sign", "="),
    ("dois pontos", ":"),
    ("colon", ":"),
    ("ponto e virgula", ";"),
    ("semicolon", ";"),
    ("underline", "_"),
    ("underscore", "_"),
    ("sublinhado", "_"),
    ("underlaine", "_"),
    ("anderline", "_"),
    ("arroba", "@"),
    ("at sign", "@"),
    ("asterisco", "*"),
    ("asterisk", "*"),
    ("star", "*"),
    ("til", "~"),
    ("tilde", "~"),
    ("cifrao", "$"),
    ("dollar sign", "$"),
    ("traco", "-"),
    ("hifen", "-"),
    ("dash", "-"),
    ("hyphen", "-"),
    ("barra", "/"),
    ("slash", "/"),
    ("ponto", "."),
    ("dot", "."),
)
_BY_FIRST: dict[str, list[tuple[tuple[str, ...], str]]] = {}
for _phrase, _sign in _PHRASES:
    _split = tuple(_phrase.split())
    _BY_FIRST.setdefault(_split[0], []).append((_split, _sign))


@dataclass(frozen=True, slots=True)
class Piece:
    """A word or a spoken sign, with its place."""

    text: str
    folded: str
    sign: str
    start: int
    end: int


def pieces_of(sentence: str) -> list[Piece]:
    """The pieces of a sentence in order; the longest spelling of a sign wins."""
    tokens = [(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(sentence)]
    pieces: list[Piece] = []
    position = 0
    words = [fold(text).rstrip(".:") for text, _, _ in tokens]
    while position < len(tokens):
        text, start, _ = tokens[position]
        for phrase, sign in _BY_FIRST.get(words[position], ()):
            if tuple(words[position : position + len(phrase)]) == phrase:
                last = tokens[position + len(phrase) - 1]
                pieces.append(Piece(sentence[start : last[2]], " ".join(phrase), sign, start, last[2]))
                position += len(phrase)
                break
        else:
            stripped = text.rstrip(".:") or text
            pieces.append(Piece(stripped, fold(stripped), "", start, start + len(stripped)))
            position += 1
    return pieces

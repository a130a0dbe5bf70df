r"""Writes commands, paths and settings as one would type them.

Speech recognition spells signs out: "kubectl get pods traço n pagamentos", "slash etc slash hosts". A sign
word is read as a sign only where that is certain: next to a word that is code by its looks, in a chain of
signs, as a flag after a program's name, or in the name of a file. "Até certo ponto" stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from techne.documents.engines.extractive.commands import find_command, find_options
from techne.documents.engines.extractive.identifiers import find_identifier
from techne.documents.engines.extractive.lexicon import Lexicon
from techne.documents.engines.extractive.queries import find_query
from techne.documents.engines.extractive.spoken_signs import pieces_of

_FINDERS = ((find_query, True), (find_command, True), (find_options, True), (find_identifier, False))
"""Each with whether it finds commands, the surest first."""


@dataclass(frozen=True, slots=True)
class Code:
    """A command, path or setting found in a sentence; `start` and `end` are offsets of how it was said."""

    text: str
    start: int
    end: int
    is_command: bool

    def is_verbatim(self, sentence: str) -> bool:
        """Whether it was said as it is typed."""
        return sentence[self.start : self.end] == self.text


def codes_in(sentence: str, lexicon: Lexicon) -> list[Code]:
    """The commands, paths and settings of a sentence in order, none inside another."""
    pieces = pieces_of(sentence)
    codes: list[Code] = []
    position = 0
    while position < len(pieces):
        for find, is_command in _FINDERS:
            found = find(pieces, position, sentence, lexicon)
            if found is not None:
                text, end = found
                codes.append(Code(text, pieces[position].start, pieces[end - 1].end, is_command))
                position = end
                break
        else:
            position += 1
    return codes

"""Cuts turns into sentences, each with its place in the turn so that it can be quoted verbatim."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.transcripts.model import Turn

_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$)")
_LONG = 45
"""Words after which a sentence is thought to lack its full stops."""
_LONG_WITHOUT_COMMAS = 22
_PUNCTUATED = 30
"""Words to a full stop, at most, in a turn whose full stops were all written."""
_PIECE = 7
"""Fewest words of a piece of a sentence that is cut where its full stops should be."""
_SPOKEN_STOP = re.compile(
    r"\s(?=(?:entao|e ai|ai|agora|so que|depois|e depois|por isso|beleza|bom|porque|mas|se|quando|nunca|"
    r"nao pode|so|and then|now|then|okay|but|because|next|after that) )"
)
"""Words with which speakers begin anew, in either language."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of a turn; `text` is `turn.text[start:end]`."""

    turn: Turn
    position: int
    """Place among all sentences of the chunk."""
    start: int
    end: int

    @property
    def text(self) -> str:
        """The words, verbatim."""
        return self.turn.text[self.start : self.end]


def sentences_of(turns: Sequence[Turn], lexicon: Lexicon) -> list[Sentence]:
    """The sentences of the turns, in order; together they hold every word."""
    found: list[Sentence] = []
    for turn in turns:
        for start, end in _spans(turn.text, lexicon):
            found.append(Sentence(turn, len(found), start, end))
    return found


def _spans(text: str, lexicon: Lexicon) -> Iterator[tuple[int, int]]:
    start = 0
    ends = len(_END.findall(text))
    punctuated = ends > 1 and text.count(" ") / ends < _PUNCTUATED
    for match in _END.finditer(text):
        if match.end() < len(text) and not _ends(text, start, match, lexicon):
            continue
        yield from _pieces(text, start, match.end(), punctuated)
        start = match.end()
    yield from _pieces(text, start, len(text), punctuated)


def _ends(text: str, start: int, match: re.Match[str], lexicon: Lexicon) -> bool:
    if match.group().startswith((".", "…")):
        following = text[match.end() :].lstrip()[:1]
        if len(match.group()) > 1 or match.group() == "…":
            return not following.islower()
        return not (following.islower() and lexicon.abbreviations.search(fold(text[start : match.end()])))
    return True


def _pieces(text: str, start: int, end: int, punctuated: bool) -> Iterator[tuple[int, int]]:
    """The stretch without its margins, cut further where it runs on without full stops."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start == end:
        return
    has_commas = text.find(",", start, end) >= 0
    if punctuated or text.count(" ", start, end) < (_LONG if has_commas else _LONG_WITHOUT_COMMAS):
        yield start, end
        return
    folded = fold(text[start:end])
    cut = start
    for match in _SPOKEN_STOP.finditer(folded):
        at = start + match.start()
        if text.count(" ", cut, at) >= _PIECE and text.count(" ", at, end) >= _PIECE:
            yield cut, at
            cut = at + 1
    yield cut, end

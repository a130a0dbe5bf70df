"""Scores a document against the facts of its recording: what it found, what it lost, what it made up.

    python -m tests.acceptance.fact_scoring document.md transcript.json facts.json

How things are counted:

- The *apparatus*, in which a document speaks about itself, is the first table if it stands right under the
  title, and every section that begins with appendix, what was checked, apêndice, anexo, o que foi verificado.
  What is only there is not found; noise and corrected values are not welcome there either.
- A *literal* is found if one of its spellings stands in the document; case, accents, white space, times of
  the recording and Markdown don't matter, parts of longer words don't count.
- A *pair* is found if a spelling of the problem and one of the solution stand in one block: a table row, a
  top-level list item, or a section under a heading of level 3 or deeper (with what is nested in it), each of
  at most 400 words.
- *Noise* and *corrected-away* values must stand nowhere. A wrong value with `near` counts only in the same
  piece or table row as that phrase, for a value that is right elsewhere.
- *Invented* is every code span, line of code, URL, path, identifier, error code and number (in digits or in
  words) that the transcript does not have, once spoken punctuation and spoken numbers are written out on both
  sides; `NAME=value` may join what was said within half a minute. Not looked at: the apparatus, times of the
  recording, the numbering of headings and table rows, placeholders in angle brackets, and a spelled-out one
  or two, which are articles and pronouns too.
- The *word ratio* counts every word of the document, apparatus and times too, but no link target.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from techne.transcripts.model import Transcript
from tests.acceptance.document_blocks import TIME, Piece, blocks, read_pieces, words
from tests.acceptance.spoken_text import SpokenText, contains_phrase, digits, fold


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LiteralKind(StrEnum):
    """What a literal is."""

    COMMAND = "command"
    PATH = "path"
    ERROR_CODE = "error_code"
    ERROR_MESSAGE = "error_message"
    SETTING = "setting"
    VERSION = "version"
    NUMBER = "number"
    NAME = "name"
    RULE = "rule"
    URL = "url"


class Phrases(_Closed):
    """Spellings of which one is enough."""

    any_of: tuple[str, ...] = Field(min_length=1)


class Literal(Phrases):
    """Something that a document of this recording must say literally."""

    id: str
    kind: LiteralKind
    spoken: str = Field(description="Where the recording says it, verbatim apart from case.")


class Pair(_Closed):
    """A problem and what solves it, which must stand together."""

    id: str
    problem: Phrases
    solution: Phrases


class Correction(_Closed):
    """A value that the speaker took back."""

    id: str
    wrong: tuple[str, ...] = Field(min_length=1)
    right: tuple[str, ...] = Field(min_length=1)
    near: str | None = Field(None, description="The wrong value is wrong only next to this phrase.")
    spoken: str


class Facts(_Closed):
    """What a good document of one recording has, and has not."""

    transcript: str = Field(description="Path of the transcript from the root of the project.")
    language: str
    literals: tuple[Literal, ...]
    pairs: tuple[Pair, ...]
    noise: tuple[str, ...] = Field(description="Talk that is no part of the subject.")
    corrected_away: tuple[Correction, ...]


class Score(_Closed):
    """The judgement on one document; lists hold the ids, or the words, of what went wrong."""

    literal_recall: float
    pair_recall: float
    missed_literals: tuple[str, ...]
    missed_pairs: tuple[str, ...]
    noise_found: tuple[str, ...]
    corrected_away_found: tuple[str, ...]
    corrections_missing: tuple[str, ...] = Field(description="Corrections whose right value is missing.")
    invented: tuple[str, ...]
    word_ratio: float


def score(document_markdown: str, transcript: Transcript | str, facts: Facts) -> Score:
    """Judge a document of the recording that `facts` describes."""
    said = transcript if isinstance(transcript, str) else " ".join(turn.text for turn in transcript.turns)
    pieces = read_pieces(document_markdown)
    body_pieces = [piece for piece in pieces if not piece.excluded]
    body, whole = _folded(body_pieces), _folded(pieces)
    together = [fold(block) for block in blocks(body_pieces)]
    missed_literals = [fact.id for fact in facts.literals if not contains_phrase(body, fact.any_of)]
    missed_pairs = [pair.id for pair in facts.pairs if not _is_paired(pair, together)]
    return Score(
        literal_recall=_share_found(missed_literals, facts.literals),
        pair_recall=_share_found(missed_pairs, facts.pairs),
        missed_literals=tuple(missed_literals),
        missed_pairs=tuple(missed_pairs),
        noise_found=tuple(phrase for phrase in facts.noise if contains_phrase(whole, [phrase])),
        corrected_away_found=tuple(_wrong_values(facts.corrected_away, whole, pieces)),
        corrections_missing=tuple(
            correction.id
            for correction in facts.corrected_away
            if not contains_phrase(body, correction.right)
        ),
        invented=tuple(invented(pieces, SpokenText.of(said, facts.language))),
        word_ratio=sum(len(words(piece.text)) for piece in pieces) / max(len(words(said)), 1),
    )


def _folded(pieces: Sequence[Piece]) -> str:
    return fold(TIME.sub(" ", " ¶ ".join(piece.text for piece in pieces)))


def _share_found(missed: Sequence[str], facts: Sequence[object]) -> float:
    return 1 - len(missed) / len(facts) if facts else 1.0


def _is_paired(pair: Pair, blocks_of_text: Sequence[str]) -> bool:
    return any(
        contains_phrase(block, pair.problem.any_of) and contains_phrase(block, pair.solution.any_of)
        for block in blocks_of_text
    )


def _wrong_values(corrections: Sequence[Correction], whole: str, pieces: Sequence[Piece]) -> Iterator[str]:
    rows: dict[str, str] = {}
    for piece in pieces:
        for group in piece.groups:
            if group.startswith("row "):
                rows[group] = f"{rows.get(group, '')} {piece.text}"
    close = [fold(text) for text in (*rows.values(), *(piece.text for piece in pieces))]
    for correction in corrections:
        places = [whole] if correction.near is None else close
        for phrase in correction.wrong:
            if any(
                contains_phrase(place, [phrase])
                and (correction.near is None or contains_phrase(place, [correction.near]))
                for place in places
            ):
                yield f"{correction.id}: {phrase}"


_ASSIGNMENT = re.compile(r"\s*([\w.-]+)\s*[=:]\s*(\S+)\s*")
_PLACEHOLDER = re.compile(r"<[^<>\s][^<>]{0,40}>")
_LITERAL_IN_PROSE = re.compile(
    r"[a-z][a-z0-9+]*://[^\s)>\]]+"  # URL
    r"|(?<![\w/])~?/[\w.-]+(?:/[\w.-]+)*"  # path
    r"|\b(?!(?:e\.g|i\.e|p\.ex|a\.m|p\.m)\b)(?=[\w.]*[a-z_])\w+(?:[._]\w+)+\b"  # identifier, file name
    r"|\b[A-Z]{2,}-?\d+\b",  # error code
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![a-z\d])\d+(?:[.,:/-]\d+)*")


def invented(pieces: Sequence[Piece], said: SpokenText) -> list[str]:
    """What the document states literally and nobody said, in order and once."""
    found: dict[str, None] = {}
    for piece in pieces:
        if not piece.excluded:
            found.update(dict.fromkeys(_unsaid(piece, said)))
    return list(found)


def _unsaid(piece: Piece, said: SpokenText) -> Iterator[str]:
    prose = piece.prose
    for code in piece.codes:
        if code.lstrip().startswith(("#", "//", "-- ")):
            prose = f"{prose} {code}"
        elif not _is_said(code, said):
            yield code.strip()
    for match in _LITERAL_IN_PROSE.finditer(prose):
        if not said.says(match[0]):
            yield match[0]
    for number in _NUMBER.findall(digits(_LITERAL_IN_PROSE.sub(" ", prose), said.language)):
        spelled = number in {"1", "2"} and number not in re.findall(r"\d+", prose)
        if not spelled and not said.says(number):
            yield number


def _is_said(code: str, said: SpokenText) -> bool:
    if all(said.says(part) for part in _PLACEHOLDER.split(code)):
        return True
    assignment = _ASSIGNMENT.fullmatch(code)
    return assignment is not None and said.says_together(assignment[1], assignment[2])


def read_said(path: Path) -> str:
    """The words of a transcript file: Transcribe's own full text, or the file's text as it is."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".json":
        return text
    return str(json.loads(text)["results"]["transcripts"][0]["transcript"])


def report(result: Score, facts: Facts) -> str:
    """The score as a table, then what went wrong, by name."""
    lines = [
        f"literal recall   {result.literal_recall:6.3f}   of {len(facts.literals)}",
        f"pair recall      {result.pair_recall:6.3f}   of {len(facts.pairs)}",
        f"noise            {len(result.noise_found):6d}   of {len(facts.noise)}",
        f"corrected away   {len(result.corrected_away_found):6d}   of {len(facts.corrected_away)}",
        f"invented         {len(result.invented):6d}",
        f"word ratio       {result.word_ratio:6.3f}",
    ]
    for name in (
        "missed_literals",
        "missed_pairs",
        "noise_found",
        "corrected_away_found",
        "corrections_missing",
        "invented",
    ):
        values: tuple[str, ...] = getattr(result, name)
        if values:
            lines += ["", name.replace("_", " ") + ":", *(f"  {value}" for value in values)]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the score of a document."""
    parser = argparse.ArgumentParser(description="Score a document against the facts of its recording.")
    parser.add_argument("document", type=Path, help="Markdown")
    parser.add_argument("transcript", type=Path, help="Transcribe JSON, or any text")
    parser.add_argument("facts", type=Path, help="tests/acceptance/facts/<sample>.json")
    options = parser.parse_args(arguments)
    facts = Facts.model_validate_json(options.facts.read_text(encoding="utf-8"))
    document = options.document.read_text(encoding="utf-8")
    print(report(score(document, read_said(options.transcript), facts), facts))


if __name__ == "__main__":
    main()

"""Small recordings and items for the engine's tests."""

from __future__ import annotations

from techne.documents.model import Evidence, Item, ItemKind
from techne.transcripts.model import Chunk, Turn


def turn(number: int, text: str, *, speaker: str | None = "spk_0", seconds: float = 20.0) -> Turn:
    start = (number - 1) * seconds
    return Turn(
        id=f"t{number:04d}", speaker=speaker, start_seconds=start, end_seconds=start + seconds, text=text
    )


def chunk(*texts: str, context: tuple[Turn, ...] = ()) -> Chunk:
    turns = tuple(turn(number, text) for number, text in enumerate(texts, 1))
    return Chunk(index=0, total=1, context=context, turns=turns, tokens=0)


def item(number: int, kind: ItemKind, text: str, *, at: float | None = None, code: str | None = None) -> Item:
    seconds = number * 30.0 if at is None else at
    evidence = Evidence(turn_id=f"t{number:04d}", quote=text, start_seconds=seconds)
    return Item(id=f"i{number:03d}", kind=kind, text=text, code=code, evidence=(evidence,))

"""Turns as lines of a prompt."""

from __future__ import annotations

from collections.abc import Iterable

from techne.transcripts.model import Turn


def render_turn(turn: Turn) -> str:
    """One line: `[t0012 0:03:15 spk_1] text`."""
    moment = int(turn.start_seconds)
    clock = f"{moment // 3600}:{moment // 60 % 60:02d}:{moment % 60:02d}"
    head = f"{turn.id} {clock} {turn.speaker}" if turn.speaker else f"{turn.id} {clock}"
    return f"[{head}] {turn.text}"


def render_turns(turns: Iterable[Turn]) -> str:
    """A line for each turn."""
    return "\n".join(render_turn(turn) for turn in turns)

"""How turns, items and problems are written into a prompt, as data that can't pretend to be the prompt.

Every value is on a line of its own, so that it can't fake another line, and whatever looks like one of our
delimiters or like a chat template's control token loses its bracket.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set

from techne.documents.model import Item, Problem
from techne.transcripts.model import Turn

_DELIMITERS = "before|recording|errors|candidates|items|problems|section"
_TEMPLATE_TOKENS = "system|user|assistant|s|im_start|im_end|start_of_turn|end_of_turn|begin_of_text|eot_id"
_LOOKALIKE = re.compile(
    rf"<(?=\s*/?\s*(?:{_DELIMITERS}|{_TEMPLATE_TOKENS})\b|\||<?\s*/?\s*SYS\s*>)|\[(?=\s*/?\s*INST\s*\])",
    re.IGNORECASE,
)
_BRACKETS = {"<": "‹", "[": "("}


def neutralised(text: str) -> str:
    """The text on one line, without anything that could open or close a part of the prompt.

    Ordinary brackets stay: a command such as `kubectl logs <pod>` is to come out as it went in.
    """
    return _LOOKALIKE.sub(lambda match: _BRACKETS[match[0]], " ".join(text.split()))


def turn_line(turn: Turn) -> str:
    """`t0012 spk_0: words`."""
    speaker = neutralised(turn.speaker or "")
    return (
        f"{turn.id} {speaker}: {neutralised(turn.text)}"
        if speaker
        else f"{turn.id}: {neutralised(turn.text)}"
    )


def turn_lines(turns: Iterable[Turn]) -> str:
    """One line for each turn; a speaker who goes on is not named again, to save tokens."""
    lines: list[str] = []
    speaker: str | None = None
    for turn in turns:
        goes_on = bool(lines) and turn.speaker == speaker
        lines.append(turn_line(turn.model_copy(update={"speaker": None}) if goes_on else turn))
        speaker = turn.speaker
    return "\n".join(lines)


def item_line(item: Item, *, code: bool = True, problem_id: str = "", max_words: int | None = None) -> str:
    """`i012 error p03: text | code`; a text over `max_words` is cut with an ellipsis."""
    words = neutralised(item.text).split()
    text = " ".join(words)
    if max_words is not None and len(words) > max_words:
        text = " ".join(words[:max_words]) + "…"
    head = f"{item.id} {item.kind.value} {problem_id}".rstrip()
    return f"{head}: {text} | {neutralised(item.code)}" if code and item.code else f"{head}: {text}"


def problem_lines(problem: Problem, given: Set[str]) -> list[str]:
    """The problem's title, and those of its statements that rest on other items than the `given` ones.

    The given items are in the prompt themselves, with the problem's id.
    """
    parts = {
        "debugging": problem.debugging,
        "solution": problem.solutions,
        "prevention": problem.prevention,
    }
    return [
        f"{problem.id} {neutralised(problem.title)}",
        *(
            f"- {label}: {neutralised(one.text)} [{', '.join(one.item_ids)}]"
            for label, statements in parts.items()
            for one in statements
            if not given >= set(one.item_ids)
        ),
    ]

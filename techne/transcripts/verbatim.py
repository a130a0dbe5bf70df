"""Finding the words that were really spoken behind a quote of the cleaned text."""

from __future__ import annotations

import re

from techne.transcripts.lexicon import normalise

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_MAX_GAP_WORDS = 12
_NEGATIONS = frozenset(
    {"nao", "nunca", "nem", "jamais", "sem", "no", "not", "never", "nor", "without", "cannot"}
)


def verbatim(raw_text: str, cleaned_quote: str) -> str | None:
    """The shortest stretch of `raw_text` that is `cleaned_quote` with some words more.

    Case, accents and punctuation make no difference. Words between the quote's words may be left out, twelve
    at most in one place, but a negation never: a quote without it says the contrary.

    Returns:
        The stretch as it stands in `raw_text`; None if there is none, or the quote has no words.
    """
    quoted = list(_WORD.finditer(cleaned_quote))
    if not quoted:
        return None
    positions: dict[str, list[int]] = {}
    for index, match in enumerate(quoted):
        positions.setdefault(normalise(match.group()), []).insert(0, index)
    # Per word of the quote: the match of the quote up to it that ends last, which also begins last. As
    # (first raw word, last raw word, negations spoken up to there).
    best: list[tuple[int, int, int] | None] = [None] * len(quoted)
    shortest: tuple[int, int] | None = None
    raw = list(_WORD.finditer(raw_text))
    negations = 0
    for at, spoken in enumerate(raw):
        word = normalise(spoken.group())
        before = negations
        negations += word in _NEGATIONS or word.endswith("n't")
        for index in positions.get(word, []):
            if index == 0:
                best[0] = (at, at, negations)
            else:
                previous = best[index - 1]
                if previous is None or at - previous[1] - 1 > _MAX_GAP_WORDS or previous[2] != before:
                    continue
                best[index] = (previous[0], at, negations)
            whole = best[-1]
            if whole is None or index < len(quoted) - 1:
                continue
            if shortest is None or whole[1] - whole[0] < shortest[1] - shortest[0]:
                shortest = (whole[0], whole[1])
    if shortest is None:
        return None
    start, end = raw[shortest[0]].start(), raw[shortest[1]].end()
    lead, trail = cleaned_quote[: quoted[0].start()], cleaned_quote[quoted[-1].end() :]
    if lead and raw_text[:start].endswith(lead):
        start -= len(lead)
    while trail and not raw_text.startswith(trail, end):
        trail = trail[:-1]
    return raw_text[start : end + len(trail)]

"""Leaving hesitations, asides and tags out of a sentence, so that what stays still reads well."""

from __future__ import annotations

from collections.abc import Sequence

from techne.transcripts.evidence import Token
from techne.transcripts.lexicon import Lexicon, words

_QUOTES = '"“”«»()[]'
_COMMANDS = words(
    "apt aws az bash brew cargo cat cd chmod chown cmake conda cp curl cut dbt df dig docker "
    "dotnet echo find gcloud gh git go grep gradle helm htop ip ipconfig java journalctl jq "
    "kill kubectl less ls make mkdir mv mvn mysql nano netstat nginx node npm npx nslookup "
    "openssl perl ping pip pnpm podman psql pwd python python3 redis-cli rm rsync scp sed "
    "service sftp sh ssh sudo systemctl tail tar telnet terraform top touch tracert traceroute "
    "uv vi vim wget yarn yum "
)


def without_fillers(sentence: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """The sentence's tokens without fillers, commas and the first capital put right.

    A token that nothing happened to is the same object, so that a caller can see whether anything changed.
    """
    hesitations, tags = lexicon.hesitations, lexicon.tags
    firsts = {aside[0] for aside in lexicon.asides}
    if not any(t.core.lower() in hesitations or t.word in tags or t.word in firsts for t in sentence):
        return list(sentence)
    kept: list[Token] = []
    last = len(sentence) - 1
    position = 0
    lost_start = False
    while position <= last:
        token = sentence[position]
        length = _filler_length(sentence, position, kept, lexicon)
        if not length:
            if not kept and lost_start:
                token = capitalised(token, sentence[position + 1] if position < last else None)
            kept.append(token)
            position += 1
            continue
        end = sentence[position + length - 1]
        position += length
        if not kept:
            lost_start = lost_start or sentence[0].core[:1].isupper()
        else:
            following = sentence[position] if position <= last else None
            _close_gap(kept, end, following, is_tag=token.word in tags, lexicon=lexicon)
    return kept


def _filler_length(sentence: Sequence[Token], position: int, kept: Sequence[Token], lexicon: Lexicon) -> int:
    """How many tokens from `position` on are a filler."""
    token = sentence[position]
    if token.core.lower() in lexicon.hesitations:
        shouted = len(token.core) > 1 and token.core.isupper()
        measure = bool(kept) and kept[-1].raw[-1:].isdigit()  # "5 um" is a length
        return 0 if shouted or measure else _plain(token)
    after_comma = not kept or kept[-1].raw.endswith(",")
    if not after_comma:
        return 0
    if kept and position == len(sentence) - 1 and token.word in lexicon.tags and token.trail:
        return _plain(token)
    for aside in lexicon.asides:
        if aside[0] == token.word:
            end = position + len(aside)
            spoken = tuple(part.word for part in sentence[position:end])
            if (
                spoken == aside
                and sentence[end - 1].trail == ","
                and not any(part.trail for part in sentence[position : end - 1])
            ):
                return len(aside)
    return 0


def _plain(token: Token) -> int:
    """A quoted or bracketed word is spoken about, and stays."""
    return int(not any(mark in token.raw for mark in _QUOTES))


def _close_gap(
    kept: list[Token], gone: Token, following: Token | None, *, is_tag: bool, lexicon: Lexicon
) -> None:
    previous = kept[-1]
    if following is None:
        if previous.ends_sentence:
            return
        mark = gone.trail.lstrip(",;:—–-") or ("." if is_tag else "")
        mark = "." if is_tag and mark.startswith("?") else mark
        kept[-1] = previous._replace(raw=previous.raw.rstrip(",;:") + mark)
    elif (
        previous.raw.endswith(",") and previous.word in lexicon.connectors and previous.word != following.word
    ):
        kept[-1] = previous._replace(raw=previous.raw.rstrip(","))


def capitalised(token: Token, following: Token | None) -> Token:
    """With a capital, unless that would falsify what may be a command or an identifier."""
    bare = token.core.replace("'", "").replace("’", "").replace("-", "")
    if not bare.isalpha() or not token.core.islower() or token.core in _COMMANDS:
        return token
    if following is not None and following.raw.startswith("-"):
        return token
    at = token.raw.find(token.core)
    core = token.core[0].upper() + token.core[1:]
    return token._replace(raw=token.raw[:at] + core + token.raw[at + len(core) :], core=core)

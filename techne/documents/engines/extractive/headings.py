"""Sentences that only name what comes next: "Printers.", "Group policy.", "Contingência."."""

from __future__ import annotations

import re

from techne.documents.engines.extractive.lexicon import Lexicon, fold

_MOST_WORDS = 4
_LEAD = re.compile(r"^(?:now|next|then|right|ok(?:ay)?|so|and|agora|bom|entao|e|ai|certo|beleza)[ ,]+")
_TAIL = re.compile(r"[ ,]+(?:then|now|yes|entao|agora|sim|gente|pessoal)$")


def is_heading(sentence: str, lexicon: Lexicon) -> bool:
    """Whether a sentence is a few words that name a subject and say nothing of it."""
    plain = fold(sentence).strip(" .!?…,:")
    plain = _TAIL.sub("", _LEAD.sub("", plain))
    named = plain.split()
    if not 0 < len(named) <= _MOST_WORDS or lexicon.acknowledgement.fullmatch(plain):
        return False
    if named[0] in {"the", "a", "o", "as", "os"}:
        named = named[1:]
    chatter = lexicon.noise.search(plain) or lexicon.meta.search(plain) or lexicon.personal.search(plain)
    if not named or chatter or lexicon.symptom.search(plain) or any("'" in word for word in named):
        return False
    content = [word for word in named if word not in lexicon.stop_words and len(word) > 2 and word.isascii()]
    return len(content) == len(named) or (len(named) > 2 and len(content) >= 2 and named[0] in content)

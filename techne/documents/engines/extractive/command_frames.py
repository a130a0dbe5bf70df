"""What is said right before a command, and the words with which talk goes on after one."""

from __future__ import annotations

import re

from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.listing import words

STOPS = words(
    "e que dentro fora qual pra para pro com se depois ai entao mas porque quando onde em no na nos "
    "nas do da dos das de ou ele ela isso esse essa voce a o os as um uma vai ja so antes como tambem "
    "e, senao ate por seguido quer dizer mostra lista eu nao foi era ta esta estava sempre nunca cada "
    "todo toda todos todas resolve resolveu volta voltou deu ao aos pelo pela mesmo agora ali aqui "
    "sem sobre so and then to so but because when where on or it that this you we which if after "
    "before with for is as will the a an i he she they was were of by not every always never each "
    "does did until than my your our his her their its these those be been has have had while also "
    "once shows lists followed should again instead first at into tells gives from told came cleared "
    "fixed fails failed worked works solved brought got returned said says came showed found came"
)
INSIDE = words("in on to for with from as all de em por")
"""Words of talk that commands have among their arguments."""

_LOOK = re.compile(
    r"\b(?:(?:i|we|you|he|she|they|and|then|to|just|always|first) "
    r"(?:ran|run|runs|did|do|does|used|use|typed|type|tried|try|issued|entered|enter|checked|check)|"
    r"see (?:it|that|them|this) (?:with|in|from)|look(?:ed)? at(?: is| was)?|looking at|"
    r"(?:check(?:ed|ing)?|confirm(?:ed)?|verify|verified)(?: it| that)? with|output of|a|an|with|is|was|from|"
    r"ran|run|running|"
    r"roda|rode|rodar|rodei|rodou|rodamos|rodem|rodando|(?:da|dei|deu|dar|dou|damos|de|faz|fiz|fazer|manda|"
    r"mandei|solta|com) um|executa|execute|executei|executar|digita|digite|digitei|digitar|usa|use|usei|usar|"
    r"uso|com o|via|pelo|no|do|saida do|mostra no|ve no|vi no|olha o|olhem o|confere com|comando|e)$"
)
"""Frames of a command whose own words are certain."""
_STRONG = re.compile(
    r"\b(?:the (?:full |exact |whole )?(?:command|line)(?: here| there)? (?:is|was)|"
    r"(?:with|enter|run|ran|issue|use) the command|command line is|"
    r"o comando(?: aqui| completo| exato| certo)? (?:e|era|foi)|"
    r"(?:com|usando|rodando|pelo|rodar?|rode|executar?|execute|usa|use|digita|digite) o comando|"
    r"a linha (?:de comando )?(?:e|era))$"
)
"""Frames after which whatever follows is a command."""


def _before(sentence: str, start: int) -> str:
    return fold(sentence[max(0, start - 48) : start]).rstrip(" :,\"'`")


def is_looked_at(sentence: str, start: int) -> bool:
    """Whether a command may stand here: "you see it with", "dei um"; the start of a sentence too."""
    before = _before(sentence, start)
    return not before or before.endswith((".", ";", "?", "!")) or _LOOK.search(before) is not None


def is_named(sentence: str, start: int) -> bool:
    """Whether what follows is said to be a command: "the command is"."""
    return _STRONG.search(_before(sentence, start)) is not None


def is_typed(sentence: str, start: int, lexicon: Lexicon) -> bool:
    """Whether the speaker says that what follows is typed, word for word."""
    before = fold(sentence[max(0, start - 40) : start]).rstrip(" :,\"'`")
    return is_named(sentence, start) or any(
        match.end() == len(before) for match in lexicon.typed.finditer(before)
    )


def is_told(sentence: str, start: int, lexicon: Lexicon) -> bool:
    """Whether a word like "run" or "rode" stands right before."""
    before = fold(sentence[max(0, start - 40) : start]).rstrip(" :\"'`")
    return any(match.end() >= len(before) - 4 for match in lexicon.run.finditer(before))

"""Messages that are told in plain words: "it says session aborted by peer", "o log era no route chosen"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from techne.documents.engines.extractive.lexicon import Lexicon
from techne.documents.engines.extractive.listing import words

_ENGLISH_FRAME = (
    r"(?:says?|said|saying|reads|reading|shows?|showed|showing|text (?:is|was)|messages? (?:is|was)|"
    r"logs? (?:is|was|has|had)|error (?:is|was)|reason (?:is|was)|(?:you|i|we|they|"
    r"users?) (?:just )?(?:get|got|see|saw)|"
    r"gives?(?: you| us| me)?|gave (?:us|me|you)|(?:which|that) (?:is|was|means)|called|just|there(?:'s|"
    r" is| was)|"
    r"prints?|printed|throws|returns?|returned|answers?|answered|with)"
)
_PORTUGUESE_FRAME = (
    r"(?:diz|dizia|dizendo|dizem|aparec\w+|mostra(?:va)?|era|e|eh|deu|da|dava|dando|mensagem|frase|"
    r"escrito|escrita|"
    r"ler|leio|vem|vinha|veio|vier|retorn\w+|devolv\w+|acus\w+|com|log|loga|tela|chamad[oa]|erro|status|"
    r"motivo)"
)
_ARTICLE = r"(?:(?:that|the|an?|o|a|um|uma|de|do|como|assim|era|e|so|just|only)\s+)?"
_TROUBLE = (
    r"unknown|denied|refused|rejected|aborted|closed|expired|missing|exceeded|mismatch\w*|failed|failure|"
    r"timed out|"
    r"time out|un(?:supported|reachable|available|expected|authori[sz]ed|recogni[sz]ed|able|defined|"
    r"trusted|readable)|"
    r"in(?:valid|complete|sufficient|accessible|compatible)|not \w+(?:ed|able|ible|found|known|set|valid|"
    r"open|allowed)|"
    r"(?:no|without) \w+ (?:found|available|chosen|left|given|defined|configured|detected|matched|"
    r"matching|set|signal)|"
    r"no (?:such|valid|free|more|available|matching|suitable|default|active)|too (?:many|large|long|big|"
    r"small|old|few)|"
    r"out of (?:range|memory|sync|space|sequence)|lost|corrupt\w*|locked|already (?:in use|exists)|"
    r"disconnected|"
    r"terminated|reset by|overflow|underrun|violation|malformed|forbidden|duplicate|cannot|could not|can't be"
)
_PORTUGUESE_TROUBLE = (
    r"desconhecid[oa]|negad[oa]|recusad[oa]|rejeitad[oa]|abortad[oa]|encerrad[oa]|expirad[oa]|ausente|"
    r"excedid[oa]|"
    r"invalid[oa]|indisponivel|inacessivel|incompativel|esgotad[oa]|insuficiente|inexistente|"
    r"nao (?:encontrad[oa]|autorizad[oa]|reconhecid[oa]|permitid[oa]|suportad[oa]|cadastrad[oa]|informad[oa]|"
    r"disponivel|localizad[oa]|habilitad[oa]|confirmad[oa])|precisa ser|(?:sem|falha (?:de|na|no|ao)) \w+"
)
_SCREEN_SAYS = re.compile(
    r"\b(?:(?:it|log|screen|page|console|message|popup|dialog|window|prompt|display|banner) "
    r"(?:says?|said|reads?|shows?|showed)|"
    r"(?:mensagem|log|tela|console|sistema|visor|aviso|painel|la) (?:diz|dizia|mostra|mostrava|era|e|"
    r"aparece|aparecia))\s+"
    r"(?:that |the |que |o |a |um |uma )?(?P<said>[a-z][\w'-]*(?: [a-z][\w'-]*){3,8})"
)
"""What a screen or a log says in so many words is a message, whatever it says."""
_WORDS = r"(?:[a-z][\w'’-]*|\d+)(?: (?:[a-z][\w'’-]*|\d+)){0,8}"
_TOLD = re.compile(rf"\b(?:{_ENGLISH_FRAME})\s+{_ARTICLE}(?P<said>{_WORDS})")
_TOLD_PT = re.compile(rf"\b(?:{_PORTUGUESE_FRAME})\s*:?\s+{_ARTICLE}(?P<said>{_WORDS})")
_IN_ENGLISH = re.compile(rf"\b(?:{_TROUBLE})\b")
_IN_PORTUGUESE = re.compile(rf"\b(?:{_PORTUGUESE_TROUBLE}|{_TROUBLE})\b")
_MESSAGE_START = 5
"""Words of a message by which it has told that it is one."""
_PRONOUNS = words(
    "i you we they he she it's i'm we're they're that's there's because so and but people somebody someone "
    "eu voce voces ele ela eles elas gente isso pessoal todo"
)
_ENGLISH_LOOK = re.compile(
    r"\w*(?:[kwy]|th|sh|ee|oo|ck|tt|pp|ff|ll|nn|mm|dd)\w*|\w+(?:[bcdfghjkptvx]|ed|ing|tion|sion|en|able|"
    r"ns|ts|ds|ps)"
)
"""Letters in which words end, or that stand together, in English and hardly ever in Portuguese."""
_ALSO_ENGLISH = words(
    "no not is of in on for by from at an or any user file error time invalid process server"
)
_RUN = re.compile(r"[a-z][a-z'-]*(?: [a-z][a-z'-]*)+")
_SHORTEST = 2


def messages_in(folded: str, lexicon: Lexicon) -> list[tuple[int, int]]:
    """Where a folded sentence quotes what a system says of its trouble."""
    if lexicon.language == "pt":
        found = [*_told(folded, _TOLD_PT, _IN_PORTUGUESE), *_foreign_trouble(folded)]
    else:
        found = list(_told(folded, _TOLD, _IN_ENGLISH))
    found += _on_screen(folded)
    return _apart(found)


def foreign_in(folded: str, lexicon: Lexicon) -> list[tuple[int, int]]:
    """Where a Portuguese sentence goes on in English: the words of a screen, a log or a term."""
    return list(_foreign(folded, lexicon)) if lexicon.language == "pt" else []


def _told(folded: str, frame: re.Pattern[str], trouble: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    position = 0
    while match := frame.search(folded, position):
        while nearer := frame.match(folded, match.start("said")):
            match = nearer  # "it just says": the last of several such words is the one that quotes
        position = match.start("said")
        said = match["said"]
        first = said.split(" ", 1)[0]
        told = trouble.search(" ".join(said.split()[: _MESSAGE_START + 1]))
        if first in _PRONOUNS or told is None or " " not in said:
            continue
        yield match.start("said"), match.end("said")


def _on_screen(folded: str) -> Iterator[tuple[int, int]]:
    for match in _SCREEN_SAYS.finditer(folded):
        if match["said"].split(" ", 1)[0] not in _PRONOUNS:
            yield match.start("said"), match.end("said")


def _apart(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The stretches in order; of those that overlap, the longest."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0] - span[1], span)):
        if all(end <= first or last <= start for first, last in kept):
            kept.append((start, end))
    return sorted(kept)


def _foreign_trouble(folded: str) -> Iterator[tuple[int, int]]:
    for match in _RUN.finditer(folded):
        for told in _IN_ENGLISH.finditer(match.group()):
            if " " in told.group():
                yield match.start() + told.start(), match.start() + told.end()


def _foreign(folded: str, lexicon: Lexicon) -> Iterator[tuple[int, int]]:
    for match in _RUN.finditer(folded):
        run: list[re.Match[str]] = []
        for word in (*re.finditer(r"\S+", match.group()), None):
            if word and (word.group() in _ALSO_ENGLISH or _looks_english(word.group(), lexicon)):
                run.append(word)
                continue
            sure = sum(_looks_english(each.group(), lexicon) for each in run)
            if sure >= _SHORTEST:
                yield match.start() + run[0].start(), match.start() + run[-1].end()
            run = []


def _looks_english(word: str, lexicon: Lexicon) -> bool:
    return len(word) > 2 and word not in lexicon.stop_words and _ENGLISH_LOOK.fullmatch(word) is not None

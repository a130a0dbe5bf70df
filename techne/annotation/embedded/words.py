"""Words of a text as the annotators compare them, and which of them say nothing."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\w+")
_DIACRITICS = re.compile("[\u0300-\u036f]+")
"""Of Latin, Greek and Cyrillic letters; the marks of other scripts are vowels and tones."""

_PORTUGUESE = """
a o as os um uma uns umas ao aos à às de do da dos das dum duma em no na nos nas num numa por pelo pela pelos
pelas pra pro pras pros para com sem sob sobre entre até desde após perante contra ante
e ou mas nem que se porque pois porém contudo então assim logo embora enquanto caso conforme
eu tu ele ela nós vós eles elas você vocês a gente me te lhe lhes nos vos se mim ti si comigo contigo conosco
meu minha meus minhas teu tua teus tuas seu sua seus suas nosso nossa nossos nossas
este esta estes estas isto esse essa esses essas isso aquele aquela aqueles aquelas aquilo deste desta disto
desse dessa disso daquele daquela neste nesta nisto nesse nessa nisso naquele naquela
ser sou é és somos são era eram foi foram fui será serão seria seriam sendo sido seja sejam
estar estou está tá tô estamos estão estava estavam esteve estiver estando
ter tenho tem temos têm tinha tinham teve tiveram terá tendo tido tenha tenham
haver há houve havia hei haja ir vou vai vamos vão ia iam fazer faz fazem feito
já ainda só também muito muita muitos muitas mais menos bem tão tanto tanta cada todo toda todos todas
outro outra outros outras mesmo mesma mesmos mesmas algum alguma alguns algumas qualquer
aqui aí ali lá cá agora depois antes sempre né daí etc ok oi olá bom boa dia tarde noite
"""

_ENGLISH = """
a an the and or but nor so yet if because while although though of in on at by for from to into onto with
without within about above below over under between through during before after since until against
i me my mine myself you your yours he him his she her hers it its we us our ours they them their theirs
this that these those there here who whom whose which am is are was were be been being do does did doing done
have has had having will would shall should may might must can could let get got go goes going
as than then too very just also only still even again ever each every all any some both few more most
much many other another such same own up down out off now already yes ok hi hello hey please thanks thank
s t d m ll re ve im ive
"""


def fold(text: str) -> str:
    """Lower case without accents, so that `não`, `Nao` and `NÃO` are one word."""
    lowered = text.casefold()
    if lowered.isascii():
        return lowered
    return _DIACRITICS.sub("", unicodedata.normalize("NFKD", lowered))


def words(text: str) -> list[str]:
    """The words of a text, folded, in order. Punctuation, and `_` at the ends, belong to none."""
    return [word for word in (found.strip("_") for found in _WORD.findall(fold(text))) if word]


STOP_WORDS = frozenset(words(_PORTUGUESE + _ENGLISH))
"""Articles, prepositions, pronouns, auxiliaries and greetings of Portuguese and English, folded.

Words that ask (como, qual, how, where) and words that deny (não, not) are no stop words: they tell a question
from a report, and a complaint from praise.
"""

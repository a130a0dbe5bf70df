"""The words with which speakers take back what they just said, in Portuguese and in English.

Patterns are matched against folded text (lower case, no accents). All of them are closed classes of the
language; none knows a subject.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_CLOSED = r"(?=\s*(?:[,.:;!?…—]|$))"
"""What only corrects where a pause follows: "errei, é 15", but not "errei a senha"."""
_ENDED = r"(?=\s*(?:[.!?…]|$))"
_APART = re.compile(r"(?:[\s,;:!?…—]|\.(?!\w)|-(?=\s))+")


@dataclass(frozen=True, slots=True)
class CorrectionCues:
    """The cues of one language, compiled."""

    strong: re.Pattern[str]
    """Takes back what was said, whatever follows."""
    pause: re.Pattern[str]
    """Asks for a moment: "hang on"; a cue where a pause follows."""
    weak: re.Pattern[str]
    """A word that is rarely a cue: it corrects only with a value right after it."""
    filler: re.Pattern[str]
    """May stand before and between cues."""
    trailing: re.Pattern[str]
    """Ends the sentence that corrects the one before."""
    lead: re.Pattern[str]
    """Words that bring in the right value and are not part of it: "it's", "it should be"."""
    said: re.Pattern[str]
    """Mentions what was said: "I said 50"."""
    negated: re.Pattern[str]
    """Stands before the value that is wrong: "it's not 8080"."""
    contrasted: re.Pattern[str]
    """Stands before the value that is wrong, after the right one: ", not 20"."""
    explained: re.Pattern[str]
    """Tells what the wrong value was: "eight was the first test"."""
    sequence: re.Pattern[str]
    """Steps, alternatives and additions, which correct nothing: "then", "or"."""
    asks: re.Pattern[str]
    """A question that proposes another value: "You mean 5051?"."""
    copula: re.Pattern[str]
    agrees: re.Pattern[str]
    denies: re.Pattern[str]
    restating: re.Pattern[str]
    """Says that a statement made again is the one that holds: "it's actually 21"."""

    def opening(self, folded: str) -> tuple[int, bool] | None:
        """Where the cues end that a sentence begins with, and whether one of them is sure."""
        sign = _APART.match(folded)
        end, sure, cues = sign.end() if sign else 0, False, 0
        while True:
            strong = self.strong.match(folded, end) or self._paused(folded, end)
            match = strong or self.weak.match(folded, end) or self.filler.match(folded, end)
            if match is None:
                return (end, sure) if cues else None
            gap = _APART.match(folded, match.end())
            cues += strong is not None or self.weak.match(folded, end) is not None
            sure = sure or strong is not None or cues > 1
            end = gap.end() if gap else match.end()
            if end == len(folded) or gap is None:
                return (end, sure) if cues else None

    def _paused(self, folded: str, start: int) -> re.Match[str] | None:
        match = self.pause.match(folded, start)
        return match if match and (folded[match.end() :].lstrip() or ".")[0] in ",.;:!?…—" else None


def _whole(source: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{source})(?![\w-])")


_PORTUGUESE = CorrectionCues(
    strong=_whole(
        r"perdao|(?:me )?desculp[ae]m?(?: ai)?(?! (?:pel|por|o |a |interromp|atras|incomod))|corrigindo|"
        rf"(?:uma )?correcao{_CLOSED}|me corrigindo|minto|menti{_CLOSED}|(?:eu )?(?:me )?enganei{_CLOSED}|"
        rf"(?:eu )?errei{_CLOSED}|"
        r"(?:eu )?(?:falei|disse) (?:errado|besteira|bobagem)|que besteira|quer dizer(?! que)|"
        r"ou melhor|melhor dizendo|digo|retific(?:o|ando)|engano meu|erro meu|"
        rf"(?:eu )?(?:me )?confundi{_CLOSED}|(?:eu )?troquei{_CLOSED}|"
        r"esquece(?: isso)?|apaga isso|deixa eu (?:me )?(?:corrigir|retificar)|vou corrigir|"
        r"nao e isso|nao era isso|(?:eu )?quis dizer|(?:eu )?queria dizer|to confundindo|estou confundindo|"
        rf"(?:eu )?(?:acabei de )?me contrad(?:izer|isse|izendo){_CLOSED}|(?:numero|pagina|linha) errad[oa]|"
        rf"nao[, ]+deixa eu (?:ver|pensar|conferir|olhar|checar|confirmar)(?: [a-z]+){{0,5}}{_ENDED}"
    ),
    pause=_whole(
        r"pera(?:i|e)?(?: ai)?|espera(?: ai| um pouco)?|calma(?: ai)?|opa|ops|epa|eita|um momento|"
        r"deixa eu (?:ver|pensar|conferir|olhar|checar|confirmar)"
    ),
    weak=_whole(r"nao(?:[, ]+nao)*|alias|na verdade|na realidade|de fato|bom"),
    filler=_whole(r"ah|oh|ih|hm+|hum|ai|ue|gente|pessoal|olha"),
    trailing=_whole(
        r"corrigindo|alias|perdao|desculp[ae]m?|digo|minto|errei|falei errado|me enganei|confundi|"
        r"me confundi|retifico|retificando|ou melhor|quer dizer|na verdade|que eu (?:quis|queria) dizer|"
        r"correcao|engano meu|erro meu"
    ),
    lead=_whole(
        r"e|eh|sao|era|eram|seria(?:m)?|(?:mas )?o (?:certo|correto|valor (?:certo|correto)) (?:e|sao)|"
        r"a (?:certa|correta) e|(?:hoje|agora|atualmente)(?: e| sao)?|(?:isso )?(?:mudou|passou|subiu|"
        r"baixou|caiu|foi) p(?:a)?ra|mudaram p(?:a)?ra|deve ser|fica sendo|o que eu queria dizer e|"
        r"o que (?:eu|a gente|nos|a equipe|eles) (?:[a-z]+ ){1,2}(?:foi|e|era)"
    ),
    said=_whole(
        r"(?:eu )?(?:falei|disse|tinha (?:falado|dito)|ia (?:falar|dizer))(?: que)?(?: e| era| sao| eram)?"
    ),
    negated=_whole(
        r"nao (?:e|sao|era|eram|esta|fica|foi|usa|tem)(?: mais)?|nao(?: mais)?|em vez de|em lugar de|"
        r"(?:eu |voce )?(?:falei|disse|falou|tinha (?:falado|dito))(?: que)?(?: e| era| sao| eram)?|era|eram"
    ),
    contrasted=_whole(r"(?:e )?nao(?: e| sao| mais)?"),
    explained=_whole(
        r"foi|foram|era|eram|tinha|isso e (?:do|da|de|o|a)|e (?:do|da|o|a) (?:outr|antig|velh)\w*|"
        r"antig[oa]s?|velh[oa]s?|antes|outr[oa]|(?:eu )?(?:falei|disse)"
    ),
    sequence=_whole(
        r"primeiro|segundo|terceiro|depois|entao|ou|mais|tambem|seguid[oa]|entre|ate|outr[oa]s?|cada|"
        r"respectivamente|se|quando|ja|enquanto|contra|tenta|espera|aguarda"
    ),
    asks=_whole(
        r"(?:voce |ce )?quer dizer|(?:voce )?quis dizer|nao (?:e|seria|era|sao|seriam)|seria|"
        r"nao e mesmo|acho que|achei que"
    ),
    copula=_whole(r"e|eh|sao|foi|foram|era|eram|tinha"),
    agrees=_whole(r"sim|isso|isso mesmo|exato|exatamente|e|verdade|tem razao|certo|correto|perdao|desculpa"),
    denies=_whole(r"nao|negativo"),
    restating=_whole(r"na verdade|na realidade"),
)

_ENGLISH = CorrectionCues(
    strong=_whole(
        r"sorry(?! (?:for|about|to|if|we|that|you|i'm|i am|we're)\b)|my (?:mistake|bad|apologies|error)|"
        r"pardon(?: me)?|excuse me|i mean|i meant(?: to say)?|(?:i )?misspoke|"
        rf"correction{_CLOSED}|(?:forget|ignore) that{_CLOSED}|"
        r"(?:scratch|scrap|strike) that|(?:actually[, ]+)?make that|"
        r"let me correct (?:that|myself)|i stand corrected|i was wrong|that(?:'s| is) (?:wrong|not right)|"
        r"or rather|(?<=[,;.…—] )rather(?! than)|^rather(?! than)|"
        r"i (?:got|said) that wrong|i take that back|"
        r"what am i saying|i apologi[sz]e|"
        r"no wait|wait no|i mixed (?:that|those|them) up|i got (?:those|them) mixed up|"
        r"wrong (?:number|one|figure|slide|value|page|line)|"
        rf"(?:i )?(?:just )?contradicted myself{_CLOSED}|"
        rf"no[, ]+let me (?:check|see|look|think)(?: [a-z']+){{0,5}}{_ENDED}"
    ),
    pause=_whole(
        r"wait(?: a (?:second|minute|moment))?|hang on|hold on|oops|whoops|one (?:sec|second|moment)|"
        r"let me (?:check|see|look|think)"
    ),
    weak=_whole(r"no(?:[, ]+no)*|nope|actually|in fact|well"),
    filler=_whole(r"ah|oh|hm+|uh|um|er|folks|guys|everyone"),
    trailing=_whole(
        r"sorry|my (?:mistake|bad|apologies|error)|correction|i mean|i meant|rather|actually|i misspoke|"
        r"is what i meant(?: to say)?|pardon(?: me)?|excuse me|i should say|let me correct that"
    ),
    lead=_whole(
        r"it's(?: now| actually)?|it is(?: now)?|its|is|that's|they're|(?:they|these|those) are|"
        r"make (?:it|that)|the (?:right|correct|real|actual) (?:one|value|number|figure|answer)(?: is|'s)|"
        r"(?:it|that) should be|should be|now it's|"
        r"it(?:'s| has)? (?:changed|moved|went|gone|raised|bumped) (?:up |down )?to|"
        r"we (?:changed|moved|raised|bumped|lowered) (?:it|that) to|it was|"
        r"what (?:i|we|they) (?:[a-z]+ ){1,2}(?:was|is)"
    ),
    said=_whole(r"(?:i|we) (?:said|told you|was going to say)(?: it's| it was)?|did i say"),
    negated=_whole(
        r"(?:it|that|they)(?:'s|'re| is| are| was| were)? (?:not|no longer)|not|no longer|isn't|aren't|"
        r"wasn't|instead of|rather than|(?:i|you|we|he|she) said|(?:i )?told you|it was|was"
    ),
    contrasted=_whole(r"(?:and )?not"),
    explained=_whole(
        r"was|were|that's (?:the|for|from|our|my|what)|is the (?:old|other|previous)|old|previous|used to|"
        r"before|(?:i|we) said"
    ),
    sequence=_whole(
        r"first|second|third|then|next|or|and|also|another|each|between|to|respectively|if|when|once|until|"
        r"versus|vs|wait|plus|after"
    ),
    asks=_whole(
        r"(?:do |did |don't |didn't )?you mean(?:t)?|isn't (?:it|that)|shouldn't (?:it|that)|wasn't it|"
        r"aren't they|i think|i thought"
    ),
    copula=_whole(r"is|are|was|were|goes|belongs"),
    agrees=_whole(r"yes|yeah|yep|right|correct|exactly|that's right|true|sorry|good catch|you're right"),
    denies=_whole(r"no|nope"),
    restating=_whole(r"actually|in fact|in reality"),
)


@lru_cache(maxsize=2)
def _cues(primary: str) -> CorrectionCues:
    return _PORTUGUESE if primary == "pt" else _ENGLISH


def cues_for(language: str) -> CorrectionCues:
    """The cues of a BCP 47 tag; English where the language is neither Portuguese nor English."""
    return _cues("pt" if language.lower().startswith("pt") else "en")

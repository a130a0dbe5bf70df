"""Whatever is said, codes are read without failing and hold nothing that nobody said."""

import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from techne.documents.engines.extractive.lexicon import fold, lexicon_for
from techne.documents.engines.extractive.spoken_code import codes_in

_NUMBERS = {"0": {"zero"}, "1": {"um", "uma", "one"}, "2": {"dois", "duas", "two"}}
_SPOKEN = (
    "kubectl get pods roda run show ip bgp select from where orders traço dash ponto dot barra slash dois "
    "pontos colon igual equals underline underscore quote aspas abre fecha parênteses open close paren at "
    "arroba menos minus plus mais n f r a e o the capital l maiúsculo zero um two gi 0 1 10.0.0.1 percent "
    "TEMP dollar PATH Get ADUser star asterisco til tilde pipe espaço space hash -n --all C: \\ / .env "
    "gpupdate docker it sh"
)
_WORDS = st.sampled_from(_SPOKEN.split())
_SENTENCES = st.lists(_WORDS | st.text(max_size=6), max_size=24).map(" ".join)
_LANGUAGES = st.sampled_from(["pt-BR", "en-US"])


@settings(max_examples=100, deadline=None)
@given(_SENTENCES, _LANGUAGES)
def test_every_run_of_letters_and_digits_was_said(sentence: str, language: str) -> None:
    for code in codes_in(sentence, lexicon_for(language)):
        said = re.findall(r"\w+", fold(sentence[code.start : code.end]))
        letters = "".join(said).replace("_", "")
        for run in re.findall(r"[^\W_]+", fold(code.text)):
            assert run in letters or _NUMBERS.get(run, set()) & set(said) or _is_joined(run, said)


def _is_joined(run: str, said: list[str]) -> bool:
    """Whether the run is a name and a number in words, as in `gi0`, or letters with their case told."""
    parts = re.findall(r"[^\W\d_]+|\d+", run)
    return all(part in "".join(said) or _NUMBERS.get(part, set()) & set(said) for part in parts) or (
        all(letter in said for letter in run)
    )


@settings(max_examples=100, deadline=None)
@given(_SENTENCES, _LANGUAGES)
def test_codes_are_in_order_and_apart(sentence: str, language: str) -> None:
    codes = codes_in(sentence, lexicon_for(language))
    assert all(0 <= code.start < code.end <= len(sentence) and code.text.strip() for code in codes)
    assert all(before.end <= after.start for before, after in pairwise(codes))

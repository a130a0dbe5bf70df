"""The lexicon: which words speak for a label, how they are counted, and what is told of them."""

from __future__ import annotations

import pytest

from techne.annotation.embedded.lexicon import LexiconAnnotator
from techne.annotation.labels import Label, LabelKind, LabelSet
from techne.annotation.model import Annotation
from techne.errors import LabelSetError
from tests.unit.annotation.embedded.answering import items


def answer(text: str, *labels: Label, kind: LabelKind = "single") -> Annotation:
    (annotation,) = LexiconAnnotator(LabelSet(kind=kind, labels=labels)).annotate(items(text))
    return annotation


NETWORK = Label(name="network", keywords=("dns", "sem rota", "VPN"))
STORAGE = Label(name="storage", keywords=("disco", "no space left"))


def test_confidence_is_the_share_of_the_hits_and_the_rationale_names_them_best_first() -> None:
    annotation = answer("DNS caiu: sem rota, VPN fora, e o disco cheio", STORAGE, NETWORK)
    assert annotation.labels == ("network",)
    assert annotation.confidence == pytest.approx(3 / 4)
    assert annotation.rationale == "network: dns, sem rota, vpn; storage: disco"


def test_a_word_counts_once_however_often_it_is_said() -> None:
    assert answer("disco disco disco, dns e vpn", NETWORK, STORAGE).labels == ("network",)


def test_case_accents_and_punctuation_make_no_difference() -> None:
    label = Label(name="access", keywords=("Permissão",))
    for text in ("sem PERMISSAO!", "(permissão)", "permissa\u0303o", "__permissão__"):
        assert answer(text, label, NETWORK).labels == ("access",)


def test_a_phrase_is_hit_by_its_words_in_order_and_nothing_else() -> None:
    assert answer("no space left on device", NETWORK, STORAGE).labels == ("storage",)
    assert answer("left no space", NETWORK, STORAGE).status == "abstained"
    assert answer("no space", NETWORK, STORAGE).status == "abstained"


def test_equal_hits_are_abstained_and_still_shown() -> None:
    annotation = answer("dns e disco", NETWORK, STORAGE)
    assert annotation.status == "abstained"
    assert annotation.rationale == "network: dns; storage: disco"


def test_words_are_mined_from_name_description_and_examples() -> None:
    label = Label(
        name="cobrança-dupla", description="Estornos pendentes", examples=("O cartão foi recusado",)
    )
    for text in ("dupla", "um estornos", "recusado?"):
        assert answer(text, label, NETWORK).labels == ("cobrança-dupla",)


def test_stop_words_numbers_and_fragments_are_not_mined() -> None:
    label = Label(name="alpha", description="the para com uma 503 2024 x9 would")
    for text in ("para", "the", "503", "2024", "x9", "would"):
        assert answer(text, label, NETWORK).status == "abstained"


def test_a_stop_word_or_number_that_is_a_keyword_counts() -> None:
    label = Label(name="alpha", keywords=("para", "503"))
    assert answer("503", label, NETWORK).labels == ("alpha",)
    assert answer("para", label, NETWORK).labels == ("alpha",)


def test_a_mined_word_that_two_labels_share_speaks_for_neither() -> None:
    one = Label(name="one", description="certificado vencido")
    two = Label(name="two", description="certificado trocado")
    assert answer("certificado", one, two).status == "abstained"
    assert answer("certificado trocado", one, two).rationale == "two: trocado"


def test_a_keyword_stays_its_labels_own_where_another_only_mentions_it() -> None:
    mentions = Label(name="other", description="Quando o dns está certo, mas falta permissão")
    assert answer("dns", NETWORK, mentions).labels == ("network",)


def test_a_keyword_of_two_labels_counts_for_both() -> None:
    one, two = Label(name="one", keywords=("pool", "lento")), Label(name="two", keywords=("pool",))
    assert answer("pool", one, two).status == "abstained"
    assert answer("pool lento", one, two).confidence == pytest.approx(2 / 3)


def test_multi_gives_a_label_for_one_hit_and_tells_no_confidence() -> None:
    annotation = answer("dns e disco", NETWORK, STORAGE, Label(name="payments"), kind="multi")
    assert annotation.labels == ("network", "storage")
    assert annotation.confidence is None


def test_a_label_without_a_word_of_its_own_is_refused() -> None:
    with pytest.raises(LabelSetError, match=r"'the'.*Give it keywords"):
        LexiconAnnotator(LabelSet(labels=(NETWORK, Label(name="the"))))
    with pytest.raises(LabelSetError, match="'x y'"):
        LexiconAnnotator(LabelSet(labels=(Label(name="x y"), NETWORK)))


@pytest.mark.parametrize("word", ["como", "onde", "qual", "não", "how", "where", "why", "not"])
def test_words_that_ask_or_deny_are_mined(word: str) -> None:
    label = Label(name="alpha", description=f"Quando se lê {word}")
    assert answer(word, label, NETWORK).labels == ("alpha",)

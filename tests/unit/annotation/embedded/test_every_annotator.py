"""What holds for each embedded annotator: order, abstentions, hostile texts, limits, errors (S0-6)."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from techne.annotation.embedded import annotator as shared
from techne.annotation.embedded.registry import NAMES, build, fingerprint
from techne.annotation.labels import Label, LabelKind, LabelSet
from techne.annotation.model import ModelSpec
from techne.annotation.request import EMBEDDED_PANEL
from techne.errors import ConfigurationError, InputError, LabelSetError
from tests.unit.annotation.embedded.answering import items, label_set, told, without_time

KINDS: tuple[LabelKind, ...] = ("single", "multi", "ordinal")
CLEAR = (
    "Como faço para achar a wiki?",
    "A migração falhou, exceção de deadlock.",
    "urgente: checkout de production fora do ar",
)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.mark.parametrize("kind", ["single", "ordinal"])
def test_clear_texts_get_their_label_in_the_order_of_the_texts(name: str, kind: LabelKind) -> None:
    annotations = build(name, label_set(kind)).annotate(items(*CLEAR))
    assert told(annotations) == [("question",), ("error",), ("incident",)]
    assert [(one.index, one.item_id) for one in annotations] == [(0, "t0"), (1, "t1"), (2, "t2")]
    assert all(one.confidence is not None and 1 / 3 < one.confidence <= 1 for one in annotations)


def test_nothing_is_paid_called_or_passed_on(name: str) -> None:
    spec = ModelSpec(provider="embedded", model=name, name="the floor")
    (annotation,) = build(name, label_set(), model=spec.label).annotate(items(CLEAR[0]))
    assert annotation.model == "the floor"
    assert annotation.cost_usd == Decimal(0)
    assert (annotation.input_tokens, annotation.output_tokens, annotation.attempts) == (0, 0, 0)
    assert (annotation.cached, annotation.answered_by, annotation.failure) == (False, "", "")
    assert annotation.latency_seconds > 0


def test_an_unnamed_annotator_is_called_as_its_model_spec_is(name: str) -> None:
    assert build(name, label_set()).model == ModelSpec(provider="embedded", model=name).label


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "text", ["", "   \n\t", "?!?... --- ***", "\x00\x07\x1b\x7f", "🙀🙀🙀", "第三章", "́́"]
)
def test_a_text_of_which_nothing_is_known_is_abstained(name: str, kind: LabelKind, text: str) -> None:
    (annotation,) = build(name, label_set(kind)).annotate(items(text))
    assert annotation.status == "abstained"
    assert (annotation.labels, annotation.confidence) == ((), None)


@pytest.mark.parametrize("kind", ["single", "ordinal"])
def test_labels_that_learned_the_same_tie_and_are_abstained(name: str, kind: LabelKind) -> None:
    both = {"keywords": ("pods",), "examples": ("Os pods reiniciam.",)}
    twins = LabelSet(kind=kind, labels=(Label(name="one", **both), Label(name="two", **both)))
    (annotation,) = build(name, twins).annotate(items("Meus pods reiniciam"))
    assert annotation.status == "abstained"


def test_multi_gives_several_labels_where_several_fit(name: str) -> None:
    text = "Urgente: checkout fora do ar, o deploy falhou com uma exceção nova"
    (annotation,) = build(name, label_set("multi")).annotate(items(text))
    assert annotation.labels == ("error", "incident")


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_texts_get_the_same_answers(name: str, kind: LabelKind) -> None:
    texts = items(*CLEAR, "checkout", "", "deadlock urgente como faço")
    first, second = build(name, label_set(kind)), build(name, label_set(kind))
    assert without_time(first.annotate(texts)) == without_time(second.annotate(texts))


@pytest.mark.parametrize("kind", KINDS)
def test_batches_change_no_answer(name: str, kind: LabelKind, monkeypatch: pytest.MonkeyPatch) -> None:
    annotator = build(name, label_set(kind))
    texts = items(*CLEAR * 3, "", "checkout do wiki")
    whole = without_time(annotator.annotate(texts))
    monkeypatch.setattr(shared, "BATCH_TEXTS", 2)
    by_two = without_time(annotator.annotate(texts))
    monkeypatch.setattr(shared, "BATCH_CHARACTERS", 30)
    by_size = without_time(annotator.annotate(texts))
    for batched in (by_two, by_size):
        assert told(batched) == told(whole)
        assert [one.confidence for one in batched] == pytest.approx([one.confidence for one in whole])


def test_no_text_is_no_annotation(name: str) -> None:
    assert build(name, label_set()).annotate([]) == []


def test_a_long_text_is_judged_by_its_beginning(name: str) -> None:
    filler = "xyzzy " * (shared.MAX_CHARACTERS // 6 + 1)
    short, long, late = build(name, label_set()).annotate(
        items(CLEAR[1], CLEAR[1] + " " + "xyzzy " * 2_000_000, filler + CLEAR[1])
    )
    assert long.labels == short.labels
    assert late.status == "abstained"


@pytest.mark.parametrize("kind", KINDS)
@given(texts=st.lists(st.text(max_size=200), min_size=1, max_size=5))
@settings(max_examples=30, deadline=None)
def test_any_text_is_answered_once(kind: LabelKind, texts: list[str]) -> None:
    for name in NAMES:
        annotations = build(name, label_set(kind)).annotate(items(*texts))
        assert [one.index for one in annotations] == list(range(len(texts)))
        assert {label for one in annotations for label in one.labels} <= set(label_set().names)


@pytest.mark.parametrize("name", ["tfidf-centroid", "char-nb"])
@pytest.mark.parametrize("examples", [(), ("  ",), ("́",)])
def test_a_label_without_an_example_is_refused_by_those_who_learn_from_examples(
    name: str, examples: tuple[str, ...]
) -> None:
    bare = Label(name="risk", keywords=("urgente",), examples=examples)
    with pytest.raises(LabelSetError, match=r"'risk' has none.*lexicon"):
        build(name, LabelSet(labels=(*label_set().labels, bare)))


@pytest.mark.parametrize("name", ["tfidf-centroid", "char-nb"])
def test_a_multi_label_that_every_example_has_is_refused(name: str) -> None:
    text = "Os pods reiniciam."
    always = Label(name="always", examples=(text, "O banco caiu."))
    with pytest.raises(LabelSetError, match="'always'"):
        build(name, LabelSet(kind="multi", labels=(always, Label(name="pods", examples=(text,)))))


def test_an_unknown_name_is_told_the_known_ones() -> None:
    for call in (build, fingerprint):
        with pytest.raises(InputError, match=r"'bert'.*lexicon, tfidf-centroid, char-nb"):
            call("bert", label_set())


def test_the_default_panel_is_the_registry() -> None:
    assert tuple(spec.model for spec in EMBEDDED_PANEL) == NAMES


def test_fingerprints_tell_algorithms_their_versions_and_label_sets_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told_apart = {fingerprint(name, label_set(kind)) for name in NAMES for kind in KINDS}
    assert len(told_apart) == len(NAMES) * len(KINDS)
    annotator = build("lexicon", label_set())
    assert annotator.fingerprint(label_set()) == fingerprint("lexicon", label_set()) in told_apart
    monkeypatch.setattr(type(annotator), "version", annotator.version + 1)
    assert fingerprint("lexicon", label_set()) not in told_apart


@pytest.mark.parametrize("name", ["tfidf-centroid", "char-nb"])
def test_without_scikit_learn_the_extra_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.feature_extraction.text", None)
    with pytest.raises(ConfigurationError, match=r"techne\[annotation\]"):
        build(name, label_set())


def test_scikit_learn_is_imported_only_for_those_who_need_it() -> None:
    code = (
        "import sys\n"
        "from techne.annotation.embedded.registry import build, fingerprint\n"
        "from techne.annotation.labels import LabelSet\n"
        "names = LabelSet.of_names(('alpha', 'beta'))\n"
        "build('lexicon', names), fingerprint('char-nb', names)\n"
        "print(sorted({'sklearn', 'scipy', 'pandas', 'pyarrow', 'aiohttp', 'boto3'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert shown.stdout.strip() == "[]"

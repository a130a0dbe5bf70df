"""Evaluations equal scikit-learn's where there is an answer; ties and silence count as they say (S0-6)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import confusion_matrix, f1_score, precision_score, recall_score

from techne.annotation.answers import Answers, ProblemAnswers, answers_of_worker
from techne.annotation.evaluation import evaluate
from techne.annotation.summary import Evaluation, Interval
from techne.errors import ConsensusError
from tests.unit.annotation.panels import majority, multi_panel_of, panel_of, simulated

LABELS = 4
FEW = 50


def _intervals(found: Evaluation) -> list[Interval]:
    of_classes = [
        interval for score in found.classes for interval in (score.precision, score.recall, score.f1)
    ]
    return [found.accuracy, found.macro_f1, *(interval for interval in of_classes if interval)]


def _value(interval: Interval | None) -> float | None:
    return None if interval is None else interval.value


@settings(deadline=None, max_examples=40)
@given(
    arrays(
        np.int32,
        st.tuples(st.integers(1, 20), st.just(2)),
        elements=st.integers(-1, LABELS - 1),
    )
)
def test_scores_are_scikit_learns(columns: np.ndarray) -> None:
    gold, answer = columns.T
    panel = panel_of(answer[:, None], gold, labels=LABELS)
    known = gold >= 0
    if not known.any():
        with pytest.raises(ConsensusError, match="gold"):
            evaluate(answers_of_worker(panel, 0), panel)
        return
    found = evaluate(answers_of_worker(panel, 0), panel, samples=FEW)
    truth, said = gold[known], np.where(answer[known] < 0, LABELS, answer[known])
    labels = list(range(LABELS))
    assert found.items == known.sum()
    assert found.answered == np.sum(said < LABELS)
    assert found.accuracy.value == pytest.approx(np.mean(truth == said))
    occurring = np.unique(truth).tolist()
    macro = f1_score(truth, said, labels=occurring, average="macro", zero_division=0)
    assert found.macro_f1.value == pytest.approx(macro)
    whole = confusion_matrix(truth, said, labels=[*labels, LABELS])[:LABELS]
    assert found.confusions[0].counts == tuple(map(tuple, whole.tolist()))
    for name, reference in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
        expected = reference(truth, said, labels=labels, average=None, zero_division=np.nan)
        for label, score in enumerate(found.classes):
            value = _value(getattr(score, name))
            if label not in occurring and name == "f1":
                assert value is None
            else:
                assert (np.nan if value is None else value) == pytest.approx(expected[label], nan_ok=True)
    for interval in _intervals(found):
        assert interval.low <= interval.value <= interval.high


def test_a_tie_counts_as_breaking_it_by_chance_would() -> None:
    panel = panel_of([[0, 1], [0, 0], [1, 2], [2, 1]], [0, 0, 0, 2], labels=3)
    found = evaluate(majority(panel), panel)
    assert found.accuracy.value == pytest.approx((0.5 + 1 + 0 + 0.5) / 4)
    assert found.accuracy_ties_wrong == 0.25
    assert found.accuracy_ties_first == 0.5  # the labels are named in the order 0, 1, 2
    assert (found.ties, found.answered, found.accuracy_of_answered) == (3, 1, 1.0)
    assert found.confusions[0].counts == ((1, 0, 0, 2), (0, 0, 0, 0), (0, 0, 0, 1))


def test_the_label_named_first_need_not_be_the_first_label() -> None:
    panel = panel_of([[1, 1], [0, 1], [0, 1]], [1, 1, 0])
    assert evaluate(majority(panel), panel).accuracy_ties_first == pytest.approx(2 / 3)
    other = panel_of([[0, 0], [0, 1], [0, 1]], [0, 1, 1])
    assert evaluate(majority(other), other).accuracy_ties_first == pytest.approx(1 / 3)


def test_a_model_has_no_ties() -> None:
    panel = panel_of([[0], [1], [-1]], [0, 0, 1])
    found = evaluate(answers_of_worker(panel, 0), panel, cross_fitted=True)
    assert (found.ties, found.accuracy_ties_wrong, found.accuracy_ties_first) == (0, None, None)
    assert (found.name, found.kind, found.cross_fitted) == ("worker 0", "model", True)


def test_no_answer_is_wrong_but_not_a_wrong_answer() -> None:
    panel = panel_of([[0], [1], [-1], [-1]], [0, 0, 1, 1])
    found = evaluate(answers_of_worker(panel, 0), panel)
    assert found.accuracy.value == 0.25
    assert found.accuracy_of_answered == 0.5
    silent = evaluate(answers_of_worker(panel_of([[-1]], [0]), 0), panel_of([[-1]], [0]))
    assert silent.accuracy.value == 0
    assert silent.accuracy_of_answered is None


def test_only_the_items_asked_for_are_judged() -> None:
    panel = panel_of([[0], [0], [0], [1]], [0, 1, -1, 1])
    judged = np.array([True, False, True, True])
    found = evaluate(answers_of_worker(panel, 0), panel, judged=judged)
    assert (found.items, found.accuracy.value) == (2, 1.0)
    with pytest.raises(ConsensusError, match="worker 0"):
        evaluate(answers_of_worker(panel, 0), panel, judged=np.array([False, False, True, False]))


def test_steps_are_counted_on_an_ordinal_scale_only() -> None:
    answers, gold = [[0], [3], [-1], [1]], [0, 1, 2, 2]
    ordinal = panel_of(answers, gold, labels=4, kind="ordinal")
    assert evaluate(answers_of_worker(ordinal, 0), ordinal).mean_absolute_error == pytest.approx(1)
    plain = panel_of(answers, gold, labels=4)
    assert evaluate(answers_of_worker(plain, 0), plain).mean_absolute_error is None


def test_for_multi_the_whole_set_is_right_or_not() -> None:
    panel = multi_panel_of(
        [[[1], [1], [0], [-1]], [[0], [1], [0], [-1]], [[0], [0], [0], [-1]]],
        [[1, 1, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]],
    )
    found = evaluate(answers_of_worker(panel, 0), panel)
    assert found.accuracy.value == 0.25
    assert found.answered == 3
    assert found.label_accuracy == pytest.approx((2 + 2 + 3) / 12)
    assert found.accuracy_of_answered == pytest.approx(1 / 3)
    assert [confusion.label for confusion in found.confusions] == ["label 0", "label 1", "label 2"]
    assert [confusion.labels for confusion in found.confusions] == [("no", "yes")] * 3
    assert found.confusions[0].counts == ((0, 0, 0), (1, 2, 1))
    assert [score.support for score in found.classes] == [4, 1, 0]
    assert _value(found.classes[0].f1) == pytest.approx(2 * 2 / (2 + 4))
    assert _value(found.classes[1].f1) == 0
    assert found.classes[2].f1 is None
    assert found.macro_f1.value == pytest.approx((2 / 3 + 0) / 2)


def test_for_multi_gold_must_say_something_of_every_label() -> None:
    panel = multi_panel_of([[[1], [1]], [[0], [1]]], [[1, 1], [0, -1]])
    assert evaluate(answers_of_worker(panel, 0), panel).items == 1


def test_for_multi_ties_of_several_labels_multiply() -> None:
    panel = multi_panel_of([[[0, 1]], [[1, 0]]], [[1], [1]])
    found = evaluate(majority(panel), panel)
    assert found.accuracy.value == 0.25
    assert found.label_accuracy == 0.5
    assert (found.ties, found.accuracy_ties_first, found.accuracy_ties_wrong) == (1, 0, 0)


def test_for_multi_nothing_to_find_has_no_f1() -> None:
    panel = multi_panel_of([[[0], [1]], [[0], [0]]], [[0, 0], [0, 0]])
    found = evaluate(answers_of_worker(panel, 0), panel)
    assert found.macro_f1.value == 0
    assert all(score.f1 is None for score in found.classes)


def test_the_same_seed_gives_the_same_intervals_whatever_the_order_of_items() -> None:
    answers, truth = simulated(tasks=90, accuracies=[0.7] * 3, labels=3, missing=0.1)
    order = np.random.default_rng(4).permutation(90)
    panel, shuffled = panel_of(answers, truth, labels=3), panel_of(answers[order], truth[order], labels=3)
    one, other = (
        evaluate(answers_of_worker(panel, 1), panel),
        evaluate(answers_of_worker(shuffled, 1), shuffled),
    )
    assert one == other
    reseeded = evaluate(answers_of_worker(panel, 1), panel, seed=1)
    assert reseeded.macro_f1.value == one.macro_f1.value
    assert reseeded.macro_f1 != one.macro_f1


def test_a_models_word_is_set_against_its_answers() -> None:
    panel = panel_of([[0], [1], [0]], [0, 0, 0])
    answers = Answers(
        "sure",
        "model",
        (ProblemAnswers(np.array([0, 1, 0], np.int32), confidence=np.array([1, 0.8, np.nan])),),
    )
    calibration = evaluate(answers, panel).calibration
    assert calibration is not None
    assert calibration.brier is None
    assert calibration.expected_calibration_error == pytest.approx((0 + 0.8) / 2)
    assert evaluate(answers_of_worker(panel, 0), panel).calibration is None


def test_posteriors_are_set_against_gold_and_tasks_without_votes_left_out() -> None:
    panel = panel_of([[0, 0], [0, 1], [-1, -1]], [0, 0, 0])
    calibration = evaluate(majority(panel), panel).calibration
    assert calibration is not None
    assert calibration.expected_calibration_error == pytest.approx(0)
    assert calibration.brier == pytest.approx((0 + 0.5) / 2)
    assert [(each.low, each.items) for each in calibration.bins] == [(0.5, 1), (0.9, 1)]

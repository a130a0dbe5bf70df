"""What an agreement says of a panel: how many models it is worth, whatever the order (S0-6)."""

from __future__ import annotations

import numpy as np
import pytest

from techne.annotation import agreement as agreement_module
from techne.annotation.agreement import MIN_COMMON_TASKS, measure_agreement
from tests.unit.annotation.panels import multi_panel_of, panel_of, simulated


def test_copies_of_one_model_are_worth_one() -> None:
    answers, truth = simulated(tasks=200, accuracies=[0.7])
    found = measure_agreement(panel_of(np.repeat(answers, 6, axis=1), truth))
    assert found.mean_error_correlation == pytest.approx(1)
    assert found.effective_models == pytest.approx(1)
    assert found.mean_kappa == pytest.approx(1)


def test_independent_models_are_worth_their_number() -> None:
    answers, truth = simulated(tasks=5000, accuracies=[0.7] * 6)
    found = measure_agreement(panel_of(answers, truth))
    assert found.mean_error_correlation == pytest.approx(0, abs=0.02)
    assert found.effective_models == pytest.approx(6, rel=0.1)


def test_models_that_err_together_are_worth_fewer_than_they_are() -> None:
    answers, truth = simulated(tasks=4000, accuracies=[0.7] * 5)
    copied = np.random.default_rng(1).random(answers.shape) < 0.7
    shared = np.where(copied, answers[:, :1], answers)
    found = measure_agreement(panel_of(shared, truth))
    assert found.effective_models is not None
    assert 1.2 < found.effective_models < 2.5


def test_errors_that_avoid_one_another_are_worth_no_more_than_the_models() -> None:
    gold = np.zeros(20, dtype=np.int32)
    answers = np.stack([np.arange(20) % 2, (np.arange(20) + 1) % 2], axis=1)
    found = measure_agreement(panel_of(answers, gold))
    assert found.mean_error_correlation == pytest.approx(-1)
    assert found.effective_models == 2


def test_of_a_crowd_the_panel_is_as_large_as_the_votes_of_a_task() -> None:
    answers, truth = simulated(tasks=3000, accuracies=[0.7] * 12)
    task = np.arange(len(answers))[:, None]
    answers[(np.arange(12) // 3) != task % 4] = -1
    found = measure_agreement(panel_of(answers, truth))
    assert found.models == 12
    assert found.effective_models == pytest.approx(3, rel=0.1)


def test_without_gold_nothing_is_said_of_errors() -> None:
    answers, _ = simulated(tasks=50, accuracies=[0.7] * 3)
    found = measure_agreement(panel_of(answers))
    assert found.mean_error_correlation is None
    assert found.effective_models is None
    assert all(pair.error_correlation is None for pair in found.pairs)


def test_models_that_are_never_wrong_have_no_error_correlation() -> None:
    truth = np.arange(40, dtype=np.int32) % 2
    found = measure_agreement(panel_of(np.stack([truth] * 3, axis=1), truth))
    assert found.mean_error_correlation is None
    assert found.fleiss_kappa == pytest.approx(1)
    assert [pair.kappa for pair in found.pairs] == [1, 1, 1]


def test_votes_for_one_label_alone_have_no_agreement_beyond_chance() -> None:
    found = measure_agreement(panel_of(np.zeros((30, 3)), np.zeros(30)))
    assert (found.mean_kappa, found.fleiss_kappa, found.krippendorff_nominal) == (None, None, None)
    assert [pair.observed for pair in found.pairs] == [1, 1, 1]


def test_only_an_ordinal_scale_has_an_ordinal_alpha() -> None:
    answers, truth = simulated(tasks=60, accuracies=[0.7] * 3, labels=4)
    assert measure_agreement(panel_of(answers, truth, labels=4)).krippendorff_ordinal is None
    ordinal = measure_agreement(panel_of(answers, truth, labels=4, kind="ordinal"))
    assert ordinal.krippendorff_ordinal is not None
    nominal = measure_agreement(panel_of(answers, truth, labels=4))
    assert ordinal.mean_kappa != nominal.mean_kappa


def test_order_of_tasks_and_workers_makes_no_difference() -> None:
    answers, truth = simulated(tasks=80, accuracies=[0.6, 0.7, 0.8, 0.9], labels=3, missing=0.3)
    tasks = np.random.default_rng(5).permutation(80)
    one = measure_agreement(panel_of(answers, truth, labels=3))
    other = measure_agreement(panel_of(answers[tasks][:, ::-1], truth[tasks], labels=3))
    for name in ("mean_kappa", "fleiss_kappa", "krippendorff_nominal", "effective_models"):
        assert getattr(one, name) == pytest.approx(getattr(other, name))


def test_for_multi_every_figure_is_the_mean_over_the_labels() -> None:
    parts = [simulated(tasks=70, accuracies=[0.6, 0.75, 0.9], seed=seed) for seed in (1, 2, 3)]
    alone = [measure_agreement(panel_of(answers, truth)) for answers, truth in parts]
    found = measure_agreement(multi_panel_of([a for a, _ in parts], [t for _, t in parts]))
    for name in ("mean_kappa", "mean_error_correlation", "fleiss_kappa", "krippendorff_nominal"):
        assert getattr(found, name) == pytest.approx(np.mean([getattr(part, name) for part in alone]))
    for place, pair in enumerate(found.pairs):
        for name in ("observed", "kappa", "error_correlation"):
            of_labels = [getattr(part.pairs[place], name) for part in alone]
            assert getattr(pair, name) == pytest.approx(np.mean(of_labels))


def test_pairs_with_few_common_tasks_are_left_out_of_the_means() -> None:
    answers, truth = simulated(tasks=100, accuracies=[0.7] * 3)
    answers[MIN_COMMON_TASKS - 1 :, 2] = -1
    found = measure_agreement(panel_of(answers, truth))
    whole = next(pair for pair in found.pairs if pair.items == 100)
    assert len(found.pairs) == 3
    assert found.mean_kappa == whole.kappa
    assert found.mean_error_correlation == whole.error_correlation


def test_the_pairs_with_most_common_tasks_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement_module, "MAX_PAIRS", 2)
    answers, truth = simulated(tasks=30, accuracies=[0.7] * 4)
    answers[:20, 0] = -1
    answers[:10, 1] = -1
    found = measure_agreement(panel_of(answers, truth))
    assert [(pair.first, pair.second, pair.items) for pair in found.pairs] == [
        ("worker 2", "worker 3", 30),
        ("worker 1", "worker 2", 20),
    ]


def test_workers_who_share_no_task_are_not_a_pair() -> None:
    assert measure_agreement(panel_of([[0, -1], [-1, 1]])).pairs == ()


def test_one_model_agrees_with_nobody() -> None:
    found = measure_agreement(panel_of([[0], [1], [1]], [0, 1, 0]))
    assert (found.pairs, found.mean_kappa, found.fleiss_kappa, found.effective_models) == (
        (),
        None,
        None,
        None,
    )

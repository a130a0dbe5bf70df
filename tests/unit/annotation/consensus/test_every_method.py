"""What holds for each consensus method, whatever the votes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from techne.annotation.consensus.crowd_kit import GLAD, MACE
from techne.annotation.consensus.method import ConsensusMethod
from techne.annotation.consensus.registry import METHODS, build
from techne.annotation.votes import NO_LABEL, Gold, IntArray, Votes
from techne.errors import ConsensusError
from tests.unit.annotation.consensus.crowds import simulated, votes_of

OWN = [name for name in METHODS if name not in ("mace", "glad")]
BLIND_TO_ORDER = [name for name in OWN if name != "median"]

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def quick(name: str) -> ConsensusMethod:
    """The method; crowd-kit's with few iterations, for they are slow."""
    return {"mace": MACE(max_iterations=5), "glad": GLAD(max_iterations=1)}.get(name) or build(name)


def fitted(name: str, votes: Votes, gold: Gold) -> ConsensusMethod:
    return quick(name).fit(votes, gold)


@st.composite
def crowds(draw: st.DrawFn) -> tuple[Votes, Gold]:
    """Any votes at all, one of them at least on a task with gold."""
    labels = draw(st.integers(2, 4))
    tasks, workers = draw(st.integers(1, 12)), draw(st.integers(1, 6))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    matrix = random.integers(NO_LABEL, labels, (tasks, workers)).astype(np.int32)
    matrix[0, 0] = random.integers(labels)
    truth = random.integers(NO_LABEL, labels, tasks).astype(np.int32)
    truth[0] = random.integers(labels)
    return votes_of(matrix, labels), Gold(truth)


@pytest.mark.parametrize("name", OWN)
@given(crowd=crowds())
@settings(max_examples=40, deadline=None)
def test_posteriors_are_distributions_and_unanswered_tasks_have_none(
    name: str, crowd: tuple[Votes, Gold]
) -> None:
    votes, gold = crowd
    consensus = fitted(name, votes, gold).predict(votes)
    answered = votes.counts.any(axis=1)
    np.testing.assert_allclose(consensus.posterior[answered].sum(axis=1), 1)
    assert (consensus.posterior[answered] >= 0).all()
    assert np.isnan(consensus.posterior[~answered]).all()
    assert np.isnan(consensus.margin[~answered]).all()
    assert (consensus.label_index[~answered | consensus.tied] == NO_LABEL).all()
    assert (consensus.label_index[answered & ~consensus.tied] != NO_LABEL).all()


@pytest.mark.parametrize("name", OWN)
@given(crowd=crowds(), seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_the_order_of_tasks_and_workers_makes_no_difference(
    name: str, crowd: tuple[Votes, Gold], seed: int
) -> None:
    votes, gold = crowd
    random = np.random.default_rng(seed)
    tasks, workers = random.permutation(len(votes.tasks)), random.permutation(len(votes.workers))
    matrix = votes.matrix[np.ix_(tasks, workers)]
    moved = Votes.from_matrix(
        matrix,
        tasks=[votes.tasks[task] for task in tasks],
        workers=[votes.workers[worker] for worker in workers],
        labels=votes.labels,
    )
    before = fitted(name, votes, gold).predict_proba(votes)
    after = fitted(name, moved, Gold(gold.label_index[tasks])).predict_proba(moved)
    np.testing.assert_allclose(after, before[tasks], atol=1e-6)


@pytest.mark.parametrize("name", BLIND_TO_ORDER)
@given(crowd=crowds(), seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_renaming_the_labels_renames_the_posterior(name: str, crowd: tuple[Votes, Gold], seed: int) -> None:
    votes, gold = crowd
    new = np.random.default_rng(seed).permutation(len(votes.labels)).astype(np.int32)

    def renamed(index: IntArray) -> IntArray:
        return np.where(index == NO_LABEL, NO_LABEL, new[index]).astype(np.int32)

    other = votes_of(renamed(votes.matrix), len(votes.labels))
    before = fitted(name, votes, gold).predict_proba(votes)
    after = fitted(name, other, Gold(renamed(gold.label_index))).predict_proba(other)
    np.testing.assert_allclose(after[:, new], before, atol=1e-6)


@pytest.mark.parametrize("name", METHODS)
def test_a_unanimous_crowd_is_believed(name: str) -> None:
    votes = votes_of(np.ones((6, 4), dtype=np.int32), labels=3)
    consensus = fitted(name, votes, Gold(np.full(6, 1, dtype=np.int32))).predict(votes)
    assert consensus.label_index.tolist() == [1] * 6


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize(
    "matrix", [[[1]], [[1], [0], [1]], [[1, 1, 0]], [[1, -1, -1], [-1, 0, -1], [-1, -1, 1]]]
)
def test_one_worker_one_task_or_one_vote_each_is_enough(name: str, matrix: list[list[int]]) -> None:
    votes = votes_of(np.array(matrix, dtype=np.int32), labels=2)
    truth = np.array([1, 0, 1][: len(matrix)], dtype=np.int32)
    posterior = fitted(name, votes, Gold(truth)).predict_proba(votes)
    np.testing.assert_allclose(posterior.sum(axis=1), 1)


@pytest.mark.parametrize("name", OWN)
def test_two_who_contradict_each_other_always_are_a_tie(name: str) -> None:
    matrix = np.array([[0, 1], [1, 0]] * 10, dtype=np.int32)
    votes = votes_of(matrix, labels=2)
    gold = Gold(np.array([0, 0, 1, 1] + [NO_LABEL] * 16, dtype=np.int32))
    consensus = fitted(name, votes, gold).predict(votes)
    assert consensus.tied.all()
    assert (consensus.label_index == NO_LABEL).all()
    assert (consensus.margin == 0).all()


@pytest.mark.parametrize("name", ["dawid-skene", "one-coin", "mace"])
def test_a_label_that_nobody_voted_for_is_impossible(name: str) -> None:
    crowd = simulated(6, tasks=60, workers=5, labels=3, accuracy=(0.95, 0.99))
    matrix = np.where(crowd.votes.matrix == 2, 0, crowd.votes.matrix).astype(np.int32)
    votes = votes_of(matrix, labels=3)
    posterior = quick(name).fit(votes).predict_proba(votes)
    assert (posterior[votes.counts.any(axis=1), 2] == 0).all()


@pytest.mark.parametrize("name", METHODS)
def test_nothing_is_learned_from_no_votes(name: str) -> None:
    votes = votes_of(np.full((3, 2), NO_LABEL, dtype=np.int32), labels=2)
    with pytest.raises(ConsensusError, match="no vote on any of 3 tasks"):
        build(name).fit(votes, Gold(np.zeros(3, dtype=np.int32)))


@pytest.mark.parametrize("name", ["gold-weighted", "dawid-skene", "one-coin", "mace", "glad"])
def test_votes_of_strangers_are_refused(name: str) -> None:
    crowd = simulated(7, tasks=12, workers=3)
    method = quick(name)
    with pytest.raises(ConsensusError, match="learned nothing yet"):
        method.predict(crowd.votes)
    method.fit(crowd.votes, crowd.gold)
    with pytest.raises(ConsensusError, match="other workers: not to 'worker 3'"):
        method.predict(simulated(7, tasks=12, workers=4).votes)
    with pytest.raises(ConsensusError, match="other labels: not to 'label 2'"):
        method.predict(simulated(7, tasks=12, workers=3, labels=3).votes)


@pytest.mark.parametrize("name", METHODS)
def test_what_was_learned_applies_to_votes_of_fewer_workers_and_other_tasks(name: str) -> None:
    crowd = simulated(8, tasks=40, workers=6, accuracy=(0.8, 0.95))
    votes = crowd.votes
    first_half = np.arange(40) < 20
    method = fitted(name, votes.of_tasks(first_half), crowd.gold.only(first_half))
    few = method.predict(votes.of_tasks(~first_half).of_workers([0, 1, 2]))
    decided = few.label_index != NO_LABEL
    assert not decided[first_half].any()
    assert np.mean(few.label_index[decided] == crowd.truth[decided]) > 0.75

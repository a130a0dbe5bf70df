"""How long consensus and agreement take on a million votes, how much memory, and how right they are.

200,000 simulated tasks have 5 votes each, once of a panel of 5 models and once of a crowd of 5,000 people.
Each method works in a process of its own: it learns and decides, so many times, and the best time counts; the
peak is the whole resident set of that process, interpreter, imports and votes included. crowd-kit's methods
do the same work in the same run, once. With TECHNE_EXTERNAL_DATA set, the recorded crowds follow, methods
that need gold being judged on tasks that they did not see.

Run `python -m benchmarks.consensus --help` from the repository's root. All of it takes many minutes, nearly
all of which are crowd-kit's.
"""

from __future__ import annotations

import argparse
import csv
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.measuring import peak_megabytes
from techne.annotation.agreement import measure_agreement
from techne.annotation.consensus.registry import build
from techne.annotation.panel import Panel, Problem
from techne.annotation.votes import NO_LABEL, Gold, IntArray, Votes

MOST_SECONDS = 2.0
MOST_MEGABYTES = 600.0
VOTES_PER_TASK = 5
LABELS = 4
GOLD_ITEMS = 50
SPLITS = 5
OWN = ("majority", "gold-weighted", "dawid-skene", "one-coin", "median", "agreement")
PEERS = {
    "majority": "MajorityVote",
    "dawid-skene": "DawidSkene",
    "one-coin": "OneCoinDawidSkene",
    "mace": "MACE",
    "glad": "GLAD",
}
CROWDS = {"panel of 5": 5, "crowd of 5,000": 5000}
RECORDED = ("rte", "llmbar_vanilla", "babe_llm_8shot")


@dataclass(frozen=True, slots=True)
class Figures:
    """What one method took and gave.

    Args:
        seconds: To learn and decide, wall clock; the best round.
        cpu_seconds: Processor time of the best round, all threads.
        peak_megabytes: Largest resident set of the process in its whole life.
        accuracy: Right decisions among all tasks, a tie being wrong; None for agreement.
    """

    seconds: float
    cpu_seconds: float
    peak_megabytes: float
    accuracy: float | None


def simulated(workers: int, tasks: int) -> tuple[Votes, Gold]:
    """Workers of different accuracy; each task goes to one of each fifth of them."""
    random = np.random.default_rng(0)
    truth = random.integers(LABELS, size=tasks, dtype=np.int32)
    task = np.repeat(np.arange(tasks, dtype=np.int32), VOTES_PER_TASK)
    fifth = workers // VOTES_PER_TASK
    worker = random.integers(fifth, size=(tasks, VOTES_PER_TASK)) + fifth * np.arange(VOTES_PER_TASK)
    index = worker.ravel().astype(np.int32)
    right = random.random(len(task)) < random.uniform(0.4, 0.95, workers)[index]
    wrong = (truth[task] + random.integers(1, LABELS, len(task))) % LABELS
    label = np.where(right, truth[task], wrong).astype(np.int32)
    names = [f"task-{number}" for number in range(tasks)]
    people, labels = (tuple(str(number) for number in range(size)) for size in (workers, LABELS))
    return Votes(names, people, labels, task, index, label), Gold(truth)


def ours(method: str, votes: Votes, gold: Gold) -> Callable[[], IntArray | None]:
    """What is to be timed: from votes to decisions. A gold-weighted vote gets gold for every tenth task."""
    if method == "agreement":
        panel = Panel("single", votes.labels, (Problem("", votes, gold),))
        return partial(agreement, panel)
    known = np.arange(len(votes.tasks)) % 10 == 0
    return lambda: build(method).fit(fresh(votes), gold.only(known)).predict(fresh(votes)).label_index


def agreement(panel: Panel) -> None:
    measure_agreement(panel)


def fresh(votes: Votes) -> Votes:
    """The same votes without what they remember of earlier rounds."""
    return Votes(
        votes.tasks, votes.workers, votes.labels, votes.task_index, votes.worker_index, votes.label_index
    )


def theirs(method: str, votes: Votes) -> Callable[[], IntArray]:
    """crowd-kit's method, on a table that is made beforehand."""
    import pandas as pd
    from crowdkit import aggregation

    frame = pd.DataFrame({"task": votes.task_index, "worker": votes.worker_index, "label": votes.label_index})

    def work() -> IntArray:
        decided = getattr(aggregation, PEERS[method])().fit_predict(frame)
        return np.asarray(decided.reindex(range(len(votes.tasks)), fill_value=NO_LABEL), dtype=np.int32)

    return work


def measured(work: Callable[[], IntArray | None], gold: Gold, rounds: int) -> Figures:
    best = (float("inf"), float("inf"))
    for _ in range(rounds):
        gc.collect()
        began, cpu_began = time.perf_counter(), time.process_time()
        decided = work()
        best = min(best, (time.perf_counter() - began, time.process_time() - cpu_began))
    accuracy = None if decided is None else float(np.mean(decided == gold.label_index))
    return Figures(*best, peak_megabytes(), accuracy)


def in_a_process(side: str, method: str, workers: int, options: argparse.Namespace) -> Figures:
    rounds = options.rounds if side == "ours" else 1
    command = [sys.executable, "-m", "benchmarks.consensus", "--rounds", str(rounds)]
    command += ["--tasks", str(options.tasks), "--one", side, method, str(workers)]
    child = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Figures(**json.loads(child.stdout))


def on_simulated(options: argparse.Namespace) -> bool:
    """Print a table per crowd; whether our own methods meet the aims."""
    met = True
    for crowd, workers in CROWDS.items():
        print(f"\n{options.tasks:,} tasks x {VOTES_PER_TASK} votes, {LABELS} labels, {crowd}")
        print("method         seconds  cpu s  peak MB  accuracy | crowd-kit s  peak MB  accuracy  times ours")
        for method in OWN:
            own = in_a_process("ours", method, workers, options)
            met &= own.seconds <= MOST_SECONDS and own.peak_megabytes <= MOST_MEGABYTES
            line = f"{method:13}  {own.seconds:7.3f}  {own.cpu_seconds:5.2f}  {own.peak_megabytes:7.0f}  "
            line += f"{shown(own.accuracy):>8} |"
            if method in PEERS and not options.without_crowd_kit:
                peer = in_a_process("crowd-kit", method, workers, options)
                line += f" {peer.seconds:11.1f}  {peer.peak_megabytes:7.0f}  {shown(peer.accuracy):>8}  "
                line += f"{peer.seconds / own.seconds:9.0f}x"
            print(line, flush=True)
    print(f"\nAims: <= {MOST_SECONDS:g} s and <= {MOST_MEGABYTES:g} MB each: {'met' if met else 'MISSED'}.")
    return met


def on_recorded(folder: Path, options: argparse.Namespace) -> None:
    """Print accuracies on the recorded crowds, ours beside crowd-kit's."""
    print("\nRecorded crowds: accuracy (ties wrong / to the label named first), and crowd-kit's")
    for name in RECORDED:
        votes, gold = recorded(folder, name)
        for method in (*OWN[:4], *(() if options.without_crowd_kit else ("mace", "glad"))):
            if method == "gold-weighted":
                print(f"{name:16} {method:14} {after_a_little_gold(votes, gold)}")
                continue
            consensus = build(method).fit(votes).predict(votes)
            first = np.where(consensus.tied, consensus.posterior.argmax(axis=1), consensus.label_index)
            line = f"{name:16} {method:14} {accuracy(consensus.label_index, gold)} / {accuracy(first, gold)}"
            if not options.without_crowd_kit:
                line += f"   {accuracy(theirs(method, votes)(), gold)}"
            print(line, flush=True)


def after_a_little_gold(votes: Votes, gold: Gold) -> str:
    accuracies = []
    for seed in range(SPLITS):
        order = np.random.default_rng(seed).permutation(np.flatnonzero(gold.known))
        seen = np.zeros(len(votes.tasks), dtype=np.bool_)
        seen[order[:GOLD_ITEMS]] = True
        decided = build("gold-weighted").fit(votes, gold.only(seen)).predict(votes).label_index
        accuracies.append(np.mean(decided[order[GOLD_ITEMS:]] == gold.label_index[order[GOLD_ITEMS:]]))
    return f"{np.mean(accuracies):.4f} on the rest, with {GOLD_ITEMS} gold items, mean of {SPLITS} draws"


def recorded(folder: Path, name: str) -> tuple[Votes, Gold]:
    """Labels are in order of their first use, for the sake of tools that break ties by it."""
    with (folder / f"{name}_crowd.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["task"], row["worker"], row["label"]) for row in csv.DictReader(file)]
    with (folder / f"{name}_gold.csv").open(encoding="utf-8", newline="") as file:
        gold = {row["task"]: row["label"] for row in csv.DictReader(file)}
    places = [
        {name: place for place, name in enumerate(dict.fromkeys(each))} for each in zip(*rows, strict=True)
    ]
    tasks, workers, labels = places
    matrix = np.full((len(tasks), len(workers)), NO_LABEL, dtype=np.int32)
    for task, worker, label in rows:
        matrix[tasks[task], workers[worker]] = labels[label]
    truth = [labels[gold[task]] if task in gold else NO_LABEL for task in tasks]
    votes = Votes.from_matrix(matrix, tasks=list(tasks), workers=list(workers), labels=list(labels))
    return votes, Gold(np.array(truth, dtype=np.int32))


def accuracy(label_index: IntArray, gold: Gold) -> str:
    return shown(float(np.mean((label_index == gold.label_index)[gold.known])))


def shown(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=int, default=200_000, help="of 5 votes each (default: 200000)")
    parser.add_argument("--rounds", type=int, default=3, help="of which ours' best counts (default: 3)")
    parser.add_argument("--without-crowd-kit", action="store_true", help="measure only our own methods")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        side, method, workers = options.one
        votes, gold = simulated(int(workers), options.tasks)
        work: Callable[[], Any] = ours(method, votes, gold) if side == "ours" else theirs(method, votes)
        print(json.dumps(asdict(measured(work, gold, options.rounds))))
        return 0
    met = on_simulated(options)
    folder = os.environ.get("TECHNE_EXTERNAL_DATA")
    if folder:
        on_recorded(Path(folder) / "consensus", options)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

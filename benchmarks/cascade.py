"""What a cascade saves on recorded panels of language models, and what that costs in accuracy.

Each round draws gold items at random, asks everybody about them, plans a cascade with them alone and follows
it through the recorded answers to the other items, which judge it beside the full panel's best method: best
by the gold drawn, and best in hindsight. Every call counts the same, and the calls about the gold items
count. "A text" is of the calls about the other items.

The answers are in the folder that TECHNE_EXTERNAL_DATA names. Run `python -m benchmarks.cascade --help` from
the repository's root. Five rounds take about a minute.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np

from benchmarks.recorded_panels import recorded_panel
from techne.annotation.cascade_replay import CascadeReplay, replay_cascade
from techne.annotation.panel import Panel

PANELS = ("llmbar_vanilla", "babe_llm_8shot")
LOSS_AIM = 0.005
"""Mean accuracy that a cascade may lose against the full panel's best method."""


def replayed(panel: Panel, gold_items: int, seed: int) -> CascadeReplay:
    """One round."""
    gold = np.flatnonzero(panel.gold_known)
    planning = np.zeros(len(panel.tasks), dtype=np.bool_)
    planning[np.random.default_rng(seed).choice(gold, gold_items, replace=False)] = True
    return replay_cascade(panel, gold_for_planning=planning, samples=1, seed=seed)


def figures(panel: Panel, replay: CascadeReplay, gold_items: int) -> tuple[float, float, float, float, float]:
    """Accuracy, the full panel's, its best's in hindsight, calls saved, calls a text."""
    run = replay.run
    assert run.accuracy
    assert run.accuracy_full_panel
    assert replay.best_in_hindsight
    asked = sum(len(wave) * count for wave, count in zip(run.waves, run.items_per_wave, strict=True))
    return (
        run.accuracy.value,
        run.accuracy_full_panel.value,
        replay.best_in_hindsight[1],
        1 - run.calls / run.calls_full_panel,
        asked / (len(panel.tasks) - gold_items),
    )


def measured(folder: Path, name: str, gold_items: int, rounds: int) -> bool:
    """Print a line a round and the mean; whether the aim is met."""
    panel = recorded_panel(folder, name)
    print(f"\n{name}: {len(panel.tasks)} texts, {len(panel.workers)} models, {gold_items} gold items")
    print("round  accuracy  full panel  in hindsight  saved  calls a text  threshold  first models")
    every = []
    for seed in range(rounds):
        replay = replayed(panel, gold_items, seed)
        now = figures(panel, replay, gold_items)
        every.append(now)
        waves = replay.run.waves
        first = ", ".join(wave[0] for wave in waves[:2]) if len(waves) > 1 else "everybody at once"
        print(f"{seed:5}  {line(now)}  {replay.run.threshold:9g}  {first}", flush=True)
    mean = np.mean(every, axis=0)
    print(f" mean  {line(mean)}")
    loss = mean[1] - mean[0]
    met = bool(loss <= LOSS_AIM and mean[3] > 0)
    print(f"Aim: calls saved, and <= {LOSS_AIM:g} lost: {'met' if met else 'MISSED'} ({loss:+.4f} lost).")
    return met


def line(now: tuple[float, ...] | np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    accuracy, full, hindsight, saved, calls = now
    return f"{accuracy:8.4f}  {full:10.4f}  {hindsight:12.4f}  {saved:5.1%}  {calls:12.2f}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gold", type=int, default=100, help="gold items to plan with (default: 100)")
    parser.add_argument("--rounds", type=int, default=5, help="draws of these (default: 5)")
    options = parser.parse_args()
    folder = os.environ.get("TECHNE_EXTERNAL_DATA", "")
    if not folder:
        print(
            "TECHNE_EXTERNAL_DATA names no folder: set it to the one that holds consensus/.", file=sys.stderr
        )
        return 2
    met = [measured(Path(folder), name, options.gold, options.rounds) for name in PANELS]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())

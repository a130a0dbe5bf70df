"""How long reading, cleaning and chunking take as a multiple of `json.load`, and how much memory.

Recordings of 1, 2, 3 and 6 hours are made by `techne.transcripts.synthetic`. Rounds go through all files and
both measurements by turns, so that a busy moment of the machine meets all of them, and the best round
counts. The peak is the whole resident set of a child process that does the work once (`ru_maxrss` of itself),
interpreter, imports and the file's own text included.

Run `python benchmarks/transcripts.py --help`.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from techne.transcripts.chunking import chunk_transcript
from techne.transcripts.cleaning import clean_transcript
from techne.transcripts.model import Transcript
from techne.transcripts.reading import read_transcript

HOURS = (1, 2, 3, 6)
MOST_TIMES_JSON_LOAD = 4.0
MOST_MEGABYTES = 250.0
AIM_HOURS = 3
T = TypeVar("T")
STEPS = ("json.load", "read", "clean", "chunk")


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Time and memory of reading, cleaning and chunking transcripts, against json.load.",
        epilog=f"The exit status is 1 if {AIM_HOURS} hours take over {MOST_TIMES_JSON_LOAD:g} times "
        f"json.load or over {MOST_MEGABYTES:g} MB.",
    )
    parser.add_argument("--rounds", type=int, default=5, help="of which the best counts (default: 5)")
    parser.add_argument("--language", choices=["pt-BR", "en-US"], default="pt-BR", help="default: pt-BR")
    parser.add_argument("--max-tokens", type=int, default=20_000, help="of a chunk (default: 20000)")
    parser.add_argument("--peak-of", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak_of:
        process(options.peak_of, options.max_tokens)
        print(own_peak_megabytes())
        return 0
    with tempfile.TemporaryDirectory() as folder:
        files = {hours: recorded(Path(folder), hours, options.language) for hours in HOURS}
        # Peaks come first: Linux counts what a parent holds when it starts a child as that child's.
        peaks = {hours: child_peak_megabytes(files[hours], options.max_tokens) for hours in HOURS}
        seconds = best_seconds(files, options.rounds, options.max_tokens)
        return reported(seconds, peaks, {hours: files[hours].stat().st_size / 1e6 for hours in HOURS})


def recorded(folder: Path, hours: int, language: str) -> Path:
    """A recording made in a child process, so that making it takes none of this one's memory."""
    path = folder / f"{hours}h.json"
    module = "techne.transcripts.synthetic"
    command = [sys.executable, "-m", module, "--hours", str(hours), "--language", language, str(path)]
    subprocess.run(command, check=True)
    return path


def process(path: Path, max_tokens: int) -> None:
    chunk_transcript(clean_transcript(read(path)).transcript, max_tokens=max_tokens)


def best_seconds(files: dict[int, Path], rounds: int, max_tokens: int) -> dict[tuple[int, str], float]:
    """The least seconds of each step for each number of hours."""
    seconds: dict[tuple[int, str], float] = defaultdict(lambda: float("inf"))

    def timed(hours: int, step: str, work: Callable[[], T]) -> T:
        gc.collect()
        started = time.perf_counter()
        result = work()
        seconds[hours, step] = min(seconds[hours, step], time.perf_counter() - started)
        return result

    for _ in range(rounds):
        for hours, path in files.items():
            timed(hours, "json.load", partial(loaded, path))
            transcript = timed(hours, "read", partial(read, path))
            cleaned = timed(hours, "clean", partial(clean_transcript, transcript)).transcript
            timed(hours, "chunk", partial(chunk_transcript, cleaned, max_tokens=max_tokens))
    return seconds


def read(path: Path) -> Transcript:
    return read_transcript(path.read_bytes(), source=path.name)


def loaded(path: Path) -> object:
    with path.open("rb") as file:
        return json.load(file)


def child_peak_megabytes(path: Path, max_tokens: int) -> float:
    command = [sys.executable, __file__, "--max-tokens", str(max_tokens)]
    child = subprocess.run([*command, "--peak-of", path], check=True, capture_output=True, text=True)
    return float(child.stdout)


def own_peak_megabytes() -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def reported(
    seconds: dict[tuple[int, str], float], peaks: dict[int, float], megabytes: dict[int, float]
) -> int:
    """Print the table; the exit status says whether the aims are met."""
    print(" hours  file MB  json.load s   read s  clean s  chunk s   ratio  load/h  work/h  peak MB")
    ratios: dict[int, float] = {}
    work = {hours: sum(seconds[hours, step] for step in STEPS[1:]) for hours in HOURS}
    for hours in HOURS:
        load, reading, cleaning, chunking = (seconds[hours, step] for step in STEPS)
        ratios[hours] = work[hours] / load
        print(
            f"{hours:6}  {megabytes[hours]:7.1f}  {load:11.3f}  {reading:7.3f}  {cleaning:7.3f}  "
            f"{chunking:7.3f}  {ratios[hours]:6.2f}  "
            f"{load / hours / seconds[1, STEPS[0]]:6.2f}  "
            f"{work[hours] / hours / work[1]:6.2f}  {peaks[hours]:7.0f}"
        )
    print("ratio: work (read + clean + chunk) as a multiple of json.load")
    print("load/h, work/h: time of json.load and of the work for each hour, relative to the 1-hour recording")
    met = ratios[AIM_HOURS] <= MOST_TIMES_JSON_LOAD and peaks[AIM_HOURS] <= MOST_MEGABYTES
    print(
        f"{AIM_HOURS} hours: {ratios[AIM_HOURS]:.2f} times json.load (aim: {MOST_TIMES_JSON_LOAD:g}), "
        f"{peaks[AIM_HOURS]:.0f} MB (aim: {MOST_MEGABYTES:g}): {'met' if met else 'NOT met'}"
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

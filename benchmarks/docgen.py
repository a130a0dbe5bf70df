"""How near docgen's model stages come to the least time that they could take, and how many tokens they send.

Time: the bundled English recording in 8 chunks, against a Bedrock server on this machine, in a process of its
own, whose every answer takes one second. The lower bound is the longest chain of calls: a stage's calls go
out `max_parallel` at a time, and a stage needs the one before it. One call after another is measured too.

Tokens: an invented recording of three hours, in chunks of the default size. What was sent, system prompts and
instructions of every stage included, is set against the transcript as timestamped turns, and against the bare
words; all are characters divided by four.

Prefect runs as it does for one person: its local API, started for the run.

Run `python -m benchmarks.docgen --help` from the repository's root.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECORDING = ROOT / "samples" / "training-data-platform.en-US.json"
STAGES = {"<recording>": "extract", "<errors>": "map", "<items>": "outline", "<section>": "write"}
"""By the delimiter in its prompt. A section's prompt may hold the delimiters of the others' data."""
CHARACTERS_PER_TOKEN = 4
TIME_AIM = 1.15
TOKENS_AIM = 1.3
HOURS = 3.0


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took."""

    chunks: int
    calls: Counter[str]
    stage_seconds: dict[str, float]
    tokens_sent: int
    data_tokens: dict[str, float]
    """Of the prompts' changing parts, by stage; the rest of what was sent is system prompts."""

    @property
    def seconds(self) -> float:
        """Of all stages with model calls."""
        return sum(self.stage_seconds.values())

    def least_seconds(self, latency: float, max_parallel: int) -> float:
        """The longest chain of calls."""
        return sum(math.ceil(calls / max_parallel) for calls in self.calls.values()) * latency


@contextmanager
def bedrock(folder: Path, latency: float) -> Iterator[tuple[dict[str, str], Path]]:
    """The environment and the log of a Bedrock server in a process of its own."""
    log = folder / "calls.jsonl"
    command = [sys.executable, "-m", "tests.loopback.bedrock", "--latency", str(latency), "--log", str(log)]
    command += ["--responder", "tests.support.scripted_model:respond"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield json.loads(server.stdout.readline()), log
        finally:
            server.kill()


def run(folder: Path, recording: Path, *, latency: float, **settings: str) -> Run:
    """One document from nothing: no cache, no stored result."""
    from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, PREFECT_LOGGING_LEVEL, temporary_settings

    from flows.docgen import lambda_handler
    from flows.progress import ProgressEvent, listening
    from techne.settings import get_settings

    folder.mkdir()
    times: dict[str, list[float]] = {}

    def note(event: ProgressEvent) -> None:
        times.setdefault(event.stage, []).append(time.perf_counter())

    quiet = {PREFECT_LOCAL_STORAGE_PATH: folder / "results", PREFECT_LOGGING_LEVEL: "CRITICAL"}
    with bedrock(folder, latency) as (environment, log):
        os.environ |= {**environment, "TECHNE_HOME": str(folder / "home"), **settings}
        get_settings.cache_clear()
        event = {"transcription_s3_uri": str(recording), "output": str(folder / "out"), "engine": "bedrock"}
        with listening(note), temporary_settings(quiet):
            answer = lambda_handler(event)
        for name in settings:
            del os.environ[name]
        if answer["statusCode"] != 200:
            raise SystemExit(answer["body"]["message"])
        calls = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    stages = Counter(name for name in map(stage_of, calls) if name)
    return Run(
        chunks=answer["body"]["chunks_processed"],
        calls=stages,
        stage_seconds={name: times[name][-1] - times[name][0] for name in stages},
        tokens_sent=answer["body"]["tokens_used"]["input"],
        data_tokens={
            name: sum(len(call["prompt"]) for call in calls if stage_of(call) == name) / CHARACTERS_PER_TOKEN
            for name in stages
        },
    )


def stage_of(call: Mapping[str, str]) -> str | None:
    """The stage that a logged call belongs to; None for the look whether the provider is there."""
    return next((name for mark, name in STAGES.items() if f"{mark}\n" in call["prompt"]), None)


def chunk_size(recording: Path, chunks: int) -> int:
    """A chunk size that makes so many chunks of a recording."""
    from techne.transcripts.chunking import chunk_transcript
    from techne.transcripts.cleaning import clean_transcript
    from techne.transcripts.reading import read_transcript

    cleaned = clean_transcript(read_transcript(recording.read_bytes(), source=str(recording)))
    for size in range(256, 100_000, 16):
        if len(chunk_transcript(cleaned.transcript, max_tokens=size)) <= chunks:
            return size
    raise SystemExit(f"{recording} can't be cut into {chunks} chunks.")


def transcript_tokens(recording: Path) -> tuple[float, float]:
    """Tokens of a recording as timestamped turns, and of its words alone."""
    from techne.transcripts.reading import read_transcript
    from techne.transcripts.rendering import render_turns

    turns = read_transcript(recording.read_bytes(), source=str(recording)).turns
    words = sum(len(turn.text) for turn in turns)
    return len(render_turns(turns)) / CHARACTERS_PER_TOKEN, words / CHARACTERS_PER_TOKEN


def measure_time(folder: Path, options: argparse.Namespace) -> None:
    size = chunk_size(RECORDING, options.chunks)
    together, alone = (
        run(
            folder / f"parallel-{parallel}",
            RECORDING,
            latency=options.latency,
            MAX_TOKENS_PER_CHUNK=str(size),
            LLM_EXECUTOR_BEDROCK_MAX_PARALLEL=str(parallel),
        )
        for parallel in (options.max_parallel, 1)
    )
    print(f"{together.chunks} chunks, {options.latency:g} s a call, {options.max_parallel} calls at once\n")
    print("stage     calls  least s  took s  ratio  one by one s")
    for name, calls in together.calls.items():
        least = math.ceil(calls / options.max_parallel) * options.latency
        took = together.stage_seconds[name]
        print(
            f"{name:8}  {calls:5}  {least:7.2f}  {took:6.2f}  {took / least:5.2f}  "
            f"{alone.stage_seconds[name]:12.2f}"
        )
    least = together.least_seconds(options.latency, options.max_parallel)
    print(
        f"{'all':8}  {together.calls.total():5}  {least:7.2f}  {together.seconds:6.2f}  "
        f"{together.seconds / least:5.2f}  {alone.seconds:12.2f}"
    )
    print(
        f"\nAim: ratio <= {TIME_AIM}. {alone.seconds / together.seconds:.2f} times as fast as one by one.\n"
    )


def measure_tokens(folder: Path) -> None:
    from techne.transcripts.synthetic import synthetic_recording

    recording = folder / "three-hours.json"
    recording.write_text(json.dumps(synthetic_recording(HOURS, seed=1, language="pt-BR", speakers=3)))
    long = run(folder / "three-hours", recording, latency=0)
    turns, words = transcript_tokens(recording)
    sent = long.tokens_sent
    print(f"{HOURS:g} hours  chunks  calls  transcript  sent     ratio  of the words alone")
    print(
        f"{'':7}  {long.chunks:6}  {long.calls.total():5}  {turns:10,.0f}  {sent:7,}  {sent / turns:5.2f}  "
        f"{sent / words:18.2f}"
    )
    parts = [f"{name} {tokens / turns:.2f}" for name, tokens in long.data_tokens.items()]
    rest = sent - sum(long.data_tokens.values())
    print(f"\nAim: ratio <= {TOKENS_AIM}. Of it: {', '.join(parts)}, system prompts {rest / turns:.2f}.")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--latency", type=float, default=1.0, help="seconds that a call takes (default 1)")
    parser.add_argument("--chunks", type=int, default=8, help="chunks of the recording (default 8)")
    parser.add_argument("--max-parallel", type=int, default=4, help="calls in flight (default 4)")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "PREFECT_HOME": folder,
            "PREFECT_LOGGING_LEVEL": "CRITICAL",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
            "DO_NOT_TRACK": "1",
        }
        os.environ.pop("PREFECT_API_URL", None)
        measure_time(Path(folder), options)
        measure_tokens(Path(folder))


if __name__ == "__main__":
    main()

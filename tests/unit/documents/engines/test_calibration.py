"""What providers count is remembered, and shapes what later executions ask."""

from __future__ import annotations

import multiprocessing
import sqlite3
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from techne.documents.engines.llm import LLMEngine, TokenCalibration
from techne.documents.engines.llm.calibration import LATEST_CALLS, MOST_RATIO
from techne.llm.model import LLMRequest, LLMResponse
from techne.settings import Settings
from techne.transcripts.tokens import corrected_estimate, estimate_tokens
from tests.support.document_run import DocumentRun, run_stages, spoken_turns
from tests.support.scripted_executor import ScriptedExecutor

MODEL = "bedrock/bedrock-model"


@pytest.fixture
def calibration(tmp_path: Path) -> TokenCalibration:
    return TokenCalibration(tmp_path / "home" / "counts.sqlite3")


class Counting(ScriptedExecutor):
    """Reports so many times the tokens that are estimated, and `extra` ones for a schema."""

    def __init__(
        self, times: float, *, extra: int = 0, attempts: int = 1, cached: bool = False, context: int = 200_000
    ) -> None:
        super().__init__(cached=cached, context_tokens=context, max_output_tokens=context - 64)
        self._times = times
        self._extra = extra
        self._attempts = attempts

    async def submit(self, request: LLMRequest) -> LLMResponse:
        response = await super().submit(request)
        texts = (request.system or "", request.prompt, request.prefill or "")
        counted = int(self._times * sum(map(estimate_tokens, texts)))
        counted += self._extra if request.json_schema else 0
        usage = response.usage.model_copy(update={"input_tokens": counted})
        return response.model_copy(update={"usage": usage, "attempts": self._attempts})


async def run_with(
    executor: ScriptedExecutor, calibration: TokenCalibration, ratio: float = 1.0, *, chunk: int = 2000
) -> DocumentRun:
    engine = LLMEngine(
        executor, provider="bedrock", settings=Settings(), token_ratio=ratio, calibration=calibration
    )
    return await run_stages(
        engine, spoken_turns(4000), "en", max_tokens_per_chunk=chunk, estimate=corrected_estimate(ratio)
    )


def test_an_unknown_model_is_not_corrected(calibration: TokenCalibration) -> None:
    calibration.record("other", estimated=1000, reported=1500)
    assert calibration.ratio(MODEL) == 1.0


def test_the_highest_of_the_latest_calls_counts(calibration: TokenCalibration) -> None:
    for reported in (900, 1250, 1100):
        calibration.record(MODEL, estimated=1000, reported=reported)
    assert calibration.ratio(MODEL) == 1.25
    for _ in range(LATEST_CALLS - 1):
        calibration.record(MODEL, estimated=1000, reported=700)
        calibration.record("other", estimated=1000, reported=1900)
    assert calibration.ratio(MODEL) == 1.125  # 1.1, in sixteenths
    calibration.record(MODEL, estimated=1000, reported=700)
    assert calibration.ratio(MODEL) == 1.0


def test_a_model_that_counts_less_leaves_the_margin_alone(calibration: TokenCalibration) -> None:
    for _ in range(LATEST_CALLS):
        calibration.record(MODEL, estimated=1000, reported=600)
    assert calibration.ratio(MODEL) == 1.0


@given(st.lists(st.tuples(st.integers(-5, 10**6), st.integers(-5, 10**6)), max_size=8))
@examples(max_examples=30, deadline=None)
def test_the_correction_is_bounded_and_exact(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[int, int]]
) -> None:
    calibration = TokenCalibration(tmp_path_factory.mktemp("counts") / "counts.sqlite3")
    for estimated, reported in calls:
        calibration.record(MODEL, estimated=estimated, reported=reported)
    ratio = calibration.ratio(MODEL)
    assert 1.0 <= ratio <= MOST_RATIO
    assert (ratio * 16).is_integer()
    told = [reported / estimated for estimated, reported in calls if estimated > 0 and reported > 0]
    assert ratio >= min(max(told, default=1.0), MOST_RATIO)


def _record_some(path: Path, number: int) -> None:
    for call in range(10):
        TokenCalibration(path).record(f"model-{number}", estimated=1000, reported=1000 + 10 * call)


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_threads_and_processes_share_a_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "counts.sqlite3"
    pool = (
        ThreadPoolExecutor(4)
        if kind == "threads"
        else ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))
    )
    with pool:
        list(pool.map(partial(_record_some, path), range(4)))
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT COUNT(*) FROM counts").fetchone() == (40,)
    assert [TokenCalibration(path).ratio(f"model-{n}") for n in range(4)] == [1.125] * 4


def test_a_damaged_file_is_begun_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "counts.sqlite3"
    path.write_bytes(b"not a database " * 100)
    calibration = TokenCalibration(path)
    assert calibration.ratio(MODEL) == 1.0
    assert str(path) in caplog.text
    calibration.record(MODEL, estimated=1000, reported=1500)
    assert calibration.ratio(MODEL) == 1.5


def test_a_place_that_cannot_be_written_fails_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "file" / "counts.sqlite3", tmp_path):
        calibration = TokenCalibration(path)
        calibration.record(MODEL, estimated=1000, reported=1500)
        assert calibration.ratio(MODEL) == 1.0


async def test_a_model_that_counts_more_gets_smaller_chunks_next_time(calibration: TokenCalibration) -> None:
    before = await run_with(Counting(1.5), calibration)
    ratio = calibration.ratio(MODEL)
    assert ratio == 1.5
    executor = Counting(1.5)
    after = await run_with(executor, calibration, ratio)
    assert len(after.chunks) > len(before.chunks)
    assert all(chunk.tokens <= 2000 for chunk in after.chunks)
    assert calibration.ratio(MODEL) == 1.5  # what is compared is the uncorrected estimate


async def test_what_a_run_learns_changes_nothing_in_itself(calibration: TokenCalibration) -> None:
    first, again = Counting(1.5), Counting(1.5)
    assert await run_with(first, calibration) == await run_with(again, calibration)
    assert sorted(r.prompt for r in first.requests) == sorted(r.prompt for r in again.requests)


async def test_every_call_fits_a_small_context_of_a_model_that_counts_more(
    calibration: TokenCalibration,
) -> None:
    executor = Counting(1.25, context=2560)
    run = await run_with(executor, calibration, 1.25, chunk=100_000)
    assert len(run.chunks) > 3
    estimate = corrected_estimate(1.25)
    for request in executor.requests:
        sent = sum(map(estimate, (request.system or "", request.prompt, request.prefill or "")))
        assert sent + (request.max_output_tokens or 0) <= 2560


@pytest.mark.parametrize(
    "executor",
    [
        pytest.param(Counting(1.5, cached=True), id="answers from the cache"),
        pytest.param(Counting(1.5, attempts=2), id="calls that were asked again"),
        pytest.param(Counting(0.8, extra=500), id="schemas that are sent along"),
    ],
)
async def test_what_does_not_show_how_a_model_counts_teaches_nothing(
    calibration: TokenCalibration, executor: Counting
) -> None:
    await run_with(executor, calibration)
    assert executor.requests
    assert calibration.ratio(MODEL) == 1.0


def test_the_ratio_is_part_of_the_fingerprint() -> None:
    engines = [
        LLMEngine(ScriptedExecutor(), provider="bedrock", settings=Settings(), token_ratio=ratio)
        for ratio in (1.0, 1.0625, 1.0)
    ]
    assert engines[0].fingerprint == engines[2].fingerprint != engines[1].fingerprint

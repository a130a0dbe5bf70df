"""`python -m techne.llm.cache` looks after the local file."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import pytest

from techne.llm.cache import FILE_NAME, SQLiteResponseStore
from techne.llm.cache.__main__ import main
from techne.settings import get_settings
from tests.unit.llm.test_cache_sqlite import MIB, RESPONSE, answer_of, keys


@pytest.fixture
def path() -> Path:
    return get_settings().techne_home / FILE_NAME


@pytest.fixture
def filled(path: Path) -> Path:
    with closing(SQLiteResponseStore(path, wall=lambda: time.time() - 7200)) as store:
        store.put("old", RESPONSE.model_copy(update={"model": "another"}))
    with closing(SQLiteResponseStore(path)) as store:
        for number in range(20):
            store.put(f"{number}", answer_of(MIB // 10))
    return path


def test_stats_tell_what_is_kept_by_model(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["model", "answers", "size", "oldest", "last", "used"]
    assert [line.split()[:2] for line in lines[1:3]] == [["scripted/m", "20"], ["scripted/another", "1"]]
    assert lines[3].startswith("21 answers of 2.0 MiB")


def test_prune_deletes_what_is_too_old_and_too_much(
    filled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LLM_EXECUTOR_CACHE_TTL_SECONDS", "3600")
    monkeypatch.setenv("LLM_EXECUTOR_CACHE_MAX_BYTES", str(MIB))
    get_settings.cache_clear()
    assert main(["prune"]) == 0
    assert "12 answers deleted" in capsys.readouterr().out
    assert keys(filled) == {f"{number}" for number in range(11, 20)}
    assert filled.stat().st_size < 1.1 * MIB


def test_clear_deletes_all_and_gives_the_room_back(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clear", "--file", str(filled)]) == 0
    assert "21 answers deleted" in capsys.readouterr().out
    assert keys(filled) == set()
    assert filled.stat().st_size < 0.1 * MIB


@pytest.mark.parametrize("action", ["stats", "prune", "clear"])
def test_no_file_is_made_where_there_is_none(
    action: str, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([action]) == 0
    assert "There is no LLM cache" in capsys.readouterr().out
    assert not path.exists()


def test_another_kind_of_file_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "letter.txt"
    other.write_text("Dear reader, " * 100)
    assert main(["clear", "--file", str(other)]) == 1
    assert "not a database" in capsys.readouterr().err
    assert other.read_text() == "Dear reader, " * 100


def test_help_says_what_each_action_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "show entries, bytes and dates" in capsys.readouterr().out

"""Which store the settings name, and how one that fails is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from techne.errors import ConfigurationError
from techne.llm.cache import FILE_NAME, SQLiteResponseStore, build_store
from techne.llm.cache.trouble import LONGEST_REST_SECONDS, Trouble
from techne.settings import Settings


def test_the_default_is_a_file_in_the_home_folder(tmp_path: Path) -> None:
    store = build_store(Settings(techne_home=tmp_path))
    assert isinstance(store, SQLiteResponseStore)
    assert store.path == tmp_path / FILE_NAME
    assert store.threads == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("uri", ["s3://a-bucket", "s3://a-bucket/a/prefix/", "dynamodb://a-table"])
def test_shared_stores_take_many_threads_and_open_nothing(uri: str) -> None:
    assert build_store(Settings(llm_executor_cache_uri=uri)).threads == 16


@pytest.mark.parametrize(
    "uri",
    [
        "redis://user:secret@host/0",
        "/var/cache",
        "s3://",
        "s3://Not_A_Bucket/x",
        "s3://a-bucket/../x",
        "dynamodb://",
        "dynamodb://a/b",
        "dynamodb://a b c",
    ],
)
def test_a_uri_that_names_no_store_is_a_configuration_error(uri: str) -> None:
    with pytest.raises(ConfigurationError, match="LLM_EXECUTOR_CACHE_URI") as caught:
        build_store(Settings(llm_executor_cache_uri=uri))
    assert "secret" not in str(caught.value)


def test_rests_grow_while_trouble_lasts_and_begin_anew_after_it(caplog: pytest.LogCaptureFixture) -> None:
    now, asked = 0.0, 0

    def fail() -> None:
        nonlocal asked
        asked += 1
        raise OSError("gone")

    trouble = Trouble("place", monotonic=lambda: now)
    moments = []
    while now < 300:
        before = asked
        trouble.spared("read", fail)
        if asked > before:
            moments.append(now)
        now += 1
    assert moments[:6] == [0, 1, 3, 7, 15, 31]
    assert moments[-1] - moments[-2] == LONGEST_REST_SECONDS
    assert trouble.spared("write", lambda: "written") == "written"
    now += LONGEST_REST_SECONDS
    assert trouble.spared("read", lambda: "read") == "read"
    trouble.spared("read", fail)
    now += 1
    assert trouble.spared("read", lambda: "read") == "read"
    assert len(caplog.records) == 1


def test_every_kind_of_trouble_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    trouble = Trouble("place")
    for _ in range(3):
        trouble.met("read", "OSError", OSError("gone"))
        trouble.met("write", "full", OSError("no room"))
    assert [record.message.count("gone") for record in caplog.records] == [1, 0]

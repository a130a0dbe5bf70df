"""What the acceptance tests share: the session's Prefect server, with results of a test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, temporary_settings

from techne.settings import Settings
from tests.acceptance.runs import Place
from tests.integration.conftest import aws, moto_account

__all__ = ["aws", "moto_account"]


@pytest.fixture(scope="module")
def clean_shell() -> Iterator[None]:
    """No setting of the developer's shell reaches what a whole module shares, which precedes its tests."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in Settings.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
        yield


@pytest.fixture
def place(prefect_server: None, tmp_path: Path) -> Iterator[Place]:
    """A deployment of this test's own; flows that run in this process keep their results there too."""
    place = Place(tmp_path)
    with temporary_settings({PREFECT_LOCAL_STORAGE_PATH: place.prefect_home / "storage"}):
        yield place

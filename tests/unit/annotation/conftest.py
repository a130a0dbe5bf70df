"""Fixtures of the annotation experiment's unit tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from techne.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a home of their own and no cache."""
    return Settings(techne_home=tmp_path / "home", llm_executor_cache=False)

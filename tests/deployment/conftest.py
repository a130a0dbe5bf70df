"""One deployment for the tests that leave it as it was; those that break it make their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.deployed import Deployed, running_deployment


@pytest.fixture(scope="session")
def deployed() -> Iterator[Deployed]:
    """A deployed techne: stack, server and bootstrap; modules deploy what they need."""
    with running_deployment() as deployed:
        yield deployed

"""Owners: a process of this machine is known to be gone; of any other place nothing is claimed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from techne.tracking.owner import is_gone, this_owner

PRINT_OWNER = "from techne.tracking.owner import this_owner; print(this_owner())"


def test_this_process_is_not_gone() -> None:
    assert this_owner() == this_owner()
    assert not is_gone(this_owner())


def test_a_process_that_ended_is_gone() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PRINT_OWNER], capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()
    assert ended != this_owner()
    assert is_gone(ended)


def test_another_process_with_a_reused_id_is_not_mistaken_for_the_owner() -> None:
    assert is_gone(f"{this_owner()}1")


@pytest.mark.parametrize(
    "owner", ["", "worker-1", "other-machine/1234abcd-4026531836/99@123", "/x@y", "a/1@"]
)
def test_nothing_is_claimed_of_other_places(owner: str) -> None:
    assert not is_gone(owner)

"""Methods are found by name, and what they lack is said."""

from __future__ import annotations

import subprocess
import sys

import pytest

from techne.annotation.consensus.registry import METHODS, build, default_methods
from techne.errors import ConsensusError
from tests.unit.annotation.consensus.crowds import simulated


def test_each_name_builds_its_method() -> None:
    assert tuple(METHODS) == (
        "majority",
        "gold-weighted",
        "dawid-skene",
        "one-coin",
        "median",
        "mace",
        "glad",
    )
    assert all(build(name).name == name for name in METHODS)
    assert len({method.title for method in METHODS.values()}) == len(METHODS)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ConsensusError, match=r"no consensus method 'majorty'.*majority, gold-weighted"):
        build("majorty")


def test_the_default_fits_the_question() -> None:
    assert default_methods("single", with_gold=False) == ("majority", "dawid-skene", "one-coin")
    assert default_methods("multi", with_gold=True) == (
        "majority",
        "gold-weighted",
        "dawid-skene",
        "one-coin",
    )
    assert default_methods("ordinal", with_gold=False)[-1] == "median"


@pytest.mark.parametrize("name", ["mace", "glad"])
def test_a_missing_crowd_kit_is_named_with_its_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "crowdkit", None)
    with pytest.raises(ConsensusError, match=r"needs crowd-kit.*Install techne\[crowd\]"):
        build(name).fit(simulated(1, tasks=5).votes)


def test_the_registry_loads_neither_pandas_nor_crowd_kit() -> None:
    code = (
        "import sys, techne.annotation.consensus.registry as registry\n"
        "registry.build('mace')\n"
        "print(*{'pandas', 'crowdkit', 'scipy', 'sklearn'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == ""

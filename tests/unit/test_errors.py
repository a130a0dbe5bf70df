"""Errors: what they say, what they mean to a caller, and that they cross process boundaries."""

from __future__ import annotations

import pickle

import pytest

from techne import errors
from techne.errors import InputError, TechneError, ThrottledError


def _kinds(base: type[TechneError]) -> list[type[TechneError]]:
    return [base, *(kind for child in base.__subclasses__() for kind in _kinds(child))]


@pytest.mark.parametrize("kind", _kinds(TechneError), ids=lambda kind: kind.__name__)
def test_an_error_survives_pickling_with_its_cure(kind: type[TechneError]) -> None:
    error = pickle.loads(pickle.dumps(kind("It broke.", cure="Mend it.")))
    assert type(error) is kind
    assert (str(error), error.message, error.cure) == ("It broke. Mend it.", "It broke.", "Mend it.")


@pytest.mark.parametrize("kind", _kinds(TechneError), ids=lambda kind: kind.__name__)
def test_only_the_callers_errors_are_400(kind: type[TechneError]) -> None:
    """S1-31 and resolution 1."""
    caller = issubclass(kind, InputError)
    assert (kind.status_code, kind.exit_code) == ((400, 2) if caller else (500, 1))


def test_a_throttle_may_carry_the_servers_wait() -> None:
    error = ThrottledError("Slow down.")
    assert error.retryable
    assert error.retry_after_seconds is None


def test_every_error_documents_itself() -> None:
    undocumented = [kind.__name__ for kind in _kinds(TechneError) if not kind.__doc__]
    assert undocumented == []
    assert errors.__doc__

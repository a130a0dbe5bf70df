"""Token counts without a tokenizer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from techne.llm.tokens import estimate_tokens

PORTUGUESE = (
    "[00:12:41] Ana: então a gente reinicia o serviço com kubectl rollout restart deployment/pagamentos."
)


def test_timestamped_portuguese_counts_more_than_a_quarter_of_its_characters() -> None:
    assert len(PORTUGUESE) / 4 * 1.2 < estimate_tokens(PORTUGUESE) < len(PORTUGUESE) / 2


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("   \n", 0), ("a", 1), ("137", 1), ("1378", 2), ("é só", 2), ("a.b", 3)]
)
def test_pieces_are_counted(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens


@given(one=st.text(max_size=50), other=st.text(max_size=50))
@examples(max_examples=60, deadline=None)
def test_parts_add_up(one: str, other: str) -> None:
    assert estimate_tokens(f"{one} {other}") == estimate_tokens(one) + estimate_tokens(other)

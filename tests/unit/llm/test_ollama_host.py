"""OLLAMA_HOST comes with or without a scheme and a port (resolution 13)."""

from __future__ import annotations

import pytest

from techne.settings import Settings


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("localhost", "http://localhost:11434"),
        ("gpu.local:8080/", "http://gpu.local:8080"),
        ("[::1]", "http://[::1]:11434"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("https://ollama.example.com", "https://ollama.example.com"),
    ],
)
def test_what_is_missing_is_ollama_s_own_default(host: str, address: str) -> None:
    assert Settings(ollama_host=host).ollama_host == address

"""Settings: names, defaults and the forms that values may take."""

from __future__ import annotations

import pytest

from techne.errors import ConfigurationError
from techne.settings import Settings, get_settings


def test_defaults_are_those_that_were_asked_for() -> None:
    """S1-23, S2-18, S3-1, S3-2, S3-3, S4-9, resolution 8."""
    settings = Settings()
    assert settings.aws_region == "us-east-1"
    assert settings.bedrock_model_id == "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    assert settings.log_level == "INFO"
    assert settings.max_tokens_per_chunk == 100_000
    assert settings.docgen_write_max_tokens == 8192
    assert (settings.ollama_num_ctx, settings.ollama_num_predict) == (2048, 800)
    assert settings.ollama_timeout_seconds == 30
    assert settings.llm_executor_ollama_max_parallel == 1
    assert settings.llm_executor_queue_size == 100
    assert settings.tracking_table is None
    assert settings.output_bucket is None


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("localhost:11434", "http://localhost:11434"),
        ("gpu-box:9999/", "http://gpu-box:9999"),
        ("https://ollama.example", "https://ollama.example"),
    ],
)
def test_ollama_host_may_come_without_a_scheme(
    monkeypatch: pytest.MonkeyPatch, given: str, used: str
) -> None:
    """Resolution 13."""
    monkeypatch.setenv("OLLAMA_HOST", given)
    assert Settings().ollama_host == used


@pytest.mark.parametrize(
    ("alias", "tag"), [("qwen2-7b", "qwen2:7b"), ("llama3.1-8b", "llama3.1:8b"), ("x", "x")]
)
def test_model_aliases_stand_for_ollama_tags(monkeypatch: pytest.MonkeyPatch, alias: str, tag: str) -> None:
    """Resolution 13."""
    monkeypatch.setenv("OLLAMA_MODEL", alias)
    assert Settings().ollama_model == tag


def test_allowed_uris_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TECHNE_ALLOWED_URIS", "s3://one/, /data ,")
    assert Settings().techne_allowed_uris == ("s3://one/", "/data")


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKING_TABLE", "")
    assert Settings().tracking_table is None


def test_a_chunk_too_small_to_hold_anything_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_TOKENS_PER_CHUNK", "10")
    with pytest.raises(ConfigurationError, match=r"MAX_TOKENS_PER_CHUNK is '10': .* 256") as caught:
        get_settings()
    assert caught.value.cure

"""Settings: names, defaults and the forms that values may take."""

from __future__ import annotations

import re
from pathlib import Path

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
    assert (settings.llm_executor_bedrock_rpm, settings.llm_executor_bedrock_tpm) == (10, 100_000)  # S1-17
    assert (settings.llm_executor_gemini_max_parallel, settings.llm_executor_gemini_qps) == (4, 2)
    assert settings.llm_executor_openai_max_parallel == 2
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


def test_the_readme_s_tables_name_every_setting() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Z][A-Z0-9_]*(?:<PROVIDER>)?[A-Z0-9_]*)`", readme))
    per_provider = {
        f"LLM_EXECUTOR_{provider}_{limit}"
        for provider in ("BEDROCK", "GEMINI", "OPENAI", "OLLAMA")
        for limit in ("MAX_PARALLEL", "QPS", "RPM", "TPM")
        if f"LLM_EXECUTOR_<PROVIDER>_{limit}" in named
    }
    missing = {name.upper() for name in Settings.model_fields} - named - per_provider
    assert not missing


def test_an_unlimited_rate_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_EXECUTOR_BEDROCK_RPM", "unlimited")
    assert Settings().llm_executor_bedrock_rpm is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LLM_EXECUTOR_OPENAI_MAX_PARALLEL", "0"),
        ("LLM_EXECUTOR_OPENAI_MAX_PARALLEL", "-1"),
        ("LLM_EXECUTOR_GEMINI_QPS", "0"),
        ("LLM_EXECUTOR_BEDROCK_RPM", "-5"),
        ("LLM_EXECUTOR_BEDROCK_TPM", "many"),
        ("LLM_EXECUTOR_QUEUE_SIZE", "0"),
        ("LLM_EXECUTOR_MODEL_LIMITS", "{broken"),
        ("LLM_EXECUTOR_MODEL_LIMITS", '{"bedrock/model": {"rpm": 0}}'),
        ("LLM_EXECUTOR_MODEL_LIMITS", '{"bedrock/model": {"speed": 3}}'),
        ("LLM_EXECUTOR_MAX_COST_USD", "-1"),
    ],
)
def test_a_limit_that_cannot_be_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    with pytest.raises(ConfigurationError, match=name):
        get_settings()

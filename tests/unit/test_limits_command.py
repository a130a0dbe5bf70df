"""Shared limits that settings imply (S4-1, S4-2; resolution 4)."""

from __future__ import annotations

import json

import pytest

from deployments.limits import LARGEST_LIMIT, implied_limits, main
from tasks.quota import prefect_limit_name
from techne.errors import ConfigurationError
from techne.settings import DEFAULT_MAX_PARALLEL, Settings


def limits_of(*, tags: bool = False, **settings: object) -> dict[str, int]:
    return {spec.name: spec.limit for spec in implied_limits(Settings(**settings), tags=tags)}  # type: ignore[arg-type]


def test_every_limit_that_is_set_has_a_name_of_its_own() -> None:
    implied = limits_of(
        llm_executor_bedrock_max_parallel=3,
        llm_executor_bedrock_qps=2,
        llm_executor_bedrock_rpm=50,
        llm_executor_bedrock_tpm=400_000,
    )
    assert {name: limit for name, limit in implied.items() if name.startswith("llm:bedrock:")} == {
        "llm:bedrock:parallel": 3,
        "llm:bedrock:requests_per_second": 2,
        "llm:bedrock:requests_per_minute": 50,
        "llm:bedrock:tokens_per_minute": 400_000,
    }


def test_what_is_unlimited_has_no_limit() -> None:
    implied = limits_of(llm_executor_bedrock_rpm="unlimited", llm_executor_bedrock_tpm="unlimited")
    assert [name for name in implied if name.startswith("llm:bedrock:")] == ["llm:bedrock:parallel"]


def test_every_provider_has_a_limit_of_its_calls_in_flight() -> None:
    assert {name for name in limits_of() if name.endswith(":parallel")} == {
        f"llm:{provider}:parallel" for provider in ("bedrock", "gemini", "openai", "ollama")
    }


def test_models_and_own_providers_have_limits_beside_the_providers() -> None:
    implied = limits_of(
        llm_executor_model_limits=json.dumps(
            {"bedrock/us.anthropic/claude:0": {"rpm": 5, "max_parallel": 2}, "house": {"tpm": 900}}
        )
    )
    assert implied["llm:bedrock/us.anthropic/claude:0:requests_per_minute"] == 5
    assert implied["llm:bedrock/us.anthropic/claude:0:parallel"] == 2
    assert implied["llm:house:tokens_per_minute"] == 900
    assert implied["llm:bedrock:requests_per_minute"] == 10


def test_providers_that_are_only_named_are_limited_as_the_executor_limits_them() -> None:
    implied = limits_of(
        llm_executor_providers="bedrock,house/large",
        llm_executor_fallbacks="garden",
        llm_executor_model_limits='{"shed/small": {"rpm": 3}}',
    )
    for provider in ("house", "garden", "shed"):
        assert implied[f"llm:{provider}:parallel"] == DEFAULT_MAX_PARALLEL
    assert implied["llm:shed/small:requests_per_minute"] == 3


def test_limits_by_name_win_over_the_providers_own_settings() -> None:
    implied = limits_of(llm_executor_model_limits='{"bedrock": {"rpm": 7, "tpm": "unlimited"}}')
    assert implied["llm:bedrock:requests_per_minute"] == 7
    assert "llm:bedrock:tokens_per_minute" not in implied
    assert implied["llm:bedrock:parallel"] == 4


def test_tags_are_limited_like_calls_in_flight_and_models_have_none() -> None:
    implied = limits_of(
        tags=True,
        llm_executor_bedrock_max_parallel=6,
        llm_executor_model_limits='{"house": {"max_parallel": 9}, "openai/gpt": {"max_parallel": 1}}',
    )
    assert {name: limit for name, limit in implied.items() if name.startswith("tag:")} == {
        "tag:provider:bedrock": 6,
        "tag:provider:gemini": 4,
        "tag:provider:openai": 2,
        "tag:provider:ollama": 1,
        "tag:provider:house": 9,
    }


@pytest.mark.parametrize("value", [0.5, 2.5, LARGEST_LIMIT + 1])
def test_a_limit_that_cannot_be_counted_is_refused_by_the_name_of_its_setting(value: float) -> None:
    with pytest.raises(ConfigurationError, match="LLM_EXECUTOR_GEMINI_QPS"):
        limits_of(llm_executor_gemini_qps=value)
    with pytest.raises(ConfigurationError, match=r"LLM_EXECUTOR_MODEL_LIMITS \(openai/gpt: rpm\)"):
        limits_of(llm_executor_model_limits=json.dumps({"openai/gpt": {"rpm": value}}))


def test_a_setting_at_fault_ends_the_command_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LLM_EXECUTOR_BEDROCK_RPM", "0.5")
    assert main(["--dry-run"]) == 1
    assert capsys.readouterr().err.startswith("ConfigurationError: LLM_EXECUTOR_BEDROCK_RPM is 0.5")


def test_wrong_arguments_have_an_exit_code_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--remove"])
    assert ended.value.code == 2
    assert "--remove" in capsys.readouterr().err


def test_names_of_limits_are_ones_that_prefect_takes() -> None:
    assert prefect_limit_name("llm:openai/gpt:parallel") == "llm:openai|gpt:parallel"
    assert prefect_limit_name("llm:house/a b%c&d?e#f:parallel") == "llm:house|a_b_c_d_e_f:parallel"

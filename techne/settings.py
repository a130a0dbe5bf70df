"""Every environment variable that techne reads, typed, in one place.

The environment name of a field is its name in capitals. Boto3's own variables (AWS_PROFILE,
AWS_ENDPOINT_URL, ...) are boto3's and are not repeated here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from techne.errors import ConfigurationError

MODEL_ALIASES = {"qwen2-7b": "qwen2:7b", "llama3.1-8b": "llama3.1:8b"}
"""Names the requirements use, and the Ollama tags that they stand for (resolution 13)."""

OLLAMA_PORT = 11434
"""Port of an OLLAMA_HOST that names neither scheme nor port."""


UNLIMITED = "unlimited"
DEFAULT_MAX_PARALLEL = 4
"""Calls in flight of a provider without a setting of its own."""


def _rate(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() == UNLIMITED else value


Rate = Annotated[Annotated[float, Field(gt=0, allow_inf_nan=False)] | None, BeforeValidator(_rate)]
"""Something per time; `unlimited` is None."""


class ProviderLimits(BaseModel):
    """What one provider, or one of its models, may be asked for; None is unlimited."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_parallel: int | None = Field(None, ge=1, description="Calls in flight.")
    qps: Rate = Field(None, description="Calls per second.")
    rpm: Rate = Field(None, description="Calls per minute.")
    tpm: Rate = Field(None, description="Tokens per minute, in and out.")
    output_token_weight: float = Field(
        1.0,
        gt=0,
        description="Tokens that one output token counts for in `tpm`; 5 for newer Claude on Bedrock.",
    )


def _limits_by_name(value: object) -> object:
    if isinstance(value, str):
        value = json.loads(value)
    return tuple(sorted(value.items())) if isinstance(value, Mapping) else value


ModelLimits = Annotated[tuple[tuple[str, ProviderLimits], ...], BeforeValidator(_limits_by_name), NoDecode]
"""Limits by `provider` or `provider/model`; written as a JSON object, kept hashable."""


class ObservationSettings(BaseSettings):
    """What a process tells of itself: wanted before all other settings, and also if those can't be read."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Log level.")
    log_format: Literal["text", "json"] = Field(
        "text", description="Log lines as text, or as a JSON object each."
    )
    metrics: Literal["none", "emf"] = Field(
        "none",
        description="A line of CloudWatch metrics (embedded metric format) on standard output per run.",
    )
    techne_environment: Literal["dev", "prod"] = Field(
        "dev", description="Which deployment this is; part of the names of its metrics."
    )

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("log_format", "metrics", "techne_environment", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value


class Settings(ObservationSettings):
    """The settings of one process. Build it anew after a change of the environment."""

    # Where things are
    aws_region: str = Field("us-east-1", description="AWS region of Bedrock, S3 and DynamoDB.")
    tracking_table: str | None = Field(None, description="DynamoDB table of executions; SQLite if unset.")
    output_bucket: str | None = Field(None, description="S3 bucket for documents; a local folder if unset.")
    techne_home: Path = Field(Path(".techne"), description="Folder of local state: tracking and LLM cache.")
    techne_max_transcript_bytes: int = Field(
        256 * 1024 * 1024, gt=0, description="Largest transcript file that is read, in bytes."
    )
    techne_max_dataset_bytes: int = Field(
        2 * 1024 * 1024 * 1024, gt=0, description="Largest dataset that is annotated, in bytes."
    )
    techne_max_text_characters: int = Field(
        100_000, gt=0, description="Longest text of a dataset, in characters."
    )
    techne_allowed_uris: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Comma-separated URI prefixes that may be read or written; empty allows all."
    )
    techne_blocks: str = Field(
        "",
        pattern=r"^([a-z0-9]+(-[a-z0-9]+)*)?$",
        description="Name of the saved Prefect blocks that settings are read from, below the environment.",
    )

    # Documents
    max_tokens_per_chunk: int = Field(
        100_000, ge=256, description="Largest chunk of a transcript, in tokens."
    )
    chunk_overlap_turns: int = Field(2, ge=0, le=50, description="Turns before a chunk, given as context.")
    docgen_max_tokens: int = Field(4096, ge=64, description="Output tokens of stages 2 to 4.")
    docgen_write_max_tokens: int = Field(8192, ge=64, description="Output tokens of stage 5.")
    docgen_extract_by_kind: bool = Field(
        False, description="Ask for each group of item kinds in a call of its own (sends each chunk thrice)."
    )
    docx_template: str | None = Field(
        None, description="Template of Word documents where a request names none: a path or a URI."
    )
    lease_seconds: int = Field(120, ge=5, description="Time after which a silent worker's lease lapses.")
    stop_grace_seconds: float = Field(
        20.0, ge=10, description="Time in which a run ends after a SIGTERM; less than what kills it."
    )

    # Providers
    bedrock_model_id: str = Field(
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0", description="Bedrock model or inference profile id."
    )
    bedrock_timeout_seconds: float = Field(300.0, gt=0, description="Time-out of one Bedrock call.")
    ollama_host: str = Field("localhost:11434", description="Ollama server, with or without a scheme.")
    ollama_api_key: SecretStr | None = Field(None, description="Key of an Ollama server that asks for one.")
    ollama_model: str = Field("qwen2-7b", description="Ollama model, or an alias of it.")
    ollama_num_ctx: int = Field(2048, ge=512, description="Context window asked of Ollama, in tokens.")
    ollama_num_predict: int = Field(800, ge=16, description="Most tokens of one Ollama answer.")
    ollama_timeout_seconds: float = Field(30.0, gt=0, description="Time-out of one Ollama call.")
    ollama_keep_alive: str = Field("5m", description="How long Ollama keeps the model loaded after a call.")
    bedrock_max_tokens: int = Field(
        4096, ge=1, description="Most tokens of one Bedrock answer, if not asked."
    )
    llm_temperature: float = Field(0.7, ge=0, le=2, description="Sampling temperature, if not asked.")

    openai_api_key: SecretStr | None = Field(None, description="Key of the OpenAI API.")
    openai_base_url: str = Field(
        "https://api.openai.com/v1", description="OpenAI, or any server that speaks its protocol."
    )
    openai_model: str = Field("gpt-5.4-mini", description="OpenAI model.")
    openai_timeout_seconds: float = Field(60.0, gt=0, description="Time-out of one OpenAI call.")
    openai_max_tokens: int = Field(4096, ge=1, description="Most tokens of one OpenAI answer, if not asked.")
    gemini_api_key: SecretStr | None = Field(None, description="Key of the Gemini API.")
    gemini_base_url: str = Field(
        "https://generativelanguage.googleapis.com", description="Gemini API, or a proxy of it."
    )
    gemini_model: str = Field("gemini-2.5-flash", description="Gemini model.")
    gemini_timeout_seconds: float = Field(60.0, gt=0, description="Time-out of one Gemini call.")
    gemini_max_tokens: int = Field(8192, ge=1, description="Most tokens of one Gemini answer, if not asked.")
    bedrock_embedding_model_id: str = Field(
        "amazon.titan-embed-text-v2:0", description="Bedrock model of vectors."
    )
    ollama_embedding_model: str = Field("nomic-embed-text", description="Ollama model of vectors.")
    openai_embedding_model: str = Field("text-embedding-3-small", description="OpenAI model of vectors.")
    gemini_embedding_model: str = Field("gemini-embedding-001", description="Gemini model of vectors.")
    llm_prompt_cache: bool = Field(
        True, description="Mark long prefixes that repeat, so that the provider reads them from its cache."
    )

    # Executor
    llm_executor_providers: Annotated[tuple[str, ...], NoDecode] = Field(
        ("bedrock", "gemini", "openai", "ollama"),
        min_length=1,
        description="Who may answer a request to `auto`, as `provider` or `provider/model`.",
    )
    llm_executor_fallbacks: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Who is asked when the one asked can't answer, as `provider` or `provider/model`."
    )
    llm_executor_bedrock_max_parallel: int = Field(4, ge=1, description="Bedrock calls in flight.")
    llm_executor_bedrock_qps: Rate = Field(None, description="Bedrock calls per second.")
    llm_executor_bedrock_rpm: Rate = Field(10, description="Bedrock calls per minute.")
    llm_executor_bedrock_tpm: Rate = Field(100_000, description="Bedrock tokens per minute, in and out.")
    llm_executor_gemini_max_parallel: int = Field(4, ge=1, description="Gemini calls in flight.")
    llm_executor_gemini_qps: Rate = Field(2, description="Gemini calls per second.")
    llm_executor_gemini_rpm: Rate = Field(None, description="Gemini calls per minute.")
    llm_executor_gemini_tpm: Rate = Field(None, description="Gemini tokens per minute, in and out.")
    llm_executor_openai_max_parallel: int = Field(2, ge=1, description="OpenAI calls in flight.")
    llm_executor_openai_qps: Rate = Field(None, description="OpenAI calls per second.")
    llm_executor_openai_rpm: Rate = Field(None, description="OpenAI calls per minute.")
    llm_executor_openai_tpm: Rate = Field(None, description="OpenAI tokens per minute, in and out.")
    llm_executor_ollama_max_parallel: int = Field(1, ge=1, description="Ollama calls in flight.")
    llm_executor_ollama_qps: Rate = Field(None, description="Ollama calls per second.")
    llm_executor_ollama_rpm: Rate = Field(None, description="Ollama calls per minute.")
    llm_executor_ollama_tpm: Rate = Field(None, description="Ollama tokens per minute, in and out.")
    llm_executor_model_limits: ModelLimits = Field(
        (),
        description="Limits of single models, or of providers of your own, as JSON: "
        '{"bedrock/<model>": {"rpm": 50, "tpm": 200000, "max_parallel": 2}}.',
    )
    llm_executor_limits: str = Field(
        "process", description="Where limits are counted: `process`, or a registered quota such as `prefect`."
    )
    llm_executor_adaptive: bool = Field(
        True, description="A throttle lowers the calls in flight at once, success raises them again."
    )
    llm_executor_queue_size: int = Field(100, ge=1, description="Requests that may wait per provider.")
    llm_executor_when_full: Literal["refuse", "wait"] = Field(
        "refuse", description="A full queue refuses at once, or lets callers wait."
    )
    llm_executor_queue_timeout_seconds: float = Field(
        3600.0, gt=0, description="Longest wait for a turn; then the request is refused."
    )
    llm_executor_max_attempts: int = Field(6, ge=1, description="Attempts at one call, the first included.")
    llm_executor_backoff_seconds: float = Field(
        0.5, ge=0, le=60, description="Longest wait before the second attempt; it doubles with each one."
    )
    llm_executor_retry_budget: int = Field(
        100,
        ge=0,
        description="Retries that may be ahead of answers; each answer gives half a one back.",
    )
    llm_executor_breaker_failures: int = Field(
        5, ge=1, description="Failures in a row after which a model is left alone for a while."
    )
    llm_executor_breaker_seconds: float = Field(
        10.0, gt=0, description="How long a model is left alone; doubled while it stays away, up to 8 times."
    )
    llm_executor_max_cost_usd: Decimal | None = Field(
        None, gt=0, description="What one process may spend on calls; unlimited if unset."
    )
    llm_executor_cache: bool = Field(True, description="Keep successful answers and reuse them.")
    llm_executor_cache_uri: str = Field(
        "", description="Shared cache, `s3://bucket/prefix` or `dynamodb://table`; a local file if empty."
    )
    llm_executor_cache_ttl_seconds: float | None = Field(
        None, gt=0, description="Age after which an answer is asked for again; never if unset."
    )
    llm_executor_cache_max_bytes: int = Field(
        1024**3, ge=1024**2, description="Size of the local cache; the answers unused longest go first."
    )

    @field_validator("llm_executor_providers", "llm_executor_fallbacks", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        return cls._split_commas(value)

    def provider_limits(self, provider: str) -> ProviderLimits:
        """Limits of a provider: those of its own settings, over which LLM_EXECUTOR_MODEL_LIMITS goes."""
        names = ("max_parallel", "qps", "rpm", "tpm")
        values = {name: getattr(self, f"llm_executor_{provider}_{name}", None) for name in names}
        if provider in (own := dict(self.llm_executor_model_limits)):
            values.update(own[provider].model_dump(exclude_unset=True))
        if values["max_parallel"] is None:
            values["max_parallel"] = DEFAULT_MAX_PARALLEL
        return ProviderLimits.model_validate(values)

    def model_limits(self, provider: str, model: str) -> ProviderLimits:
        """Limits of one model alone, beside its provider's; its weight may be the provider's."""
        limits = dict(self.llm_executor_model_limits)
        own = limits.get(f"{provider}/{model}", ProviderLimits())
        if "output_token_weight" in own.model_fields_set or provider not in limits:
            return own
        return own.model_copy(update={"output_token_weight": limits[provider].output_token_weight})

    @field_validator("techne_allowed_uris", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("ollama_host")
    @classmethod
    def _with_scheme(cls, value: str) -> str:
        host = value.rstrip("/")
        if "://" in host:
            return host
        return f"http://{host}" if ":" in host.rpartition("]")[2] else f"http://{host}:{OLLAMA_PORT}"

    @field_validator("ollama_model")
    @classmethod
    def _without_alias(cls, value: str) -> str:
        return MODEL_ALIASES.get(value, value)


class _CurrentSettings:
    """What `get_settings` is: the settings of a run, or of the process."""

    def __init__(self) -> None:
        self.of_run: ContextVar[Settings | None] = ContextVar("settings_of_run", default=None)

    def __call__(self) -> Settings:
        """The settings in force: those of `using_settings` around here, else those of the environment.

        The environment is read once; `get_settings.cache_clear()` has it read anew.

        Raises:
            ConfigurationError: A variable has a value that it can't have; the message names it.
        """
        return self.of_run.get() or _settings_of_environment()

    def cache_clear(self) -> None:
        """Have the environment read anew."""
        _settings_of_environment.cache_clear()


get_settings = _CurrentSettings()


def observation_settings() -> ObservationSettings:
    """What the environment says of logs and metrics; a wrong value counts as unset: `get_settings` tells."""
    try:
        return ObservationSettings()
    except ValidationError:
        return ObservationSettings.model_construct()


@contextmanager
def using_settings(settings: Settings) -> Iterator[None]:
    """Have `get_settings` answer with these in the block, in what it awaits, and in tasks that it starts."""
    outer = get_settings.of_run.set(settings)
    try:
        yield
    finally:
        get_settings.of_run.reset(outer)


@lru_cache(maxsize=1)
def _settings_of_environment() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "The environment"
        problem = first["msg"][0].lower() + first["msg"][1:]
        raise ConfigurationError(
            f"{name} is {first['input']!r}: {problem}.", cure="Correct the environment variable, or unset it."
        ) from None

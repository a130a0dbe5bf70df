"""Every environment variable that techne reads, typed, in one place.

The environment name of a field is its name in capitals. Boto3's own variables (AWS_PROFILE,
AWS_ENDPOINT_URL, ...) are boto3's and are not repeated here.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from techne.errors import ConfigurationError

MODEL_ALIASES = {"qwen2-7b": "qwen2:7b", "llama3.1-8b": "llama3.1:8b"}
"""Names the requirements use, and the Ollama tags that they stand for (resolution 13)."""

OLLAMA_PORT = 11434
"""Port of an OLLAMA_HOST that names neither scheme nor port."""


class Settings(BaseSettings):
    """The settings of one process. Build it anew after a change of the environment."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    # Where things are
    aws_region: str = Field("us-east-1", description="AWS region of Bedrock, S3 and DynamoDB.")
    tracking_table: str | None = Field(None, description="DynamoDB table of executions; SQLite if unset.")
    output_bucket: str | None = Field(None, description="S3 bucket for documents; a local folder if unset.")
    techne_home: Path = Field(Path(".techne"), description="Folder of local state: tracking and LLM cache.")
    techne_max_transcript_bytes: int = Field(
        256 * 1024 * 1024, gt=0, description="Largest transcript file that is read, in bytes."
    )
    techne_allowed_uris: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Comma-separated URI prefixes that may be read or written; empty allows all."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Log level.")

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
    lease_seconds: int = Field(120, ge=5, description="Time after which a silent worker's lease lapses.")

    # Providers
    bedrock_model_id: str = Field(
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0", description="Bedrock model or inference profile id."
    )
    bedrock_timeout_seconds: float = Field(300.0, gt=0, description="Time-out of one Bedrock call.")
    ollama_host: str = Field("localhost:11434", description="Ollama server, with or without a scheme.")
    ollama_model: str = Field("qwen2-7b", description="Ollama model, or an alias of it.")
    ollama_num_ctx: int = Field(2048, ge=512, description="Context window asked of Ollama, in tokens.")
    ollama_num_predict: int = Field(800, ge=16, description="Most tokens of one Ollama answer.")
    ollama_timeout_seconds: float = Field(30.0, gt=0, description="Time-out of one Ollama call.")
    ollama_keep_alive: str = Field("5m", description="How long Ollama keeps the model loaded after a call.")
    bedrock_max_tokens: int = Field(
        4096, ge=1, description="Most tokens of one Bedrock answer, if not asked."
    )
    llm_temperature: float = Field(0.7, ge=0, le=2, description="Sampling temperature, if not asked.")

    # Executor
    llm_executor_bedrock_max_parallel: int = Field(4, ge=1, description="Bedrock calls in flight.")
    llm_executor_ollama_max_parallel: int = Field(1, ge=1, description="Ollama calls in flight.")
    llm_executor_queue_size: int = Field(100, ge=1, description="Requests that may wait per provider.")
    llm_executor_when_full: Literal["refuse", "wait"] = Field(
        "refuse", description="A full queue refuses at once, or lets callers wait."
    )
    llm_executor_max_attempts: int = Field(6, ge=1, description="Attempts at one call, the first included.")
    llm_executor_backoff_seconds: float = Field(
        0.5, ge=0, le=60, description="Longest wait before the second attempt; it doubles with each one."
    )
    llm_executor_cache: bool = Field(True, description="Keep successful answers on disk and reuse them.")

    @field_validator("techne_allowed_uris", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

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


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once; `get_settings.cache_clear()` reads them anew.

    Raises:
        ConfigurationError: A variable has a value that it can't have; the message names it.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "The environment"
        problem = first["msg"][0].lower() + first["msg"][1:]
        raise ConfigurationError(
            f"{name} is {first['input']!r}: {problem}.", cure="Correct the environment variable, or unset it."
        ) from None

"""What a store of answers does, and which one the settings name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from techne.errors import ConfigurationError, UnsafeURIError
from techne.llm.cache.sqlite import FILE_NAME, SQLiteResponseStore
from techne.llm.cache.trouble import SETTING
from techne.llm.model import LLMResponse

if TYPE_CHECKING:
    from techne.settings import Settings

_CURE = f"Set {SETTING} to s3://bucket/prefix or dynamodb://table, or leave it empty for a local file."
_TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")


class ResponseStore(Protocol):
    """Answers by key. Its methods block; at most `threads` of them are called at once.

    A store never fails a call: what goes wrong in `get` and `put` is logged, once per kind, and then an
    answer is not found, or not kept. Everything found is a whole `LLMResponse`.
    """

    @property
    def threads(self) -> int:
        """How many threads may use it at once."""
        ...

    def check(self) -> None:
        """Return if answers can be read and written; to be called once, before the first of them.

        Raises:
            ConfigurationError: A store that was asked for by LLM_EXECUTOR_CACHE_URI can't be used.
        """
        ...

    def get(self, key: str) -> LLMResponse | None:
        """The answer stored under a key, marked as cached, unless it is past its time."""
        ...

    def put(self, key: str, response: LLMResponse) -> None:
        """Keep an answer, in place of any that has the key; it lasts when this returns."""
        ...

    def close(self) -> None:
        """Close what is open; the next use opens it again."""
        ...


def build_store(settings: Settings) -> ResponseStore:
    """The store that LLM_EXECUTOR_CACHE_URI names: a file below TECHNE_HOME if it is empty.

    Nothing is opened yet; see `ResponseStore.check`.

    Raises:
        ConfigurationError: It names no store.
    """
    uri = settings.llm_executor_cache_uri.strip()
    scheme, _, rest = uri.partition("://")
    if not uri:
        return SQLiteResponseStore(
            settings.techne_home / FILE_NAME,
            ttl_seconds=settings.llm_executor_cache_ttl_seconds,
            max_bytes=settings.llm_executor_cache_max_bytes,
        )
    if scheme == "s3":
        return _s3(uri, settings)
    if scheme == "dynamodb":
        return _dynamodb(rest, settings)
    # Not shown whole: the address of another kind of store could hold a password.
    raise ConfigurationError(f"{SETTING} names no store that is known here.", cure=_CURE)


def _s3(uri: str, settings: Settings) -> ResponseStore:
    from techne.llm.cache.s3 import S3ResponseStore
    from techne.storage.uri import parse_uri

    try:
        folder = parse_uri(uri, folder=True)
    except UnsafeURIError as error:
        raise ConfigurationError(f"{SETTING}: {error.message}", cure=error.cure or _CURE) from error
    return S3ResponseStore(
        folder.bucket,
        folder.key,
        region=settings.aws_region,
        ttl_seconds=settings.llm_executor_cache_ttl_seconds,
    )


def _dynamodb(rest: str, settings: Settings) -> ResponseStore:
    from techne.llm.cache.dynamodb import DynamoDBResponseStore

    table = rest.removesuffix("/")
    if not _TABLE_NAME.fullmatch(table):
        raise ConfigurationError(
            f"{SETTING} names the table {table[:80]!r}, which DynamoDB would not accept.",
            cure="Names of tables are 3 to 255 letters, digits, underscores, hyphens and dots.",
        )
    return DynamoDBResponseStore(
        table, region=settings.aws_region, ttl_seconds=settings.llm_executor_cache_ttl_seconds
    )

"""Answers in a DynamoDB table, one item each, for workers on many machines.

Items that are past their time are not given; deleting them is DynamoDB's, where its time to live is switched
on for the attribute `expires_at`.
"""

from __future__ import annotations

import logging
import math
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from techne.aws import MAX_CONNECTIONS, aws_errors, client, error_code
from techne.errors import ConfigurationError
from techne.llm.cache.document import from_document, to_document
from techne.llm.cache.trouble import Trouble, checking
from techne.llm.model import LLMResponse

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

COMPRESSED_FROM_BYTES = 4096
"""DynamoDB bills by the kilobyte; below a few of them compression saves little."""
MAX_STORED_BYTES = 380_000
"""An item may have 400 KB, its other attributes included."""
MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
"""Most that one item is decompressed to."""
_PROBE: Any = {"key": {"S": "techne-check"}}

logger = logging.getLogger("techne.llm")


class DynamoDBResponseStore:
    """The `ResponseStore` of a table whose partition key is the string `key`, alone.

    It needs dynamodb:GetItem and dynamodb:PutItem. Reads are eventually consistent, at half the price: the
    worst is a question asked twice. Answers that don't fit into an item when compressed are not kept.

    Args:
        table: Name of the table.
        region: Of the table.
        ttl_seconds: Age from which on an answer is not given; None keeps all.
        wall: Seconds since the epoch.
        monotonic: Seconds since some fixed moment.
    """

    threads = MAX_CONNECTIONS

    def __init__(
        self,
        table: str,
        *,
        region: str,
        ttl_seconds: float | None = None,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table = table
        self._region = region
        self._ttl_seconds = ttl_seconds
        self._wall = wall
        self._trouble = Trouble(f"dynamodb://{table}", monotonic=monotonic)
        self._made: DynamoDBClient | None = None

    def check(self) -> None:
        """Read, and write on a condition that never holds: shows table, key and access, changes nothing.

        Raises:
            ConfigurationError: There is no such table, or it may not be used, or can't be reached.
        """
        from botocore.exceptions import ClientError

        with checking(), self._errors("dynamodb:GetItem"):
            self._dynamodb.get_item(TableName=self._table, Key=_PROBE)
        with checking(), self._errors("dynamodb:PutItem"):
            try:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=_PROBE,
                    ConditionExpression="attribute_exists(#key) AND attribute_not_exists(#key)",
                    ExpressionAttributeNames={"#key": "key"},
                )
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise

    def get(self, key: str) -> LLMResponse | None:
        """The answer under a key, marked as cached, unless it is past its time."""

        def read() -> Any:
            with self._errors("dynamodb:GetItem"):
                return self._dynamodb.get_item(TableName=self._table, Key={"key": {"S": key}}).get("Item")

        item = self._trouble.spared("read", read)
        document = None if item is None else self._document(item)
        return None if document is None else from_document(document)

    def put(self, key: str, response: LLMResponse) -> None:
        """Store an answer; it is in the table when this returns."""
        document = to_document(response)
        if document is None:
            return
        item = self._item(key, response, document)
        if item is None:
            logger.debug("An answer of %d bytes is too large for an item of DynamoDB.", len(document))
            return

        def write() -> None:
            with self._errors("dynamodb:PutItem"):
                self._dynamodb.put_item(TableName=self._table, Item=item)

        self._trouble.spared("write", write)

    def close(self) -> None:
        """Nothing: the client is shared."""

    @property
    def _dynamodb(self) -> DynamoDBClient:
        if self._made is None:
            self._made = client("dynamodb", self._region, quick=True)
        return self._made

    def _item(self, key: str, response: LLMResponse, document: bytes) -> Any:
        now = self._wall()
        item: dict[str, Any] = {
            "key": {"S": key},
            "provider": {"S": response.provider},
            "model": {"S": response.model},
            "stored_at": {"N": f"{now:.3f}"},
        }
        if self._ttl_seconds is not None:
            item["expires_at"] = {"N": str(math.ceil(now + self._ttl_seconds))}
        if len(document) < COMPRESSED_FROM_BYTES:
            item["response"] = {"S": document.decode()}
            return item
        compressed = zlib.compress(document)
        item["response"] = {"B": compressed}
        return item if len(compressed) <= MAX_STORED_BYTES else None

    def _document(self, item: Any) -> bytes | None:
        """The document of an item; None if it is past its time, or none of ours."""
        try:
            now = self._wall()
            if "expires_at" in item and now >= float(item["expires_at"]["N"]):
                return None
            if self._ttl_seconds is not None and now - float(item["stored_at"]["N"]) >= self._ttl_seconds:
                return None
            stored = item["response"]
            if "S" in stored:
                return str(stored["S"]).encode()
            return zlib.decompressobj().decompress(stored["B"], MAX_DOCUMENT_BYTES)
        except (KeyError, ValueError, zlib.error):
            return None

    @contextmanager
    def _errors(self, action: str) -> Iterator[None]:
        from botocore.exceptions import ClientError

        place = f"DynamoDB table {self._table!r} in {self._region}"
        with aws_errors(place, action=action):
            try:
                yield
            except ClientError as error:
                code = error_code(error)
                if code == "ResourceNotFoundException":
                    raise ConfigurationError(
                        f"There is no {place}.", cure="Create it, or correct its name or AWS_REGION."
                    ) from error
                if code == "ValidationException":
                    raise ConfigurationError(
                        f"{place} can't keep answers: {error.response['Error']['Message']}.",
                        cure="It needs the partition key `key`, a string, alone.",
                    ) from error
                raise

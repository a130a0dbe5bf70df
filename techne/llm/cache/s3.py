"""Answers in S3, one object each, for workers on many machines.

Objects that are past their time are not given and are written over; deleting those that nobody asks for
again is left to a lifecycle rule of the bucket.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from techne.aws import MAX_CONNECTIONS, aws_errors, client, error_code
from techne.errors import ConfigurationError
from techne.llm.cache.document import from_document, to_document
from techne.llm.cache.trouble import Trouble, checking
from techne.llm.model import LLMResponse

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PROBE_NAME = "techne-check"


class S3ResponseStore:
    """The `ResponseStore` of `s3://bucket/prefix`; an answer is `<prefix>/<first two of key>/<key>.json`.

    It needs s3:GetObject and s3:PutObject, and s3:ListBucket, without which S3 refuses to say that there is
    no such object.

    Args:
        bucket: Name of the bucket.
        prefix: Folder in it, without outer slashes; empty is the whole bucket.
        region: Of the bucket.
        ttl_seconds: Age from which on an answer is not given; None keeps all.
        wall: Seconds since the epoch.
        monotonic: Seconds since some fixed moment.
    """

    threads = MAX_CONNECTIONS

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        region: str,
        ttl_seconds: float | None = None,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bucket = bucket
        self._folder = f"{prefix}/" if prefix else ""
        self._region = region
        self._ttl_seconds = ttl_seconds
        self._wall = wall
        self._trouble = Trouble(f"s3://{bucket}/{prefix}", monotonic=monotonic)
        self._made: S3Client | None = None

    def check(self) -> None:
        """Ask for an object, and write an empty one beside the answers.

        Raises:
            ConfigurationError: There is no such bucket, or it may not be used, or can't be reached.
        """
        with checking(), self._errors("s3:GetObject and s3:ListBucket"):
            self._read(f"{PROBE_NAME}-missing")  # whoever may not list is denied what isn't there
        with checking(), self._errors("s3:PutObject"):
            self._s3.put_object(Bucket=self._bucket, Key=f"{self._folder}{PROBE_NAME}", Body=b"")

    def get(self, key: str) -> LLMResponse | None:
        """The answer under a key, marked as cached, unless it is past its time."""

        def read() -> bytes | None:
            with self._errors("s3:GetObject and s3:ListBucket"):
                return self._read(self._name(key))

        document = self._trouble.spared("read", read)
        return None if document is None else from_document(document)

    def put(self, key: str, response: LLMResponse) -> None:
        """Store an answer; it is in S3 when this returns."""
        document = to_document(response)
        if document is None:
            return

        def write() -> None:
            with self._errors("s3:PutObject"):
                self._s3.put_object(
                    Bucket=self._bucket,
                    Key=self._folder + self._name(key),
                    Body=document,
                    ContentType="application/json",
                )

        self._trouble.spared("write", write)

    def close(self) -> None:
        """Nothing: the client is shared."""

    @property
    def _s3(self) -> S3Client:
        if self._made is None:
            self._made = client("s3", self._region, quick=True)
        return self._made

    @staticmethod
    def _name(key: str) -> str:
        return f"{key[:2]}/{key}.json"

    def _read(self, name: str) -> bytes | None:
        from botocore.exceptions import ClientError

        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=self._folder + name)
        except ClientError as error:
            if error_code(error) == "NoSuchKey":
                return None
            raise
        with closing(found["Body"]) as body:
            age_seconds = self._wall() - found["LastModified"].timestamp()
            if self._ttl_seconds is not None and age_seconds >= self._ttl_seconds:
                return None
            return body.read()

    @contextmanager
    def _errors(self, action: str) -> Iterator[None]:
        from botocore.exceptions import ClientError

        with aws_errors(f"s3://{self._bucket}/{self._folder}", action=action):
            try:
                yield
            except ClientError as error:
                code = error_code(error)
                if code == "NoSuchBucket":
                    raise ConfigurationError(
                        f"There is no bucket {self._bucket!r}.",
                        cure="Create it, or check its name and the account.",
                    ) from error
                raise

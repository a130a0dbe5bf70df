"""Objects in S3: every request's error says which bucket or key, and what to do."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from techne.aws import aws_errors, client, error_code
from techne.errors import AccessDeniedError, ObjectNotFoundError, ServiceUnavailableError
from techne.storage.store import ObjectInfo, StoredObject, check_size, content_type_of
from techne.storage.uri import ObjectURI

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

BODY_ATTEMPTS = 3
"""Reads of an object whose body breaks off; botocore retries requests, but not bodies."""


class _BodyBrokenOffError(ServiceUnavailableError):
    """An object whose body stopped before its end."""


class S3Store:
    """The `ObjectStore` of `s3://` URIs."""

    def __init__(self, *, region: str, max_bytes: int) -> None:
        self._region = region
        self._max_bytes = max_bytes

    @property
    def _s3(self) -> S3Client:
        s3: S3Client = client("s3", self._region)
        return s3

    def read(self, uri: ObjectURI, max_bytes: int | None = None) -> StoredObject:
        """Read an object in one GET, whose headers give the size before the body is fetched."""
        limit = self._max_bytes if max_bytes is None else max_bytes
        for _ in range(BODY_ATTEMPTS - 1):
            with suppress(_BodyBrokenOffError):
                return self._read_once(uri, limit)
        return self._read_once(uri, limit)

    def _read_once(self, uri: ObjectURI, limit: int) -> StoredObject:
        with self._errors(uri, "s3:GetObject"):
            response = self._s3.get_object(Bucket=uri.bucket, Key=uri.key)
        info = _info(uri, response)
        with closing(response["Body"]) as body:
            check_size(uri, info.size, limit)
            try:
                with self._errors(uri, "s3:GetObject"):
                    return StoredObject(info, body.read())
            except ServiceUnavailableError as error:
                raise _BodyBrokenOffError(error.message, cure=error.cure) from error

    def stat(self, uri: ObjectURI) -> ObjectInfo:
        """Ask for an object's headers."""
        from botocore.exceptions import ClientError

        with self._errors(uri, "s3:GetObject"):
            try:
                return _info(uri, self._s3.head_object(Bucket=uri.bucket, Key=uri.key))
            except ClientError as error:
                if error_code(error) not in {"400", "403", "404"}:
                    raise
                # An answer to HEAD has no body to say why; a GET of one byte has.
                response = self._s3.get_object(Bucket=uri.bucket, Key=uri.key, Range="bytes=0-0")
                response["Body"].close()
                raise

    def exists(self, uri: ObjectURI) -> bool:
        """Whether there is such an object."""
        try:
            self.stat(uri)
        except ObjectNotFoundError:
            return False
        return True

    def write(self, uri: ObjectURI, data: bytes, content_type: str | None = None) -> None:
        """Put an object."""
        with self._errors(uri, "s3:PutObject"):
            self._s3.put_object(
                Bucket=uri.bucket,
                Key=uri.key,
                Body=data,
                ContentType=content_type or content_type_of(uri.name),
            )

    def delete(self, uri: ObjectURI) -> None:
        """Delete an object, if it is there."""
        with self._errors(uri, "s3:DeleteObject"):
            self._s3.delete_object(Bucket=uri.bucket, Key=uri.key)

    def delete_folder(self, folder: ObjectURI) -> None:
        """Delete every object below a prefix."""
        for info in self.list(folder):
            self.delete(info.uri)

    def list(self, folder: ObjectURI) -> tuple[ObjectInfo, ...]:
        """The objects below a prefix, by key."""
        prefix = f"{folder.key}/" if folder.key else ""
        found = []
        with self._errors(folder, "s3:ListBucket"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=folder.bucket, Prefix=prefix)
            for page in pages:
                for entry in page.get("Contents", []):
                    if entry["Key"].endswith("/"):  # a console's marker of a folder
                        continue
                    found.append(
                        ObjectInfo(
                            uri=ObjectURI("s3", folder.bucket, entry["Key"]),
                            size=entry["Size"],
                            version=entry["ETag"].strip('"'),
                            content_type=content_type_of(entry["Key"]),
                            last_modified=entry["LastModified"],
                        )
                    )
        return tuple(found)

    def check_writable(self, folder: ObjectURI) -> None:
        """Write a small object below the folder and delete it."""
        probe = folder / f".techne-{uuid.uuid4().hex}"
        self.write(probe, b"")
        self.delete(probe)

    @contextmanager
    def _errors(self, uri: ObjectURI, action: str) -> Iterator[None]:
        from botocore.exceptions import ClientError

        with aws_errors(str(uri), action=action):
            try:
                yield
            except ClientError as error:
                code = error_code(error)
                if code == "NoSuchBucket":
                    raise ObjectNotFoundError(
                        f"There is no bucket {uri.bucket!r} ({uri}).",
                        cure="Check its name (OUTPUT_BUCKET names the bucket of outputs) and the account.",
                    ) from error
                if code in {"NoSuchKey", "404"}:
                    raise ObjectNotFoundError(f"There is no object {uri}.", cure="Check the key.") from error
                if code == "InvalidObjectState":
                    raise ObjectNotFoundError(
                        f"{uri} is archived and can't be read now.", cure="Restore it in S3 first."
                    ) from error
                if code in {"403", "AccessDenied"} and action == "s3:GetObject":
                    raise AccessDeniedError(
                        f"{uri}: access denied, or it does not exist and the role may not list the bucket.",
                        cure="Check the key; allow s3:GetObject and s3:ListBucket to this role, or set "
                        "AWS_PROFILE to one that may.",
                    ) from error
                raise


def _info(uri: ObjectURI, response: Mapping[str, Any]) -> ObjectInfo:
    last_modified: datetime = response["LastModified"]
    return ObjectInfo(
        uri=uri,
        size=response["ContentLength"],
        version=response["ETag"].strip('"'),
        content_type=response.get("ContentType", content_type_of(uri.name)),
        last_modified=last_modified,
    )

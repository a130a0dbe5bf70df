"""Objects in S3: every request's error says which bucket or key, and what to do."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from techne.aws import aws_errors, client, error_code
from techne.errors import AccessDeniedError, ObjectNotFoundError, ServiceUnavailableError
from techne.storage.files import CHUNK_BYTES, unreadable
from techne.storage.store import ObjectInfo, content_type_of
from techne.storage.streaming import ObjectStream, StreamedStore
from techne.storage.uri import ObjectURI

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from s3transfer.manager import TransferManager
    from types_boto3_s3 import S3Client

BODY_ATTEMPTS = 3
"""Requests for the content of an object whose body breaks off; botocore retries requests, but not bodies."""

PART_BYTES = 8 * 1024 * 1024
"""Files of this size and more are uploaded, and copied, in parts of it."""
PARALLEL_PARTS = 4


class S3Store(StreamedStore):
    """The `ObjectStore` of `s3://` URIs."""

    def __init__(self, *, region: str, max_bytes: int) -> None:
        super().__init__(max_bytes=max_bytes)
        self._region = region

    @property
    def _s3(self) -> S3Client:
        s3: S3Client = client("s3", self._region)
        return s3

    @contextmanager
    def _opened(self, uri: ObjectURI) -> Iterator[ObjectStream]:
        """Open an object in one GET, whose headers give the size before the body is fetched."""
        with self._errors(uri, "s3:GetObject"):
            response = self._s3.get_object(Bucket=uri.bucket, Key=uri.key)
        info = _info(uri, response)
        with closing(response["Body"]) as body:
            yield ObjectStream(info, self._chunks(info, body))

    def _chunks(self, info: ObjectInfo, body: StreamingBody) -> Iterator[bytes]:
        """The content, asked for again from where its body breaks off."""
        fetched = 0
        for attempt in range(1, BODY_ATTEMPTS + 1):
            try:
                with self._errors(info.uri, "s3:GetObject"), closing(body):
                    for chunk in body.iter_chunks(CHUNK_BYTES):
                        fetched += len(chunk)
                        yield chunk
            except ServiceUnavailableError:
                if attempt == BODY_ATTEMPTS:
                    raise
                body = self._rest(info, fetched)
            else:
                return

    def _rest(self, info: ObjectInfo, start: int) -> StreamingBody:
        """The body from a byte on, of the same version."""
        uri = info.uri
        with self._errors(uri, "s3:GetObject"):
            response = self._s3.get_object(
                Bucket=uri.bucket, Key=uri.key, Range=f"bytes={start}-", IfMatch=f'"{info.version}"'
            )
        if not response.get("ContentRange", "").startswith(f"bytes {start}-"):
            response["Body"].close()
            raise ServiceUnavailableError(
                f"{uri} broke off, and its store can't send the rest alone.", cure="Try again."
            )
        return response["Body"]

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

    def upload(self, path: Path, uri: ObjectURI, content_type: str | None = None) -> None:
        """Put a file, a large one in parts; they become an object when the last has arrived, or go."""
        arguments = {"ContentType": content_type or content_type_of(uri.name)}
        with self._errors(uri, "s3:PutObject"), self._transfers() as transfers:
            try:
                transfers.upload(str(path), uri.bucket, uri.key, arguments).result()
            except OSError as error:
                raise unreadable(path, error) from error

    def copy(self, source: ObjectURI, target: ObjectURI) -> None:
        """Let S3 copy an object; its content does not pass through here."""
        info = self.stat(source)
        # Parts would be put together without the source's content type.
        arguments = {"ContentType": info.content_type, "MetadataDirective": "REPLACE"}
        with self._errors(target, "s3:PutObject"), self._transfers() as transfers:
            transfers.copy(
                {"Bucket": source.bucket, "Key": source.key}, target.bucket, target.key, arguments
            ).result()

    def _transfers(self) -> TransferManager:
        from boto3.s3.transfer import TransferConfig, create_transfer_manager

        config = TransferConfig(
            multipart_threshold=PART_BYTES,
            multipart_chunksize=PART_BYTES,
            max_concurrency=PARALLEL_PARTS,
            preferred_transfer_client="classic",  # the other one honours neither our time-outs nor retries
        )
        return create_transfer_manager(self._s3, config)

    def delete(self, uri: ObjectURI) -> None:
        """Delete an object, if it is there."""
        with self._errors(uri, "s3:DeleteObject"):
            self._s3.delete_object(Bucket=uri.bucket, Key=uri.key)

    def delete_folder(self, folder: ObjectURI) -> None:
        """Delete every object below a prefix."""
        for info in self.list(folder):
            self.delete(info.uri)

    def delete_empty_folders(self, folder: ObjectURI) -> None:
        """Nothing: S3 has no folders but in its objects' names."""

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
                if code == "PreconditionFailed":
                    raise ServiceUnavailableError(
                        f"{uri} was changed while it was being read.", cure="Try again when it is complete."
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

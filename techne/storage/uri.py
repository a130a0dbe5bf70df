"""Object URIs: the one gate through which every path and URI of a request passes.

A plain path, `file://` or `s3://` becomes an `ObjectURI`; whatever could name something else than it
seems to (another scheme, a traversal, a control character, a bucket that S3 would not accept) is refused
before anything is opened. Paths are resolved, symbolic links included, before the allow-list is asked.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import unquote_to_bytes

from techne.errors import ConfigurationError, UnsafeURIError

MAX_KEY_BYTES = 1024
MAX_TEXT_CHARACTERS = 8192

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SCHEME_WITHOUT_SLASHES = re.compile(r"(s3[an]?|https?|file|ftps?|gs|arn|data|javascript):", re.IGNORECASE)
_BUCKET_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})|%2[Ff]")
_UNSAFE_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}

_SCHEME_CURES = {
    "http": "Download the file, or name it as s3://bucket/key.",
    "https": "Download the file, or name it as s3://bucket/key.",
    "s3a": "Write s3:// instead.",
    "s3n": "Write s3:// instead.",
    "arn": "Name it as s3://bucket/key.",
}


@dataclass(frozen=True, slots=True)
class ObjectURI:
    """A file or an S3 object, or a folder of them. Made by `parse_uri`.

    Attributes:
        scheme: `file` or `s3`.
        bucket: The S3 bucket; empty for files.
        key: The S3 key without a leading slash, or the absolute path of a file. A folder's key has no
            trailing slash; a whole bucket's is empty.
    """

    scheme: Literal["file", "s3"]
    bucket: str
    key: str

    def __str__(self) -> str:
        if self.scheme == "file":
            return Path(self.key).as_uri()
        return f"s3://{self.bucket}/{self.key}" if self.key else f"s3://{self.bucket}"

    def __truediv__(self, relative: str) -> ObjectURI:
        """The object at `relative` below this folder; raises UnsafeURIError if it would lie elsewhere."""
        shown = f"{self}/{_shown(relative)}"
        _check_characters(relative, shown)
        _check_segments(relative, shown)
        key = f"{self.key.rstrip('/')}/{relative}" if self.key else relative
        if self.scheme == "s3":
            _check_key_length(key, shown)
        return ObjectURI(self.scheme, self.bucket, key)

    @property
    def path(self) -> Path:
        """The local path; only files have one."""
        if self.scheme != "file":
            raise UnsafeURIError(f"{self} is not a local file.")
        return Path(self.key)

    @property
    def name(self) -> str:
        """The last segment of the path or key."""
        return PurePosixPath(self.key).name

    def is_within(self, folder: ObjectURI) -> bool:
        """Whether this is `folder` or lies below it, segment by segment (`a` does not hold `ab`)."""
        if (self.scheme, self.bucket) != (folder.scheme, folder.bucket):
            return False
        prefix = folder.key.rstrip("/")
        return prefix == "" or self.key == prefix or self.key.startswith(f"{prefix}/")


def parse_uri(text: str, *, allowed_prefixes: Sequence[str] = (), folder: bool = False) -> ObjectURI:
    """Check a path or URI and give its canonical form.

    Args:
        text: A plain path (relative ones start at the working directory), `file:///path` with percent
            encoding, or `s3://bucket/key`, whose key is taken literally, as the AWS tools do.
        allowed_prefixes: Folders that it must lie in, as paths or URIs; empty allows all.
        folder: Whether a folder is meant: a trailing slash and a bucket without a key are then right.

    Raises:
        UnsafeURIError: It is malformed, or not allowed.
        ConfigurationError: One of the allowed prefixes is malformed.
    """
    uri = _parse(text, folder=folder)
    check_allowed(uri, allowed_prefixes)
    return uri


def check_allowed(uri: ObjectURI, allowed_prefixes: Sequence[str]) -> None:
    """Raise UnsafeURIError unless `uri` lies in one of the allowed folders, or all are allowed."""
    if not allowed_prefixes:
        return
    # Links are followed again here: a joined path may end in a link that was not there when it was parsed.
    place = _parse(uri.key, folder=True) if uri.scheme == "file" else uri
    for prefix in allowed_prefixes:
        try:
            allowed = _parse(prefix, folder=True)
        except UnsafeURIError as error:
            raise ConfigurationError(
                f"TECHNE_ALLOWED_URIS holds {_shown(prefix)!r}, which is no usable prefix: {error}"
            ) from error
        if place.is_within(allowed):
            return
    raise UnsafeURIError(
        f"{uri} lies outside the allowed places ({', '.join(allowed_prefixes)}).",
        cure="Use one of them, or widen TECHNE_ALLOWED_URIS.",
    )


def _parse(text: str, *, folder: bool) -> ObjectURI:
    shown = _shown(text)
    text = text.strip(" ")
    if not text:
        raise UnsafeURIError("An empty URI names nothing.", cure="Give a path, file:// or s3:// URI.")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise UnsafeURIError(f"{shown} is longer than {MAX_TEXT_CHARACTERS} characters.")
    _check_characters(text, shown)
    match = _SCHEME.match(text) or _SCHEME_WITHOUT_SLASHES.match(text)
    if match is None:
        return _resolved(text, shown)
    scheme = match[1].lower()
    if scheme == "file":
        return _resolved(_file_path(text[len("file:") :], shown), shown)
    if scheme == "s3" and match[0].endswith("//"):
        return _parse_s3(text[match.end() :], shown, folder=folder)
    if scheme == "s3":
        raise UnsafeURIError(f"{shown} is not an S3 URI.", cure="Write s3://bucket/key, with two slashes.")
    raise UnsafeURIError(
        f"{shown} has the scheme {scheme!r}, which is not read or written.",
        cure=_SCHEME_CURES.get(scheme, "Use a plain path, file:// or s3://."),
    )


def _parse_s3(rest: str, shown: str, *, folder: bool) -> ObjectURI:
    bucket, _, key = rest.partition("/")
    _check_bucket(bucket, shown)
    if folder:
        key = key.removesuffix("/")
        if not key:
            return ObjectURI("s3", bucket, "")
    elif not key or key.endswith("/"):
        raise UnsafeURIError(f"{shown} names no object.", cure="Give the whole key, as s3://bucket/key.")
    _check_segments(key, shown)
    _check_key_length(key, shown)
    return ObjectURI("s3", bucket, key)


def _check_bucket(bucket: str, shown: str) -> None:
    """S3's naming rules for general purpose buckets; access point aliases pass them too."""
    if not 3 <= len(bucket) <= 63:
        raise UnsafeURIError(f"{shown} has a bucket name of {len(bucket)} characters; S3 wants 3 to 63.")
    if not all(_BUCKET_LABEL.fullmatch(label) for label in bucket.split(".")):
        raise UnsafeURIError(
            f"{shown} has the bucket name {bucket!r}, which S3 would not accept.",
            cure="Bucket names are lower-case letters, digits, single dots and hyphens between them.",
        )
    if bucket.startswith(("xn--", "sthree-")):
        raise UnsafeURIError(f"{shown} has a bucket name with a prefix that S3 reserves.")
    try:
        ipaddress.IPv4Address(bucket)
    except ValueError:
        return
    raise UnsafeURIError(f"{shown} has an IP address for a bucket name; S3 does not accept that.")


def _check_segments(key: str, shown: str) -> None:
    segments = key.split("/")
    if "" in segments:
        raise UnsafeURIError(f"{shown} has an empty segment.", cure="Remove the doubled or outer slash.")
    if "." in segments or ".." in segments:
        raise UnsafeURIError(f"{shown} has a '.' or '..' segment.", cure="Write the path without it.")


def _check_key_length(key: str, shown: str) -> None:
    if len(key.encode()) > MAX_KEY_BYTES:
        raise UnsafeURIError(f"{shown} has a key of more than {MAX_KEY_BYTES} bytes; S3 has no such object.")


def _check_characters(text: str, shown: str) -> None:
    for character in text:
        if unicodedata.category(character) in _UNSAFE_CATEGORIES:
            raise UnsafeURIError(
                f"{shown} holds the control character U+{ord(character):04X}.", cure="Remove it."
            )


def _file_path(rest: str, shown: str) -> str:
    """The path of a file URI, given what follows `file:`."""
    if rest.startswith("//"):
        host, slash, tail = rest[2:].partition("/")
        if host.lower() not in {"", "localhost"} or not slash:
            raise UnsafeURIError(
                f"{shown} names the host {host!r}; only local files are read.",
                cure="An absolute path takes three slashes: file:///folder/name.",
            )
        rest = f"/{tail}"
    if not rest.startswith("/"):
        raise UnsafeURIError(f"{shown} is relative.", cure="Write file:///folder/name, or a plain path.")
    if "?" in rest or "#" in rest:
        raise UnsafeURIError(f"{shown} has a query or fragment.", cure="Write '?' as %3F and '#' as %23.")
    if _BAD_PERCENT.search(rest):
        raise UnsafeURIError(
            f"{shown} has a percent sign that encodes nothing usable.", cure="Write '%' as %25."
        )
    try:
        path = unquote_to_bytes(rest).decode()
    except UnicodeDecodeError as error:
        raise UnsafeURIError(f"{shown} is not UTF-8 once decoded.") from error
    _check_characters(path, shown)
    return path


def _resolved(path: str, shown: str) -> ObjectURI:
    try:
        absolute = (Path.home() / path[2:] if path.startswith("~/") else Path(path)).resolve()
        key = str(absolute)
        key.encode()
    except (OSError, RuntimeError, ValueError) as error:
        raise UnsafeURIError(f"{shown} can't be resolved to a file: {error}.") from error
    return ObjectURI("file", "", key)


def _shown(text: str) -> str:
    """`text` as it can stand in a message: printable, and of bounded length."""
    printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:201])
    return printable if len(printable) <= 200 else f"{printable[:200]}…"

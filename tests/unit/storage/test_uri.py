"""URIs: what is accepted, what is refused, and that nothing slips past the allow-list."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from techne.errors import ConfigurationError, InputError, TechneError, UnsafeURIError
from techne.settings import Settings
from techne.storage import ObjectURI, open_store, parse_uri


@pytest.mark.parametrize(
    ("text", "bucket", "key"),
    [
        (
            "s3://transcription-bucket/uuid/transcription.json",
            "transcription-bucket",
            "uuid/transcription.json",
        ),
        ("S3://bucket/a b/ç+%20?x#y", "bucket", "a b/ç+%20?x#y"),
        ("s3://my.bucket.name/a...b/.hidden", "my.bucket.name", "a...b/.hidden"),
        (" s3://bucket/key ", "bucket", "key"),
    ],
)
def test_an_s3_key_is_taken_literally(text: str, bucket: str, key: str) -> None:
    uri = parse_uri(text)
    assert uri == ObjectURI("s3", bucket, key)
    assert str(uri) == f"s3://{bucket}/{key}"


def test_paths_and_file_uris_name_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    expected = tmp_path.resolve() / "gravação 1.json"
    for text in (
        "gravação 1.json",
        "./folder/../gravação 1.json",
        str(expected),
        expected.as_uri(),
        f"file://localhost{expected.as_uri().removeprefix('file://')}",
        f"FILE:{expected.as_uri().removeprefix('file://')}",
    ):
        assert parse_uri(text).path == expected, text
    assert str(parse_uri("gravação 1.json")) == expected.as_uri()


def test_a_leading_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parse_uri("~/a.json").path == tmp_path.resolve() / "a.json"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names nothing"),
        ("   ", "names nothing"),
        ("https://example.com/a.json", "Download the file"),
        ("http://169.254.169.254/latest/meta-data", "'http'"),
        ("ftp://host/a", "'ftp'"),
        ("s3a://bucket/key", "Write s3://"),
        ("arn:aws:s3:::bucket/key", "s3://bucket/key"),
        ("javascript:alert(1)", "'javascript'"),
        ("data:text/plain,x", "'data'"),
        ("s3:bucket/key", "two slashes"),
        ("s3://bucket", "names no object"),
        ("s3://bucket/", "names no object"),
        ("s3://bucket/folder/", "names no object"),
        ("s3://ab/key", "3 to 63"),
        (f"s3://{'a' * 64}/key", "3 to 63"),
        ("s3://Bucket/key", "lower-case"),
        ("s3://bu_cket/key", "lower-case"),
        ("s3://-bucket/key", "lower-case"),
        ("s3://buck..et/key", "lower-case"),
        ("s3://bucket./key", "lower-case"),
        ("s3://user@bucket/key", "lower-case"),
        ("s3://xn--bucket/key", "reserves"),
        ("s3://192.168.0.1/key", "IP address"),
        ("s3://bucket/../other/key", "'..'"),
        ("s3://bucket/a/..", "'..'"),
        ("s3://bucket/./a", "'.'"),
        ("s3://bucket//a", "empty segment"),
        ("s3://bucket/a\x00b", "U+0000"),
        ("s3://bucket/a\nb", "U+000A"),
        ("s3://bucket/a\u2028b", "U+2028"),
        (f"s3://bucket/{'ç' * 513}", "1024 bytes"),
        ("a\x00.json", "U+0000"),
        ("file://server/share/a.json", "three slashes"),
        ("file://a.json", "three slashes"),
        ("file:a.json", "relative"),
        ("file:///a%00b", "U+0000"),
        ("file:///a%0Ab", "U+000A"),
        ("file:///a%zz", "percent"),
        ("file:///a%2Fb", "percent"),
        ("file:///a%ff", "UTF-8"),
        ("file:///a?x=1", "%3F"),
        ("a" * 9000, "longer"),
        ("\ud800.json", "U+D800"),
    ],
)
def test_what_is_refused_says_why(text: str, words: str) -> None:
    with pytest.raises(UnsafeURIError) as caught:
        parse_uri(text)
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_folder_may_be_a_bucket_and_end_in_a_slash() -> None:
    assert parse_uri("s3://bucket", folder=True) == parse_uri("s3://bucket/", folder=True)
    assert str(parse_uri("s3://bucket/out/", folder=True)) == "s3://bucket/out"
    assert str(parse_uri("s3://bucket", folder=True) / "a/b.md") == "s3://bucket/a/b.md"


@pytest.mark.parametrize("relative", ["..", "a/../../b", "", "/etc/passwd", "a//b", ".", "a\x00", "a/"])
def test_a_joined_name_stays_below_its_folder(relative: str) -> None:
    for folder in (parse_uri("s3://bucket/out", folder=True), parse_uri("/tmp/out", folder=True)):
        with pytest.raises(UnsafeURIError):
            folder / relative


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("s3://bucket/a/x.json", True),
        ("s3://bucket/ab/x.json", False),
        ("s3://bucket/ab", False),
        ("s3://bucket-2/a/x.json", False),
        ("s3://other/x.json", True),
        ("/etc/passwd", False),
    ],
)
def test_an_allowed_prefix_ends_at_a_segment(text: str, allowed: bool) -> None:
    prefixes = ("s3://bucket/a", "s3://other/")
    if allowed:
        assert str(parse_uri(text, allowed_prefixes=prefixes)) == text
    else:
        with pytest.raises(UnsafeURIError, match="TECHNE_ALLOWED_URIS"):
            parse_uri(text, allowed_prefixes=prefixes)


def test_a_link_does_not_lead_out_of_an_allowed_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.json").write_text("{}")
    (inside / "link").symlink_to(outside)
    (tmp_path / "alias").symlink_to(inside)
    for text in (f"{inside}/link/secret.json", f"{inside}/../outside/secret.json", f"{inside}x/a"):
        with pytest.raises(UnsafeURIError, match="outside the allowed"):
            parse_uri(text, allowed_prefixes=(str(inside),))
    assert parse_uri(f"{inside}/a", allowed_prefixes=(f"{tmp_path}/alias/",)).path == inside.resolve() / "a"


def test_a_loop_of_links_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(InputError):  # refused when parsed up to Python 3.12, when opened from 3.13 on
        open_store(uri := parse_uri(str(tmp_path / "a")), Settings()).read(uri)


def test_a_malformed_allowed_prefix_is_the_deployments_fault() -> None:
    with pytest.raises(ConfigurationError, match="TECHNE_ALLOWED_URIS"):
        parse_uri("s3://bucket/a", allowed_prefixes=("https://bucket",))


_ALLOWED_FOLDER = Path(tempfile.gettempdir()).resolve() / "techne-allowed"
_SYNTAX = [
    "s3://",
    "file://",
    "file:",
    "/",
    "//",
    "..",
    ".",
    "%2e%2e",
    "%2F",
    "%00",
    "%",
    "~",
    "?",
    "#",
    "\\",
]
_NAMES = ["bucket-a", "bucket-a/in", "in", "inn", "a", "ç", " ", ":", "@", "\x00", "\n", "\ud800"]
_PIECES = st.sampled_from([*_SYNTAX, *_NAMES, str(_ALLOWED_FOLDER)])
_URIS = st.one_of(st.text(max_size=40), st.lists(_PIECES, max_size=8).map("".join))


@settings(max_examples=100, deadline=None)
@given(text=_URIS, folder=st.booleans())
def test_any_text_is_parsed_to_a_canonical_uri_or_refused(text: str, folder: bool) -> None:
    try:
        uri = parse_uri(text, folder=folder)
    except TechneError:
        return
    assert parse_uri(str(uri), folder=True) == uri
    assert "\x00" not in str(uri)


@settings(max_examples=100, deadline=None)
@given(start=st.sampled_from(["s3://bucket-a/in", "s3://", f"{_ALLOWED_FOLDER}/", "file://", ""]), rest=_URIS)
def test_an_accepted_uri_lies_in_an_allowed_place(start: str, rest: str) -> None:
    try:
        uri = parse_uri(start + rest, allowed_prefixes=("s3://bucket-a/in", str(_ALLOWED_FOLDER)))
    except TechneError:
        return
    if uri.scheme == "s3":
        assert str(uri) == "s3://bucket-a/in" or str(uri).startswith("s3://bucket-a/in/")
        assert ".." not in uri.key.split("/")
    else:
        assert os.path.commonpath([os.path.realpath(uri.key), _ALLOWED_FOLDER]) == str(_ALLOWED_FOLDER)

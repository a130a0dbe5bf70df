"""S3 as moto serves it, and S3 that refuses, through the real boto3."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest

import techne.aws
from techne.errors import (
    AccessDeniedError,
    ConfigurationError,
    ObjectNotFoundError,
    ObjectTooLargeError,
    OutputError,
    ServiceUnavailableError,
)
from techne.settings import Settings
from techne.storage import (
    Digest,
    ObjectStore,
    OutputFile,
    open_store,
    parse_uri,
    publish,
    read_manifest,
    verify_manifest,
)
from tests.integration.conftest import REGION, MotoAWS
from tests.integration.large_object_aws import large_object_aws
from tests.integration.refusing_aws import breaking_off_aws, refusing_aws
from tests.unit.storage.memory import LARGE_BYTES, holding_at_most
from tests.unit.storage.test_publishing import FaultyStore

FILES = {"document.md": OutputFile("# Índice".encode()), "document.docx": OutputFile(b"PK")}


@pytest.fixture
def store(aws: MotoAWS) -> ObjectStore:
    aws.create_bucket("output-bucket")
    return open_store("s3://output-bucket", Settings())


@pytest.fixture
def single_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """One attempt per request: the back-off between several is botocore's, and slow."""
    monkeypatch.setattr(techne.aws, "TOTAL_ATTEMPTS", 1)


def test_what_is_written_reads_back(store: ObjectStore, aws: MotoAWS) -> None:
    uri = parse_uri("s3://output-bucket/a b/ç+%20?x#y.md")
    store.write(uri, b"# one")
    found = store.read(uri)
    assert found.data == b"# one"
    assert found.info == store.stat(uri)
    assert found.info.content_type == "text/markdown; charset=utf-8"
    assert aws.s3.list_objects_v2(Bucket="output-bucket")["Contents"][0]["Key"] == "a b/ç+%20?x#y.md"
    store.write(uri, b"# two")
    assert store.stat(uri).version != found.info.version


def test_a_custom_endpoint_needs_no_host_name_for_each_bucket(
    aws: MotoAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://minio:9000")
    s3 = techne.aws.client("s3", REGION)
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "output-bucket", "Key": "a.md"})
    assert url.startswith("http://minio:9000/output-bucket/a.md?")


def test_a_missing_object_and_a_missing_bucket_are_told_apart(store: ObjectStore) -> None:
    for text, words in (
        ("s3://output-bucket/missing.json", "There is no object"),
        ("s3://no-such-bucket/a.json", "There is no bucket 'no-such-bucket'"),
    ):
        uri = parse_uri(text)
        with pytest.raises(ObjectNotFoundError, match=words):
            store.read(uri)
        with pytest.raises(ObjectNotFoundError, match=words):
            store.stat(uri)
        assert not store.exists(uri)
    with pytest.raises(ObjectNotFoundError, match="OUTPUT_BUCKET"):
        store.check_writable(parse_uri("s3://no-such-bucket/run-1"))


def test_an_object_over_the_limit_is_not_read(store: ObjectStore) -> None:
    uri = parse_uri("s3://output-bucket/transcription.json")
    store.write(uri, b"x" * 1001)
    with pytest.raises(ObjectTooLargeError, match="TECHNE_MAX_TRANSCRIPT_BYTES"):
        open_store(uri, Settings(techne_max_transcript_bytes=1000)).read(uri)
    assert len(store.read(uri, max_bytes=1001).data) == 1001


def test_a_folder_ends_at_a_segment(store: ObjectStore, aws: MotoAWS) -> None:
    for name in ("out/b.md", "out/a/c.md", "outer.md"):
        store.write(parse_uri(f"s3://output-bucket/{name}"), b"x")
    aws.s3.put_object(Bucket="output-bucket", Key="out/")  # the console's marker of a folder
    folder = parse_uri("s3://output-bucket/out/", folder=True)
    assert [info.uri.key for info in store.list(folder)] == ["out/a/c.md", "out/b.md"]
    store.delete_folder(folder)
    store.delete(parse_uri("s3://output-bucket/out/b.md"))
    assert [i.uri.key for i in store.list(parse_uri("s3://output-bucket", folder=True))] == ["outer.md"]


def test_checking_leaves_nothing_behind(store: ObjectStore, aws: MotoAWS) -> None:
    store.check_writable(parse_uri("s3://output-bucket/run-1", folder=True))
    assert aws.s3.list_objects_v2(Bucket="output-bucket")["KeyCount"] == 0


def test_outputs_are_published_and_verified(store: ObjectStore, aws: MotoAWS) -> None:
    destination = parse_uri("s3://output-bucket/uuid", folder=True)
    outputs = publish(FILES, destination, store=store, attempt=1, details={"tokens": 158000})
    assert outputs.uri_of("document.md") == "s3://output-bucket/uuid/document.md"
    assert verify_manifest(destination, store=store) == outputs.manifest
    keys = [entry["Key"] for entry in aws.s3.list_objects_v2(Bucket="output-bucket")["Contents"]]
    assert keys == ["uuid/document.docx", "uuid/document.md", "uuid/manifest.json"]


@pytest.mark.parametrize("failing_write", [1, 3, 4, 5])
def test_a_failing_store_leaves_no_manifest(store: ObjectStore, failing_write: int) -> None:
    destination = parse_uri("s3://output-bucket/uuid", folder=True)
    faulty = FaultyStore(store, failing_write=failing_write, error=OutputError("refused"))
    with pytest.raises(OutputError, match="refused"):
        publish(FILES, destination, store=faulty, attempt=1)
    assert store.list(destination) == ()
    with pytest.raises(ObjectNotFoundError):
        read_manifest(destination, store=store)


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    """A file that is uploaded in two parts."""
    path = tmp_path / "annotations.part"
    path.write_bytes(os.urandom(9 * 1024 * 1024))
    return path


def test_a_large_file_is_uploaded_copied_hashed_and_downloaded(
    store: ObjectStore, aws: MotoAWS, large_file: Path, tmp_path: Path
) -> None:
    uploaded, copied = (parse_uri(f"s3://output-bucket/{name}.csv") for name in ("uploaded", "copied"))
    store.upload(large_file, uploaded)
    store.copy(uploaded, copied)
    for uri in (uploaded, copied):
        assert store.stat(uri).version.endswith("-2")
        assert store.stat(uri).content_type == "text/csv; charset=utf-8"
        assert store.digest(uri) == Digest.of([large_file.read_bytes()])
    info = store.download(copied, tmp_path / "new/down.csv", 9 * 1024 * 1024)
    assert info == store.stat(copied)
    assert (tmp_path / "new/down.csv").read_bytes() == large_file.read_bytes()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["down.csv"]


@pytest.mark.parametrize("content", [b"", b"PAR1"])
def test_a_small_file_keeps_its_content_type_when_copied(
    store: ObjectStore, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "small").write_bytes(content)
    uploaded, copied = (parse_uri(f"s3://output-bucket/{name}") for name in ("uploaded", "copied"))
    store.upload(tmp_path / "small", uploaded, "application/vnd.apache.parquet")
    store.copy(uploaded, copied)
    assert store.read(copied).data == content
    assert store.digest(copied) == Digest.of([content])
    assert store.stat(copied).content_type == "application/vnd.apache.parquet"


def test_an_interrupted_upload_leaves_nothing_visible(
    store: ObjectStore, aws: MotoAWS, large_file: Path
) -> None:
    def misdirect_last_part(request: AWSPreparedRequest, **_: Any) -> None:
        request.url = str(request.url).replace("partNumber=2", "partNumber=10001")  # S3 refuses it

    uri = parse_uri("s3://output-bucket/annotations.csv")
    events = techne.aws.client("s3", REGION).meta.events
    events.register("before-send.s3.UploadPart", misdirect_last_part)
    try:
        with pytest.raises(ConfigurationError, match=r"s3://output-bucket/annotations\.csv: AWS answered"):
            store.upload(large_file, uri)
        assert not store.exists(uri)
        store.write(uri, b"old")
        with pytest.raises(ConfigurationError):
            store.upload(large_file, uri)
    finally:
        events.unregister("before-send.s3.UploadPart", misdirect_last_part)
    assert store.read(uri).data == b"old"
    assert "Uploads" not in aws.s3.list_multipart_uploads(Bucket="output-bucket")


def test_what_cannot_be_read_is_not_uploaded(store: ObjectStore, tmp_path: Path) -> None:
    uri = parse_uri("s3://output-bucket/annotations.csv")
    with pytest.raises(OutputError, match="missing can't be read"):
        store.upload(tmp_path / "missing", uri)
    assert not store.exists(uri)


def test_a_missing_object_is_neither_downloaded_nor_copied(store: ObjectStore, tmp_path: Path) -> None:
    uri = parse_uri("s3://output-bucket/missing.csv")
    for request in (
        lambda: store.download(uri, tmp_path / "down.csv"),
        lambda: store.digest(uri),
        lambda: store.copy(uri, parse_uri("s3://output-bucket/copy.csv")),
    ):
        with pytest.raises(ObjectNotFoundError, match=r"There is no object s3://output-bucket/missing\.csv"):
            request()
    assert list(tmp_path.iterdir()) == []


def test_a_download_over_the_limit_fetches_nothing(store: ObjectStore, tmp_path: Path) -> None:
    uri = parse_uri("s3://output-bucket/dataset.csv")
    store.write(uri, b"x" * 1001)
    with pytest.raises(ObjectTooLargeError, match="raise TECHNE_MAX_DATASET_BYTES"):
        store.download(uri, tmp_path / "down.csv", 1000, size_setting="TECHNE_MAX_DATASET_BYTES")
    assert list(tmp_path.iterdir()) == []
    small = open_store(uri, Settings(techne_max_transcript_bytes=1000))
    assert small.download(uri, tmp_path / "down.csv", 1001).size == 1001


def test_large_objects_pass_through_little_memory(
    aws: MotoAWS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = parse_uri("s3://bucket/annotations.csv")
    parts: list[int] = []
    with large_object_aws(LARGE_BYTES, parts) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        store = open_store(uri, Settings())
        store.upload(Path(__file__), uri)  # boto3 loads what it needs, and that is not measured
        parts.clear()
        with holding_at_most(LARGE_BYTES // 4):
            store.download(uri, tmp_path / "large", LARGE_BYTES)
            store.digest(uri)
            store.upload(tmp_path / "large", uri)
    assert sum(parts) == LARGE_BYTES
    assert len(parts) == 8


def test_large_files_are_published_verified_and_replaced(
    store: ObjectStore, aws: MotoAWS, large_file: Path
) -> None:
    destination = parse_uri("s3://output-bucket/uuid", folder=True)
    files = {"annotations.csv": OutputFile(large_file), "summary.json": OutputFile(b"{}")}
    for attempt in (1, 2):
        outputs = publish(files, destination, store=store, attempt=attempt)
        assert verify_manifest(destination, store=store) == outputs.manifest
    assert outputs.manifest.file("annotations.csv").size == large_file.stat().st_size
    keys = [entry["Key"] for entry in aws.s3.list_objects_v2(Bucket="output-bucket")["Contents"]]
    assert keys == ["uuid/annotations.csv", "uuid/manifest.json", "uuid/summary.json"]


@pytest.mark.parametrize("failing_write", [1, 5, 8, 9])  # aside, previous aside, to its place, manifest
def test_a_failing_store_keeps_the_large_files_of_before(
    store: ObjectStore, large_file: Path, failing_write: int
) -> None:
    destination = parse_uri("s3://output-bucket/uuid", folder=True)
    before = publish({"annotations.csv": OutputFile(large_file)}, destination, store=store, attempt=1)
    files = {"annotations.csv": OutputFile(Path(__file__)), **FILES}
    faulty = FaultyStore(store, failing_write=failing_write, error=OutputError("refused"))
    with pytest.raises(OutputError, match="refused"):
        publish(files, destination, store=faulty, attempt=2)
    assert verify_manifest(destination, store=store) == before.manifest
    assert len(store.list(destination)) == 2


@pytest.mark.parametrize(
    ("code", "status", "kind", "words"),
    [
        ("AccessDenied", 403, AccessDeniedError, "access denied"),
        ("ExpiredToken", 400, AccessDeniedError, "expired"),
        ("InvalidAccessKeyId", 403, AccessDeniedError, "AWS_PROFILE"),
        ("RequestTimeTooSkewed", 403, ConfigurationError, "clock"),
        ("SlowDown", 503, ServiceUnavailableError, "not available"),
        ("InternalError", 500, ServiceUnavailableError, "not available"),
        ("InvalidArgument", 400, ConfigurationError, "InvalidArgument"),
    ],
)
def test_every_refusal_is_typed_and_names_the_place(
    aws: MotoAWS,
    single_attempt: None,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    status: int,
    kind: type[Exception],
    words: str,
    tmp_path: Path,
) -> None:
    uri = parse_uri("s3://bucket/key.json")
    other = parse_uri("s3://bucket/other.json")
    (tmp_path / "empty").touch()
    with refusing_aws(code, status=status) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        store = open_store(uri, Settings())
        for request in (
            lambda: store.read(uri),
            lambda: store.stat(uri),
            lambda: store.download(uri, tmp_path / "down"),
            lambda: store.digest(uri),
            lambda: store.write(uri, b""),
            lambda: store.upload(tmp_path / "empty", uri),
            lambda: store.copy(uri, other),
            lambda: store.delete(uri),
            lambda: store.list(uri),
            lambda: store.check_writable(uri),
        ):
            with pytest.raises(kind, match=words) as caught:
                request()
            assert type(caught.value) is kind
            assert "s3://bucket/key.json" in str(caught.value)


def test_a_denied_request_names_the_action_that_it_needs(
    aws: MotoAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = parse_uri("s3://bucket/key.json")
    with refusing_aws("AccessDenied", status=403) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        store = open_store(uri, Settings())
        with pytest.raises(AccessDeniedError, match="s3:PutObject"):
            store.write(uri, b"")
        with pytest.raises(AccessDeniedError, match="s3:GetObject and s3:ListBucket"):
            store.read(uri)


def test_missing_credentials_are_named(aws: MotoAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    uri = parse_uri("s3://bucket/key.json")
    with pytest.raises(AccessDeniedError, match=r"no AWS credentials.*AWS_PROFILE"):
        open_store(uri, Settings()).read(uri)


def test_an_unknown_profile_is_named(aws: MotoAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    uri = parse_uri("s3://bucket/key.json")
    with pytest.raises(AccessDeniedError, match="profile 'nobody'"):
        open_store(uri, Settings()).read(uri)


def test_an_endpoint_that_nobody_serves_is_unavailable(
    aws: MotoAWS, single_attempt: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refusing_aws("Gone", status=400) as url:
        pass
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
    uri = parse_uri("s3://bucket/key.json")
    with pytest.raises(ServiceUnavailableError, match="AWS_ENDPOINT_URL"):
        open_store(uri, Settings()).read(uri)


def test_a_body_that_breaks_off_is_read_on(aws: MotoAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = parse_uri("s3://bucket/key.json")
    data = os.urandom(100_000)
    with breaking_off_aws(data, broken_answers=2) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        assert open_store(uri, Settings()).read(uri).data == data
    with breaking_off_aws(data, broken_answers=99) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        with pytest.raises(ServiceUnavailableError, match=r"s3://bucket/key\.json"):
            open_store(uri, Settings()).read(uri)


def test_a_download_goes_on_where_its_body_breaks_off(
    aws: MotoAWS, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    uri = parse_uri("s3://bucket/dataset.csv")
    data = os.urandom(100_000)
    with breaking_off_aws(data, broken_answers=2) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        open_store(uri, Settings()).download(uri, tmp_path / "down.csv")
    assert (tmp_path / "down.csv").read_bytes() == data
    with breaking_off_aws(data, broken_answers=99) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        with pytest.raises(ServiceUnavailableError, match=r"s3://bucket/dataset\.csv"):
            open_store(uri, Settings()).download(uri, tmp_path / "other.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["down.csv"]


def test_a_store_that_cannot_send_the_rest_gives_no_wrong_file(
    aws: MotoAWS, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    uri = parse_uri("s3://bucket/dataset.csv")
    with breaking_off_aws(os.urandom(100_000), broken_answers=1, sends_ranges=False) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        with pytest.raises(ServiceUnavailableError, match="can't send the rest alone"):
            open_store(uri, Settings()).download(uri, tmp_path / "down.csv")
    assert list(tmp_path.iterdir()) == []


def test_an_object_that_changes_while_it_is_read_is_not_pieced_together(
    aws: MotoAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = parse_uri("s3://bucket/dataset.csv")
    with refusing_aws("PreconditionFailed", status=412) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        with pytest.raises(ServiceUnavailableError, match="was changed while it was being read"):
            open_store(uri, Settings()).digest(uri)

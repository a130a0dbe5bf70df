"""Local files as objects: read within the limit, written whole, streamed if large, every failure named."""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from techne.errors import (
    AccessDeniedError,
    ObjectNotFoundError,
    ObjectTooLargeError,
    OutputError,
    UnsafeURIError,
)
from techne.settings import Settings
from techne.storage import Digest, ObjectStore, open_store, parse_uri
from tests.unit.storage.memory import LARGE_BYTES, holding_at_most

NOBODY = 65534


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path), Settings())


@pytest.fixture
def guarded_folder() -> Iterator[Path]:
    """A folder that the test's user may enter but not write, with a file that it may not read."""
    folder = Path(tempfile.mkdtemp())
    try:
        (folder / "secret.json").write_text("{}")
        (folder / "secret.json").chmod(0o000)
        folder.chmod(0o555)
        if os.geteuid() == 0:  # permissions bind everyone but root
            os.seteuid(NOBODY)
        yield folder
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_what_is_written_reads_back(tmp_path: Path, store: ObjectStore) -> None:
    uri = parse_uri(f"{tmp_path}/new/folder/document.md")
    store.write(uri, b"# one")
    store.write(uri, b"# two")
    found = store.read(uri)
    assert found.data == b"# two"
    assert found.info == store.stat(uri)
    assert found.info.size == 5
    assert found.info.content_type.startswith("text/markdown")
    assert [path.name for path in uri.path.parent.iterdir()] == ["document.md"]


def test_a_change_of_content_changes_the_version(tmp_path: Path, store: ObjectStore) -> None:
    uri = parse_uri(f"{tmp_path}/a")
    store.write(uri, b"1")
    before = store.stat(uri).version
    store.write(uri, b"22")
    assert store.stat(uri).version != before


def test_a_written_file_is_as_readable_as_any(tmp_path: Path, store: ObjectStore) -> None:
    (tmp_path / "plain").touch()
    store.write(parse_uri(f"{tmp_path}/ours"), b"")
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE(
        (tmp_path / "plain").stat().st_mode
    )


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    uri = parse_uri(f"{tmp_path}/huge.json")
    with uri.path.open("wb") as file:
        file.truncate(10**13)  # sparse; reading it would exhaust memory
    store = open_store(uri, Settings(techne_max_transcript_bytes=1000))
    with pytest.raises(ObjectTooLargeError, match="TECHNE_MAX_TRANSCRIPT_BYTES") as caught:
        store.read(uri)
    assert "10,000,000,000,000" in str(caught.value)
    with pytest.raises(ObjectTooLargeError, match="limit of 5"):
        store.read(uri, max_bytes=5)


def test_a_file_at_the_limit_is_read(tmp_path: Path, store: ObjectStore) -> None:
    uri = parse_uri(f"{tmp_path}/a")
    store.write(uri, b"12345")
    assert store.read(uri, max_bytes=5).data == b"12345"


def test_what_is_no_file_is_said_to_be_none(tmp_path: Path, store: ObjectStore) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    for name, words in (
        ("missing.json", "There is no file"),
        ("file/below", "There is no file"),
        ("", "is a folder"),
        ("pipe", "a device or a pipe"),
    ):
        with pytest.raises(ObjectNotFoundError, match=words):
            store.read(parse_uri(f"{tmp_path}/{name}"))
        assert not store.exists(parse_uri(f"{tmp_path}/{name}"))


def test_an_unreadable_file_is_denied(guarded_folder: Path, store: ObjectStore) -> None:
    with pytest.raises(AccessDeniedError, match="permission denied"):
        store.read(parse_uri(f"{guarded_folder}/secret.json"))


def test_an_output_that_cannot_be_written_is_known_beforehand(
    guarded_folder: Path, store: ObjectStore
) -> None:
    folder = parse_uri(f"{guarded_folder}/output/run-1", folder=True)
    with pytest.raises(OutputError, match="can't be written"):
        store.check_writable(folder)
    with pytest.raises(OutputError, match="can't be written"):
        store.write(folder / "document.md", b"")


def test_a_file_in_the_place_of_the_output_folder_is_known_beforehand(
    tmp_path: Path, store: ObjectStore
) -> None:
    (tmp_path / "output").touch()
    folder = parse_uri(f"{tmp_path}/output/run-1", folder=True)
    with pytest.raises(OutputError):
        store.check_writable(folder)
    with pytest.raises(OutputError):
        store.write(folder / "document.md", b"")


def test_checking_leaves_nothing_behind(tmp_path: Path, store: ObjectStore) -> None:
    store.check_writable(parse_uri(f"{tmp_path}/a/b", folder=True))
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_keeps_the_file_and_leaves_no_other(
    tmp_path: Path, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = parse_uri(f"{tmp_path}/document.md")
    store.write(uri, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        store.write(uri, b"new")
    assert store.read(uri).data == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["document.md"]


def test_readers_never_see_half_a_file(tmp_path: Path, store: ObjectStore) -> None:
    uri = parse_uri(f"{tmp_path}/document.md")
    contents = [bytes([65 + i]) * 100_000 for i in range(4)]
    store.write(uri, contents[0])
    done = threading.Event()

    def write() -> None:
        for i in range(40):
            store.write(uri, contents[i % 4])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert store.read(uri).data in contents
    writer.join()


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Let the system itself refuse what goes beyond `size` bytes of a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_is_uploaded_copied_hashed_and_downloaded(tmp_path: Path, store: ObjectStore) -> None:
    content = os.urandom(2_500_000)
    (tmp_path / "local.csv").write_bytes(content)
    uploaded, copied = (parse_uri(f"{tmp_path}/{name}/annotations.csv") for name in ("up", "copy"))
    store.upload(tmp_path / "local.csv", uploaded)
    store.copy(uploaded, copied)
    assert store.digest(copied) == Digest(hashlib.sha256(content).hexdigest(), len(content))
    info = store.download(copied, tmp_path / "new/down.csv")
    assert info == store.stat(copied)
    assert (tmp_path / "new/down.csv").read_bytes() == content
    for folder in ("up", "copy", "new"):
        assert len(list((tmp_path / folder).iterdir())) == 1


def test_a_download_over_the_limit_names_the_callers_setting(tmp_path: Path, store: ObjectStore) -> None:
    uri = parse_uri(f"{tmp_path}/dataset.csv")
    with uri.path.open("wb") as file:
        file.truncate(10**13)  # sparse; there is no disk to copy it to
    with pytest.raises(ObjectTooLargeError, match=r"10,000,000,000,000.*raise TECHNE_MAX_DATASET_BYTES"):
        store.download(uri, tmp_path / "down.csv", 10**12, size_setting="TECHNE_MAX_DATASET_BYTES")
    with pytest.raises(ObjectTooLargeError, match="TECHNE_MAX_TRANSCRIPT_BYTES"):
        store.download(uri, tmp_path / "down.csv")
    with pytest.raises(ObjectTooLargeError, match="limit of 7"):
        store.digest(uri, 7)
    assert [path.name for path in tmp_path.iterdir()] == ["dataset.csv"]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_a_file_that_is_longer_than_it_said_stops_at_the_limit(tmp_path: Path, store: ObjectStore) -> None:
    uri = parse_uri("/proc/self/status")
    assert store.stat(uri).size == 0
    (tmp_path / "down").write_bytes(b"old")
    with pytest.raises(ObjectTooLargeError):
        store.download(uri, tmp_path / "down", 10)
    with pytest.raises(ObjectTooLargeError):
        store.read(uri, 10)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"down": b"old"}


def test_an_interrupted_upload_keeps_the_file_and_leaves_no_other(tmp_path: Path, store: ObjectStore) -> None:
    (tmp_path / "local").write_bytes(bytes(3_000_000))
    uri = parse_uri(f"{tmp_path}/out/annotations.csv")
    for before in (None, b"old"):
        if before is not None:
            store.write(uri, before)
        with (
            files_limited_to(2_000_000),
            pytest.raises(OutputError, match=r"annotations\.csv can't be written"),
        ):
            store.upload(tmp_path / "local", uri)
        assert [path.read_bytes() for path in uri.path.parent.iterdir()] == (
            [] if before is None else [before]
        )


def test_an_interrupted_download_keeps_the_file_and_leaves_no_other(
    tmp_path: Path, store: ObjectStore
) -> None:
    uri = parse_uri(f"{tmp_path}/dataset.csv")
    store.write(uri, bytes(3_000_000))
    target = tmp_path / "new" / "down.csv"
    with files_limited_to(2_000_000), pytest.raises(OutputError, match=r"down\.csv can't be written"):
        store.download(uri, target)
    assert list(target.parent.iterdir()) == []


def test_what_cannot_be_read_is_not_uploaded(tmp_path: Path, store: ObjectStore) -> None:
    uri = parse_uri(f"{tmp_path}/annotations.csv")
    (tmp_path / "folder").mkdir()
    for name in ("missing", "folder"):
        with pytest.raises(OutputError, match=f"{name} can't be read"):
            store.upload(tmp_path / name, uri)
    for request in (
        lambda: store.download(uri, tmp_path / "down.csv"),
        lambda: store.digest(uri),
        lambda: store.copy(uri, parse_uri(f"{tmp_path}/copy.csv")),
    ):
        with pytest.raises(ObjectNotFoundError, match=r"There is no file .*annotations\.csv"):
            request()
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_large_file_passes_through_little_memory(tmp_path: Path, store: ObjectStore) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(LARGE_BYTES)
    uploaded, copied = parse_uri(f"{tmp_path}/uploaded"), parse_uri(f"{tmp_path}/copied")
    with holding_at_most(LARGE_BYTES // 16):
        store.upload(tmp_path / "large", uploaded)
        store.copy(uploaded, copied)
        store.download(copied, tmp_path / "downloaded", LARGE_BYTES)
        assert store.digest(copied).size == LARGE_BYTES


def test_empty_folders_go_and_files_that_are_being_written_stay(tmp_path: Path, store: ObjectStore) -> None:
    folder = parse_uri(f"{tmp_path}/attempts", folder=True)
    (folder.path / "1" / "new").mkdir(parents=True)
    (folder.path / "2").mkdir()
    (folder.path / "2" / ".techne-half.tmp").touch()
    store.delete_empty_folders(folder)
    store.delete_empty_folders(folder / "missing")
    assert [str(p.relative_to(folder.path)) for p in sorted(folder.path.rglob("*"))] == [
        "2",
        "2/.techne-half.tmp",
    ]


def test_a_folder_lists_its_objects_and_goes_whole(tmp_path: Path, store: ObjectStore) -> None:
    for name in ("out/b.md", "out/a/c.md", "outer.md"):
        store.write(parse_uri(f"{tmp_path}/{name}"), b"x")
    folder = parse_uri(f"{tmp_path}/out", folder=True)
    assert [info.uri.name for info in store.list(folder)] == ["c.md", "b.md"]
    store.delete_folder(folder)
    store.delete_folder(folder)
    store.delete(folder / "b.md")
    assert store.list(folder) == ()
    assert [path.name for path in tmp_path.iterdir()] == ["outer.md"]


def test_deleting_a_folder_does_not_follow_links(tmp_path: Path, store: ObjectStore) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link").symlink_to(tmp_path / "kept")
    store.delete_folder(parse_uri(f"{tmp_path}/out", folder=True))
    assert (tmp_path / "kept" / "file").exists()
    assert not (tmp_path / "out").exists()


def test_a_store_opens_allowed_places_only(tmp_path: Path) -> None:
    settings = Settings(techne_allowed_uris=(str(tmp_path / "in"), "s3://bucket/in"))
    open_store(f"{tmp_path}/in/a.json", settings)
    for text in (f"{tmp_path}/a.json", "s3://bucket/a.json"):
        with pytest.raises(UnsafeURIError, match="outside the allowed"):
            open_store(text, settings)

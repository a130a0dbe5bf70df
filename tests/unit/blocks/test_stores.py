"""Blocks that open what they name: the record of executions, and the place of documents (S1-22)."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from blocks import DocumentStore, TrackingTable
from techne.errors import ConfigurationError, UnsafeURIError
from techne.settings import Settings


def test_without_a_table_records_are_in_the_local_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TECHNE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TRACKING_TABLE", "of-the-process")
    tracking = TrackingTable(table_name="").open()
    assert tracking.list(limit=1) == ()
    assert (tmp_path / "home" / "tracking.sqlite3").exists()


def test_a_local_folder_takes_documents_and_gives_them_back(tmp_path: Path) -> None:
    documents = DocumentStore(base_uri=str(tmp_path), allowed_prefixes=[str(tmp_path)])
    place = documents.uri("2026-11/document.md")
    documents.open().write(place, b"# Title")
    assert (tmp_path / "2026-11" / "document.md").read_bytes() == b"# Title"
    assert [found.uri for found in documents.open().list(documents.uri("2026-11"))] == [place]


@pytest.mark.parametrize("relative", ["../elsewhere", "/etc/passwd", "a//b"])
def test_a_path_that_leads_out_of_the_folder_is_refused(relative: str) -> None:
    with pytest.raises(UnsafeURIError):
        DocumentStore(base_uri="s3://documents/dev").uri(relative)


@pytest.mark.parametrize(
    ("base_uri", "allowed"),
    [
        ("s3://documents", ["s3://other"]),
        ("s3://documents-of-others", ["s3://documents"]),
        ("https://documents", []),
        ("s3://documents", ["nonsense://"]),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused_by_name(base_uri: str, allowed: list[str]) -> None:
    with pytest.raises(ValidationError, match=r"documents|nonsense"):
        DocumentStore(base_uri=base_uri, allowed_prefixes=allowed)


def test_the_store_of_a_block_reads_nothing_outside_the_allowed_places(tmp_path: Path) -> None:
    documents = DocumentStore(base_uri=str(tmp_path / "in"), allowed_prefixes=[str(tmp_path / "in")])
    settings = documents.applied_to(Settings())
    assert settings.techne_allowed_uris == (str(tmp_path / "in"),)
    assert settings.output_bucket is None


def test_a_folder_of_a_bucket_is_the_setting_of_the_bucket() -> None:
    assert DocumentStore(base_uri="s3://documents/dev/").settings()["output_bucket"] == "documents/dev"


@pytest.mark.parametrize("bucket", [None, "No Bucket"])
def test_settings_without_a_bucket_are_no_document_store(bucket: str | None) -> None:
    with pytest.raises(ConfigurationError, match="OUTPUT_BUCKET"):
        DocumentStore.from_settings(Settings(output_bucket=bucket))

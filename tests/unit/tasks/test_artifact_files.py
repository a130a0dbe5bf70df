"""Links of artifacts, as a browser takes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.artifact_files import file_link
from tasks.artifact_keys import artifact_key
from techne.settings import Settings


@pytest.fixture(autouse=True)
def _of_aws_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def test_an_object_in_aws_is_linked_to_the_console() -> None:
    link = file_link("s3://a-bucket/out/ação 1/document.md", Settings(aws_region="sa-east-1"))
    address = "https://sa-east-1.console.aws.amazon.com/s3/object/a-bucket?region=sa-east-1"
    linked = f"[document.md]({address}&prefix=out/a%C3%A7%C3%A3o%201/document.md)"
    assert link == f"{linked} `s3://a-bucket/out/ação 1/document.md`"


def test_an_object_elsewhere_is_linked_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://minio.internal:9000")
    link = file_link("s3://a-bucket/out/document.md", Settings())
    assert link.startswith("[document.md](http://minio.internal:9000/a-bucket/out/document.md) ")


def test_a_local_file_has_no_link(tmp_path: Path) -> None:
    address = (tmp_path / "document.md").as_uri()
    assert file_link(address, Settings()) == f"document.md `{address}`"


def test_a_name_with_pipes_and_brackets_stays_in_its_cell() -> None:
    link = file_link("s3://a-bucket/a|b](c).md", Settings())
    assert link.startswith("[a\\|b\\](c).md](https://")
    assert link.endswith("prefix=a%7Cb%5D%28c%29.md) `s3://a-bucket/a\\|b](c).md`")


@pytest.mark.parametrize(
    ("work", "key"), [("lesson-7", "docgen-files-lesson-7"), ("Aula_7.Final.", "docgen-files-aula-7-final")]
)
def test_a_key_is_one_that_prefect_takes(work: str, key: str) -> None:
    assert artifact_key("docgen-files", work) == key

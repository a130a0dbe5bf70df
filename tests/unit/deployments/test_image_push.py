"""What a push refuses and waits for, on moto's ECR and a clock of the tests' own (S1-38, S1-41)."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3
import pytest
from moto.ecr.models import ecr_backends

from deployments.image_push import main, wait_for_scan
from deployments.image_repository import ImageReference, ImageRepository
from techne.errors import ConfigurationError
from tests.moto_server import running_moto_server

NAME = "ai-techne-academy/processor"
REGION = "eu-west-1"
HOST = f"123456789012.dkr.ecr.{REGION}.amazonaws.com"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


@dataclass(slots=True)
class Clock:
    """Time that passes only while somebody sleeps, and what happens meanwhile."""

    now: float = 0.0
    meanwhile: list[Callable[[], None]] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.meanwhile:
            self.meanwhile.pop(0)()


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with running_moto_server() as url:
        yield url


@pytest.fixture
def ecr(moto: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Moto's ECR, empty but for the repository, to which the environment leads the code under test."""
    _post(f"{moto}/moto-api/reset", {})
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    client: Any = boto3.client("ecr", region_name=REGION)
    client.create_repository(repositoryName=NAME)
    return client


@pytest.fixture
def repository(ecr: Any) -> ImageRepository:
    """As a reference with ECR's own host names it: region and account are the host's."""
    return ImageRepository(ImageReference.parse(f"{HOST}/{NAME}:abc"), "us-east-1")


@pytest.fixture
def digest(ecr: Any) -> str:
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": {}, "layers": []})
    put = ecr.put_image(repositoryName=NAME, imageManifest=manifest, imageTag="abc")
    return str(put["image"]["imageId"]["imageDigest"])


def _post(url: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    urllib.request.urlopen(request, timeout=30).close()


def _scan_is(moto: str, digest: str, status: str) -> None:
    """Let moto's scan of an image have this status from now on; by itself moto keeps to the first."""
    for image in ecr_backends["123456789012"][REGION].repositories[NAME].images:
        image.scan_finding_results.clear()
    result = {
        "repositoryName": NAME,
        "imageId": {"imageDigest": digest},
        "imageScanStatus": {"status": status, "description": "as the test says"},
    }
    _post(f"{moto}/moto-api/static/ecr/scan-finding-results", {"results": [result], "region": REGION})


@pytest.mark.parametrize(
    "text", ["techne:abc", "techne/processor:abc", f"{HOST}/{NAME}", f"{HOST}/{NAME}@sha256:0", "", "a b/c:d"]
)
def test_what_names_no_registry_and_tag_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="REGISTRY/REPOSITORY:TAG"):
        ImageReference.parse(text)


def test_a_tag_that_ecr_has_not_has_no_digest(repository: ImageRepository, digest: str) -> None:
    assert repository.digest("abc") == digest
    assert repository.digest("abd") is None


def test_latest_moves_without_a_transfer_and_twice_is_as_good_as_once(
    repository: ImageRepository, digest: str
) -> None:
    for _ in range(2):
        repository.tag(digest, "latest")
        assert repository.digest("latest") == digest


def test_a_scan_is_asked_for_where_there_is_none(repository: ImageRepository, digest: str) -> None:
    assert repository.scan(digest) is None
    found = wait_for_scan(repository, digest, 60, clock=(clock := Clock()), sleep=clock.sleep)
    assert (found.status, found.counts, clock.now) == ("COMPLETE", {"HIGH": 1}, 0)
    assert [(severity, name) for severity, name, _ in found.findings] == [("HIGH", "CVE-9999-9999")]


def test_a_scan_under_way_is_waited_for(repository: ImageRepository, digest: str, moto: str) -> None:
    repository.start_scan(digest)
    _scan_is(moto, digest, "PENDING")
    later = [partial(_scan_is, moto, digest, status) for status in ("IN_PROGRESS", "ACTIVE")]
    found = wait_for_scan(repository, digest, 60, clock=(clock := Clock(0, [*later])), sleep=clock.sleep)
    assert (found.status, clock.meanwhile) == ("ACTIVE", [])


def test_a_scan_that_takes_too_long_is_given_up(repository: ImageRepository, digest: str, moto: str) -> None:
    repository.start_scan(digest)
    _scan_is(moto, digest, "IN_PROGRESS")
    with pytest.raises(ConfigurationError, match="not over after 60 s"):
        wait_for_scan(repository, digest, 60, clock=(clock := Clock()), sleep=clock.sleep)
    assert clock.now == 60


def test_a_scan_that_failed_is_told_at_once(repository: ImageRepository, digest: str, moto: str) -> None:
    repository.start_scan(digest)
    _scan_is(moto, digest, "UNSUPPORTED_IMAGE")
    with pytest.raises(ConfigurationError, match="UNSUPPORTED_IMAGE as the test says"):
        wait_for_scan(repository, digest, 60, clock=(clock := Clock()), sleep=clock.sleep)
    assert clock.now == 0


def test_a_missing_repository_is_told_by_name(ecr: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"{HOST}/no/such:abc", "--engine", "buildah"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert f"Repository no/such in {REGION}" in told.err

"""scripts/build and scripts/push on a small checkout: what they refuse, print and push (S1-35, S1-38)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.moto_server import running_moto_server
from tests.support.image_engine import Buildah, buildah_in, missing
from tests.support.image_registry import ImageRegistry, running_image_registry

ROOT = Path(__file__).resolve().parents[3]
REPOSITORY = "ai-techne-academy/processor"
REGION = "us-east-1"
needs_buildah = pytest.mark.skipif(missing() is not None, reason=str(missing()))
DOCKERFILE = """\
ARG BASE_IMAGE=scratch
FROM ${BASE_IMAGE}
COPY pyproject.toml /
ARG VERSION
ARG REVISION
ARG SOURCE
LABEL org.opencontainers.image.version="${VERSION}" \\
      org.opencontainers.image.revision="${REVISION}" \\
      org.opencontainers.image.source="${SOURCE}"
"""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A git checkout with techne's scripts and a small Dockerfile."""

    folder: Path
    environment: dict[str, str]

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org"]
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def script(self, name: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [f"scripts/{name}", *arguments],
            cwd=self.folder,
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @property
    def commit(self) -> str:
        return self.git("rev-parse", "--short=12", "HEAD")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    unset = ("TECHNE_IMAGE", "TECHNE_ECR_REPOSITORY")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    checkout = Checkout(folder, environment | {"PYTHON": sys.executable, "PYTHONPATH": str(ROOT)})
    checkout.git("init", "--quiet")
    checkout.git("remote", "add", "origin", "https://user:secret@example.org/techne.git")
    checkout.git("add", "--all")
    checkout.git("commit", "--quiet", "--message", "All of it")
    return checkout


@pytest.fixture
def buildah(tmp_path: Path, checkout: Checkout) -> Iterator[Buildah]:
    with buildah_in(tmp_path / "buildah") as buildah:
        checkout.environment.update(
            {name: buildah.environment[name] for name in ("CONTAINERS_STORAGE_CONF", "BUILDAH_ISOLATION")}
        )
        yield buildah


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with running_moto_server() as url:
        yield url


@pytest.fixture
def ecr(moto: str) -> Any:
    urllib.request.urlopen(
        urllib.request.Request(f"{moto}/moto-api/reset", method="POST"), timeout=30
    ).close()
    client: Any = boto3.Session("testing", "testing", region_name=REGION).client("ecr", endpoint_url=moto)
    client.create_repository(repositoryName=REPOSITORY)
    return client


@pytest.fixture
def registry(ecr: Any, moto: str, checkout: Checkout, tmp_path: Path) -> Iterator[ImageRegistry]:
    """The registry, which the checkout's scripts find and trust."""
    with running_image_registry(ecr, tmp_path) as registry:
        checkout.environment.update(
            TECHNE_ECR_REPOSITORY=f"{registry.host}/{REPOSITORY}",
            SSL_CERT_FILE=str(tmp_path / "registry.pem"),
            AWS_ENDPOINT_URL=moto,
            AWS_ACCESS_KEY_ID="testing",
            AWS_SECRET_ACCESS_KEY="testing",
            AWS_REGION=REGION,
        )
        yield registry


def scan_result(moto: str, digest: str, **counts: int) -> None:
    """Let moto's next scan find this."""
    result = {
        "registryId": "123456789012",
        "repositoryName": REPOSITORY,
        "imageId": {"imageDigest": digest},
        "imageScanStatus": {"status": "COMPLETE", "description": ""},
        "imageScanFindings": {
            "findingSeverityCounts": counts,
            "findings": [{"name": "CVE-2026-0001", "severity": severity} for severity in counts],
        },
    }
    _post(f"{moto}/moto-api/static/ecr/scan-finding-results", {"results": [result], "region": REGION})


def _post(url: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    urllib.request.urlopen(request, timeout=30).close()


@pytest.mark.skipif(
    shutil.which("shellcheck") is None, reason="shellcheck is not installed (Debian's package)"
)
def test_the_scripts_pass_shellcheck() -> None:
    told = subprocess.run(
        ["shellcheck", "--external-sources", *(ROOT / "scripts").iterdir()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout


@pytest.mark.parametrize("script", ["build", "push"])
def test_an_image_made_elsewhere_is_printed_and_nothing_done(checkout: Checkout, script: str) -> None:
    (checkout.folder / "changed").write_text("not committed")
    done = checkout.script(script, TECHNE_IMAGE="registry.example.org/techne@sha256:0")
    assert (done.returncode, done.stdout) == (0, "registry.example.org/techne@sha256:0\n")


@pytest.mark.parametrize("script", ["build", "push"])
def test_help_names_every_option_and_wrong_ones_are_refused(checkout: Checkout, script: str) -> None:
    told = checkout.script(script, "--help")
    assert told.returncode == 0
    assert all(word in told.stdout for word in ("--engine", "TECHNE_IMAGE", "Exit codes"))
    refused = checkout.script(script, "--no-such-option")
    assert (refused.returncode, refused.stdout) == (2, "")


@pytest.mark.parametrize("script", ["build", "push"])
def test_a_changed_checkout_is_refused_by_name(checkout: Checkout, script: str) -> None:
    (checkout.folder / "Dockerfile").write_text("FROM scratch\n")
    done = checkout.script(script, TECHNE_ECR_REPOSITORY="registry.example.org/techne")
    assert (done.returncode, done.stdout) == (1, "")
    assert "M Dockerfile" in done.stderr


def test_a_client_without_an_engine_is_passed_over(checkout: Checkout, tmp_path: Path) -> None:
    """The first engine that works builds: here podman, since docker's client finds no engine."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, status in (("docker", 1), ("podman", 0)):
        (commands / name).write_text(
            f"#!/bin/sh\n[ $1 = build ] && echo {name} was asked >&2\nexit {status}\n"
        )
        (commands / name).chmod(0o755)
    done = checkout.script("build", PATH=f"{commands}:{os.environ['PATH']}")
    assert (done.returncode, done.stdout) == (0, f"{REPOSITORY}:{checkout.commit}\n")
    assert "podman was asked" in done.stderr


@needs_buildah
def test_a_build_is_tagged_by_commit_and_labelled(checkout: Checkout, buildah: Buildah) -> None:
    done = checkout.script("build", "--engine", "buildah", "--repository", "localhost/techne")
    assert done.stdout == f"localhost/techne:{checkout.commit}\n", done.stderr
    assert buildah.has("localhost/techne:latest")
    labels = buildah.run("inspect", "--type", "image", done.stdout.strip())
    assert f'"org.opencontainers.image.revision": "{checkout.git("rev-parse", "HEAD")}"' in labels
    assert '"org.opencontainers.image.version": "0.1.0"' in labels
    assert '"org.opencontainers.image.source": "https://example.org/techne.git"' in labels
    assert "secret" not in labels


@needs_buildah
def test_a_changed_checkout_gets_a_tag_that_says_so(checkout: Checkout, buildah: Buildah) -> None:
    (checkout.folder / "changed").write_text("not committed")
    done = checkout.script(
        "build", "--engine", "buildah", "--repository", "localhost/techne", "--allow-dirty"
    )
    assert done.stdout.startswith(f"localhost/techne:{checkout.commit}-dirty-2"), done.stderr
    assert not buildah.has("localhost/techne:latest")


@needs_buildah
def test_a_push_prints_the_digest_that_ecr_has(
    checkout: Checkout, buildah: Buildah, registry: ImageRegistry, ecr: Any, moto: str
) -> None:
    built = checkout.script("build", "--engine", "buildah")
    assert built.returncode == 0, built.stderr
    pushed = checkout.script("push", "--engine", "buildah")
    assert pushed.returncode == 0, pushed.stderr
    details = ecr.describe_images(repositoryName=REPOSITORY)["imageDetails"]
    digests = {tag: image["imageDigest"] for image in details for tag in image["imageTags"]}
    assert digests == dict.fromkeys([checkout.commit, "latest"], details[0]["imageDigest"])
    assert pushed.stdout == f"{registry.host}/{REPOSITORY}@{details[0]['imageDigest']}\n"
    assert "Scan: 1 high" in pushed.stderr
    assert registry.password not in pushed.stderr + pushed.stdout

    again = checkout.script("push", "--engine", "buildah")
    assert (again.returncode, again.stdout) == (0, pushed.stdout), again.stderr
    assert registry.pushed == [checkout.commit]


@needs_buildah
def test_a_critical_finding_fails_the_push_and_latest_stays(
    checkout: Checkout, buildah: Buildah, registry: ImageRegistry, ecr: Any, moto: str
) -> None:
    assert checkout.script("build", "--engine", "buildah").returncode == 0
    assert checkout.script("push", "--engine", "buildah", "--", "--scan-timeout", "0").returncode == 0
    first = ecr.describe_images(repositoryName=REPOSITORY)["imageDetails"][0]["imageDigest"]
    checkout.git("commit", "--quiet", "--allow-empty", "--message", "Another")
    assert checkout.script("build", "--engine", "buildah").returncode == 0
    unscanned = checkout.script("push", "--engine", "buildah", "--", "--scan-timeout", "0")
    second = unscanned.stdout.strip().partition("@")[2]
    assert second not in ("", first)
    scan_result(moto, second, CRITICAL=2)
    ecr.batch_delete_image(repositoryName=REPOSITORY, imageIds=[{"imageTag": "latest"}])

    refused = checkout.script("push", "--engine", "buildah")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "Scan: 2 critical" in refused.stderr
    assert "CVE-2026-0001" in refused.stderr
    tags = [
        tag
        for image in ecr.describe_images(repositoryName=REPOSITORY)["imageDetails"]
        for tag in image["imageTags"]
    ]
    assert "latest" not in tags

    scan_result(moto, second, CRITICAL=2)
    accepted = checkout.script("push", "--engine", "buildah", "--", "--allow-critical")
    assert accepted.stdout == unscanned.stdout, accepted.stderr

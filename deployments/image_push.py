"""`python -m deployments.image_push`: an image goes to ECR, is scanned there, and becomes `latest`.

`scripts/push` is how people call it. ECR's side is `image_repository`; here are the engine that sends the
image, the wait for the scan, and the words.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

from deployments.image_repository import (
    SCAN_FINISHED,
    SCAN_UNDER_WAY,
    ImageReference,
    ImageRepository,
    ScanState,
)
from techne.errors import ConfigurationError, TechneError
from techne.settings import get_settings

Engine = Literal["docker", "podman", "buildah"]
LATEST = "latest"
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED", "UNTRIAGED")
LISTED = ("CRITICAL", "HIGH")
"""Severities of findings that are named one by one; the others are counted."""
POLL_SECONDS = 5.0
STDERR = 2

DESCRIPTION = """\
Push an image to ECR, wait for its scan, and let 'latest' be the same image. Standard output is the image's
reference, pinned by digest, alone. A tag that ECR has already stays as it is: what it names is what is
scanned and printed.
"""
EPILOG = """\
Exit codes: 0 done; 1 the engine, ECR or a finding is at fault, and 'latest' is as it was; 2 wrong arguments.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        image = ImageReference.parse(options.image)
        repository = ImageRepository(image, get_settings().aws_region)
        digest = repository.digest(image.tag)
        if digest is None:
            send(image, repository, options.engine)
            digest = repository.digest(image.tag)
        else:
            _say(f"{image} is in ECR already; that one counts.")
        if digest is None:
            raise ConfigurationError(f"ECR has no {image} after the push.", cure="Push again.")
        if options.scan_timeout:
            check(
                wait_for_scan(repository, digest, options.scan_timeout), allow_critical=options.allow_critical
            )
        repository.tag(digest, LATEST)
    except TechneError as error:
        _say(f"{type(error).__name__}: {error}")
        return error.exit_code
    sys.stdout.write(f"{image.uri}@{digest}\n")
    return 0


def send(image: ImageReference, repository: ImageRepository, engine: Engine) -> None:
    """Log in and push. The password goes by standard input, and is forgotten afterwards.

    Raises:
        ConfigurationError: The engine failed; what it said stands on standard error.
    """
    user, password = repository.credentials()
    with _own_credentials(engine, image.host) as environment:
        login = [engine, "login", "--username", user, "--password-stdin", image.host]
        _run(login, environment, password)
        _run([engine, "push", str(image)], environment)


def wait_for_scan(
    repository: ImageRepository,
    digest: str,
    timeout_seconds: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> ScanState:
    """What the scan found, as soon as it is over; one is asked for where there is none.

    Raises:
        ConfigurationError: It failed, can't be done, or takes longer than this.
    """
    deadline = clock() + timeout_seconds
    asked = False
    while True:
        scan = repository.scan(digest)
        if scan is None and not asked:
            repository.start_scan(digest)
            asked = True
            continue
        if scan is not None and scan.status in SCAN_FINISHED:
            return scan
        if scan is not None and scan.status not in SCAN_UNDER_WAY:
            raise ConfigurationError(
                f"ECR could not scan {digest}: {scan.status} {scan.reason}".rstrip(),
                cure="See the image in ECR's console, or push without a scan (--scan-timeout 0).",
            )
        if clock() >= deadline:
            raise ConfigurationError(
                f"The scan of {digest} was not over after {timeout_seconds:.0f} s.",
                cure="Push again, which goes on waiting; --scan-timeout says how long.",
            )
        sleep(POLL_SECONDS)


def check(scan: ScanState, *, allow_critical: bool) -> None:
    """Say what a scan found.

    Raises:
        ConfigurationError: It has critical findings, and these aren't allowed.
    """
    found = [
        f"{scan.counts[severity]} {severity.lower()}" for severity in SEVERITIES if severity in scan.counts
    ]
    _say(f"Scan: {', '.join(found) or 'nothing found'}")
    for severity in LISTED:
        for of, name, package in scan.findings:
            if of == severity:
                _say(f"  {severity:<8}  {name}  {package}".rstrip())
    if scan.counts.get("CRITICAL") and not allow_critical:
        raise ConfigurationError(
            "The image has critical vulnerabilities.",
            cure="Build it on a newer base or with newer locks, or accept them with --allow-critical.",
        )


@contextmanager
def _own_credentials(engine: Engine, host: str) -> Iterator[dict[str, str]]:
    """An environment in which a login lasts for as long as this does."""
    if engine == "docker":  # a configuration of our own would lose docker's contexts
        try:
            yield {}
        finally:
            _run([engine, "logout", host], {})
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield {"REGISTRY_AUTH_FILE": str(Path(folder, "auth.json"))}


def _run(command: list[str], environment: dict[str, str], text: str | None = None) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - the engine, without a shell
            command, env=os.environ | environment, input=text, text=True, stdout=STDERR, check=False
        )
    except OSError as error:
        raise ConfigurationError(
            f"{command[0]} can't be started: {error}", cure="Install it, or name another --engine."
        ) from error
    if done.returncode:
        raise ConfigurationError(
            f"`{' '.join(command[:2])}` failed with {done.returncode}.", cure="It has said why above."
        )


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deployments.image_push",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("image", metavar="IMAGE", help="REGISTRY/REPOSITORY:TAG, which the engine has")
    parser.add_argument("--engine", choices=get_args(Engine), required=True, help="what sends it")
    parser.add_argument(
        "--scan-timeout",
        metavar="SECONDS",
        type=float,
        default=300.0,
        help="longest wait for ECR's scan; 0 waits for none (default: 300)",
    )
    parser.add_argument(
        "--allow-critical", action="store_true", help="accept an image with critical vulnerabilities"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

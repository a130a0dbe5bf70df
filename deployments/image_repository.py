"""The repository of images in ECR: what it holds, its password, its tags and its scans."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any

from techne.aws import aws_errors, error_code
from techne.errors import ConfigurationError

REFERENCE = re.compile(r"(?P<uri>(?P<host>[^/\s]+)/(?P<name>[a-z0-9._/-]+)):(?P<tag>\w[\w.-]{0,127})")
ECR_HOST = re.compile(r"(?P<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.")
MANIFEST_TYPES = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
]
SCAN_FINISHED = ("COMPLETE", "ACTIVE")
"""Of basic scanning, and of Inspector's, which goes on as new vulnerabilities become known."""
SCAN_UNDER_WAY = ("PENDING", "IN_PROGRESS")
MOST_FINDINGS = 1000


@dataclass(frozen=True, slots=True)
class ScanState:
    """What a scan says at the moment.

    Attributes:
        status: ECR's word, such as COMPLETE; see SCAN_FINISHED and SCAN_UNDER_WAY.
        reason: Why, in ECR's words.
        counts: Findings by severity.
        findings: Severity, name and package of findings, the first MOST_FINDINGS of them.
    """

    status: str
    reason: str
    counts: dict[str, int]
    findings: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class ImageReference:
    """`uri:tag`, where the URI is a registry's host and a repository's name."""

    uri: str
    host: str
    name: str
    tag: str

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """Read a reference.

        Raises:
            ConfigurationError: It names no registry or no tag.
        """
        if (match := REFERENCE.fullmatch(text)) is None or "." not in match["host"]:
            raise ConfigurationError(
                f"{text!r} is not REGISTRY/REPOSITORY:TAG.",
                cure="Set TECHNE_ECR_REPOSITORY to the stack's output RepositoryUri.",
            )
        return cls(**match.groupdict())

    def __str__(self) -> str:
        return f"{self.uri}:{self.tag}"


class ImageRepository:
    """One repository of ECR.

    Every method raises what `techne.aws.aws_errors` does: a ConfigurationError that says what ECR refused.

    Args:
        image: Names the repository. A host that isn't ECR's own is taken to stand for it.
        region: Region of a host that names none.
    """

    def __init__(self, image: ImageReference, region: str) -> None:
        import boto3

        own = ECR_HOST.match(image.host)
        self._region = own["region"] if own else region
        self._names = {"repositoryName": image.name} | ({"registryId": own["account"]} if own else {})
        self._place = f"Repository {image.name} in {self._region}"
        with aws_errors(self._place):
            self._client: Any = boto3.client("ecr", region_name=self._region)

    def credentials(self) -> tuple[str, str]:
        """A user and a password for the registry, good for twelve hours."""
        with aws_errors("ECR", action="ecr:GetAuthorizationToken"):
            token = self._client.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        user, _, password = base64.b64decode(token).decode().partition(":")
        return user, password

    def digest(self, tag: str) -> str | None:
        """The digest of the image under a tag, if there is one."""
        from botocore.exceptions import ClientError

        with aws_errors(self._place, action="ecr:DescribeImages"):
            try:
                found = self._client.describe_images(**self._names, imageIds=[{"imageTag": tag}])
            except ClientError as error:
                if error_code(error) == "ImageNotFoundException":
                    return None
                raise
        return str(found["imageDetails"][0]["imageDigest"])

    def tag(self, digest: str, tag: str) -> None:
        """Let a tag name this image, whatever it named before; nothing is transferred."""
        from botocore.exceptions import ClientError

        with aws_errors(self._place, action="ecr:BatchGetImage"):
            found = self._client.batch_get_image(
                **self._names, imageIds=[{"imageDigest": digest}], acceptedMediaTypes=MANIFEST_TYPES
            )["images"][0]
        with aws_errors(self._place, action="ecr:PutImage"):
            try:
                self._client.put_image(
                    **self._names,
                    imageManifest=found["imageManifest"],
                    imageManifestMediaType=found["imageManifestMediaType"],
                    imageTag=tag,
                    imageDigest=digest,
                )
            except ClientError as error:
                if error_code(error) != "ImageAlreadyExistsException":
                    raise

    def scan(self, digest: str) -> ScanState | None:
        """What the image's scan says, or None if there is none."""
        from botocore.exceptions import ClientError

        with aws_errors(self._place, action="ecr:DescribeImageScanFindings"):
            try:
                told = self._client.describe_image_scan_findings(
                    **self._names, imageId={"imageDigest": digest}, maxResults=MOST_FINDINGS
                )
            except ClientError as error:
                if error_code(error) == "ScanNotFoundException":
                    return None
                raise
        status, findings = told["imageScanStatus"], told.get("imageScanFindings", {})
        return ScanState(
            status=status["status"],
            reason=status.get("description", ""),
            counts=dict(findings.get("findingSeverityCounts", {})),
            findings=(
                *(_basic(finding) for finding in findings.get("findings", ())),
                *(_enhanced(finding) for finding in findings.get("enhancedFindings", ())),
            ),
        )

    def start_scan(self, digest: str) -> None:
        """Ask for a scan, unless one was asked for today or Inspector scans by itself."""
        from botocore.exceptions import ClientError

        with aws_errors(self._place, action="ecr:StartImageScan"):
            try:
                self._client.start_image_scan(**self._names, imageId={"imageDigest": digest})
            except ClientError as error:
                if error_code(error) not in {"LimitExceededException", "ValidationException"}:
                    raise


def _basic(finding: dict[str, Any]) -> tuple[str, str, str]:
    package = {pair["key"]: pair["value"] for pair in finding.get("attributes", ())}
    named = f"{package.get('package_name', '')} {package.get('package_version', '')}".strip()
    return finding["severity"], finding["name"], named


def _enhanced(finding: dict[str, Any]) -> tuple[str, str, str]:
    details = finding.get("packageVulnerabilityDetails", {})
    packages = ", ".join(
        f"{package['name']} {package.get('version', '')}".strip()
        for package in details.get("vulnerablePackages", ())
    )
    return finding["severity"], details.get("vulnerabilityId", finding.get("title", "")), packages

"""The image as ECS runs it: nobody's process 1 on a read-only root (S1-34, S1-40, resolutions 17 and 18).

Buildah builds it with scripts/build on a base that `tests.support.base_image` makes; both are kept, by what
they are made of, in TECHNE_IMAGE_CACHE, so that a second run builds what has changed alone.
"""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL
from prefect.workers.base import BaseJobConfiguration

from tests.integration.conftest import MotoAWS
from tests.support.base_image import base_image, find_python
from tests.support.image_container import ReadOnlyContainer, read_only_container
from tests.support.image_engine import Buildah, buildah_in, missing
from tests.support.image_layers import Layer, layers_of

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("TECHNE_IMAGE_CACHE", "/var/tmp/techne-images"))
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
PIP_CONFIGURATIONS = (Path("/etc/pip.conf"), Path.home() / ".config/pip/pip.conf")
SECRET = "techne-secret-of-the-build"
"""Stands in every secret of every build, and must stand nowhere in the image."""
MEGABYTE = 1_000_000
LARGEST_CODE = 10 * MEGABYTE
LARGEST_IN_ALL = 700 * MEGABYTE
"""Bounds of this repository's layers, above the base image: what has become heavy should be noticed."""

no_image = missing() or (None if find_python() else "there is no Python 3.12 to make a base image of")
pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(900),
    pytest.mark.skipif(no_image is not None, reason=f"No image can be built: {no_image}"),
]


@pytest.fixture(scope="module")
def buildah() -> Iterator[Buildah]:
    with buildah_in(CACHE) as buildah:
        yield buildah


@pytest.fixture(scope="module")
def image(buildah: Buildah, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The reference that scripts/build prints."""
    python = find_python()
    assert python is not None
    folder = tmp_path_factory.mktemp("secrets")
    secrets = {"pip.conf": f"[global]\n# {SECRET}\n", "uv.toml": f"# {SECRET}\n"}
    if AUTHORITIES.exists():
        secrets["ca.pem"] = f"{AUTHORITIES.read_text()}\n# {SECRET}\n"
    secrets_of_build = []
    for name, content in secrets.items():
        (folder / name).write_text(content)
        secrets_of_build += ["--secret", f"id={name},src={folder / name}"]
    options = ["--engine", "buildah", "--allow-dirty", "--repository", "localhost/techne"]
    built = subprocess.run(
        [ROOT / "scripts/build", *options, "--base", base_image(buildah, python), "--", *secrets_of_build],
        env=buildah.environment | {"TECHNE_IMAGE": ""},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return built.stdout.strip()


@pytest.fixture
def container(buildah: Buildah, image: str, tmp_path: Path) -> Iterator[ReadOnlyContainer]:
    with read_only_container(buildah, image, tmp_path / "scratch") as container:
        yield container


def test_the_images_own_command_makes_a_document_as_nobody(container: ReadOnlyContainer) -> None:
    """`docker run IMAGE`: no account, no network, no argument; a Prefect server of its own below /tmp."""
    done = container.run()
    assert done.code == 0, done.stderr
    folder = container.scratch / "output" / "sample"
    assert (folder / "document.md").read_text(encoding="utf-8").startswith("# ")
    with ZipFile(folder / "document.docx") as document:
        assert ElementTree.fromstring(document.read("word/document.xml")).tag.endswith("}document")
    assert {path.stat().st_uid for path in container.scratch.rglob("*")} == {10001}


def test_nothing_can_be_written_but_below_tmp(container: ReadOnlyContainer) -> None:
    looked = container.run("sh", "-c", "id -u; id -g; find / -xdev -writable; touch /opt/techne/x")
    assert looked.stdout.split() == ["10001", "10001", "/tmp"], looked.stderr
    assert "Read-only file system" in looked.stderr
    assert container.not_roots_alone() == []


def test_all_dependencies_load(container: ReadOnlyContainer) -> None:
    """S1-40; of langchain the image has nothing, since the executor speaks to providers itself."""
    imports = "import boto3, docx, prefect_aws, pyarrow.parquet, sklearn.feature_extraction.text"
    loaded = container.run("python", "-c", f"{imports}; print('All dependencies loaded')")
    assert loaded.stdout == "All dependencies loaded\n", loaded.stderr
    every_module = (
        "import importlib, pkgutil\n"
        "optional = {'techne.llm.langchain'}\n"
        "for top in ('techne', 'tasks', 'blocks', 'flows', 'deployments'):\n"
        "    package = importlib.import_module(top)\n"
        "    for module in pkgutil.walk_packages(package.__path__, f'{top}.'):\n"
        "        if module.name not in optional and not module.name.endswith('__main__'):\n"
        "            importlib.import_module(module.name)\n"
        "import techne; print(techne.__file__)"
    )
    imported = container.run("python", "-W", "ignore", "-c", every_module)
    assert imported.stdout == "/opt/techne/techne/__init__.py\n", imported.stderr


def test_the_projects_commands_are_there(container: ReadOnlyContainer) -> None:
    commands = container.run(
        "python",
        "-c",
        "from importlib.metadata import distribution\n"
        "print(*(entry.name for entry in distribution('techne').entry_points))",
    )
    assert "techne-bootstrap" in commands.stdout.split()
    for name in commands.stdout.split():
        told = container.run(name, "--help")
        assert told.code == 0, told.stderr
        assert "usage: " in told.stdout


def test_prefects_command_for_ecs_executes_a_flow_run(
    container: ReadOnlyContainer, prefect_server: None, aws: MotoAWS
) -> None:
    """S1-40's mock event with test-table and test-bucket, by the command that Prefect's worker gives."""
    aws.create_tracking_table("test-table")
    aws.create_bucket("transcription-bucket")
    bucket = aws.create_bucket("test-bucket")
    sample = (ROOT / "samples/treinamento-pagamentos.pt-BR.json").read_bytes()
    aws.s3.put_object(Bucket="transcription-bucket", Key="uuid/transcription.json", Body=sample)
    event = {
        "execution_id": "test-123",
        "video_s3_uri": "s3://input-bucket/video.mp4",
        "transcription_s3_uri": "s3://transcription-bucket/uuid/transcription.json",
        "engine": "extractive",
    }
    with get_client(sync_client=True) as client:
        flow = client.read_flow(client.create_flow_from_name("docgen"))
        deployment = client.read_deployment(
            client.create_deployment(
                flow.id,
                f"image-{uuid.uuid4().hex}",
                entrypoint="flows/docgen.py:docgen",
                pull_steps=[
                    {"prefect.deployments.steps.set_working_directory": {"directory": "/opt/techne"}}
                ],
            )
        )
        run = client.create_flow_run_from_deployment(deployment.id, parameters={"request": event})
        job = BaseJobConfiguration()
        job.prepare_for_flow_run(run, deployment, flow)
        assert job.command is not None
        environment = {name: value for name, value in job.env.items() if value is not None} | {
            "PREFECT_API_URL": str(PREFECT_API_URL.value()),
            "TRACKING_TABLE": "test-table",
            "OUTPUT_BUCKET": bucket,
            "AWS_ENDPOINT_URL": aws.endpoint_url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "us-east-1",
            "HOME": "/tmp",
            "PREFECT_HOME": "/tmp/prefect",
        }
        done = container.run(*job.command.split(), more=environment)
        assert done.code == 0, done.stderr
        state = client.read_flow_run(run.id).state
        assert state is not None
        assert state.is_completed(), f"{state}\n{done.stderr}"
    objects = {item["Key"] for item in aws.s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert {"test-123/document.md", "test-123/document.docx", "test-123/manifest.json"} <= objects
    item = aws.dynamodb.get_item(TableName="test-table", Key={"execution_id": {"S": "test-123"}})["Item"]
    assert item["status"] == {"S": "completed"}


def test_no_build_tool_and_no_test_is_in_the_image(container: ReadOnlyContainer) -> None:
    tools = {"pip", "pip3", "uv", "gcc", "cc", "g++", "c++", "cpp", "ld", "make", "cmake", "cargo", "git"}
    commands = [path for name in container.path for path in container.root.joinpath(name[1:]).glob("*")]
    assert {path.name for path in commands if path.name in tools} == set()
    packages = next(container.root.glob("opt/venv/lib/python3.*/site-packages"))
    for unwanted in ("pip", "uv", "hatchling", "setuptools", "pytest", "moto", "matplotlib", "*/tests"):
        assert not list(packages.glob(unwanted)), unwanted
    assert not list(container.root.glob("usr/local/lib/python3.*/ensurepip"))
    assert not list(container.root.glob("usr/local/lib/python3.*/site-packages/pip"))


def test_no_secret_of_the_build_is_in_the_image(buildah: Buildah, image: str, tmp_path: Path) -> None:
    """Neither in a layer, of whatever file was deleted since, nor in the configuration."""
    words = [SECRET, *machine_indexes()]
    assert not [word for word in words if word in buildah.run("inspect", "--type", "image", image)]
    patterns = tmp_path / "words"
    patterns.write_text("\n".join(words))
    for layer in layers_of(buildah, image):
        found = subprocess.run(
            [
                "grep",
                "--recursive",
                "--files-with-matches",
                "--fixed-strings",
                f"--file={patterns}",
                layer.files,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.stdout == "", f"{layer.made_by}: {found.stdout}"


def machine_indexes() -> list[str]:
    """Addresses of this machine's own package indexes."""
    lines = [line for path in PIP_CONFIGURATIONS if path.exists() for line in path.read_text().splitlines()]
    values = [line.partition("=")[2].split() for line in lines if "index-url" in line.partition("=")[0]]
    values.append(os.environ.get("PIP_INDEX_URL", "").split())
    public = "https://pypi.org/simple"
    return [word for value in values for word in value if word.rstrip("/") != public]


def test_size_by_layer_and_by_package(buildah: Buildah, image: str, container: ReadOnlyContainer) -> None:
    """Resolution 18: the report goes to standard output, and to TECHNE_IMAGE_REPORT if that names a file."""
    layers = layers_of(buildah, image)
    ours = [layer for layer in layers if not layer.is_base]
    packages = next(container.root.glob("opt/venv/lib/python3.*/site-packages"))
    report = size_report(layers, packages)
    print(report)
    if (path := os.environ.get("TECHNE_IMAGE_REPORT")) is not None:
        Path(path).write_text(report, encoding="utf-8")
    code = next(
        layer for layer in ours if "/opt/techne in " in layer.made_by or layer.made_by.endswith("/opt/techne")
    )
    assert code.size < LARGEST_CODE, report
    assert sum(layer.size for layer in ours) < LARGEST_IN_ALL, report


def size_report(layers: list[Layer], packages: Path) -> str:
    """Two tables: megabytes of each layer, and of each of the largest packages."""
    sizes = {
        folder.name: sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        for folder in packages.iterdir()
        if folder.is_dir()
    }
    largest = sorted(sizes, key=sizes.__getitem__, reverse=True)[:20]
    lines = [
        f"{sum(layer.size for layer in layers) / MEGABYTE:7.1f} MB in all",
        *(f"{layer.size / MEGABYTE:7.1f} MB  {layer.made_by[:90]}" for layer in layers),
        "Packages:",
        *(f"{sizes[name] / MEGABYTE:7.1f} MB  {name}" for name in largest),
    ]
    return "\n".join(lines) + "\n"

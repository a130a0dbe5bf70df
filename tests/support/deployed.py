"""techne as it is deployed, on this machine: the stack, a team's server, what bootstrap and deploy make.

AWS is moto in a process of its own, with `deployments/infrastructure.yaml` applied to it; the database is
PostgreSQL; the server asks for a login. Everything is done by the commands that DEPLOYMENT.md names, each
in a process of its own. Files of it all lie in one folder.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from deployments.bootstrap_work_pools import LOCAL_POOL
from deployments.local_postgres import LocalPostgres, find_programs
from deployments.local_server import LocalServer
from techne.errors import ConfigurationError
from tests.support.moto_process import running_moto_process
from tests.support.process_tree import kill_tree

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "deployments" / "infrastructure.yaml"
REGION = "us-east-1"
STACK = "techne-dev"
LOGIN = "admin:correct-horse"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/ai-techne-academy/processor@sha256:" + "0" * 64
COMMAND_SECONDS = 240
"""Patience with a command; nothing is decided by it."""
_RUN_ID = re.compile(r"UUID: ([0-9a-f-]{36})")


def _has_postgres() -> bool:
    try:
        find_programs()
    except ConfigurationError:
        return False
    return True


needs_postgres = pytest.mark.skipif(not _has_postgres(), reason="the machine has no PostgreSQL server")


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that ended."""

    exit_code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployed techne.

    Attributes:
        folder: Its files: logs, homes.
        postgres: The server's database.
        server: The Prefect server.
        aws_url: Where AWS is.
        outputs: The stack's.
    """

    folder: Path
    postgres: LocalPostgres
    server: LocalServer
    aws_url: str
    outputs: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """What commands, workers and so their flows have in their environment."""
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PREFECT_", "AWS_", "TECHNE_"))
        }
        return {
            **own,
            **self.server.clients,
            "PREFECT_HOME": str(self.folder / "client"),
            "PREFECT_LOGGING_EXTRA_LOGGERS": "techne,flows,tasks",
            "TECHNE_HOME": str(self.folder / "techne-home"),
            "TECHNE_ROOT": str(ROOT),
            "TRACKING_TABLE": self.outputs["TrackingTable"],
            "OUTPUT_BUCKET": self.outputs["OutputBucket"],
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def run(self, *command: str, more: Mapping[str, str] | None = None) -> Ended:
        """Run a command of the environment's Python: `-m deployments.bootstrap`, `-m prefect deploy`."""
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env={**self.environment, **(more or {})},
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def bootstrap(self, *arguments: str) -> Ended:
        """Run `techne-bootstrap` for the stack."""
        return self.run("-m", "deployments.bootstrap", "--stack", STACK, *arguments)

    def deploy(self, pool: str = LOCAL_POOL, *arguments: str, more: Mapping[str, str] | None = None) -> Ended:
        """Run `prefect deploy --all` onto a work pool."""
        where = {"TECHNE_WORK_POOL": pool, "TECHNE_IMAGE": IMAGE}
        names = arguments or ("--all",)
        return self.run("-m", "prefect", "--no-prompt", "deploy", *names, more={**where, **(more or {})})

    def start_run(self, deployment: str, **parameters: Any) -> UUID:
        """Run `prefect deployment run`, as CI does; the flow run's id."""
        given = [f"--param={name}={json.dumps(value)}" for name, value in parameters.items()]
        done = self.run("-m", "prefect", "deployment", "run", deployment, *given)
        found = _RUN_ID.search(done.out)
        assert found, done
        return UUID(found[1])

    def started_run(self, deployment: str, **parameters: Any) -> UUID:
        """As `start_run`, from this process: the command takes seconds to come up."""
        with self.client() as client:
            found = client.read_deployment_by_name(deployment)
            return client.create_flow_run_from_deployment(found.id, parameters=parameters).id

    @contextmanager
    def worker(
        self, *arguments: str, pool: str = LOCAL_POOL, more: Mapping[str, str] | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A worker of a pool, for as long as the context; its words are in `worker.log`."""
        environment = {**self.environment, **(more or {})}
        with running_worker(
            pool, *arguments, environment=environment, log=self.folder / "worker.log"
        ) as worker:
            yield worker

    def ended_run(self, run_id: UUID, timeout_seconds: float = COMMAND_SECONDS) -> FlowRun:
        """The flow run, as soon as it is in a final state."""
        deadline = time.monotonic() + timeout_seconds
        with self.client() as client:
            while True:
                run = client.read_flow_run(run_id)
                if run.state is not None and run.state.is_final():
                    return run
                assert time.monotonic() < deadline, (run.state, self.log("worker.log"))
                time.sleep(0.25)

    @contextmanager
    def client(self) -> Iterator[SyncPrefectClient]:
        """A client of the server, and its address in Prefect's settings meanwhile."""
        with client_of(self.server) as client:
            yield client

    def aws(self, service: str) -> Any:
        """A client of AWS."""
        return _connect(self.aws_url, service)

    def upload(self, file: Path, key: str) -> str:
        """Put a file into the bucket of inputs; its address."""
        bucket = self.outputs["InputBucket"]
        self.aws("s3").upload_file(str(file), bucket, key)
        return f"s3://{bucket}/{key}"

    def stored(self, output: str, prefix: str = "") -> dict[str, bytes]:
        """All objects of a bucket, which an output of the stack names, by their keys."""
        bucket, s3 = self.outputs[output], self.aws("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def record(self, execution_id: str) -> dict[str, Any]:
        """An execution's item in the tracking table."""
        item = self.aws("dynamodb").get_item(
            TableName=self.outputs["TrackingTable"], Key={"execution_id": {"S": execution_id}}
        )["Item"]
        return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}

    def log(self, name: str) -> str:
        """Words of a log in the folder, for what a failure shows."""
        return (self.folder / name).read_text(errors="replace")[-6000:]


@contextmanager
def client_of(server: LocalServer) -> Iterator[SyncPrefectClient]:
    """A client of a server, and its address in Prefect's settings meanwhile."""
    api_url, login = (server.clients[name] for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING"))
    with (
        temporary_settings({PREFECT_API_URL: api_url, PREFECT_API_AUTH_STRING: login}),
        get_client(sync_client=True) as client,
    ):
        yield client


@contextmanager
def running_worker(
    pool: str, *arguments: str, environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of a pool that looks for runs every second; it and its runs end with the context."""
    with log.open("ab") as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool, *arguments],
            cwd=ROOT,
            env={"PREFECT_WORKER_QUERY_SECONDS": "1", **environment},
            stdout=words,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        kill_tree(process)


@contextmanager
def running_deployment(settings: Mapping[str, str] | None = None) -> Iterator[Deployed]:
    """Everything but workers, bootstrapped; nothing deployed yet.

    Args:
        settings: Further settings of the Prefect server.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(_open_folder())
        aws_url = stack.enter_context(running_moto_process(folder / "moto.log"))
        outputs = _applied(aws_url)
        postgres, server = stack.enter_context(_running(folder, settings))
        deployed = Deployed(folder, postgres, server, aws_url, outputs)
        done = deployed.bootstrap()
        assert done.exit_code == 0, done
        yield deployed


@contextmanager
def running_server(settings: Mapping[str, str] | None = None) -> Iterator[LocalServer]:
    """A Prefect server with PostgreSQL and a login, and nothing on it.

    Args:
        settings: Further settings of the server.
    """
    with _open_folder() as folder, _running(folder, settings) as (_, server):
        yield server


@contextmanager
def _open_folder() -> Iterator[Path]:
    """A folder that others may reach: pytest's own are closed, and root has another user run the database."""
    folder = Path(tempfile.mkdtemp(prefix="techne-deployed-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(folder: Path, settings: Mapping[str, str] | None) -> Iterator[tuple[LocalPostgres, LocalServer]]:
    with ExitStack() as stack:
        postgres = LocalPostgres(folder / "postgres")
        postgres.start()
        stack.callback(postgres.stop, orderly=False)
        server = LocalServer(folder / "server", postgres.url, LOGIN, settings=settings)
        server.start()
        stack.callback(server.stop)
        yield postgres, server


def _applied(aws_url: str) -> dict[str, str]:
    """Apply the template to the empty account; the stack's outputs."""
    ec2 = _connect(aws_url, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    # Without it moto's ECS fails at the first task, whose interface has no name.
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    secret = _connect(aws_url, "secretsmanager").create_secret(Name="prefect", SecretString=LOGIN)["ARN"]
    given = {
        "VpcId": vpc,
        "SubnetIds": subnet,
        "PrefectApiUrl": "http://prefect.internal:4200/api",
        "PrefectApiAuthSecretArn": secret,
    }
    cloudformation = _connect(aws_url, "cloudformation")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=TEMPLATE.read_text("utf-8"),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _connect(aws_url: str, service: str) -> Any:
    session: Any = boto3.Session("testing", "testing", region_name=REGION)
    return session.client(service, endpoint_url=aws_url)

"""Fixtures of the integration tests: AWS as moto serves it."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from tests.moto_server import running_moto_server

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

REGION = "us-east-1"


@pytest.fixture(autouse=True)
def own_prefect_results(tmp_path: Path) -> Iterator[None]:
    """Results of flows stay with the test that ran them: a cached one would spare the next test its calls."""
    from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, temporary_settings

    with temporary_settings({PREFECT_LOCAL_STORAGE_PATH: tmp_path / "prefect-results"}):
        yield


@dataclass(frozen=True, slots=True)
class MotoAWS:
    """An empty AWS account: where it is, and clients to prepare and inspect it."""

    endpoint_url: str
    s3: S3Client
    dynamodb: DynamoDBClient

    def create_bucket(self, name: str) -> str:
        self.s3.create_bucket(Bucket=name)
        return name

    def create_tracking_table(self, name: str) -> str:
        self.dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "execution_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "execution_id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        return name


@pytest.fixture(scope="session")
def moto_account() -> Iterator[MotoAWS]:
    """A moto server that lasts for the session, with clients of it; use `aws` for an empty account."""
    with running_moto_server() as url:
        session = boto3.Session("testing", "testing", region_name=REGION)
        yield MotoAWS(
            url, session.client("s3", endpoint_url=url), session.client("dynamodb", endpoint_url=url)
        )


@pytest.fixture
def aws(moto_account: MotoAWS, monkeypatch: pytest.MonkeyPatch) -> MotoAWS:
    """An empty account, to which the environment leads every boto3 client of this test."""
    reset = urllib.request.Request(f"{moto_account.endpoint_url}/moto-api/reset", method="POST")
    urllib.request.urlopen(reset, timeout=30).close()
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_account.endpoint_url)
    # The same for every test, so that clients, which take a third of a second to make, are shared.
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    return moto_account

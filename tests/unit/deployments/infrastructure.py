"""The stack of deployments/infrastructure.yaml, as its parameters make it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from tests.support.cloudformation import Stack

TEMPLATE = Path(__file__).parents[3] / "deployments" / "infrastructure.yaml"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prefect-AbCdEf"


@lru_cache(maxsize=8)
def infrastructure(**parameters: str) -> Stack:
    """The stack with a worker, and with defaults for what isn't given."""
    given = {
        "VpcId": "vpc-1",
        "SubnetIds": "subnet-1,subnet-2",
        "PrefectApiUrl": "http://prefect.internal:4200/api",
        "PrefectApiAuthSecretArn": SECRET,
        "Image": "processor:abc1234",
    }
    return Stack(TEMPLATE, **{**given, **parameters})

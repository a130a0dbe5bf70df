"""A flow run that lasts until its process is killed; it says its id on standard output."""

from __future__ import annotations

import sys

from prefect import flow
from prefect.runtime import flow_run


@flow(name="lasting")
def lasting() -> None:
    """Wait for standard input to end."""
    print(flow_run.id, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    lasting()

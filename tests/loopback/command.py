"""Runs a loopback server as a process of its own."""

from __future__ import annotations

import argparse
import importlib
import json
import threading
from pathlib import Path

from tests.loopback.exchange import default_responder
from tests.loopback.faults import FaultPlan
from tests.loopback.server import LoopbackServer


def main(server: type[LoopbackServer]) -> None:
    """Run one server until it is killed; its environment is printed when it is ready."""
    parser = argparse.ArgumentParser(description=server.__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds a call takes")
    parser.add_argument("--faults", type=float, default=0.0, help="share of calls that are broken")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stall", type=float, default=60.0, help="seconds that a call without answer hangs")
    parser.add_argument("--responder", help="module:function that answers")
    parser.add_argument("--log", type=Path, help="file that gets one line of JSON per call")
    options = parser.parse_args()
    responder = default_responder
    if options.responder:
        module, _, name = options.responder.partition(":")
        responder = getattr(importlib.import_module(module), name)
    plan = FaultPlan(probability=options.faults, seed=options.seed, stall_seconds=options.stall)
    running = server(
        responder, latency_seconds=options.latency, faults=plan, port=options.port, log=options.log
    )
    with running:
        print(json.dumps(running.environment()), flush=True)
        threading.Event().wait()

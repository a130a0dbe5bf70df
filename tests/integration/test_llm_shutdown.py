"""Nothing hangs: closing the executor and leaving the process with a call in flight."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from techne.errors import LLMError
from techne.llm import LLMExecutor, LLMRequest
from techne.settings import Settings
from tests.loopback import Fault, FaultPlan
from tests.loopback.bedrock import BedrockServer

INTERRUPTED = """
import logging
from techne.llm import LLMRequest, shared_executor
logging.basicConfig(level="INFO")
shared_executor().submit_sync(LLMRequest(provider="bedrock", prompt="Why?"))
"""


async def test_close_does_not_wait_for_a_call_that_cannot_be_broken_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with BedrockServer(faults=FaultPlan([Fault("timeout")])) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        executor = LLMExecutor(Settings(techne_home=tmp_path))
        task = asyncio.create_task(executor.submit(LLMRequest(provider="bedrock", prompt="Why?")))
        await asyncio.to_thread(server.wait_for, 1)
        await executor.aclose(timeout_seconds=0.1)
        with pytest.raises(LLMError, match="closed before"):
            await task
    assert "never retrieved" not in capfd.readouterr().err


def test_an_interrupted_process_leaves_at_once(tmp_path: Path) -> None:
    with BedrockServer(faults=FaultPlan([Fault("timeout")])) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTED],
            env={**os.environ, **server.environment(), "TECHNE_HOME": str(tmp_path)},
            stderr=subprocess.PIPE,
            text=True,
        )
        server.wait_for(1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in errors
    assert "destroyed" not in errors
    assert "Fatal Python error" not in errors

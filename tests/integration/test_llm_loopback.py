"""The loopback servers keep to the wire protocols, as the real clients read them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import ollama
import pytest

from tests.loopback import FaultPlan, Reply
from tests.loopback.bedrock import BedrockServer
from tests.loopback.ollama import OllamaServer

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
TEXT = "Réinicie o serviço: `kubectl rollout restart deployment/pagamentos`. " * 3


def bedrock_client(server: BedrockServer) -> Any:
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def test_botocore_reads_the_event_stream_with_its_checksums() -> None:
    with BedrockServer(lambda _: Reply(TEXT, input_tokens=7, output_tokens=9)) as server:
        response = bedrock_client(server).converse_stream(
            modelId=MODEL, messages=[{"role": "user", "content": [{"text": "Why?"}]}]
        )
        events = list(response["stream"])
    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    assert "".join(delta["text"] for delta in deltas) == TEXT
    assert len(deltas) > 3
    assert {"messageStop": {"stopReason": "end_turn"}} in events
    assert events[-1]["metadata"]["usage"]["totalTokens"] == 16
    assert server.requests[0].model == MODEL


def test_langchain_reads_the_event_stream() -> None:
    from langchain_aws import ChatBedrockConverse

    with BedrockServer(lambda _: Reply(TEXT), faults=FaultPlan(["max_tokens"])) as server:
        chat = ChatBedrockConverse(
            model_id=MODEL, client=bedrock_client(server), bedrock_client=bedrock_client(server)
        )
        whole = [chunk.text for chunk in chat.stream("Why?")]
    assert "".join(whole) == TEXT[: len(TEXT) // 2]
    assert server.requests[0].operation == "converse-stream"


def test_the_ollama_client_reads_the_stream_and_the_models() -> None:
    with OllamaServer(lambda _: Reply(TEXT, output_tokens=9)) as server:
        client = ollama.Client(host=server.url)
        parts = list(client.chat("qwen2:7b", [{"role": "user", "content": "Why?"}], stream=True))
        assert "".join(part.message.content or "" for part in parts) == TEXT
        assert (parts[-1].done, parts[-1].done_reason, parts[-1].eval_count) == (True, "stop", 9)
        assert [entry.model for entry in client.list().models] == ["qwen2:7b", "llama3.1:8b"]
        assert client.show("qwen2:7b").capabilities == ["completion"]
        with pytest.raises(ollama.ResponseError, match="not found"):
            client.chat("missing", [])


def test_a_server_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.loopback.ollama", "--log", str(log)],
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    try:
        assert process.stdout is not None
        environment = json.loads(process.stdout.readline())
        client = ollama.Client(host=environment["OLLAMA_HOST"])
        client.chat("qwen2:7b", [{"role": "user", "content": "Why?"}])
        assert json.loads(log.read_text())["prompt"] == "Why?"
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def test_a_plan_breaks_the_same_requests_for_the_same_seed() -> None:
    def broken(seed: int) -> list[str | None]:
        plan = FaultPlan(probability=0.2, seed=seed)
        return [fault.kind if (fault := plan.fault_for(number)) else None for number in range(500)]

    assert broken(1) == broken(1) != broken(2)
    assert 60 < sum(kind is not None for kind in broken(1)) < 140

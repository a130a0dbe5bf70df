"""The benchmarks' server: real clients understand it, and each call that breaks a limit is counted."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.wire_limits import Book, Limits
from benchmarks.wire_server import WireServer

HOUR = 3600.0
HI = {"model": "m", "messages": [{"role": "user", "content": "four" * 5}]}
ROUTES = {"openai": "/v1/chat/completions", "bedrock": "/model/m/converse", "ollama": "/api/chat"}
opener = build_opener(ProxyHandler({}))


def post(server: WireServer, provider: str, body: Any = None) -> tuple[int, dict[str, Any], dict[str, str]]:
    asked = Request(server.url + ROUTES[provider], data=json.dumps(body or HI).encode(), method="POST")
    try:
        with opener.open(asked, timeout=30) as response:
            return response.status, json.load(response), dict(response.headers)
    except HTTPError as error:
        return error.code, json.load(error), dict(error.headers)


def test_no_window_holds_more_calls_than_the_limit() -> None:
    book = Book(Limits(rpm=2, window_seconds=10))
    seen = [book.arrive(1, now) for now in (0.0, 9.0, 9.5, 10.0, 18.9, 19.0)]
    assert seen == [None, None, ("rpm", 0.5), None, ("rpm", pytest.approx(0.1)), None]
    assert book.counts["throttled_by"] == {"rpm": 2}
    assert book.counts["window_peak_requests"] == 4


def test_no_window_holds_more_tokens_than_the_limit() -> None:
    book = Book(Limits(tpm=100, window_seconds=10))
    seen = [book.arrive(tokens, now) for tokens, now in ((60, 0.0), (41, 1.0), (40, 1.0), (60, 10.0))]
    assert seen == [None, ("tpm", 9.0), None, None]
    assert (book.counts["tokens"], book.counts["window_peak_tokens"]) == (160, 141)


def test_a_refused_call_takes_nothing_from_the_limits() -> None:
    book = Book(Limits(rpm=1, window_seconds=10))
    assert [book.arrive(1, now) is None for now in (0.0, 5.0, 10.0)] == [True, False, True]


@given(
    gaps=st.lists(st.floats(0, 3), max_size=60),
    tokens=st.integers(1, 30),
    rpm=st.integers(1, 8),
    tpm=st.integers(1, 120),
)
def test_what_is_let_in_keeps_both_limits_in_every_window(
    gaps: list[float], tokens: int, rpm: int, tpm: int
) -> None:
    book, now, admitted = Book(Limits(rpm=rpm, tpm=tpm, window_seconds=5)), 0.0, []
    for gap in gaps:
        now += gap
        if book.arrive(tokens, now) is None:
            admitted.append(now)
    for end in admitted:
        inside = sum(1 for at in admitted if at <= end < at + 5)
        assert inside <= rpm
        assert inside * tokens <= tpm
    assert book.counts["throttled"] == len(gaps) - len(admitted)


@pytest.fixture(scope="module")
def limited() -> Iterator[WireServer]:
    with WireServer(rpm=3, window_seconds=HOUR, answer="eight ch") as server:
        yield server


@pytest.mark.parametrize("provider", ROUTES)
def test_each_provider_s_limits_are_its_own_and_violations_are_counted(
    provider: str, limited: WireServer
) -> None:
    limited.reset()
    assert [post(limited, provider)[0] for _ in range(5)] == [200, 200, 200, 429, 429]
    counted = limited.stats()
    assert counted["providers"][provider]["throttled_by"] == {"rpm": 2}
    assert (counted["arrived"], counted["answered"], counted["throttled"]) == (5, 3, 2)
    assert counted["tokens"] == 3 * (5 + 2)
    assert (counted["window_peak_requests"], counted["in_flight"]) == (5, 0)


def test_a_refusal_says_when_there_is_room(limited: WireServer) -> None:
    limited.reset()
    status, body, headers = [post(limited, "openai") for _ in range(4)][-1]
    assert (status, body["error"]["code"]) == (429, "rate_limit_exceeded")
    assert 0 < int(headers["retry-after-ms"]) <= HOUR * 1000 + 1


def test_a_reset_gives_the_old_counts_and_starts_anew(limited: WireServer) -> None:
    limited.reset()
    for _ in range(4):
        post(limited, "ollama")
    assert limited.reset()["throttled"] == 1
    assert limited.stats()["arrived"] == 0
    assert post(limited, "ollama")[0] == 200


def test_tokens_are_limited() -> None:
    with WireServer(tpm=20, window_seconds=HOUR, answer="eight ch") as server:
        assert [post(server, "bedrock")[0] for _ in range(3)] == [200, 200, 429]
        assert server.stats()["throttled_by"] == {"tpm": 1}


def test_a_call_too_many_at_once_is_refused_and_a_lost_one_gives_its_place_back() -> None:
    with WireServer(parallel=2, latency_seconds=HOUR) as server:
        body = json.dumps(HI).encode()
        call = b"POST /api/chat HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        host, port = server.url.removeprefix("http://").split(":")
        clients = [socket.create_connection((host, int(port)), timeout=30) for _ in range(2)]
        for client in clients:
            client.sendall(call)
        while server.stats()["in_flight"] < 2:
            pass
        assert post(server, "ollama")[0] == 429
        assert server.stats()["max_in_flight"] == 3
        for client in clients:
            client.close()
        while server.stats()["in_flight"]:
            pass
        counted = server.stats()
        assert (counted["abandoned"], counted["throttled_by"]) == (2, {"parallel": 1})


@pytest.mark.parametrize(("body", "status"), [(["no call"], 400), ({"messages": 3}, 400), ({**HI}, 200)])
def test_what_is_no_call_is_refused(body: Any, status: int, limited: WireServer) -> None:
    limited.reset()
    assert post(limited, "bedrock", body)[0] == status


def test_boto3_understands_it(limited: WireServer) -> None:
    boto3 = pytest.importorskip("boto3")
    from botocore.config import Config
    from botocore.exceptions import ClientError

    limited.reset()
    client = boto3.client(
        "bedrock-runtime",
        endpoint_url=limited.url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}),
    )
    turns = [{"role": "user", "content": [{"text": "four" * 5}]}]
    answers = [client.converse(modelId="m:0", messages=turns) for _ in range(3)]
    assert answers[0]["output"]["message"]["content"] == [{"text": "eight ch"}]
    assert answers[0]["usage"]["totalTokens"] == 7
    with pytest.raises(ClientError, match="ThrottlingException"):
        client.converse(modelId="m:0", messages=turns)


def test_the_ollama_package_understands_it(limited: WireServer) -> None:
    ollama = pytest.importorskip("ollama")
    limited.reset()
    client = ollama.Client(host=limited.url)
    turns = [{"role": "user", "content": "four" * 5}]
    answers = [client.chat("m", messages=turns) for _ in range(3)]
    assert (answers[0].message.content, answers[0].done_reason) == ("eight ch", "stop")
    with pytest.raises(ollama.ResponseError, match="too many requests"):
        client.chat("m", messages=turns)


def test_the_openai_package_understands_it(limited: WireServer) -> None:
    openai = pytest.importorskip("openai")
    limited.reset()
    client = openai.OpenAI(base_url=f"{limited.url}/v1", api_key="test", max_retries=0)
    turns = [{"role": "user", "content": "four" * 5}]
    answers = [client.chat.completions.create(model="m", messages=turns) for _ in range(3)]
    assert answers[0].choices[0].message.content == "eight ch"
    assert answers[0].usage.total_tokens == 7
    with pytest.raises(openai.RateLimitError, match="Rate limit reached on rpm"):
        client.chat.completions.create(model="m", messages=turns)

"""A server for benchmarks of clients: it answers in three providers' protocols after a given time.

It speaks OpenAI's Chat Completions, Bedrock's Converse and Ollama's chat, whole answers only, and is fast
enough not to be what is measured. Given limits, it keeps them as strictly as a server can, for each provider
apart, refuses what breaks them in the provider's own words, and counts that. tests/loopback has the servers
that record requests, stream, and fail in the other ways.

    with WireServer(latency_seconds=0.05, rpm=600, window_seconds=10) as server:
        ...  # OPENAI_BASE_URL = f"{server.url}/v1"; the others' addresses are server.url
        assert server.stats()["throttled"] == 0

Here 600 calls are answered in any 10 seconds: `rpm` and `tpm` are amounts per window, and the window is a
minute unless told. Run `python -m benchmarks.wire_server --help` from the repository's root for one that runs
by itself; `GET /stats` and `POST /reset` are its counts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote
from urllib.request import ProxyHandler, Request, build_opener

from benchmarks.wire_limits import PEAKS, SUMMED, Book, Counts, Limits
from benchmarks.wire_protocols import PROTOCOLS, ROUTES, TAGS, TAGS_ROUTE, prompt_characters

ANSWER = "An answer of some words."
CHARACTERS_PER_TOKEN = 4
ROOT = Path(__file__).resolve().parent.parent
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"
_STATS_TIMEOUT_SECONDS = 30.0


class Stats(Counts):
    """Counts of all providers together, and each one's own.

    The peaks of the whole are the largest of any provider, since limits hold for each apart.
    """

    providers: dict[str, Counts]
    limits: dict[str, float | None]


class WireServer:
    """The server in a process of its own, from `with` to its end.

    Args:
        latency_seconds: Time that every answer takes; refusals take none.
        longest_seconds: If given, each answer takes a time of its own between `latency_seconds` and this,
            drawn evenly, the same ones in every run.
        rpm: Calls per window that each provider answers; None is unlimited.
        tpm: Tokens per window that each provider answers.
        parallel: Calls that each provider has open at most.
        window_seconds: Length of the sliding window.
        answer: What it says.
        port: 0 takes a free one.
    """

    def __init__(
        self,
        *,
        latency_seconds: float = 0.0,
        longest_seconds: float | None = None,
        rpm: int | None = None,
        tpm: int | None = None,
        parallel: int | None = None,
        window_seconds: float = 60.0,
        answer: str = ANSWER,
        port: int = 0,
    ) -> None:
        options = {"rpm": rpm, "tpm": tpm, "parallel": parallel, "window-seconds": window_seconds}
        options |= {"latency": latency_seconds, "longest": longest_seconds, "port": port}
        self._command = [sys.executable, "-m", "benchmarks.wire_server", "--until-input-ends"]
        self._command += [f"--{name}={value}" for name, value in options.items() if value is not None]
        self._command.append(f"--answer={answer}")
        self._opener = build_opener(ProxyHandler({}))
        self.url = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the wire server ended with status {self._process.wait()}")
        self.url = json.loads(line)["url"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()  # ends its input

    def stats(self) -> Stats:
        """What was counted so far."""
        return self._ask("GET", "/stats")

    def reset(self) -> Stats:
        """Count and limit from nothing again; returns what was counted. Open calls stay open."""
        return self._ask("POST", "/reset")

    def _ask(self, method: str, path: str) -> Stats:
        asked = Request(self.url + path, method=method)
        with self._opener.open(asked, timeout=_STATS_TIMEOUT_SECONDS) as response:
            stats: Stats = json.load(response)
            return stats


class _Service:
    """Books and answers of the running process."""

    def __init__(self, limits: Limits, latency_seconds: tuple[float, float], answer: str) -> None:
        self._latency_seconds = latency_seconds
        self._dice = random.Random(1)
        self.answer = json.dumps(answer)
        self.output_tokens = _tokens(len(answer))
        self.limits = limits
        self.books = {name: Book(limits) for name in PROTOCOLS}

    def latency_seconds(self) -> float:
        """Time that the next answer takes."""
        return self._dice.uniform(*self._latency_seconds)

    def reset(self) -> bytes:
        counted = self.stats()
        for name, book in self.books.items():
            self.books[name] = Book(self.limits, in_flight=book.counts["in_flight"])
        return counted

    def stats(self) -> bytes:
        books: list[dict[str, Any]] = [dict(book.counts) for book in self.books.values()]
        reasons = [book["throttled_by"] for book in books]
        whole = {
            **{key: sum(book[key] for book in books) for key in SUMMED},
            **{key: max(book[key] for book in books) for key in PEAKS},
            "throttled_by": {key: sum(by.get(key, 0) for by in reasons) for key in set().union(*reasons)},
        }
        providers = dict(zip(self.books, books, strict=True))
        return json.dumps({**whole, "providers": providers, "limits": asdict(self.limits)}).encode()


class _Connection(asyncio.Protocol):
    """One client: requests are taken one after another, as HTTP/1.1 has it."""

    def __init__(self, service: _Service) -> None:
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._pending: tuple[str, asyncio.TimerHandle] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if self._pending is not None:
            name, timer = self._pending
            timer.cancel()
            self._service.books[name].leave(answered=False)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._serve_next()

    def _serve_next(self) -> None:
        while self._pending is None:
            end = self._buffer.find(_HEAD_END)
            if end < 0:
                return
            head = bytes(self._buffer[:end]).lower()
            at = head.find(_LENGTH)
            size = int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            start = end + len(_HEAD_END)
            if len(self._buffer) < start + size:
                if b"\r\nexpect: 100-continue" in head and len(self._buffer) == start:
                    self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return
            target = bytes(self._buffer[:end]).split(b" ", 2)[1].decode("latin-1")
            body = bytes(self._buffer[start : start + size])
            del self._buffer[: start + size]
            self._serve(unquote(target.partition("?")[0]), body)

    def _serve(self, path: str, body: bytes) -> None:
        if path in {"/stats", "/reset"}:
            service = self._service
            self._send(200, service.stats() if path == "/stats" else service.reset())
            return
        if path == TAGS_ROUTE:
            self._send(200, TAGS)
            return
        name = next((name for route, name in ROUTES.items() if path.endswith(route)), None)
        if name is None:
            self._send(404, json.dumps({"error": {"message": f"no route {path}"}}).encode())
            return
        try:
            asked = json.loads(body)
            sent = _tokens(prompt_characters(asked))
        except (ValueError, KeyError, TypeError, AttributeError):
            self._send(400, b'{"error": {"message": "the body is not a call"}}')
            return
        if name == "openai" and asked.get("stream"):
            self._send(400, b'{"error": {"message": "streams are not served here", "param": "stream"}}')
            return
        self._call(name, asked, sent)

    def _call(self, name: str, asked: dict[str, Any], sent: int) -> None:
        service, protocol = self._service, PROTOCOLS[name]
        broken = service.books[name].arrive(sent + service.output_tokens, time.monotonic())
        if broken is not None:
            refusal, headers = protocol.refusal(*broken)
            self._send(429, json.dumps(refusal).encode(), headers)
            return
        answer = protocol.answer(
            service.answer, json.dumps(asked.get("model", "")), sent, service.output_tokens
        ).encode()
        timer = self._loop.call_later(service.latency_seconds(), self._answer, name, answer)
        self._pending = (name, timer)

    def _answer(self, name: str, answer: bytes) -> None:
        self._pending = None
        self._service.books[name].leave(answered=True)
        self._send(200, answer)
        self._serve_next()

    def _send(self, status: int, body: bytes, headers: str = "") -> None:
        head = (
            f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\n{headers}Content-Length: {len(body)}"
        )
        self._transport.write(head.encode() + _HEAD_END + body)


def _tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)


async def serve(service: _Service, port: int, *, until_input_ends: bool) -> None:
    """Answer until cancelled, or until nobody holds the other end of the standard input."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(service), "127.0.0.1", port, backlog=1024)
    print(json.dumps({"url": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"}), flush=True)
    ended = asyncio.Event()
    if until_input_ends:

        def read_on() -> None:
            sys.stdin.buffer.read()
            loop.call_soon_threadsafe(ended.set)

        threading.Thread(target=read_on, daemon=True).start()
    await ended.wait()
    server.close()


def main() -> None:
    """Run one server; its address is printed when it is ready."""
    parser = argparse.ArgumentParser(description="Answers Chat Completions, Converse and Ollama's chat.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that an answer takes")
    parser.add_argument("--longest", type=float, help="draw the seconds between --latency and this")
    parser.add_argument("--rpm", type=int, help="calls per window, for each provider")
    parser.add_argument("--tpm", type=int, help="tokens per window, for each provider")
    parser.add_argument("--parallel", type=int, help="open calls, for each provider")
    parser.add_argument("--window-seconds", type=float, default=60.0, help="length of the sliding window")
    parser.add_argument("--answer", default=ANSWER, help="what it says")
    parser.add_argument(
        "--until-input-ends", action="store_true", help="end with the process that started it"
    )
    options = parser.parse_args()
    limits = Limits(options.rpm, options.tpm, options.parallel, options.window_seconds)
    longest = options.latency if options.longest is None else options.longest
    service = _Service(limits, (options.latency, longest), options.answer)
    asyncio.run(serve(service, options.port, until_input_ends=options.until_input_ends))


if __name__ == "__main__":
    main()

"""What the loopback servers share: listening, recording, latency, and breaking connections."""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import unquote

from tests.loopback.exchange import RecordedRequest, Reply, Responder, default_responder
from tests.loopback.faults import Fault, FaultPlan


class LoopbackServer:
    """A threaded HTTP server on 127.0.0.1 that records what it is asked. Subclasses add a protocol.

    Args:
        responder: Gives the answer to a recorded request.
        latency_seconds: Time that every model call takes.
        faults: Which calls are broken.
        port: 0 takes a free one.
        log: File that gets one line of JSON per finished call.
    """

    handler: ClassVar[type[LoopbackHandler]]

    def __init__(
        self,
        responder: Responder = default_responder,
        *,
        latency_seconds: float = 0.0,
        faults: FaultPlan | None = None,
        port: int = 0,
        log: Path | None = None,
    ) -> None:
        self.responder = responder
        self.latency_seconds = latency_seconds
        self.faults = faults or FaultPlan()
        self.requests: list[RecordedRequest] = []
        self.outcomes: Counter[str] = Counter()
        self.responder_errors: list[Exception] = []
        self.in_flight = 0
        self.max_in_flight = 0
        self.closing = threading.Event()
        self._log = log
        self._changed = threading.Condition()
        self._http = _Listener(("127.0.0.1", port), self.handler)
        self._http.loopback = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Address of the server."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def environment(self) -> dict[str, str]:
        """Environment variables that lead a process to this server."""
        raise NotImplementedError

    def start(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop listening and let stalled calls go."""
        self.closing.set()
        if self._thread.is_alive():
            self._http.shutdown()
        self._http.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self.responder_errors and not isinstance(error, AssertionError):
            raise self.responder_errors[0] from error

    def wait_for(self, arrived: int = 0, ended: int = 0, timeout_seconds: float = 30.0) -> None:
        """Block until that many calls have arrived, and that many are over."""
        with self._changed:
            met = self._changed.wait_for(
                lambda: len(self.requests) >= arrived and self.outcomes.total() >= ended, timeout_seconds
            )
        if not met:
            raise TimeoutError(f"{len(self.requests)} calls arrived, {self.outcomes.total()} ended")

    def begin(self, request: RecordedRequest) -> Fault | None:
        """Record an arrival; the fault it is to get, if any."""
        with self._changed:
            request.number = len(self.requests)
            request.started = time.monotonic()
            self.requests.append(request)
            self.in_flight += 1
            self.max_in_flight = max(self.max_in_flight, self.in_flight)
            self._changed.notify_all()
        fault = self.faults.fault_for(request.number)
        request.outcome = fault.kind if fault else "ok"
        return fault

    def end(self, request: RecordedRequest) -> None:
        """Record that a call is over, before its last byte is sent: a client may call again at once."""
        with self._changed:
            if request.ended is not None:
                return
            request.ended = time.monotonic()
            self.in_flight -= 1
            self.outcomes[request.outcome] += 1
            self._changed.notify_all()
            if self._log:
                line = {
                    "number": request.number,
                    "model": request.model,
                    "outcome": request.outcome,
                    "seconds": round(request.ended - request.started, 4),
                    "prompt": request.prompt,
                }
                with self._log.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    loopback: LoopbackServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news here."""


class LoopbackHandler(BaseHTTPRequestHandler):
    """One connection; subclasses route and format."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    @property
    def loopback(self) -> LoopbackServer:
        """The server that this connection belongs to."""
        return self.server.loopback

    @property
    def route(self) -> str:
        """Path of the request, unquoted."""
        return unquote(self.path.partition("?")[0])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""

    def read_json(self) -> dict[str, Any]:
        """The body of the request."""
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        return body if isinstance(body, dict) else {}

    def serve(self, request: RecordedRequest) -> None:
        """Record a model call, wait, and answer or break it."""
        fault = self.loopback.begin(request)
        try:
            if self.loopback.latency_seconds and (fault is None or fault.kind != "timeout"):
                self.loopback.closing.wait(self.loopback.latency_seconds)
            if fault is None:
                self.answer(request, self._reply(request))
            elif fault.kind == "max_tokens":
                self.answer(request, self._reply(request).cut())
            else:
                self.break_off(request, fault)
        finally:
            self.loopback.end(request)

    def _reply(self, request: RecordedRequest) -> Reply:
        try:
            return self.loopback.responder(request)
        except Exception as error:
            self.loopback.responder_errors.append(error)
            raise

    def answer(self, request: RecordedRequest, reply: Reply) -> None:
        """Send a reply in the provider's format."""
        raise NotImplementedError

    def refuse(self, request: RecordedRequest, fault: Fault) -> None:
        """Send an error in the provider's format."""
        raise NotImplementedError

    def break_off(self, request: RecordedRequest, fault: Fault) -> None:
        """Send the fault: at the level of the connection here, an error of the provider otherwise."""
        if fault.kind == "timeout":
            self._stall(fault.stall_seconds)
            self.close_connection = True
        elif fault.kind == "reset":
            self.loopback.end(request)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
        elif fault.kind == "broken_json":
            self.send_bytes(request, b'{"output": {"message": {"content": [', "application/json")
        elif fault.kind == "truncated_body":
            self.close_connection = True
            self.send_bytes(request, b'{"output": {"message"', "application/json", declared=4096)
        else:
            self.refuse(request, fault)

    def _stall(self, seconds: float) -> None:
        """Say nothing until the time is over, the client has gone, or the server closes."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.loopback.closing.is_set():
            if select.select([self.connection], [], [], 0.02)[0]:
                return

    def send_json(
        self,
        request: RecordedRequest | None,
        body: object,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Send a JSON document."""
        self.send_bytes(
            request, json.dumps(body).encode(), "application/json", status=status, headers=headers
        )

    def send_bytes(
        self,
        request: RecordedRequest | None,
        body: bytes,
        content_type: str,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        declared: int | None = None,
    ) -> None:
        """Send a body; `declared` lies about its length."""
        if request is not None:
            self.loopback.end(request)
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body) if declared is None else declared))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

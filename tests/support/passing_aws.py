"""AWS behind a proxy that sees what is asked: each request is shown to a test, and passed on.

What a request means in terms of rights stands in `tests.support.aws_permissions`.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 90
"""Longer than a poll of a queue, which may take 20 s."""
_OF_A_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"}
_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")


@dataclass(frozen=True, slots=True)
class Request:
    """A request to AWS, as it came.

    Attributes:
        method: Of HTTP.
        path: With its query.
        headers: Their names in lower case.
        body: As it was sent.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def service(self) -> str:
        """Whose it is, as its signature says."""
        scope = _SCOPE.search(self.headers.get("authorization", ""))
        return scope[1] if scope else ""

    @property
    def operation(self) -> str:
        """`RunTask`, of services that name it in a header; empty for the others, such as S3."""
        return self.headers.get("x-amz-target", "").rpartition(".")[2]

    @property
    def parameters(self) -> dict[str, Any]:
        """What the operation is asked with."""
        return dict(json.loads(self.body))


@dataclass(slots=True)
class Record:
    """All requests that came, in their order; give `add` to `passing_aws`."""

    requests: list[Request] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, request: Request) -> None:
        """Keep a request."""
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()

    def of(self, operation: str) -> list[dict[str, Any]]:
        """The parameters of each request for an operation."""
        return [request.parameters for request in self.requests if request.operation == operation]

    def wait_for(self, operation: str, count: int, timeout_seconds: float) -> None:
        """Block until an operation has been asked for that often."""
        with self._changed:
            met = self._changed.wait_for(lambda: len(self.of(operation)) >= count, timeout_seconds)
        assert met, f"{operation} was asked for {len(self.of(operation))} times"


@contextmanager
def passing_aws(upstream: str, arrived: Callable[[Request], None]) -> Iterator[str]:
    """The address of a server that passes everything on to `upstream`, once `arrived` has returned."""
    place = urlsplit(upstream)

    class Passing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            arrived(Request(self.command, self.path, headers, body))
            connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=TIMEOUT_SECONDS)
            headers.pop("expect", None)  # has been answered here
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
            connection.close()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _OF_A_CONNECTION:
                    self.send_header(name, value)
            length = answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(data))
            self.send_header("Content-Length", length)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    class Listener(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that was killed is no news here."""

    with Listener(("127.0.0.1", 0), Passing) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()

"""AWS behind a gate: requests of a kind are held, as an upload that hangs, until it is opened."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_OF_A_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"}


class Gate:
    """Which requests are held, and that some are.

    Args:
        holds: Tells by method and path whether a request waits at the gate.
    """

    def __init__(self, holds: Callable[[str, str], bool]) -> None:
        self.holds = holds
        self.url = ""
        self.reached = threading.Event()
        self.opened = threading.Event()


@contextmanager
def held_aws(upstream: str, holds: Callable[[str, str], bool]) -> Iterator[Gate]:
    """The address of a server that passes everything on to `upstream`, apart from what the gate holds."""
    gate = Gate(holds)
    place = urlsplit(upstream)

    class Passing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            if self.headers.get("Expect") == "100-continue":
                self.send_response_only(100)
                self.end_headers()
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if not gate.opened.is_set() and gate.holds(self.command, self.path):
                gate.reached.set()
                gate.opened.wait()
            connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "expect"}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _OF_A_CONNECTION:
                    self.send_header(name, value)
            length = answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(data))
            self.send_header("Content-Length", length)
            self.end_headers()
            self.wfile.write(data)
            connection.close()

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass  # noqa: N815

        def handle_expect_100(self) -> bool:
            return True  # answered with the body

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    class Listener(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that was killed is no news here."""

    with Listener(("127.0.0.1", 0), Passing) as server:
        gate.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield gate
        finally:
            gate.opened.set()
            server.shutdown()
            thread.join()

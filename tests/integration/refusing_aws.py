"""A loopback server that refuses every AWS request in one way; moto enforces no IAM and never breaks off."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def refusing_aws(code: str, *, status: int) -> Iterator[str]:
    """The address of a server that answers with an AWS error: XML as S3 words it, JSON as DynamoDB does."""

    class Refusal(BaseHTTPRequestHandler):
        def _refuse(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if "X-Amz-Target" in self.headers:
                kind = "application/x-amz-json-1.0"
                body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code})
            else:
                kind = "application/xml"
                body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body.encode())

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _refuse  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    with _serving(Refusal) as url:
        yield url


@contextmanager
def breaking_off_aws(data: bytes, *, broken_answers: int, sends_ranges: bool = True) -> Iterator[str]:
    """The address of a server that holds one object, and breaks off its body the first few times."""
    left = broken_answers

    class BrokenOff(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            nonlocal left
            left -= 1
            wanted = self.headers.get("Range", "bytes=0-") if sends_ranges else "bytes=0-"
            first = int(wanted.removeprefix("bytes=").rstrip("-"))
            rest = data[first:]
            self.send_response(206 if first else 200)
            if first:
                self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
            self.send_header("Content-Length", str(len(rest)))
            self.send_header("ETag", '"v1"')
            self.send_header("Last-Modified", "Wed, 11 Dec 2024 10:00:00 GMT")
            self.end_headers()
            self.wfile.write(rest if left < 0 else rest[: len(rest) // 2])
            self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    with _serving(BrokenOff) as url:
        yield url


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()

"""A loopback S3 with one large object, generated as it is sent, and uploads that it forgets as they arrive.

Unlike moto it holds no content, so that memory measured in the same process is the client's.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PIECE = bytes(64 * 1024)


@contextmanager
def large_object_aws(size: int, uploaded: list[int]) -> Iterator[str]:
    """The address of a server whose every object is `size` zeros; `uploaded` gets the size of what comes."""

    class Large(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(length=size)
            for _ in range(size // len(_PIECE)):
                self.wfile.write(_PIECE)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if "uploadId" in self.path:
                self._answer(b"<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")
            else:
                self._answer(
                    b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
                )

        def do_PUT(self) -> None:
            left = int(self.headers["Content-Length"])
            uploaded.append(left)
            while left:
                left -= len(self.rfile.read(min(left, len(_PIECE))))
            self._answer()

        def _answer(self, body: bytes = b"", *, length: int | None = None) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.send_header("ETag", '"v1"')
            self.send_header("Last-Modified", "Wed, 11 Dec 2024 10:00:00 GMT")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Large) as server:
        server.daemon_threads = True  # a client may keep its connection
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()

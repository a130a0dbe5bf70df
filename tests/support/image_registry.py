"""A loopback registry that speaks the push half of the OCI distribution specification, over moto's ECR.

moto knows images but no layers. Here a client needs ECR's password, uploads what it says it uploads, and an
image whose layers are all here goes to moto, which then answers about it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import ssl
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

ROUTE = re.compile(r"/v2/(?P<name>.+)/(?P<kind>blobs/uploads|blobs|manifests)/(?P<reference>[^/]*)")


class ImageRegistry(ThreadingHTTPServer):
    """The registry.

    Attributes:
        blobs: Finished uploads by digest.
        uploads: Those under way.
        pushed: Tags, in the order in which images were pushed under them.
    """

    daemon_threads = True

    def __init__(self, ecr: Any, certificate: Path, key: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.ecr = ecr
        token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        self.authorization = f"Basic {token}"
        self.user, _, self.password = base64.b64decode(token).decode().partition(":")
        self.blobs: dict[str, bytes] = {}
        self.uploads: dict[str, bytes] = {}
        self.pushed: list[str] = []

    @property
    def host(self) -> str:
        """Host and port, as they begin a reference."""
        return f"127.0.0.1:{self.server_port}"


@contextmanager
def running_image_registry(ecr: Any, folder: Path) -> Iterator[ImageRegistry]:
    """A registry in a thread of its own, with a certificate that SSL_CERT_FILE has to name.

    Args:
        ecr: Client of moto's ECR.
        folder: Gets `registry.pem`, the certificate, and its key.
    """
    certificate, key = folder / "registry.pem", folder / "registry.key"
    request = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    subject = ["-subj", "/CN=registry", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1"]
    files = ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run([*request, *subject, *files], stderr=subprocess.DEVNULL, check=True)
    registry = ImageRegistry(ecr, certificate, key)
    thread = threading.Thread(target=registry.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        registry.shutdown()
        registry.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: ImageRegistry
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._find()

    def do_HEAD(self) -> None:
        self._find()

    def do_POST(self) -> None:
        self._body()
        if (route := self._route()) is not None:
            upload = uuid.uuid4().hex
            self.server.uploads[upload] = b""
            self._answer(202, {"Location": f"/v2/{route['name']}/blobs/uploads/{upload}"})

    def do_PATCH(self) -> None:
        body = self._body()
        if (route := self._route()) is not None:
            self.server.uploads[route["reference"]] += body
            size = len(self.server.uploads[route["reference"]])
            self._answer(202, {"Location": self.path, "Range": f"0-{size - 1}"})

    def do_PUT(self) -> None:
        body = self._body()
        if (route := self._route()) is None:
            return
        if route["kind"] == "manifests":
            self._manifest(route, body)
            return
        content = self.server.uploads.pop(route["reference"]) + body
        digest = parse_qs(urlsplit(self.path).query)["digest"][0]
        if digest != f"sha256:{hashlib.sha256(content).hexdigest()}":
            self._answer(400, {})
            return
        self.server.blobs[digest] = content
        self._answer(201, {"Location": self.path, "Docker-Content-Digest": digest})

    def _manifest(self, route: re.Match[str], body: bytes) -> None:
        manifest = json.loads(body)
        parts = [manifest["config"], *manifest["layers"]]
        if any(part["digest"] not in self.server.blobs for part in parts):
            self._answer(400, {})
            return
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        self.server.ecr.put_image(
            repositoryName=route["name"],
            imageManifest=body.decode(),
            imageManifestMediaType=self.headers["Content-Type"],
            imageTag=route["reference"],
            imageDigest=digest,
        )
        self.server.pushed.append(route["reference"])
        self._answer(201, {"Location": self.path, "Docker-Content-Digest": digest})

    def _find(self) -> None:
        if self.headers["Authorization"] != self.server.authorization:
            self._answer(401, {"WWW-Authenticate": 'Basic realm="registry"'})
        elif self.path == "/v2/":
            self._answer(200, {})
        else:
            route = ROUTE.fullmatch(self.path)
            known = route is not None and route["reference"] in self.server.blobs
            self._answer(200 if known else 404, {})

    def _route(self) -> re.Match[str] | None:
        """What the request is about, or None after an answer that refuses it."""
        route = ROUTE.fullmatch(urlsplit(self.path).path)
        if self.headers["Authorization"] != self.server.authorization:
            self._answer(401, {"WWW-Authenticate": 'Basic realm="registry"'})
            return None
        if route is None:
            self._answer(404, {})
        return route

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": "0"} | headers).items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        """Keep standard error for the tests."""

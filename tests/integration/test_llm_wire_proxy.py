"""Providers are reached through the proxy that the environment names, and what it excludes without one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from techne.errors import ProviderUnavailableError
from techne.llm.wire import Wire


class Proxy(ThreadingHTTPServer):
    """A proxy that answers by itself and remembers what it was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ProxyHandler)
        self.asked: list[tuple[str, str | None]] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class ProxyHandler(BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Proxy-Authorization")))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy that the environment names, with a name and a password."""
    server = Proxy()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    for name in ("all_proxy", "ALL_PROXY", "HTTP_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://me:sesame@{server.address}")
    monkeypatch.setenv("no_proxy", "localhost,inside.example")
    yield server
    server.shutdown()
    server.server_close()


async def test_what_lies_outside_is_reached_through_the_proxy(proxy: Proxy) -> None:
    wire = Wire("Somebody", cure="Try.")
    assert (await wire.send("GET", "http://outside.example/a?b=c")).status == 200
    await wire.close()
    assert proxy.asked == [("http://outside.example/a?b=c", "Basic bWU6c2VzYW1l")]


@pytest.mark.parametrize("user", ["", "me:sesame@"])
async def test_what_lies_inside_is_reached_without_it(user: str, proxy: Proxy) -> None:
    wire = Wire("Somebody", cure="Try.")
    with pytest.raises(ProviderUnavailableError, match="localhost:1/a") as caught:
        await wire.send("GET", f"http://{user}localhost:1/a?b=c")
    await wire.close()
    assert proxy.asked == []
    assert "sesame" not in str(caught.value)

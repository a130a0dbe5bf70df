"""HTTP to a provider: one pool of aiohttp connections, no retries of its own, typed errors.

The executor's providers share this instead of their vendors' SDKs where calls are many: an SDK costs four to
eight times the processor time of the call itself (benchmarks/executor.py has the figures), and a cancelled
call really ends here, connection and all.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

from techne.errors import LLMError, MalformedResponseError, ProviderTimeoutError, ProviderUnavailableError

if TYPE_CHECKING:
    import aiohttp
    from yarl import URL

CONNECT_TIMEOUT_SECONDS = 10.0
MAX_REPLY_BYTES = 64 * 1024 * 1024
"""An answer is never near this; a server that sends more is not one."""
_PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class WireReply:
    """An HTTP response, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class WireStream:
    """An HTTP response whose body is read piece by piece."""

    status: int
    headers: Mapping[str, str]
    pieces: AsyncIterator[bytes]

    async def whole(self) -> WireReply:
        """The rest of the body at once, for an error's text."""
        return WireReply(self.status, self.headers, b"".join([piece async for piece in self.pieces]))


class Wire:
    """HTTP connections to one provider; to be used from one event loop.

    Redirects are not followed: they would carry keys to another host.

    Args:
        title: Provider, for messages.
        cure: What to do when the server can't be reached, naming the settings.
        ca_file: Certificates to trust; those of the system if None.
        as_written: Send addresses exactly as given, because a signature covers them; aiohttp would
            otherwise undo needless percent signs.
    """

    def __init__(
        self, title: str, *, cure: str, ca_file: str | None = None, as_written: bool = False
    ) -> None:
        self._title = title
        self._cure = cure
        self._ca_file = ca_file
        self._as_written = as_written
        self._tls: ssl.SSLContext | None = None
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[str, str | None] = {}

    def prepare(self) -> None:
        """Import aiohttp and read the certificates, which would hold up a loop for a while."""
        import aiohttp  # noqa: F401

        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=self._ca_file)

    async def send(
        self, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> WireReply:
        """One request and its whole response.

        Raises:
            ProviderUnavailableError: Nothing answers there, or the connection broke.
            MalformedResponseError: The body ended too early, or is not HTTP, or is far too long.
        """
        try:
            async with self._request(method, url, body, headers) as response:
                parts: list[bytes] = []
                read = 0
                while part := await response.content.readany():
                    parts.append(part)
                    read += len(part)
                    self._refuse_flood(read, url)
                return WireReply(response.status, response.headers, b"".join(parts))
        except _transport_errors() as error:
            raise self._typed(error, url) from error

    @asynccontextmanager
    async def open(
        self, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[WireStream]:
        """One request, and its response as it comes. Leaving the block early breaks the connection off.

        Raises:
            ProviderUnavailableError: As `send`; MalformedResponseError: as `send`.
        """
        try:
            async with self._request(method, url, body, headers) as response:
                yield WireStream(response.status, response.headers, self._pieces(response, url))
        except _transport_errors() as error:
            raise self._typed(error, url) from error

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _pieces(self, response: aiohttp.ClientResponse, url: str) -> AsyncIterator[bytes]:
        read = 0
        async for piece in response.content.iter_any():
            read += len(piece)
            self._refuse_flood(read, url)
            yield piece

    def _refuse_flood(self, read: int, url: str) -> None:
        if read > MAX_REPLY_BYTES:
            raise MalformedResponseError(
                f"{self._title} at {shown(url)} sends more than {MAX_REPLY_BYTES} bytes."
            )

    def _request(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str] | None
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        return self._connected().request(
            method,
            self._address(url),
            data=body,
            headers=headers,
            allow_redirects=False,
            proxy=self._proxy(url),
        )

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            import aiohttp

            self.prepare()
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ssl=self._tls or True),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_SECONDS),
                read_bufsize=_PIECE_BYTES,
            )
        return self._session

    def _proxy(self, url: str) -> str | None:
        """The environment's proxy for a host, looked up once.

        aiohttp's own `trust_env` asks two threads before each request, which costs more than the request.
        """
        origin = "/".join(url.split("/", 3)[:3])
        if origin not in self._proxies:
            scheme, _, host = origin.partition("://")
            bypassed = proxy_bypass(host.rpartition("@")[2])
            self._proxies[origin] = None if bypassed else getproxies().get(scheme)
        return self._proxies[origin]

    def _address(self, url: str) -> str | URL:
        if not self._as_written:
            return url
        from yarl import URL

        return URL(url, encoded=True)

    def _typed(self, error: Exception, url: str) -> LLMError:
        import aiohttp

        where = shown(url)
        kind = type(error).__name__
        if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
            return ProviderUnavailableError(f"{self._title} has no usable address: {where}.", cure=self._cure)
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return ProviderUnavailableError(
                f"{self._title} is not reachable at {where} within {CONNECT_TIMEOUT_SECONDS:g} s.",
                cure=self._cure,
            )
        if isinstance(error, aiohttp.ClientConnectorError):
            return ProviderUnavailableError(f"{self._title} is not reachable at {where}.", cure=self._cure)
        if isinstance(error, TimeoutError):
            return ProviderTimeoutError(f"{self._title} at {where} did not answer in time.", cure=self._cure)
        if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ClientResponseError | ValueError):
            return MalformedResponseError(
                f"Failed to invoke {self._title}: the answer is not its protocol ({kind})."
            )
        return ProviderUnavailableError(
            f"Failed to invoke {self._title}: the connection to {where} broke off ({kind})."
        )


def _transport_errors() -> tuple[type[Exception], ...]:
    import aiohttp

    return (aiohttp.ClientError, OSError, ValueError, asyncio.IncompleteReadError)


def shown(url: str) -> str:
    """An address as messages may give it: without a query, a user's name or a password."""
    return re.sub(r"//[^/@]*@", "//", url.partition("?")[0])


async def text_lines(pieces: AsyncIterator[bytes]) -> AsyncGenerator[str, None]:
    """The lines of a body that comes in pieces, without their ends; a line may span pieces."""
    rest = b""
    async for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line.rstrip(b"\r").decode("utf-8", "replace")
    if rest:
        yield rest.decode("utf-8", "replace")


async def server_sent_events(pieces: AsyncIterator[bytes]) -> AsyncGenerator[str, None]:
    """The data of each server-sent event (WHATWG HTML, 9.2), without comments and other fields."""
    data: list[str] = []
    async for line in text_lines(pieces):
        if not line:
            if data:
                yield "\n".join(data)
            data = []
        elif line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
    if data:
        yield "\n".join(data)

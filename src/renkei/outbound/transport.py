"""Connections that go only to an address the guard has checked, with the host name kept for Host and TLS."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import httpcore2
import httpx2

from renkei.outbound.addresses import AllowList
from renkei.outbound.failures import ConnectFailedError, NameNotFoundError

# (host, port) -> the addresses it has now, best first.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# The event loop's own pool has few threads: a name server that is silent would hold up every other look-up.
_RESOLVER_THREADS = ThreadPoolExecutor(max_workers=32, thread_name_prefix="resolve")

MOST_CONNECTIONS = 500
MOST_KEPT_ALIVE = 50
KEEP_ALIVE_SECONDS = 20.0
# How long one address may take before the next one of the same host is tried.
ADDRESS_SECONDS = 1.0


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver; raises OSError or UnicodeError when the name has no address."""
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(
        _RESOLVER_THREADS, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Resolves a host once, checks every address it has, and connects to one of those addresses.

    A host with one forbidden address is refused whole: that is how a rebinding name server mixes them.
    """

    def __init__(self, allow: AllowList, resolve: Resolve) -> None:
        self._allow = allow
        self._resolve = resolve
        self._sockets = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect, or raise RefusedAddressError, NameNotFoundError or ConnectFailedError."""
        name = host.lower().rstrip(".")
        try:
            addresses = await self._resolve(name, port)
        except (OSError, UnicodeError) as error:
            raise NameNotFoundError from error
        if not addresses:
            raise NameNotFoundError
        for address in addresses:
            self._allow.check_address(address, host=name, port=port)
        return await self._connect_first(addresses, port)

    async def _connect_first(self, addresses: Sequence[str], port: int) -> httpcore2.AsyncNetworkStream:
        """Try each address in turn; only the last one may use up the whole deadline."""
        last: Exception | None = None
        for position, address in enumerate(addresses, start=1):
            patience = ADDRESS_SECONDS if position < len(addresses) else None
            try:
                return _ClosedOnCancel(await self._sockets.connect_tcp(address, port, timeout=patience))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                last = error
        raise ConnectFailedError from last


class _ClosedOnCancel(httpcore2.AsyncNetworkStream):
    """A connection that does not stay open when the deadline passes in the middle of the TLS handshake.

    The library closes it after a failed handshake, but not after a cancelled one (httpcore2 2.16).
    """

    def __init__(self, inner: httpcore2.AsyncNetworkStream) -> None:
        self._inner = inner
        self.read = inner.read  # type: ignore[method-assign] # nothing to add, and this is the hot path
        self.write = inner.write  # type: ignore[method-assign]
        self.aclose = inner.aclose  # type: ignore[method-assign]
        self.get_extra_info = inner.get_extra_info  # type: ignore[method-assign]

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        try:
            return await self._inner.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._inner.aclose()
            raise


class CheckedTransport(httpx2.AsyncBaseTransport):
    """An httpx2 transport over CheckedBackend: no proxy, no redirect, no cookie, nothing from the environment."""

    def __init__(self, allow: AllowList, *, resolve: Resolve, tls: ssl.SSLContext) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=MOST_CONNECTIONS,
            max_keepalive_connections=MOST_KEPT_ALIVE,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
            network_backend=CheckedBackend(allow, resolve),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; the caller reads and closes the answer's stream."""
        url = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = await self._pool.handle_async_request(
            httpcore2.Request(method=request.method, url=url, headers=request.headers.raw, content=request.stream)
        )
        return httpx2.Response(
            status_code=answer.status, headers=answer.headers, stream=_AnswerStream(answer), request=request
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


class _AnswerStream(httpx2.AsyncByteStream):
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._answer.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._answer.aclose()

"""Sends one request under one total deadline and returns the whole answer, or says in one word why there is none."""

import asyncio
import contextlib
import ssl
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import httpcore2
import httpx2

from renkei.outbound.addresses import AllowList, Destination
from renkei.outbound.failures import (
    BadAnswerError,
    ConnectFailedError,
    RefusedAddressError,
    ResetByPeerError,
    TimedOutError,
    TlsFailedError,
    TooLargeError,
)
from renkei.outbound.transport import CheckedTransport, Resolve, resolve_by_system

MOST_TRANSPORTS = 16


@dataclass(frozen=True, slots=True)
class Caps:
    """How much of an answer is read, in bytes: as it travels, and after its compression is undone."""

    wire_bytes: int = 5_000_000
    inflated_bytes: int = 20_000_000


DEFAULT_CAPS = Caps()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRequest:
    """One request. Header values are ASCII; ``url`` is complete and already escaped."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: ``body`` is inflated, ``wire_bytes`` is what travelled. A redirect is just an answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    wire_bytes: int

    def header(self, name: str) -> str | None:
        """Return the first header of that name, in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class HttpClient:
    """The one HTTP client of a process. Connections are kept alive and are never shared across allow-lists."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, resolve: Resolve = resolve_by_system) -> None:
        self._tls = tls or _default_tls()
        self._resolve = resolve
        self._transports: OrderedDict[AllowList, CheckedTransport] = OrderedDict()

    async def send(
        self, request: OutgoingRequest, *, allow: AllowList, deadline_seconds: float, caps: Caps = DEFAULT_CAPS
    ) -> Answer:
        """Send ``request`` and read its answer within ``deadline_seconds``, everything counted.

        Raises an OutboundError; a status, whatever it is, is no error here.
        """
        allow.check(Destination.of(request.url))
        try:
            async with asyncio.timeout(deadline_seconds):
                with _typed_failures():
                    return await self._exchange(request, allow, caps)
        except TimeoutError as error:
            raise TimedOutError from error

    async def aclose(self) -> None:
        """Close every connection."""
        while self._transports:
            _, transport = self._transports.popitem()
            await transport.aclose()

    async def _exchange(self, request: OutgoingRequest, allow: AllowList, caps: Caps) -> Answer:
        outgoing = httpx2.Request(
            request.method,
            request.url,
            headers=[("accept-encoding", "gzip"), ("user-agent", "Renkei"), *request.headers],
            content=request.body or None,
        )
        transport = await self._transport(allow)
        response = await transport.handle_async_request(outgoing)
        async with contextlib.aclosing(response):
            return await _read(response, caps)

    async def _transport(self, allow: AllowList) -> CheckedTransport:
        transport = self._transports.get(allow)
        if transport is None:
            transport = CheckedTransport(allow, resolve=self._resolve, tls=self._tls)
        self._transports[allow] = transport
        self._transports.move_to_end(allow)
        if len(self._transports) > MOST_TRANSPORTS:
            _, oldest = self._transports.popitem(last=False)
            await oldest.aclose()
        return transport


@cache
def _default_tls() -> ssl.SSLContext:
    """Reading the list of authorities takes a tenth of a second: once a process is enough."""
    return httpx2.create_ssl_context(trust_env=False)


async def _read(response: httpx2.Response, caps: Caps) -> Answer:
    body = bytearray()
    async with contextlib.aclosing(response.aiter_bytes()) as chunks:
        async for chunk in chunks:
            body += chunk
            if response.num_bytes_downloaded > caps.wire_bytes or len(body) > caps.inflated_bytes:
                raise TooLargeError
    headers = tuple((key.decode("latin-1"), value.decode("latin-1")) for key, value in response.headers.raw)
    return Answer(response.status_code, headers, bytes(body), response.num_bytes_downloaded)


@contextlib.contextmanager
def _typed_failures() -> Iterator[None]:
    """Turn what the libraries raise into our words."""
    try:
        yield
    except (httpx2.InvalidURL, httpcore2.UnsupportedProtocol, httpcore2.LocalProtocolError, ValueError) as error:
        raise RefusedAddressError("bad_request") from error
    except httpcore2.TimeoutException as error:
        raise TimedOutError from error
    except httpcore2.ConnectError as error:
        raise (TlsFailedError if _is_tls(error) else ConnectFailedError) from error
    except httpcore2.RemoteProtocolError as error:
        raise (ResetByPeerError if _is_early_end(error) else BadAnswerError) from error
    except httpcore2.NetworkError as error:
        raise ResetByPeerError from error
    except httpx2.DecodingError as error:
        raise BadAnswerError from error


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _is_early_end(error: httpcore2.RemoteProtocolError) -> bool:
    # The library tells an early end from nonsense in its sentence only.
    return "disconnected" in str(error) or "closed connection" in str(error)

"""HTTP/1.1 to one server over connections that are kept: what ARI's commands need, and nothing else.

A call sends a dozen commands; a client for the whole web spends most of a worker's processor time on them. The far
side is the one Asterisk that an administrator named: no redirect, no proxy, no cookie, no other host. Whatever goes
out to providers goes through outbound/ instead.
"""

import asyncio
import re
import ssl
from base64 import b64encode
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

MOST_CONNECTIONS = 48
"""A command takes a millisecond; one that Asterisk lets wait occupies a connection until its deadline."""
KEPT_SECONDS = 30.0
"""Asterisk closes an idle connection after 60 s (http.conf); ours go first."""
LONGEST_ANSWER = 32 * 2**20
"""Octets; the list of a thousand channels has about one million."""

_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})[ \r]")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r\n")
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n")
_CLOSE = re.compile(rb"\r\nconnection:[ \t]*close[ \t]*\r\n")


class HttpLostError(Exception):
    """No answer: refused, cut off, too late, or not HTTP. Whether the request was carried out is unknown."""


class HttpConnections:
    """The connections to ``url`` (scheme, host, port and a path prefix count). Use within one event loop."""

    def __init__(self, url: str, *, user: str, password: str, seconds: float) -> None:
        """``seconds`` is the deadline of a whole request, waiting for a connection included."""
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._prefix = parts.path.rstrip("/")
        login = b64encode(f"{user}:{password}".encode()).decode()
        self._headers = f" HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Basic {login}\r\nAccept: */*\r\n"
        self._seconds = seconds
        self._free: list[_Connection] = []
        self._all: set[_Connection] = set()
        self._gate = asyncio.Semaphore(MOST_CONNECTIONS)

    async def request(self, verb: str, target: str, body: bytes | None) -> tuple[int, bytes]:
        """Send one request and return status and body. ``target`` is encoded already; ``body`` is JSON."""
        if body is None:
            rest = "\r\n" if verb == "GET" else "Content-Length: 0\r\n\r\n"
        else:
            rest = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        message = f"{verb} {self._prefix}{target}{self._headers}{rest}".encode("ascii") + (body or b"")
        try:
            async with asyncio.timeout(self._seconds), self._gate:
                connection = self._take() or await self._connect()
                try:
                    answer = await connection.send(message)
                except BaseException:
                    connection.abort()  # its answer may still come: nobody else may read it
                    raise
        except OSError as error:  # TimeoutError and TLS errors are OSErrors too
            raise HttpLostError(type(error).__name__) from error
        if connection.is_usable:
            connection.idle_since = asyncio.get_running_loop().time()
            self._free.append(connection)
        return answer

    async def close(self) -> None:
        """Close every connection, busy ones too."""
        for connection in list(self._all):
            connection.abort()
        self._free.clear()
        await asyncio.sleep(0)

    def _take(self) -> "_Connection | None":
        """The connection that was used last: so those that are not needed grow old."""
        now = asyncio.get_running_loop().time()
        while self._free:
            connection = self._free.pop()
            if connection.is_usable and now - connection.idle_since < KEPT_SECONDS:
                return connection
            connection.abort()
        return None

    async def _connect(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: _Connection(self._forget), self._host, self._port, ssl=self._tls
        )
        self._all.add(connection)
        return connection

    def _forget(self, connection: "_Connection") -> None:
        self._all.discard(connection)
        if connection in self._free:
            self._free.remove(connection)


class _Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, forget: "Callable[[_Connection], None]") -> None:
        self._forget = forget
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._got = bytearray()
        self._body_at = 0
        """Where the body begins; 0 while the head is not whole."""
        self._status, self._length = 0, 0
        self.is_usable = False
        self.idle_since = 0.0

    async def send(self, message: bytes) -> tuple[int, bytes]:
        """Send a request, wait for its answer."""
        if self._transport is None or not self.is_usable:
            raise ConnectionResetError
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(message)
        return await self._answer

    def abort(self) -> None:
        """Close at once."""
        self.is_usable = False
        if self._transport is not None:
            self._transport.abort()

    # ── what the event loop tells ──

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's by name.
        self._transport, self.is_usable = cast("asyncio.Transport", transport), True

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc if isinstance(exc, OSError) else ConnectionResetError())
        self._forget(self)

    def data_received(self, data: bytes) -> None:
        if self._answer is None:  # nobody asked: what follows cannot be trusted
            self.abort()
            return
        self._got += data
        try:
            whole = self._read_answer()
        except ValueError as error:
            self._fail(ConnectionAbortedError(str(error)))
            return
        if whole is None:
            return
        waiting, self._answer = self._answer, None
        if self._got:
            self.abort()
        if not waiting.done():
            waiting.set_result((self._status, whole))

    def _fail(self, error: OSError) -> None:
        waiting, self._answer = self._answer, None
        self.abort()
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)

    # ── reading (RFC 9112) ──

    def _read_answer(self) -> bytes | None:
        """The body once it is whole, taken out of what came; ValueError when it is no HTTP of ours."""
        if len(self._got) > LONGEST_ANSWER:
            raise ValueError("too long")
        if not self._body_at and not self._read_head():
            return None
        if self._length < 0:
            return self._read_chunks()
        end = self._body_at + self._length
        return self._cut(bytes(self._got[self._body_at : end]), end) if len(self._got) >= end else None

    def _read_head(self) -> bool:
        end = self._got.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self._got[: end + 4])
        found = _STATUS.match(head)
        if found is None:
            raise ValueError("not http")
        self._status, lower = int(found[1]), head.lower()
        if self._status < 200:  # 100 Continue and its like come before the answer
            del self._got[: end + 4]
            return self._read_head()
        length = _LENGTH.search(lower)
        if self._status in (204, 304):
            self._length = 0
        elif length is not None:
            self._length = int(length[1])
        elif _CHUNKED.search(lower):
            self._length = -1
        else:
            raise ValueError("no length")
        if _CLOSE.search(lower) or head.startswith(b"HTTP/1.0"):
            self.is_usable = False
        self._body_at = end + 4
        return True

    def _read_chunks(self) -> bytes | None:
        body, at = bytearray(), self._body_at
        while (line := self._got.find(b"\r\n", at)) >= 0:
            size = int(bytes(self._got[at:line]).split(b";")[0], 16)
            if size < 0:
                raise ValueError("bad chunk")
            if size == 0:
                end = self._got.find(b"\r\n\r\n", line)  # trailers, mostly none, and the empty line
                return None if end < 0 else self._cut(bytes(body), end + 4)
            if len(self._got) < line + 2 + size + 2:
                return None
            body += self._got[line + 2 : line + 2 + size]
            at = line + 2 + size + 2
        return None

    def _cut(self, body: bytes, end: int) -> bytes:
        del self._got[:end]
        self._body_at = 0
        return body

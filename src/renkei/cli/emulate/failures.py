"""Every way a provider can fail, on demand: per project or for all, a number of times or until cleared."""

import asyncio
import copy
import json
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

Document = dict[str, Any]
CHUNK = 65_536
TEN_GIGABYTES = 10 * 1024**3


class Failure(StrEnum):
    """The name of each failure, as the control page and the tests call it."""

    STATUS_401 = "status_401"
    STATUS_403 = "status_403"
    STATUS_404 = "status_404"
    STATUS_429 = "status_429"
    STATUS_500 = "status_500"
    STATUS_503 = "status_503"
    PROJECT_NOT_FOUND = "project_not_found"
    CHANNEL_NOT_FOUND = "channel_not_found"
    SESSION_NOT_FOUND = "session_not_found"
    INTERNAL_ERROR = "internal_error"
    EMPTY = "empty"
    RESET = "reset"
    RESET_IN_BODY = "reset_in_body"
    NOT_HTTP = "not_http"
    BLACK_HOLE = "black_hole"
    SLOW_DRIP = "slow_drip"
    TEN_GIGABYTE_BODY = "ten_gigabyte_body"
    GZIP_BOMB = "gzip_bomb"
    HTML = "html"
    TRUNCATED_JSON = "truncated_json"
    WRONG_TYPES = "wrong_types"
    NOT_A_NUMBER = "not_a_number"
    DEEP_JSON = "deep_json"
    DUPLICATE_KEYS = "duplicate_keys"
    UTF_16 = "utf_16"
    NUL_AND_SURROGATES = "nul_and_surrogates"
    TEN_MEGABYTE_MESSAGE = "ten_megabyte_message"
    MILLION_MESSAGES = "million_messages"
    REDIRECT_TO_LOOPBACK = "redirect_to_loopback"
    DUPLICATED = "duplicated"
    REORDERED = "reordered"
    ENDLESS_PAGES = "endless_pages"
    CLOCK_25H_FAST = "clock_25h_fast"
    CLOCK_25H_SLOW = "clock_25h_slow"
    CLOCK_2MIN_FAST = "clock_2min_fast"


@dataclass(slots=True)
class Order:
    """One failure ordered: for one project or (None) all, ``left`` times or (None) until cleared."""

    failure: Failure
    project_id: str | None = None
    left: int | None = None


class Trouble:
    """The failures ordered; the newest order that fits wins."""

    def __init__(self) -> None:
        self.orders: list[Order] = []

    def order(self, failure: Failure, *, project_id: str | None = None, times: int | None = None) -> None:
        """Fail from now on; a new order for the same project replaces the old one."""
        self.orders = [each for each in self.orders if each.project_id != project_id]
        self.orders.append(Order(failure, project_id, times))

    def clear(self) -> None:
        """Be healthy again."""
        self.orders = []

    def take(self, project_id: str) -> Failure | None:
        """The failure due for this request, counted down."""
        for order in reversed(self.orders):
            if order.project_id not in (None, project_id):
                continue
            if order.left is not None:
                order.left -= 1
                if order.left <= 0:
                    self.orders.remove(order)
            return order.failure
        return None


def error(status: int, code: str) -> Response:
    """The provider's own form of an error."""
    return JSONResponse({"result": "error", "error": {"code": code, "message": code.lower()}}, status_code=status)


async def misbehave(failure: Failure, request: Request, document: Document) -> Response:
    """Answer ``request`` wrongly; ``document`` is the answer a healthy provider would give."""
    if failure in _ERRORS:
        return _ERRORS[failure]()
    if failure in _BODIES:
        return Response(_BODIES[failure](document), media_type="application/json")
    changed = copy.deepcopy(document)
    if change(failure, changed):
        return Response(json.dumps(changed), media_type="application/json")  # escaped: surrogates survive
    if failure in _STREAMS:
        headers = {"content-encoding": "gzip"} if failure is Failure.GZIP_BOMB else {}
        return StreamingResponse(_STREAMS[failure](), media_type="application/json", headers=headers)
    return await _break_connection(failure, request)


def change(failure: Failure, document: Document) -> bool:
    """Spoil the document's content where that is all this failure does; says whether it is."""
    if failure not in _CHANGES:
        return False
    _CHANGES[failure](document)
    return True


_ERRORS: dict[Failure, Callable[[], Response]] = {
    Failure.STATUS_401: lambda: error(401, "UNAUTHORIZED"),
    Failure.STATUS_403: lambda: error(403, "PROJECT_FORBIDDEN"),
    Failure.STATUS_404: lambda: Response("<html><h1>404</h1></html>", 404, media_type="text/html"),
    Failure.STATUS_429: lambda: Response("slow down", 429, headers={"retry-after": "30"}),
    Failure.STATUS_500: lambda: Response("Internal Server Error", 500),
    Failure.STATUS_503: lambda: Response("<html>ただいまメンテナンス中です</html>", 503, media_type="text/html"),
    Failure.PROJECT_NOT_FOUND: lambda: error(404, "PROJECT_NOT_FOUND"),
    Failure.CHANNEL_NOT_FOUND: lambda: error(404, "CHANNEL_NOT_FOUND"),
    Failure.SESSION_NOT_FOUND: lambda: error(404, "SESSION_NOT_FOUND"),
    Failure.INTERNAL_ERROR: lambda: error(200, "INTERNAL_ERROR"),
    Failure.HTML: lambda: Response("<!doctype html><title>ログイン</title><p>\x1b[31m<b>", media_type="text/html"),
    Failure.REDIRECT_TO_LOOPBACK: lambda: RedirectResponse("http://127.0.0.1:22/", status_code=302),
}


def _text(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False)


_BODIES: dict[Failure, Callable[[Document], bytes]] = {
    Failure.TRUNCATED_JSON: lambda document: _text(document).encode()[:-9],
    Failure.NOT_A_NUMBER: lambda document: b'{"sessions": NaN}',
    Failure.DEEP_JSON: lambda document: b"[" * 100_000 + b"]" * 100_000,
    Failure.DUPLICATE_KEYS: lambda document: b'{"sessions": [], ' + _text(document).encode()[1:],
    Failure.UTF_16: lambda document: _text(document).encode("utf-16"),
}


def _wrong_types(document: Document) -> None:
    document["sessions"] = [{"session_id": {}, "messages": "none", "phone_number": 9012345678}]


def _spoil_texts(document: Document) -> None:
    for session in document["sessions"]:
        for said in session["messages"]:
            said["text"] += "\x00\ud83d"


def _duplicate(document: Document) -> None:
    document["sessions"] = document["sessions"] * 2


def _reorder(document: Document) -> None:
    document["sessions"].reverse()
    for session in document["sessions"]:
        session["messages"].reverse()


def _shift(offset: timedelta) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        for session in document["sessions"]:
            for holder, key in [
                (session, "phone_number_entered_at"),
                *((m, "created_at") for m in session["messages"]),
            ]:
                holder[key] = (datetime.fromisoformat(holder[key]) + offset).isoformat()

    return change


_CHANGES: dict[Failure, Callable[[Document], None]] = {
    Failure.EMPTY: lambda document: document.update(sessions=[]),
    Failure.WRONG_TYPES: _wrong_types,
    Failure.NUL_AND_SURROGATES: _spoil_texts,
    Failure.DUPLICATED: _duplicate,
    Failure.REORDERED: _reorder,
    Failure.ENDLESS_PAGES: lambda document: document.update(next_cursor="again"),
    Failure.CLOCK_25H_FAST: _shift(timedelta(hours=25)),
    Failure.CLOCK_25H_SLOW: _shift(timedelta(hours=-25)),
    Failure.CLOCK_2MIN_FAST: _shift(timedelta(minutes=2)),
}


async def _drip() -> AsyncIterator[bytes]:
    for _ in range(3_600):
        yield b" "
        await asyncio.sleep(1)


async def _pour() -> AsyncIterator[bytes]:
    for _ in range(TEN_GIGABYTES // CHUNK):
        yield b" " * CHUNK
        await asyncio.sleep(0)  # once nobody reads, sending returns at once and nothing else would get its turn


async def _bomb() -> AsyncIterator[bytes]:
    """Spaces that inflate a thousandfold: 10 GB from some 10 MB. One packed block is simply said again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(b" " * (16 * CHUNK)) + packer.flush(zlib.Z_FULL_FLUSH)
    yield b"\x1f\x8b\x08" + bytes(7)
    for _ in range(TEN_GIGABYTES // (16 * CHUNK)):
        yield block
        await asyncio.sleep(0)


async def _shout() -> AsyncIterator[bytes]:
    yield b'{"sessions": [{"session_id": "S", "phone_number": "", "messages": [{"sender": "user", "text": "'
    for _ in range(160):
        yield b"a" * CHUNK
        await asyncio.sleep(0)
    yield b'", "created_at": "2025-01-31T09:00:00+09:00"}]}]}'


async def _chatter() -> AsyncIterator[bytes]:
    one = b'{"sender":"user","text":"a","created_at":"2025-01-31T09:00:00+09:00"},'
    yield b'{"sessions": [{"session_id": "S", "phone_number": "", "messages": ['
    for _ in range(1_000):
        yield one * 1_000
        await asyncio.sleep(0)
    yield one[:-1] + b"]}]}"


_STREAMS: dict[Failure, Callable[[], AsyncIterator[bytes]]] = {
    Failure.SLOW_DRIP: _drip,
    Failure.TEN_GIGABYTE_BODY: _pour,
    Failure.GZIP_BOMB: _bomb,
    Failure.TEN_MEGABYTE_MESSAGE: _shout,
    Failure.MILLION_MESSAGES: _chatter,
}


async def _break_connection(failure: Failure, request: Request) -> Response:
    """Act below HTTP, on the connection itself; what is returned is never seen."""
    transport: asyncio.Transport = request.state.transport
    if failure is Failure.BLACK_HOLE:
        pass
    elif failure is Failure.NOT_HTTP:
        transport.write(b"220 mail.example.jp ESMTP ready\r\n\r\n")
        transport.close()
    else:
        if failure is Failure.RESET_IN_BODY:
            transport.write(b'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{"sessions": [')
            await asyncio.sleep(0)
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    await _wait_until_gone(request)
    return Response()


async def _wait_until_gone(request: Request) -> None:
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            return

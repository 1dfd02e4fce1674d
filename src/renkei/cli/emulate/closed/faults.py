"""Every way the listing can fail or mislead, ordered for one interface or both, a number of times or until cleared."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from renkei.cli.emulate.failures import Failure, misbehave


class Fault(StrEnum):
    """The name of each fault. Those of HABITS change what is listed; the others take the place of the answer."""

    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a fault's name
    STATUS_403 = "status_403"
    STATUS_404 = "status_404"
    STATUS_429 = "status_429"
    STATUS_500 = "status_500"
    STATUS_503 = "status_503"
    INTERNAL_ERROR = "internal_error"
    PAGE_EXPIRED = "page_expired"
    SLOW = "slow"
    BLACK_HOLE = "black_hole"
    SLOW_DRIP = "slow_drip"
    RESET = "reset"
    RESET_IN_BODY = "reset_in_body"
    NOT_HTTP = "not_http"
    TEN_GIGABYTE_BODY = "ten_gigabyte_body"
    GZIP_BOMB = "gzip_bomb"
    HTML = "html"
    TRUNCATED_JSON = "truncated_json"
    NOT_A_NUMBER = "not_a_number"
    DEEP_JSON = "deep_json"
    UTF_16 = "utf_16"
    DUPLICATE_KEYS = "duplicate_keys"
    WRONG_TYPES = "wrong_types"
    TOKEN_IS_AN_OBJECT = "token_is_an_object"  # noqa: S105 - a fault's name
    REDIRECT_TO_LOOPBACK = "redirect_to_loopback"
    # habits
    DUPLICATED = "duplicated"
    REORDERED = "reordered"
    OVERLAPPING = "overlapping"
    SHIFTING = "shifting"
    SHRINKING = "shrinking"
    ENDLESS_PAGES = "endless_pages"
    SHOWS_OPEN = "shows_open"
    EMPTY = "empty"


HABITS = frozenset(list(Fault)[list(Fault).index(Fault.DUPLICATED) :])


@dataclass(slots=True)
class Order:
    """One fault ordered: for one interface or (None) both, ``left`` times or (None) until cleared. ``seconds`` is the
    Retry-After of a 429 or 503, or how long a slow answer takes."""

    fault: Fault
    system: str | None = None
    left: int | None = None
    seconds: float | None = None


class Orders:
    """The faults ordered. One that takes the place of the answer and any number of habits may hold at once."""

    def __init__(self) -> None:
        self.orders: list[Order] = []

    def add(self, order: Order) -> None:
        """Fail from now on; a new order for the same fault and interface replaces the old one."""
        self.orders = [each for each in self.orders if (each.fault, each.system) != (order.fault, order.system)]
        self.orders.append(order)

    def clear(self) -> None:
        """Be healthy again."""
        self.orders = []

    def take(self, system: str, *, is_later_page: bool) -> list[Order]:
        """The orders due for this request, counted down. What a walk must be under way for waits for a later page."""
        due = [each for each in self.orders if each.system in (None, system) and (is_later_page or not _waits(each))]
        for order in due:
            if order.left is not None:
                order.left -= 1
        self.orders = [each for each in self.orders if each.left is None or each.left > 0]
        return due


def _waits(order: Order) -> bool:
    return order.fault in (Fault.PAGE_EXPIRED, Fault.OVERLAPPING, Fault.SHIFTING, Fault.SHRINKING)


@dataclass(frozen=True, slots=True)
class Words:
    """How one interface words its errors: the code of a refused token, of a page too old, of its own trouble."""

    token: str
    expired: str
    internal: str


def word_error(status: int, code: str) -> Response:
    """The desk's own form of an error."""
    return JSONResponse({"error": {"code": code, "message": code.lower().replace("_", " ")}}, status_code=status)


async def fail(order: Order, request: Request, body: bytes, words: Words, healthy: Callable[[], Response]) -> Response:
    """Answer wrongly; ``body`` and ``healthy`` are what a healthy desk would say."""
    wait = "30" if order.seconds is None else f"{order.seconds:g}"
    match order.fault:
        case Fault.TOKEN_REFUSED:
            return word_error(401, words.token)
        case Fault.INTERNAL_ERROR:
            return word_error(200, words.internal)
        case Fault.PAGE_EXPIRED:
            return word_error(410, words.expired)
        case Fault.STATUS_403:
            return Response("forbidden", 403)
        case Fault.STATUS_429 | Fault.STATUS_503:
            return Response("later", int(order.fault[-3:]), headers={"retry-after": wait})
        case Fault.SLOW:
            await asyncio.sleep(2.0 if order.seconds is None else order.seconds)
            return healthy()
    if order.fault in _BODIES:
        return Response(_BODIES[order.fault](body), media_type="application/json")
    return await misbehave(Failure(order.fault.value), request, {})


_BODIES: dict[Fault, Callable[[bytes], bytes]] = {
    Fault.TRUNCATED_JSON: lambda body: body[:-9],
    Fault.NOT_A_NUMBER: lambda body: b'{"total": NaN, ' + body[1:],
    Fault.DEEP_JSON: lambda body: b'{"deep": ' + b"[" * 100_000 + b"]" * 100_000 + b", " + body[1:],
    Fault.UTF_16: lambda body: body.decode("utf-8", "replace").encode("utf-16"),
    Fault.DUPLICATE_KEYS: lambda body: body[:-1] + b", " + body[1:],
    Fault.WRONG_TYPES: lambda body: body.replace(b"[", b"{", 1)[: body.index(b"[") + 1] + b"}}",
    Fault.TOKEN_IS_AN_OBJECT: lambda body: body[: body.rindex(b":")] + b": {}}",
}


def answer_json(body: bytes, request: Request) -> Response:
    """A healthy answer, compressed for who takes it."""
    if len(body) > 1_000 and "gzip" in request.headers.get("accept-encoding", ""):
        packed = gzip.compress(body, 1)
        return Response(packed, media_type="application/json", headers={"content-encoding": "gzip"})
    return Response(body, media_type="application/json")


Answer = Callable[[Request], Awaitable[Response]]

"""The emulated chat desk's listing of completed chats: our standard chat API, and one of its own making.

The first leads from page to page by a place in the order, so its pages hold still. The second counts from the beginning
behind an opaque cursor, so what happens meanwhile moves chats from page to page. Each has chats of its own.
"""

import base64
import dataclasses
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from renkei.cli.emulate.app import Refused
from renkei.cli.emulate.closed.chats import Chat
from renkei.cli.emulate.closed.faults import HABITS, Fault, Order, Orders, Words, answer_json, fail, word_error
from renkei.cli.emulate.closed.growth import Growth
from renkei.cli.emulate.closed.ledger import DeskClock, Key, Ledger, Window
from renkei.cli.emulate.closed.records import Write, write_own, write_standard

STANDARD, SMART_M_TALK = "standard", "smart_m_talk"
SYSTEMS = (SMART_M_TALK, STANDARD)
DEMO_TOKEN = "demo-closed-token"  # noqa: S105 - everybody may know the demonstration's
DEMO_SMART_M_TALK_KEY = "demo-smart-m-talk-key"
DEMO_SIGNING_KEY = "whsec_ZGVtby1zaWduaW5nLWtleS1vZi10aGUtZW11bGF0b3I="
SMART_M_TALK_PATH = "/smart-m-talk/v1/chats"
STANDARD_PATH = "/renkei/v1"
MOST_ON_A_PAGE = 500


@dataclass(frozen=True, slots=True)
class Interface:
    """How one interface is worded."""

    list_name: str
    next_name: str
    words: Words
    write: Write


INTERFACES = {
    STANDARD: Interface(
        "conversations", "next", Words("unknown_token", "page_expired", "internal_error"), write_standard
    ),
    SMART_M_TALK: Interface(
        "chats", "next_cursor", Words("INVALID_API_KEY", "CURSOR_EXPIRED", "INTERNAL_ERROR"), write_own
    ),
}


class Desk:
    """The chat desk; ``now`` is our clock, its own may be put wrong for each interface."""

    def __init__(self, *, now: Callable[[], datetime], growth: Growth | None = None) -> None:
        self.ledgers = {system: Ledger(DeskClock(now)) for system in SYSTEMS}
        self.orders = Orders()
        self.growth = growth
        self.requests = 0

    async def list_standard(self, request: Request) -> Response:
        """``GET …/closed-conversations``: behind ``page``, a place in the order."""
        if request.headers.get("authorization") != f"Bearer {DEMO_TOKEN}":
            return word_error(401, "unknown_token")
        asked = request.query_params
        since, until = _read_moment(asked.get("since")), _read_moment(asked.get("until"))
        page = asked.get("page")
        limit = _read_limit(asked.get("limit"), MOST_ON_A_PAGE)
        key = None if page is None else _read_place(page)

        def choose(window: Window, overlap: int) -> tuple[list[Chat], str | None]:
            chats = window.after(key, limit + 1)
            token = _write_place(chats[limit - 1].key) if len(chats) > limit else None
            before: list[Chat] = []
            if overlap and key is not None:
                before = [chat for chat in window.listed if chat.key <= key][-overlap:]
            return before + chats[:limit], token

        return await self._answer(STANDARD, request, (since, until), page, choose)

    async def list_own(self, request: Request) -> Response:
        """``GET /smart-m-talk/v1/chats``: from ``cursor`` on, which hides a count from the beginning."""
        if request.headers.get("x-api-key") != DEMO_SMART_M_TALK_KEY:
            return word_error(401, "INVALID_API_KEY")
        asked = request.query_params
        since, until = _read_moment(asked.get("updated_from")), _read_moment(asked.get("updated_to"))
        cursor = asked.get("cursor")
        limit = _read_limit(asked.get("limit"), MOST_ON_A_PAGE)
        offset = 0 if cursor is None else _read_offset(cursor)

        def choose(window: Window, overlap: int) -> tuple[list[Chat], str | None]:
            begin = max(0, offset - overlap)
            chats = window.at(begin, limit + offset - begin)
            is_over = offset + limit >= len(window)
            return chats, None if is_over else _write_token(f"from {offset + limit}")

        return await self._answer(SMART_M_TALK, request, (since, until), cursor, choose)

    async def _answer(
        self,
        system: str,
        request: Request,
        bounds: tuple[datetime | None, datetime | None],
        page: str | None,
        choose: Callable[[Window, int], tuple[list[Chat], str | None]],
    ) -> Response:
        self.requests += 1
        ledger, interface = self.ledgers[system], INTERFACES[system]
        if self.growth is not None and system == SMART_M_TALK:
            self.growth.go_on(ledger)
        due = self.orders.take(system, is_later_page=page is not None)
        habits = {order.fault for order in due if order.fault in HABITS}
        _disturb(ledger, habits, bounds)
        window = ledger.window(*bounds, with_open=Fault.SHOWS_OPEN in habits)
        chats, token = choose(window, 3 if Fault.OVERLAPPING in habits else 0)
        if Fault.ENDLESS_PAGES in habits:
            token = page or _write_token("from 0")
        records = _write_records(chats, habits, interface.write)
        body = b'{"%s": [' % interface.list_name.encode() + b", ".join(records) + b"], "
        body += b'"%s": ' % interface.next_name.encode() + json.dumps(token).encode() + b"}"
        broken = [order for order in due if order.fault not in HABITS]
        if broken:
            return await fail(broken[-1], request, body, interface.words, lambda: answer_json(body, request))
        ledger.shown.update(chat.id for chat in chats if chat.id in ledger.chats)
        return answer_json(body, request)

    def describe_orders(self) -> list[dict[str, Any]]:
        """The faults ordered, as JSON."""
        return [_describe(order) for order in self.orders.orders]


def _describe(order: Order) -> dict[str, Any]:
    return {"fault": order.fault.value, "system": order.system, "left": order.left, "seconds": order.seconds}


def _disturb(ledger: Ledger, habits: set[Fault], bounds: tuple[datetime | None, datetime | None]) -> None:
    """Something happens over there while the listing is walked: its oldest chat is touched, or deleted."""
    if not habits & {Fault.SHIFTING, Fault.SHRINKING}:
        return
    oldest = next(iter(ledger.window(*bounds).listed), None)
    if oldest is None:
        return
    if Fault.SHRINKING in habits:
        ledger.delete(oldest)
    else:
        oldest.updated_at = max(oldest.updated_at, ledger.clock.now())


def _write_records(chats: Sequence[Chat], habits: set[Fault], write: Write) -> list[bytes]:
    if Fault.EMPTY in habits:
        return []
    if Fault.REORDERED in habits:
        chats = [dataclasses.replace(chat, lines=chat.lines[::-1]) for chat in reversed(chats)]
    records = [write(chat) for chat in chats]
    return [each for record in records for each in (record, record)] if Fault.DUPLICATED in habits else records


def _read_moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(400, "BAD_TIME") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _read_limit(text: str | None, most: int) -> int:
    if text is None:
        return most
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and int(text) > 0):
        raise Refused(400, "BAD_LIMIT")
    return min(int(text), most)


def _write_token(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_token(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except ValueError as error:
        raise Refused(400, "BAD_PAGE") from error


def _write_place(key: Key) -> str:
    return _write_token(f"{key[0].isoformat()} {key[1]}")


def _read_place(page: str) -> Key:
    moment, _, chat_id = _read_token(page).partition(" ")
    if moment == "from":  # an endless page's
        return (datetime(1970, 1, 1, tzinfo=UTC), "")
    return (_read_moment(moment) or datetime(1970, 1, 1, tzinfo=UTC), chat_id)


def _read_offset(cursor: str) -> int:
    word, _, count = _read_token(cursor).partition(" ")
    if word != "from" or not (count.isascii() and count.isdecimal() and len(count) < 10):
        raise Refused(400, "BAD_PAGE")
    return int(count)

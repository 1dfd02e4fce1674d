"""The desk's control: put in chats, change them, order faults, put its clock wrong, make it push. Loopback only."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from standardwebhooks import Webhook
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from renkei.cli.emulate.app import Refused, _read
from renkei.cli.emulate.closed.chats import Chat, cut_to_milliseconds, make_up
from renkei.cli.emulate.closed.desk import DEMO_SIGNING_KEY, SMART_M_TALK, SYSTEMS, Desk
from renkei.cli.emulate.closed.faults import Fault, Order
from renkei.cli.emulate.closed.ledger import Bulk, Ledger
from renkei.cli.emulate.closed.people import OPERATORS, Customer, Operator
from renkei.cli.emulate.closed.poison import READABLE, Poison
from renkei.cli.emulate.closed.records import JAPAN, write_standard
from renkei.outbound import AllowList, HttpClient, OutboundError, OutgoingRequest, RefusedAddressError

PUSH_SECONDS = 10.0
MOST_SEEDED = 5_000


class Control:
    """What may be told to a desk, each address under ``/control/closed``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._seeded = 0

    async def show(self, request: Request) -> Response:
        """What the desk holds, what is ordered, and what may be."""
        desks = {
            system: {
                "chats": len(ledger.chats) + sum(bulk.count for bulk in ledger.bulks),
                "closed": sum(chat.status == "closed" for chat in ledger.chats.values()),
                "shown": len(ledger.shown),
                "now": ledger.clock.now().isoformat(),
            }
            for system, ledger in self._desk.ledgers.items()
        }
        told = {"requests": self._desk.requests, "systems": desks, "orders": self._desk.describe_orders()}
        told |= {"faults": [each.value for each in Fault], "poisons": [each.value for each in Poison]}
        return JSONResponse(told)

    async def list_chats(self, request: Request) -> Response:
        """Every chat that was put in or closed by itself, as an oracle for tests: bulk chats are left out."""
        ledger = self._ledger(request.query_params.get("system"))
        return JSONResponse({"chats": [_describe(chat, ledger) for chat in ledger.chats.values()]})

    async def seed(self, request: Request) -> Response:
        """Put in chats: ``{"count": 3, "minutes_ago": 30, "poison": null, …}``; see docs/connectors/README.md."""
        wanted = await _read(request)
        ledger = self._ledger(wanted.get("system"))
        count = _whole(wanted, "count", 1, most=MOST_SEEDED)
        chats = [ledger.keep(self._make(wanted, ledger)) for _ in range(count)]
        return JSONResponse({"ids": [chat.id for chat in chats]}, status_code=201)

    def _make(self, wanted: dict[str, Any], ledger: Ledger) -> Chat:
        self._seeded += 1
        now = ledger.clock.now()
        closed_at = cut_to_milliseconds(_moment(wanted, "closed_at") or now - _minutes(wanted, "minutes_ago"))
        chat = make_up(
            Random(f"seeded {self._seeded} {wanted.get('seed')}"),
            chat_id=_text(wanted, "id") or f"S-{self._seeded:06d}",
            closed_at=closed_at,
            length=_whole(wanted, "messages", 0, most=20_000) or None,
        )
        if "texts" in wanted:
            chat.lines = chat.lines[:0]
            for text in _texts(wanted):
                ledger.say(chat, text)
                chat.lines[-1].sent_at = chat.started_at + timedelta(seconds=len(chat.lines))
            chat.updated_at = closed_at
        if "operator" in wanted:
            chat.operator = _operator(wanted["operator"])
        if "customer" in wanted:
            chat.customer = _customer(wanted["customer"])
        if late := _minutes(wanted, "late_minutes"):
            chat.listed_from = now + late
        if _text(wanted, "status") == "open":
            chat.status, chat.closed_at, chat.closings = "open", None, 0
        chat.poison = _poison(wanted)
        return chat

    async def seed_bulk(self, request: Request) -> Response:
        """Many chats, made up while they are listed: ``{"count": 100000, "messages": 10, "name": "B", "days": 90}``."""
        wanted = await _read(request)
        ledger = self._ledger(wanted.get("system"))
        count = _whole(wanted, "count", 100_000, most=1_000_000)
        reach = timedelta(days=_whole(wanted, "days", 90, most=3_650))
        bulk = Bulk(
            name=_text(wanted, "name") or f"B{len(ledger.bulks) + 1}",
            count=count,
            length=_whole(wanted, "messages", 10, most=1_000),
            begins=cut_to_milliseconds(_moment(wanted, "begins") or ledger.clock.now() - reach),
            step=timedelta(milliseconds=max(1, int(reach.total_seconds() * 1_000) // max(1, count))),
        )
        ledger.add_bulk(bulk)
        return JSONResponse({"name": bulk.name, "count": bulk.count}, status_code=201)

    async def change(self, request: Request) -> Response:
        """``close``, ``reopen``, ``edit`` (``{"text": …}`` adds, with ``place`` it rewrites) or ``heal`` a chat."""
        ledger = self._ledger(request.query_params.get("system"))
        chat = self._chat(ledger, request)
        wanted = await _read(request)
        match request.path_params["deed"]:
            case "close":
                ledger.close(chat)
            case "reopen":
                ledger.reopen(chat)
            case "heal":
                chat.poison, chat.updated_at = None, ledger.clock.now()
            case "edit" if "place" in wanted:
                place = _whole(wanted, "place", 0, most=max(0, len(chat.lines) - 1))
                ledger.rewrite(chat, place, _text(wanted, "text"))
            case "edit":
                ledger.say(chat, _text(wanted, "text"), speaker=_text(wanted, "speaker") or "customer")
            case _:
                raise Refused(404, "DEED_UNKNOWN")
        return JSONResponse(_describe(chat, ledger))

    async def delete(self, request: Request) -> Response:
        """The chat is gone over there."""
        ledger = self._ledger(request.query_params.get("system"))
        ledger.delete(self._chat(ledger, request))
        return Response(status_code=204)

    async def order(self, request: Request) -> Response:
        """Fail from now on: ``{"fault": "status_429", "system": null, "times": 2, "seconds": 1}``."""
        wanted = await _read(request)
        if _text(wanted, "fault") not in set(Fault):
            raise Refused(400, "FAULT_UNKNOWN")
        system = _text(wanted, "system") or None
        self._ledger(system)
        times = _whole(wanted, "times", 0, most=1_000_000) or None
        seconds = wanted.get("seconds")
        if seconds is not None and (type(seconds) not in (int, float) or not 0 <= seconds <= 3_600):
            raise Refused(400, "WRONG_TYPE")
        self._desk.orders.add(Order(Fault(wanted["fault"]), system, times, seconds))
        return await self.show(request)

    async def clear(self, request: Request) -> Response:
        """Be healthy again."""
        self._desk.orders.clear()
        return await self.show(request)

    async def put_clock(self, request: Request) -> Response:
        """``{"hours_ahead": 25, "speed": 1}``: the desk's clock runs ahead (or behind), or backwards with speed -1."""
        wanted = await _read(request)
        ahead, speed = wanted.get("hours_ahead", 0), wanted.get("speed", 1)
        if type(ahead) not in (int, float) or type(speed) not in (int, float) or abs(ahead) > 10_000 or abs(speed) > 10:
            raise Refused(400, "WRONG_TYPE")
        self._ledger(wanted.get("system")).clock.put(ahead=timedelta(hours=ahead), speed=float(speed))
        return await self.show(request)

    async def push(self, request: Request) -> Response:
        """Send ``conversation.closed`` of a chat of the standard interface to ``url``: ``{"id", "url", "key"}``.

        Answers with the status that came back. ``delivery`` repeats an id; ``body`` sends other bytes, signed.
        """
        wanted = await _read(request)
        ledger = self._ledger(_text(wanted, "system") or "standard")
        chat = ledger.chats.get(_text(wanted, "id"))
        if chat is None:
            raise Refused(404, "CHAT_NOT_FOUND")
        now = ledger.clock.tell()
        body = _text(wanted, "body").encode() or write_push(chat)
        delivery = _text(wanted, "delivery") or f"push-{chat.id}-{chat.closings}-{len(chat.lines)}"
        try:
            signature = Webhook(_text(wanted, "key") or DEMO_SIGNING_KEY).sign(delivery, now, body.decode())
        except ValueError as error:
            raise Refused(400, "BAD_KEY") from error
        ledger.shown.add(chat.id)
        headers = (
            ("content-type", "application/json"),
            ("webhook-id", delivery),
            ("webhook-timestamp", str(int(now.timestamp()))),
            ("webhook-signature", signature),
        )
        outgoing = OutgoingRequest(method="POST", url=_text(wanted, "url"), headers=headers, body=body)
        return await self._send(outgoing, delivery)

    async def _send(self, outgoing: OutgoingRequest, delivery: str) -> Response:
        http = HttpClient()
        try:
            answer = await http.send(outgoing, allow=AllowList.of([outgoing.url]), deadline_seconds=PUSH_SECONDS)
        except RefusedAddressError as error:
            raise Refused(400, "BAD_URL") from error
        except OutboundError as error:
            return JSONResponse({"delivery": delivery, "status": None, "error": error.code})
        finally:
            await http.aclose()
        return JSONResponse({"delivery": delivery, "status": answer.status})

    def _ledger(self, system: object) -> Ledger:
        name = SMART_M_TALK if system is None else system
        if name not in SYSTEMS:
            raise Refused(404, "SYSTEM_UNKNOWN")
        return self._desk.ledgers[str(name)]

    def _chat(self, ledger: Ledger, request: Request) -> Chat:
        chat = ledger.chats.get(request.path_params["chat"])
        if chat is None:
            raise Refused(404, "CHAT_NOT_FOUND")
        return chat


def write_push(chat: Chat) -> bytes:
    """The body of a ``conversation.closed``."""
    return b'{"type": "conversation.closed", "conversation": ' + write_standard(chat) + b"}"


def _describe(chat: Chat, ledger: Ledger) -> dict[str, Any]:
    return {
        "id": chat.id,
        "status": chat.status,
        "updated_at": chat.updated_at.isoformat(),
        "closings": chat.closings,
        "operator": chat.operator.number if chat.operator is not None else None,
        "customer": chat.customer.number if chat.customer is not None else None,
        "messages": [line.text for line in chat.lines],
        "poison": chat.poison,
        "is_readable": chat.poison is None or chat.poison in READABLE,
        "is_shown": chat.id in ledger.shown,
    }


def _text(wanted: dict[str, Any], key: str) -> str:
    value = wanted.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused(400, "WRONG_TYPE")
    return value


def _texts(wanted: dict[str, Any]) -> list[str]:
    texts = wanted["texts"]
    if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
        raise Refused(400, "WRONG_TYPE")
    return texts


def _whole(wanted: dict[str, Any], key: str, default: int, *, most: int) -> int:
    value = wanted.get(key)
    if value is None:
        return default
    if type(value) is not int or not 0 <= value <= most:
        raise Refused(400, "WRONG_TYPE")
    return value


def _minutes(wanted: dict[str, Any], key: str) -> timedelta:
    value = wanted.get(key, 0)
    if type(value) not in (int, float) or abs(value) > 10_000_000:
        raise Refused(400, "WRONG_TYPE")
    return timedelta(minutes=value)


def _moment(wanted: dict[str, Any], key: str) -> datetime | None:
    text = _text(wanted, key)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(400, "BAD_TIME") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=JAPAN)


def _operator(wanted: object) -> Operator | None:
    if wanted is None:
        return None
    known = next((each for each in OPERATORS if each.number == wanted), None)
    if known is not None:
        return known
    if not isinstance(wanted, str):
        raise Refused(400, "WRONG_TYPE")
    return Operator(wanted, wanted)


def _customer(wanted: object) -> Customer | None:
    if wanted is None:
        return None
    if not isinstance(wanted, dict):
        raise Refused(400, "WRONG_TYPE")
    return Customer(*(_text(wanted, key) for key in ("number", "name", "kana", "phone", "email")))


def _poison(wanted: dict[str, Any]) -> Poison | None:
    name = _text(wanted, "poison")
    if not name:
        return None
    try:
        return Poison(name)
    except ValueError as error:
        raise Refused(400, "POISON_UNKNOWN") from error

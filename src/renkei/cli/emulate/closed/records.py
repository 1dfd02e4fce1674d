"""How each of the desk's two interfaces writes a chat down."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from renkei.cli.emulate.closed.chats import Chat, Line
from renkei.cli.emulate.closed.poison import Names, spoil

JAPAN = ZoneInfo("Asia/Tokyo")
Write = Callable[[Chat], bytes]


def write_own(chat: Chat) -> bytes:
    """A chat of the SMART-M-TALK-like interface, as UTF-8 JSON or what its poison makes of that."""
    record: dict[str, Any] = {
        "chat_id": chat.id,
        "status": chat.status,
        "title": chat.subject,
        "channel_name": chat.entrance,
        "started_at": _tell(chat.started_at),
        "closed_at": None if chat.closed_at is None else _tell(chat.closed_at),
        "updated_at": _tell(chat.updated_at),
        "operator": None,
        "customer": None,
        "messages": [_write_own_line(each) for each in chat.lines],
    }
    if chat.operator is not None:
        record["operator"] = {"operator_id": chat.operator.number, "name": chat.operator.name}
    if chat.customer is not None:
        person = chat.customer
        record["customer"] = {
            "customer_id": person.number or None,
            "name": person.name,
            "name_kana": person.kana,
            "phone_number": person.phone,
            "mail": person.email,
        }
    return _finish(chat, record, Names(id="chat_id", operator="operator", phone="phone_number", text="text"))


def _write_own_line(line: Line) -> dict[str, Any]:
    said: dict[str, Any] = {
        "sender": line.speaker,
        "type": line.kind,
        "text": line.text,
        "sent_at": _tell(line.sent_at),
    }
    return said | ({"url": line.url} if line.url else {}) | ({"operator_id": line.author} if line.author else {})


def write_standard(chat: Chat) -> bytes:
    """A chat of the standard chat API (docs/connectors/standard.md)."""
    record: dict[str, Any] = {
        "id": chat.id,
        "status": "closed" if chat.status == "closed" else "open",
        "subject": chat.subject,
        "entrance": chat.entrance,
        "started_at": _tell(chat.started_at),
        "closed_at": None if chat.closed_at is None else _tell(chat.closed_at),
        "updated_at": _tell(chat.updated_at),
        "messages": [_write_standard_line(each) for each in chat.lines],
    }
    if chat.operator is not None:
        record["agent"] = {"id": chat.operator.number, "name": chat.operator.name}
    if chat.customer is not None:
        told = {
            "id": chat.customer.number,
            "name": chat.customer.name,
            "phone": chat.customer.phone,
            "email": chat.customer.email,
        }
        record["customer"] = {key: value for key, value in told.items() if value}
    return _finish(chat, record, Names(id="id", operator="agent", phone="phone", text="text"))


def _write_standard_line(line: Line) -> dict[str, Any]:
    said: dict[str, Any] = {
        "speaker": line.speaker,
        "kind": line.kind,
        "text": line.text,
        "sent_at": _tell(line.sent_at),
    }
    return said | ({"url": line.url} if line.url else {}) | ({"agent_id": line.author} if line.author else {})


def _finish(chat: Chat, record: dict[str, Any], names: Names) -> bytes:
    if chat.poison is not None:
        return spoil(chat.poison, record, names)
    return json.dumps(record, ensure_ascii=False).encode()


def _tell(moment: datetime) -> str:
    return moment.astimezone(JAPAN).isoformat(timespec="milliseconds")

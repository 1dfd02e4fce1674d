"""Conversations come in, fetched for a call or pushed to us: stored once, newest content wins."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from renkei.actions.realtime.announcing import Announcements
from renkei.actions.realtime.text import fit
from renkei.domain.chat import Conversation, Message, Speaker
from renkei.domain.near_numbers import near_keys
from renkei.domain.phone import Telephone, read_number
from renkei.domain.stream import EventKind
from renkei.models.statements import chats


@dataclass(frozen=True, slots=True)
class Received:
    """Where the conversations are stored, in the order given, and which of them are new or changed."""

    ids: tuple[int, ...]
    changed: frozenset[int]


async def receive_chats(
    conn: AsyncConnection[Any], connector: str, *, conversations: Sequence[Conversation]
) -> Received:
    """Store conversations inside the caller's transaction; the same content again changes nothing, an older state
    than ours is ignored. Agents whose live call is linked to one that grew are told (CALL_CHAT)."""
    received = await store_chats(conn, connector, conversations)
    await _tell_listeners(conn, received.changed)
    return received


async def receive_delivery(
    conn: AsyncConnection[Any],
    connector: str,
    *,
    delivery_id: str,
    conversations: Sequence[Conversation] = (),
    error_code: str = "",
    raw: bytes | None = None,
) -> bool:
    """Store one push with its ledger entry, in one transaction (P3). False when this delivery came before.

    What was not understood comes with its ``error_code`` and ``raw`` body and is kept.
    """
    async with conn.transaction():
        params = {"connector": connector, "delivery": fit(delivery_id, 200), "error": error_code, "raw": raw}
        if await (await conn.execute(chats.ADD_DELIVERY, params, prepare=True)).fetchone() is None:
            return False
        await receive_chats(conn, connector, conversations=conversations)
    return True


async def store_chats(conn: AsyncConnection[Any], connector: str, conversations: Sequence[Conversation]) -> Received:
    """Store conversations inside the caller's transaction, announcing nothing."""
    ids: dict[int, int] = {}
    changed: set[int] = set()
    # One order for all: two deliveries of the same conversations must not wait for each other.
    for place, conversation in sorted(enumerate(conversations), key=lambda each: _identity(each[1])):
        ids[place], is_changed = await _store(conn, connector, conversation)
        if is_changed:
            changed.add(ids[place])
    return Received(tuple(ids[place] for place in range(len(conversations))), frozenset(changed))


async def _store(conn: AsyncConnection[Any], connector: str, conversation: Conversation) -> tuple[int, bool]:
    params = _columns(connector, conversation)
    added = await (await conn.execute(chats.ADD, params, prepare=True)).fetchone()
    if added is not None:
        await _put_messages(conn, added[0], conversation.messages)
        return int(added[0]), True
    row = await (await conn.execute(chats.LOCK, params, prepare=True)).fetchone()
    assert row is not None
    stored, sha256, count, newest = row
    if sha256 == params["sha256"] or _is_older(conversation, count, newest):
        return int(stored), False
    await conn.execute(chats.RENEW, params | {"conversation": stored}, prepare=True)
    await conn.execute(chats.CUT_MESSAGES, {"conversation": stored, "length": len(conversation.messages)}, prepare=True)
    await _put_messages(conn, stored, conversation.messages)
    return int(stored), True


def _is_older(conversation: Conversation, count: int, newest: datetime | None) -> bool:
    """Whether we know a later state already: deliveries overtake each other."""
    if newest is None:
        return False
    ours = max((message.sent_at for message in conversation.messages), default=None)
    return ours is None or ours < newest or (ours == newest and len(conversation.messages) < count)


def _columns(connector: str, conversation: Conversation) -> dict[str, Any]:
    number = read_number(conversation.typed_number)
    e164 = number.e164 if isinstance(number, Telephone) else None
    project, channel, external = _identity(conversation)
    from_customer = (each.sent_at for each in conversation.messages if each.speaker is Speaker.CUSTOMER)
    return {
        "connector": connector,
        "project": project,
        "channel": channel,
        "external": external,
        "typed_number": fit(conversation.typed_number, 200),
        "e164": e164,
        "near_keys": list(near_keys(e164, conversation.typed_number)),
        "identified_at": conversation.identified_at,
        "last_customer_at": max(from_customer, default=None),
        "sha256": _digest(conversation),
    }


def _identity(conversation: Conversation) -> tuple[str, str, str]:
    return (
        fit(conversation.project_id, 120),
        fit(conversation.channel_id, 120),
        fit(conversation.external_id, 200),
    )


def _digest(conversation: Conversation) -> str:
    at = conversation.identified_at
    content: list[object] = [conversation.typed_number, at and at.timestamp()]
    content += [[m.speaker, m.kind, m.text, m.url, m.sent_at.timestamp()] for m in conversation.messages]
    return hashlib.sha256(json.dumps(content).encode("ascii")).hexdigest()


async def _put_messages(conn: AsyncConnection[Any], conversation_id: int, messages: Sequence[Message]) -> None:
    if not messages:
        return
    params = {
        "conversation": conversation_id,
        "positions": list(range(len(messages))),
        "speakers": [each.speaker.value for each in messages],
        "kinds": [each.kind.value for each in messages],
        "texts": [fit(each.text) for each in messages],
        "urls": [None if each.url is None else fit(each.url) for each in messages],
        "times": [each.sent_at for each in messages],
    }
    await conn.execute(chats.PUT_MESSAGES, params, prepare=True)


async def _tell_listeners(conn: AsyncConnection[Any], changed: frozenset[int]) -> None:
    if not changed:
        return
    rows = await (await conn.execute(chats.LIVE_LISTENERS, {"conversations": sorted(changed)}, prepare=True)).fetchall()
    told = Announcements()
    for call, link, agents in rows:
        told.tell(agents, EventKind.CALL_CHAT, call=call, link=link)
    await told.send(conn)

"""Conversations are stored once, whatever order and however often they come."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from renkei.actions.realtime.chats import receive_chats, receive_delivery
from renkei.domain.chat import Conversation, Kind, Message, Speaker

Connection = psycopg.AsyncConnection[Any]
AT = datetime(2025, 1, 31, 5, 3, 22, tzinfo=UTC)


def said(count: int) -> tuple[Message, ...]:
    return tuple(
        Message(Speaker.CUSTOMER, Kind.TEXT, f"{place}通目", AT + timedelta(minutes=place)) for place in range(count)
    )


CHAT = Conversation("abc", "p1", "c1", "090-1234-5678", AT, said(2))


async def texts(conn: Connection) -> list[str]:
    cursor = await conn.execute("SELECT text FROM renkei_chatmessage ORDER BY conversation_id, position")
    return [row[0] for row in await cursor.fetchall()]


async def test_the_same_again_changes_nothing_and_more_is_added(connection: Connection) -> None:
    """The revision counts real changes only."""
    first = await receive_chats(connection, "standard", conversations=[CHAT])
    again = await receive_chats(connection, "standard", conversations=[CHAT])
    assert (first.changed, again.changed, again.ids) == (frozenset(first.ids), frozenset(), first.ids)
    grown = await receive_chats(connection, "standard", conversations=[replace(CHAT, messages=said(3))])
    assert grown.changed == frozenset(first.ids)
    assert await texts(connection) == ["0通目", "1通目", "2通目"]
    row = await (await connection.execute("SELECT revision, e164 FROM renkei_chatconversation")).fetchone()
    assert row == (2, "+819012345678")


async def test_an_older_state_that_comes_late_is_ignored(connection: Connection) -> None:
    """Deliveries overtake each other; the newest content stays."""
    await receive_chats(connection, "standard", conversations=[replace(CHAT, messages=said(3))])
    late = await receive_chats(connection, "standard", conversations=[CHAT])
    assert late.changed == frozenset()
    assert len(await texts(connection)) == 3


async def test_the_same_id_with_new_content_replaces_it(connection: Connection) -> None:
    """A provider that rewrites its messages."""
    await receive_chats(connection, "standard", conversations=[replace(CHAT, messages=said(3))])
    rewritten = tuple(replace(message, text="訂正") for message in said(3))
    await receive_chats(connection, "standard", conversations=[replace(CHAT, messages=rewritten)])
    assert await texts(connection) == ["訂正"] * 3


async def test_projects_and_channels_are_worlds_apart(connection: Connection) -> None:
    """The same id through another entrance is another conversation."""
    others = [CHAT, replace(CHAT, channel_id="c2"), replace(CHAT, project_id="p2")]
    received = await receive_chats(connection, "standard", conversations=others)
    assert len(set(received.ids)) == 3
    assert (await receive_chats(connection, "dec_support", conversations=[CHAT])).ids[0] not in received.ids


async def test_text_that_no_database_holds_is_kept_readable(connection: Connection) -> None:
    """NUL, unpaired surrogates, five thousand characters of a number: nothing is refused, nothing runs."""
    message = Message(Speaker.CUSTOMER, Kind.IMAGE, "a\x00b\ud800c", AT, "https://x.example/\x00\udfff")
    hostile = Conversation("\x00" * 3, "p1", "c1", "9" * 5000, None, (message,))
    received = await receive_chats(connection, "standard", conversations=[hostile])
    assert await texts(connection) == ["a\ufffdb\ufffdc"]
    row = await (await connection.execute("SELECT length(typed_number), e164 FROM renkei_chatconversation")).fetchone()
    assert (row, len(received.ids)) == ((200, None), 1)


async def test_a_delivery_seen_before_changes_nothing(connection: Connection) -> None:
    """The ledger and the conversation are one transaction (P3)."""
    assert await receive_delivery(connection, "standard", delivery_id="msg_1", conversations=[CHAT])
    more = replace(CHAT, messages=said(5))
    assert not await receive_delivery(connection, "standard", delivery_id="msg_1", conversations=[more])
    assert len(await texts(connection)) == 2
    kept = await receive_delivery(connection, "standard", delivery_id="msg_2", error_code="not_json", raw=b"\xff{")
    row = await (
        await connection.execute("SELECT error_code, raw FROM renkei_chatdelivery WHERE delivery_id = 'msg_2'")
    ).fetchone()
    assert (kept, row) == (True, ("not_json", b"\xff{"))

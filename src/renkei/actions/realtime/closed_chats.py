"""Completed chats that a chat system pushes: into the inbox with the ledger's entry, in one transaction (P3)."""

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection

from renkei.actions.realtime.text import fit
from renkei.domain.inbox import ShownChat, make_rows
from renkei.models.statements import chats, imports
from renkei.settings import config


async def receive_closed(
    conn: AsyncConnection[Any],
    setting_id: int,
    connector: str,
    *,
    delivery_id: str,
    shown: Sequence[ShownChat] = (),
    error_code: str = "",
    raw: bytes | None = None,
) -> bool:
    """Store one push and wake the service. False when this delivery came before.

    A body that was not understood comes with its ``error_code`` and ``raw`` and is kept.
    """
    async with conn.transaction():
        ledger = fit(f"closed:{setting_id}:{delivery_id}", 200)
        params = {"connector": connector, "delivery": ledger, "error": error_code, "raw": raw}
        if await (await conn.execute(chats.ADD_DELIVERY, params, prepare=True)).fetchone() is None:
            return False
        rows = make_rows(setting_id, shown, secret=config.secret_key.get_secret_value().encode("utf-8"))
        if not rows.is_empty:
            await conn.execute(imports.GATE_IN, {"setting": setting_id}, prepare=True)
            found = await conn.execute(imports.STORE, {"setting": setting_id, **rows.columns}, prepare=True)
            if rows.readable:
                # Pushes overtake each other: one that brings nothing new says nothing about what stands aside.
                new = [key for key, _ in await found.fetchall()]
                given = {"setting": setting_id, "readable": rows.readable, "current": new}
                await conn.execute(imports.RESOLVE_UNREADABLE, given, prepare=True)
            await conn.execute(imports.WAKE, {"setting": str(setting_id)}, prepare=True)
    return True

"""Open desks: what realtime writes down of the streams it holds."""

from collections.abc import Iterable
from typing import Any

from psycopg import AsyncConnection

from renkei.models.statements import stream as sql


async def note_open_desks(connection: AsyncConnection[Any], agents: Iterable[int]) -> None:
    """The desks of these agents are open now; one statement, however many."""
    await connection.execute(sql.NOTE_OPEN, {"agents": list(agents)}, prepare=True)

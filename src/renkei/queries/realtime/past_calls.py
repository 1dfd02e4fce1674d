"""How far the telephone system's own record of calls has been read."""

from typing import Any

from psycopg import AsyncConnection

from renkei.models.statements import past_calls


async def read_bookmark(conn: AsyncConnection[Any], source: str) -> str:
    """Where to read on; empty when nothing has been read from there yet."""
    row = await (await conn.execute(past_calls.BOOKMARK, {"source": source}, prepare=True)).fetchone()
    return str(row[0]) if row else ""

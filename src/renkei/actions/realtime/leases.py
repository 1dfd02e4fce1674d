"""Who serves which calls: a worker's lease with its epoch, and taking over what a dead worker left."""

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection

from renkei.actions.realtime.text import fit
from renkei.models.statements import workers


async def take_lease(conn: AsyncConnection[Any], name: str, *, line: str, seconds: float) -> int:
    """Become the worker ``name``; the epoch returned fences out whoever had the name before."""
    async with conn.transaction():
        params = {"name": name, "line": line, "seconds": seconds}
        row = await (await conn.execute(workers.TAKE_LEASE, params, prepare=True)).fetchone()
    assert row is not None
    return int(row[0])


async def renew_lease(conn: AsyncConnection[Any], name: str, *, epoch: int, seconds: float) -> bool:
    """Say that we live. False means that another process has our name now: stop commanding at once."""
    async with conn.transaction():
        params = {"name": name, "epoch": epoch, "seconds": seconds}
        return await (await conn.execute(workers.RENEW_LEASE, params, prepare=True)).fetchone() is not None


async def give_lease_back(conn: AsyncConnection[Any], name: str, *, epoch: int) -> None:
    """A clean end: others may take over at once."""
    async with conn.transaction():
        await conn.execute(workers.GIVE_LEASE_BACK, {"name": name, "epoch": epoch}, prepare=True)


async def note_system(conn: AsyncConnection[Any], name: str, *, epoch: int, system: str) -> None:
    """Which telephone system the worker is connected to, as it calls itself (at most 100 characters)."""
    async with conn.transaction():
        await conn.execute(
            workers.TELL_SYSTEM, {"name": name, "epoch": epoch, "system": fit(system, 100)}, prepare=True
        )


async def adopt_calls(conn: AsyncConnection[Any], name: str, *, epoch: int, call_ids: Sequence[int]) -> frozenset[int]:
    """Make these calls ours, as far as they are still up and nobody living has them; returns which."""
    async with conn.transaction():
        params = {"name": name, "epoch": epoch, "calls": list(call_ids)}
        rows = await (await conn.execute(workers.ADOPT, params, prepare=True)).fetchall()
    return frozenset(row[0] for row in rows)

"""What agents and simulated customers asked: closed with its result, or refused when nobody can carry it out."""

from typing import Any

from psycopg import AsyncConnection

from renkei.actions.realtime.announcing import Announcements
from renkei.actions.realtime.calls import tell_commands
from renkei.models.statements import calls


async def close_command(conn: AsyncConnection[Any], command_id: int, *, error_code: str = "") -> None:
    """An agent's command is done, or refused with a message code; the agent is told. Once closed it stays."""
    async with conn.transaction():
        rows = await _run(conn, calls.CLOSE_COMMAND, command=command_id, error=error_code)
        await _tell(conn, rows, error_code)


async def refuse_orphans(conn: AsyncConnection[Any], *, older_than_seconds: float) -> int:
    """Refuse with ``worker_gone`` what nobody carried out in time; returns how many. Every worker may sweep."""
    async with conn.transaction():
        params = {"seconds": older_than_seconds, "error": "worker_gone"}
        rows = await _run(conn, calls.CLOSE_ORPHANED_COMMANDS, **params)
        await _tell(conn, rows, "worker_gone")
        rows += await _run(conn, calls.CLOSE_STALE_SIMULATED, seconds=older_than_seconds)
    return len(rows)


async def close_simulated(conn: AsyncConnection[Any], action_id: int, *, error_code: str = "") -> bool:
    """What a simulated customer did is done. False when it was closed before."""
    async with conn.transaction():
        return bool(await _run(conn, calls.CLOSE_SIMULATED, action=action_id, error=error_code))


async def _run(conn: AsyncConnection[Any], statement: str, **params: Any) -> list[Any]:
    return await (await conn.execute(statement, params, prepare=True)).fetchall()


async def _tell(conn: AsyncConnection[Any], rows: list[Any], error_code: str) -> None:
    told = Announcements()
    tell_commands(told, rows, error_code)
    await told.send(conn)

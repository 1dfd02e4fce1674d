"""What a calls worker asks about calls: standing ones, whose they are, and what was asked of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import class_row

from renkei.models.statements import calls, workers


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRow:
    """A call that is not over in the database. ``steps`` is the number of the next IVR step."""

    id: int
    line_id: str
    owner: str
    state: str
    caller_raw: str
    caller_name: str
    caller_e164: str | None
    caller_unknown: str
    dialled_raw: str
    arrived_at: datetime
    answered_by_id: int | None
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCommand:
    """What an agent asked and nobody has answered yet."""

    id: int
    call_id: int
    line_id: str
    owner: str
    agent_id: int
    extension: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSimulated:
    """What a simulated customer did and nobody has carried out yet."""

    id: int
    line_id: str
    kind: str
    args: dict[str, Any]


async def standing_calls(conn: AsyncConnection[Any], name: str, *, line: str) -> list[StandingRow]:
    """Calls that are ours, nobody's, or a dead worker's on the same kind of line."""
    async with conn.cursor(row_factory=class_row(StandingRow)) as cursor:
        await cursor.execute(workers.STANDING, {"name": name, "line": line}, prepare=True)
        return await cursor.fetchall()


async def owned_calls(conn: AsyncConnection[Any], name: str, *, call_ids: Sequence[int]) -> frozenset[int]:
    """Which of these calls are still ours."""
    cursor = await conn.execute(workers.OWNED, {"name": name, "calls": list(call_ids)}, prepare=True)
    return frozenset(row[0] for row in await cursor.fetchall())


async def open_command(conn: AsyncConnection[Any], command_id: int) -> OpenCommand | None:
    """The command, unless it is closed."""
    async with conn.cursor(row_factory=class_row(OpenCommand)) as cursor:
        await cursor.execute(calls.OPEN_COMMAND, {"command": command_id}, prepare=True)
        return await cursor.fetchone()


async def open_commands(conn: AsyncConnection[Any], owner: str) -> list[int]:
    """Commands to this worker's calls that are still open: what a NOTIFY missed while we were away asked for."""
    cursor = await conn.execute(calls.OPEN_COMMANDS_OF, {"owner": owner}, prepare=True)
    return [row[0] for row in await cursor.fetchall()]


async def open_simulated(conn: AsyncConnection[Any], action_id: int) -> OpenSimulated | None:
    """The simulated customer's deed, unless it is done."""
    async with conn.cursor(row_factory=class_row(OpenSimulated)) as cursor:
        await cursor.execute(calls.OPEN_SIMULATED, {"action": action_id}, prepare=True)
        return await cursor.fetchone()


async def all_open_simulated(conn: AsyncConnection[Any]) -> list[int]:
    """Simulated deeds that wait."""
    cursor = await conn.execute(calls.OPEN_SIMULATED_ALL, prepare=True)
    return [row[0] for row in await cursor.fetchall()]

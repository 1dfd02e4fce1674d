"""Enters what the telephone system recorded while no worker lived into the history, each call once."""

from collections.abc import Callable, Sequence
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from renkei.actions.realtime.text import caller_columns, fit
from renkei.domain.past_calls import PastCall
from renkei.domain.phone import read_caller
from renkei.models.statements import calls, past_calls


async def begin_bookmark(conn: AsyncConnection[Any], source: str, *, place: str) -> None:
    """Read on from here; a bookmark that stands already stays."""
    async with conn.transaction():
        await conn.execute(past_calls.BEGIN_BOOKMARK, {"source": source, "place": place}, prepare=True)


async def enter_past_calls(
    conn: AsyncConnection[Any],
    found: Sequence[PastCall],
    *,
    source: str,
    read_from: str,
    place: str,
    find_number: Callable[[str], int | None],
) -> int:
    """Enter the calls that were read from ``read_from`` to ``place``, as far as the history has them not, and move the
    bookmark; both or neither. Returns how many were new; none when a fellow worker was quicker."""
    async with conn.transaction():
        params = {"source": source, "read_from": read_from, "place": place}
        if await (await conn.execute(past_calls.MOVE_BOOKMARK, params, prepare=True)).fetchone() is None:
            return 0
        return sum([await _enter(conn, call, find_number(call.dialled)) for call in found])


async def _enter(conn: AsyncConnection[Any], call: PastCall, number_id: int | None) -> int:
    caller = read_caller(call.caller.number, call.caller.name, call.caller.withheld)
    columns = caller_columns(caller, raw=call.caller.number, name=call.caller.name, dialled=call.dialled)
    params = {
        "line_id": fit(call.line_id, 80),
        "outcome": call.outcome.value,
        **columns,
        "number": number_id,
        "arrived_at": call.arrived_at,
        # Answered is what a person answered: a rule's guidance picks up, too.
        "answered_at": None if call.rule else call.answered_at,
        "ended_at": call.ended_at,
    }
    row = await (await conn.execute(past_calls.ENTER, params, prepare=True)).fetchone()
    if row is None:
        return 0
    if call.rule:
        step = {"call": row[0], "position": 0, "ivr": None, "ivr_name": "", "kind": "fallback", "at": call.arrived_at}
        detail = Jsonb({"rule": fit(call.rule, 80)})
        await conn.execute(calls.STEP, {**step, "detail": detail}, prepare=True)
    return 1

"""A look-up that another telephone system asks for: recorded as a call that passed the IVR it names (R76, R133)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from renkei import clock
from renkei.actions.realtime.links import Asking, Linked, link_chat
from renkei.actions.realtime.text import caller_columns, fit
from renkei.domain.chat import Conversation
from renkei.domain.exchanges import Exchange
from renkei.domain.matching import LookedUp
from renkei.domain.phone import NoNumber, Telephone
from renkei.models.statements import calls
from renkei.models.statements import look_up as sql


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedCall:
    """The call as the other system tells it; ``line_id`` is unique for ever, the same for a repeated question."""

    line_id: str
    caller: Telephone | NoNumber
    caller_raw: str
    caller_name: str
    dialled_raw: str
    number_id: int | None
    arrived_at: datetime | None


@dataclass(frozen=True, slots=True)
class AskedIvr:
    """The linkage IVR it named."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Begun:
    """The call's row, its arrival, and the position of its next IVR step."""

    id: int
    arrived_at: datetime
    steps: int


async def begin_look_up(conn: AsyncConnection[Any], asked: AskedCall, *, ivr: AskedIvr) -> Begun:
    """Store the call; the database stamps an arrival that was not told (D4)."""
    caller = caller_columns(asked.caller, raw=asked.caller_raw, name=asked.caller_name, dialled=asked.dialled_raw)
    params = {
        "line_id": fit(asked.line_id, 80),
        **caller,
        "number": asked.number_id,
        "arrived_at": asked.arrived_at,
    }
    async with conn.transaction():
        row = await (await conn.execute(sql.BEGIN, params, prepare=True)).fetchone()
        assert row is not None
        begun = Begun(*row)
        await _note(conn, begun.id, ivr, position=begun.steps, kind="entered", detail={"by": "api"})
    return Begun(begun.id, begun.arrived_at, begun.steps + 1)


async def finish_look_up(
    conn: AsyncConnection[Any],
    begun: Begun,
    *,
    ivr: AskedIvr,
    asking: Asking,
    looked_up: LookedUp,
    conversations: tuple[Conversation, ...],
    exchanges: tuple[Exchange, ...],
) -> Linked:
    """Store what was told, decide, and write the step into IVR履歴; one transaction."""
    async with conn.transaction():
        linked = await link_chat(conn, asking, looked_up=looked_up, conversations=conversations, exchanges=exchanges)
        decision = linked.decision
        detail = {"branch": decision.branch.value, "reason": decision.reason.value}
        await _note(conn, begun.id, ivr, position=begun.steps, kind="looked_up", detail=detail)
    return linked


async def note_reading(conn: AsyncConnection[Any], key_id: int, *, conversation_id: int, call_id: int | None) -> None:
    """Write down that a key was given a conversation (P8); in the transaction that read it."""
    params = {
        "actor": f"key:{key_id}",
        "conversation": str(conversation_id),
        "detail": Jsonb({"call": call_id, "via": "api"}),
    }
    await conn.execute(sql.CHAT_READ, params, prepare=True)


async def stamp_arrival(conn: AsyncConnection[Any]) -> datetime:
    """This moment by the database's clock (D4)."""
    row = await (await conn.execute(sql.NOW, prepare=True)).fetchone()
    assert row is not None
    moment = row[0]
    assert isinstance(moment, datetime)
    return moment


async def _note(
    conn: AsyncConnection[Any], call_id: int, ivr: AskedIvr, *, position: int, kind: str, detail: dict[str, str]
) -> None:
    params = {
        "call": call_id, "position": position, "ivr": ivr.id, "ivr_name": fit(ivr.name, 80), "kind": kind,
        "detail": Jsonb(detail), "at": clock.now(),
    }  # fmt: skip
    await conn.execute(calls.STEP, params, prepare=True)

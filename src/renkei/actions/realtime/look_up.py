"""A look-up that another telephone system asks for: recorded as a call that passed the IVR it names (R76, R133)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from renkei import clock
from renkei.actions.realtime.links import Asking, link_chat, note_exchanges
from renkei.actions.realtime.text import caller_columns, fit
from renkei.domain.chat import Conversation, Kind, Message, Speaker
from renkei.domain.exchanges import Exchange
from renkei.domain.link_result import LinkResult
from renkei.domain.matching import LookedUp, Reason, Source
from renkei.domain.phone import NoNumber, Telephone
from renkei.domain.transcript import Line, write_transcript
from renkei.errors import RejectedError
from renkei.models.statements import calls, links
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
    """The call's row and its arrival; ``told`` is what the same question was answered before, None for a new one."""

    id: int
    arrived_at: datetime
    told: LinkResult | None = None


async def begin_look_up(conn: AsyncConnection[Any], asked: AskedCall, *, ivr: AskedIvr) -> Begun:
    """Store the call; the database stamps an arrival that was not told (D4).

    The same ``line_id`` again is the same call. RejectedError ``call_id_taken`` when it came from another caller:
    then nothing is changed.
    """
    caller = caller_columns(asked.caller, raw=asked.caller_raw, name=asked.caller_name, dialled=asked.dialled_raw)
    params = {
        "line_id": fit(asked.line_id, 80),
        **caller,
        "number": asked.number_id,
        "arrived_at": asked.arrived_at,
    }
    async with conn.transaction():
        row = await (await conn.execute(sql.BEGIN, params, prepare=True)).fetchone()
        if row is None:
            raise RejectedError("call_id_taken")
        call_id, arrived_at = row
        told = await _told_before(conn, call_id, ivr)
        if told is None:
            entered = {
                "call": call_id, "ivr": ivr.id, "ivr_name": fit(ivr.name, 80), "detail": Jsonb({"by": "api"}),
                "at": clock.now(),
            }  # fmt: skip
            await conn.execute(sql.ENTER, entered, prepare=True)
    return Begun(call_id, arrived_at, told)


async def finish_look_up(
    conn: AsyncConnection[Any],
    begun: Begun,
    *,
    ivr: AskedIvr,
    asking: Asking,
    looked_up: LookedUp,
    conversations: tuple[Conversation, ...],
    exchanges: tuple[Exchange, ...],
) -> LinkResult:
    """Store what was told, decide, and write the step into IVR履歴; one transaction.

    Of two that ask the same at the same time the first to come here decides; both are told the same.
    """
    async with conn.transaction():
        await conn.execute(links.LOCK_CALL, {"call": begun.id}, prepare=True)
        told = await _told_before(conn, begun.id, ivr)
        if told is not None:
            await note_exchanges(conn, asking, exchanges)
            return told
        asking = replace(asking, look_up_id=_name(ivr))
        linked = await link_chat(conn, asking, looked_up=looked_up, conversations=conversations, exchanges=exchanges)
        result = LinkResult.of(linked.decision, window=asking.attempt.window)
        await _note_looked_up(conn, begun.id, ivr, result)
    return result


async def read_chat(
    conn: AsyncConnection[Any], key_id: int, *, conversation_id: int, call_id: int | None
) -> tuple[Line, ...]:
    """The lines of a conversation for a key's holder; that they were read is written down with it (P8)."""
    params = {
        "actor": f"key:{key_id}",
        "conversation": conversation_id,
        "detail": Jsonb({"call": call_id, "via": "api"}),
    }
    rows = await (await conn.execute(sql.READ_CHAT, params, prepare=True)).fetchall()
    return write_transcript(
        Message(Speaker(speaker), Kind(kind), text, sent_at, url) for speaker, kind, text, url, sent_at in rows
    )


def _name(ivr: AskedIvr) -> str:
    """The question's name within its call: one call may pass several linkage IVRs."""
    return f"api-{ivr.id}"


async def _told_before(conn: AsyncConnection[Any], call_id: int, ivr: AskedIvr) -> LinkResult | None:
    params = {"call": call_id, "look_up": _name(ivr)}
    row = await (await conn.execute(sql.TOLD, params, prepare=True)).fetchone()
    if row is None:
        return None
    reason, source, minutes, conversation_id, claimed_by = row
    return LinkResult(
        Reason(reason), Source(source) if source else None, timedelta(minutes=minutes), conversation_id, claimed_by
    )


async def _note_looked_up(conn: AsyncConnection[Any], call_id: int, ivr: AskedIvr, result: LinkResult) -> None:
    row = await (await conn.execute(sql.NEXT_STEP, {"call": call_id}, prepare=True)).fetchone()
    assert row is not None
    params = {
        "call": call_id, "position": row[0], "ivr": ivr.id, "ivr_name": fit(ivr.name, 80), "kind": "looked_up",
        "detail": Jsonb({"branch": result.branch.value, "reason": result.reason.value}), "at": clock.now(),
    }  # fmt: skip
    await conn.execute(calls.STEP, params, prepare=True)

"""Linking a chat to a call: what the provider told is stored, the rule decides, the attempt is kept with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from renkei import clock
from renkei.actions.realtime.announcing import Announcements
from renkei.actions.realtime.chats import store_chats
from renkei.actions.realtime.text import fit, fit_json
from renkei.domain.chat import Conversation, StoredConversation
from renkei.domain.exchanges import Exchange as Exchange
from renkei.domain.matching import FAST_CLOCK, Attempt, LinkDecision, LookedUp, Outcome, Reason, decide_link
from renkei.domain.near_numbers import in_weeks, near_probes
from renkei.domain.phone import NoNumber, Telephone, digits_are_near, is_near
from renkei.domain.stream import EventKind
from renkei.models.statements import links

LONGEST_RECORD = 20_000
LONGEST_URL = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who was asked for which call: the IVR, its connector, project and channel in ``attempt``. ``look_up_id`` is the
    IVR machine's name for the attempt, unique for ever; empty when it is never stored a second time."""

    call_id: int | None
    ivr_id: int | None
    connector: str
    attempt: Attempt
    look_up_id: str = ""


@dataclass(frozen=True, slots=True)
class Linked:
    """The decision and the id of the stored attempt."""

    link_id: int
    decision: LinkDecision


async def link_chat(
    conn: AsyncConnection[Any],
    asking: Asking,
    *,
    looked_up: LookedUp,
    conversations: Sequence[Conversation] = (),
    exchanges: Sequence[Exchange] = (),
) -> Linked:
    """Store what was fetched, decide (D2 to D5) and store the attempt; agents of the call are told (CALL_CHAT).

    ``conversations`` are what the provider returned in answer to this call; their ids become ``looked_up.fetched``.
    """
    assert asking.call_id is not None
    async with conn.transaction():
        received = await store_chats(conn, asking.connector, conversations)
        looked_up = LookedUp(looked_up.outcome, frozenset(received.ids), looked_up.status, looked_up.detail)
        decision = await decide(conn, asking, looked_up)
        await note_exchanges(conn, asking, exchanges)
        link_id, listeners = await _add_link(conn, asking, decision)
        told = Announcements()
        told.tell(listeners, EventKind.CALL_CHAT, call=asking.call_id, link=link_id)
        await told.send(conn)
    return Linked(link_id, decision)


async def link_once(
    conn: AsyncConnection[Any], asking: Asking, *, looked_up: LookedUp, exchanges: Sequence[Exchange] = ()
) -> Linked | None:
    """As ``link_chat``, for an attempt of which nobody knows whether it was stored; None when it was."""
    async with conn.transaction():
        params = {"call": asking.call_id, "look_up": asking.look_up_id}
        call = await (await conn.execute(links.LOCK_CALL, {"call": asking.call_id}, prepare=True)).fetchone()
        had = await (await conn.execute(links.HAD_LINK, params, prepare=True)).fetchone()
        if call is None or had is None or had[0]:
            return None
        return await link_chat(conn, asking, looked_up=looked_up, exchanges=exchanges)


async def close_unanswered(
    conn: AsyncConnection[Any], call_id: int, *, caller: Telephone | NoNumber, arrived_at: datetime
) -> None:
    """The call is over and its worker gone, and with it the answer: the attempt is kept all the same, with a reason
    (D2, R107). Does nothing for a call that has an attempt or asked for none."""
    attempt = Attempt(caller=caller, channel_id="", arrived_at=arrived_at)
    decision = decide_link(attempt, LookedUp(Outcome.REQUEST_ERROR, detail="look_up_unfinished"), conversations=())
    params = {"call": call_id, "reason": decision.reason.value, **_kept(decision, attempt)}
    async with conn.transaction():
        await conn.execute(links.LOCK_CALL, {"call": call_id}, prepare=True)
        await conn.execute(links.ADD_UNANSWERED, params, prepare=True)


async def decide(conn: AsyncConnection[Any], asking: Asking, looked_up: LookedUp) -> LinkDecision:
    """Decide by what is stored, storing nothing."""
    own = await _candidates(conn, links.OWN_CANDIDATES, asking, looked_up)
    decision = decide_link(asking.attempt, looked_up, conversations=own)
    if decision.reason is not Reason.NO_CHAT:
        return decision
    # Only now does it matter whether somebody mistyped this number.
    near = await _near_numbers(conn, asking)
    if not near:
        return decision
    others = await _candidates(conn, links.NEAR_CANDIDATES, asking, looked_up, near=near)
    return decide_link(asking.attempt, looked_up, conversations=[*own, *others])


async def _near_numbers(conn: AsyncConnection[Any], asking: Asking) -> list[int]:
    """Unlinked conversations of the window whose number is the caller's mistyped; an index finds them."""
    attempt = asking.attempt
    assert isinstance(attempt.caller, Telephone)
    keys = in_weeks(near_probes(attempt.caller), since=attempt.arrived_at - attempt.window, until=clock.now())
    params = {
        # Written out here: psycopg looks at each of some two hundred numbers to find their common type.
        "near_keys": f"{{{','.join(map(str, keys))}}}",
        "connector": asking.connector,
        "project": attempt.project_id,
        "channel": attempt.channel_id,
        "e164": attempt.caller.e164,
        "arrived_at": attempt.arrived_at,
        "window": attempt.window,
    }
    rows = await (await conn.execute(links.NEAR_NUMBERS, params, prepare=True)).fetchall()
    caller = attempt.caller
    return [
        row for row, e164, typed in rows if (digits_are_near(e164, caller.e164) if e164 else is_near(caller, typed))
    ]


async def note_exchanges(conn: AsyncConnection[Any], asking: Asking, exchanges: Sequence[Exchange]) -> None:
    """Write the requests that were made into 外部API連携履歴, whatever became of their answers (R134)."""
    for exchange in exchanges:
        await _add_exchange(conn, asking, exchange)


def fit_exchange(exchange: Exchange) -> Exchange:
    """The same exchange as the table of them can hold it: whatever was sent or answered, nothing is too long."""
    return Exchange(
        at=exchange.at,
        method=fit(exchange.method, 8),
        url=fit(exchange.url, LONGEST_URL),
        request_headers=[(fit(name), fit(value)) for name, value in exchange.request_headers],
        request_body=fit(exchange.request_body, LONGEST_RECORD),
        status=exchange.status,
        outcome=fit(exchange.outcome, 24),
        error=fit(exchange.error, 60),
        duration_ms=max(0, exchange.duration_ms),
        answer_excerpt=fit(exchange.answer_excerpt, LONGEST_RECORD),
        is_confidential=exchange.is_confidential,
    )


async def _candidates(
    conn: AsyncConnection[Any], statement: str, asking: Asking, looked_up: LookedUp, *, near: Sequence[int] = ()
) -> list[StoredConversation]:
    attempt = asking.attempt
    if not isinstance(attempt.caller, Telephone):
        return []
    params = {
        "connector": asking.connector,
        "project": attempt.project_id,
        "channel": attempt.channel_id,
        "e164": attempt.caller.e164,
        "arrived_at": attempt.arrived_at,
        "window": attempt.window,
        "fast_clock": FAST_CLOCK,
        "fetched": sorted(looked_up.fetched),
        "near": list(near),
    }
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, params, prepare=True)
        return [StoredConversation(**row) for row in await cursor.fetchall()]


async def _add_exchange(conn: AsyncConnection[Any], asking: Asking, exchange: Exchange) -> None:
    kept = fit_exchange(exchange)
    params = {
        "call": asking.call_id,
        "ivr": asking.ivr_id,
        "connector": asking.connector,
        "method": kept.method,
        "url": kept.url,
        "request_headers": Jsonb(dict(kept.request_headers)),
        "request_body": kept.request_body,
        "status": kept.status,
        "outcome": kept.outcome,
        "error": kept.error,
        "duration_ms": kept.duration_ms,
        "answer_excerpt": kept.answer_excerpt,
        "is_confidential": kept.is_confidential,
        "at": kept.at,
    }
    await conn.execute(links.ADD_EXCHANGE, params, prepare=True)


async def _add_link(conn: AsyncConnection[Any], asking: Asking, decision: LinkDecision) -> tuple[int, Sequence[int]]:
    params = {
        "call": asking.call_id,
        "ivr": asking.ivr_id,
        "conversation": decision.chosen.id if decision.chosen else None,
        "reason": decision.reason.value,
        "source": decision.source.value if decision.source else "",
        **_kept(decision, asking.attempt, look_up=asking.look_up_id),
    }
    row = await (await conn.execute(links.ADD_LINK, params, prepare=True)).fetchone()
    assert row is not None
    link_id, listeners = row
    return int(link_id), listeners or ()


def _kept(decision: LinkDecision, attempt: Attempt, *, look_up: str = "") -> dict[str, Any]:
    record = decision.record.to_json() | {"claimed_by": list(decision.claimed_by), "look_up": look_up}
    return {"record": Jsonb(fit_json(record)), "window_minutes": round(attempt.window.total_seconds() / 60)}

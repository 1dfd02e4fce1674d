"""Calls that stand without us: after a start, after the line came back, after a fellow worker died."""

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from typing import Any

import structlog
from psycopg import AsyncConnection

from renkei import clock
from renkei.actions.realtime.calls import BegunCall, Noted, record
from renkei.actions.realtime.leases import adopt_calls
from renkei.actions.realtime.links import close_unanswered
from renkei.domain import ivr
from renkei.domain.ivr_words import CallOutcome, NoteEnded
from renkei.domain.line import Caller, EndedBy, HangUp
from renkei.domain.phone import NoNumber, Telephone, read_caller
from renkei.queries.realtime.standing import StandingRow, standing_calls
from renkei.telephony.port import CallGoneError, LineError, Stage, StandingCall
from renkei.workers.calls_serving import Serving, name_caller
from renkei.workers.database import DatabaseAwayError

log = structlog.get_logger(__name__)

ASK_SECONDS = 3.0
NEWS_SECONDS = 0.3
"""A call that stands here and that we do not know may arrive this very moment: its news gets so long to reach us."""


class Standing:
    """Compares what stands on the line with what stands in the database, and decides what to do with each call."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._is_due = False
        self._is_running = asyncio.Lock()

    async def look_after(self) -> None:
        """At every heartbeat: what could not be reconciled yet, the calls of workers whose lease ran out, and calls of
        our own that nothing here serves any more (their end could not be written)."""
        if not self._serving.is_up.is_set():
            return
        if self._is_due:
            await self.reconcile()
            return
        name = self._serving.name
        if any(row.owner != name or not self._is_served(row.line_id) for row in await self._rows() or ()):
            await self.reconcile()

    async def reconcile(self) -> None:
        """Take over, or enter as ended, every call that stands in the database or on the line without anybody."""
        async with self._is_running:
            self._is_due = True
            epoch = self._serving.lease.epoch
            rows = await self._rows()
            if rows is None or epoch is None:
                return
            try:
                on_line = {call.line_id: call for call in await self._serving.line.standing_calls()}
            except LineError:
                return
            loose = [row for row in rows if not self._is_served(row.line_id)]
            ours = await self._adopt(loose, epoch)
            if ours is None:
                return
            for row in loose:
                # The net may have brought us a call meanwhile.
                if row.id in ours and not self._is_served(row.line_id):
                    await self._settle(row, on_line.get(row.line_id))
            known = {row.line_id for row in rows}
            unknown = [call for call in on_line.values() if call.mine and call.line_id not in known]
            if not all(self._is_served(call.line_id) for call in unknown):
                await asyncio.sleep(NEWS_SECONDS)
            for call in unknown:
                if not self._is_served(call.line_id):
                    await self._take_over_unknown(call)
            self._is_due = False

    def _is_served(self, line_id: str) -> bool:
        return line_id in self._serving.live or line_id in self._serving.journals

    async def _rows(self) -> list[StandingRow] | None:
        name, line = self._serving.name, self._serving.config.line.value
        try:
            return await self._serving.database.run(
                lambda conn: standing_calls(conn, name, line=line), seconds=ASK_SECONDS
            )
        except DatabaseAwayError:
            return None

    async def _adopt(self, rows: Sequence[StandingRow], epoch: int) -> frozenset[int] | None:
        if not rows:
            return frozenset()
        name = self._serving.name
        try:
            return await self._serving.database.run(
                lambda conn: adopt_calls(conn, name, epoch=epoch, call_ids=[row.id for row in rows]),
                seconds=ASK_SECONDS,
            )
        except DatabaseAwayError:
            return None

    async def _settle(self, row: StandingRow, call: StandingCall | None) -> None:
        """One adopted row: serve its call, or enter its end."""
        if call is not None and await self._take(call):
            if self._is_served(row.line_id):
                return
            if row.answered_by_id is not None and call.stage is not Stage.TALKING:
                await self._end_left_alone(row)
                return
            caller = Telephone(row.caller_e164) if row.caller_e164 else NoNumber(row.caller_unknown or "unknown")
            raw = Caller(row.caller_raw, row.caller_name)
            # The step counter goes on behind what is stored: the journal adds it.
            self._serve(
                call, raw, caller, agent_id=row.answered_by_id, row=BegunCall(row.id, row.arrived_at, row.steps)
            )
            log.info("calls: taken over", call=row.id)
            return
        await self._enter_end(row)

    async def _enter_end(self, row: StandingRow) -> None:
        outcome = CallOutcome.ANSWERED if row.answered_by_id is not None else CallOutcome.FALLBACK
        note = Noted(clock.now(), NoteEnded(outcome, EndedBy.SYSTEM))
        caller = Telephone(row.caller_e164) if row.caller_e164 else NoNumber(row.caller_unknown or "unknown")

        async def enter(conn: AsyncConnection[Any]) -> None:
            async with conn.transaction():
                await close_unanswered(conn, row.id, caller=caller, arrived_at=row.arrived_at)
                await record(conn, row.id, notes=[note])

        await self._serving.database.run(enter, seconds=ASK_SECONDS)
        log.info("calls: ended while nobody listened", call=row.id)

    async def _end_left_alone(self, row: StandingRow) -> None:
        """The agent hung up while nobody listened, and the customer was left alone: the conversation is over."""
        with contextlib.suppress(CallGoneError):
            await self._serving.line.do(row.line_id, HangUp())
        await self._enter_end(row)

    async def _take(self, call: StandingCall) -> bool:
        try:
            await self._serving.line.adopt(call.line_id)
        except CallGoneError:
            return False
        return True

    async def _take_over_unknown(self, call: StandingCall) -> None:
        """A call the database does not know: it arrived during an outage, under a worker that is gone."""
        if not await self._take(call) or self._is_served(call.line_id):
            return
        caller = read_caller(call.caller.number, call.caller.name, call.caller.withheld)
        self._serve(call, call.caller, caller, agent_id=None, row=None)

    def _serve(
        self,
        call: StandingCall,
        raw: Caller,
        caller: Telephone | NoNumber,
        *,
        agent_id: int | None,
        row: BegunCall | None,
    ) -> None:
        plan = self._serving.settings.plan
        talking = agent_id if call.stage is Stage.TALKING else None
        if talking is None and call.stage is Stage.TALKING:
            agents = plan.agents.values()
            talking = next((agent.id for agent in agents if agent.extension == call.agent_extension), None)
        begun = ivr.take_over(
            plan,
            call.line_id,
            dialled=call.dialled,
            shown_number=name_caller(caller),
            tag=secrets.token_hex(4),
            steps=0,
            talking_agent=talking,
            ring_id=call.ring_id,
            is_held=call.is_held,
        )
        self._serving.serve(begun, plan, raw, caller, dialled=call.dialled, row=row)

"""Our lease: says that we live, notices that we slept, and fences us off from calls that others took over meanwhile."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog

from renkei.actions.realtime.calls import BegunCall
from renkei.actions.realtime.leases import give_lease_back, renew_lease, take_lease
from renkei.queries.realtime.standing import owned_calls
from renkei.workers.database import Database, DatabaseAwayError

log = structlog.get_logger(__name__)

BEAT_SECONDS = 2.0
LEASE_SECONDS = 6.0
TICK_SECONDS = 0.5
ASK_SECONDS = 2.0
SLEEP_SECONDS = 2.5
"""Who slept longer may have lost calls: the net gives a new one to a fellow worker after three seconds."""


@dataclass(slots=True)
class Claim:
    """Our hold on one call. ``slept`` is how often we had slept when it was surely ours."""

    lease: "Lease"
    begun: "asyncio.Future[BegunCall]"
    slept: int

    async def is_ours(self) -> bool:
        """Whether we may command the call."""
        return await self.lease.owns(self)

    async def is_ours_still(self) -> bool:
        """Ask in any case."""
        return await self.lease.ask(self)


class Lease:
    """A worker's name and epoch in the database.

    ``owns`` costs nothing while we are awake. After a sleep longer than a net (a frozen process, a suspended
    machine) it asks the database once for each call of before, ere anything is commanded. Without the database nobody
    could have taken a call over either, so then the call is still ours: routing fails open.
    """

    def __init__(self, database: Database, name: str, *, line: str) -> None:
        self._database = database
        self._name = name
        self._line = line
        self.epoch: int | None = None
        self._last_tick = asyncio.get_running_loop().time()
        self._slept = 0
        """How often we slept too long."""
        self._woke_at = -SLEEP_SECONDS
        self._blind_until = 0.0
        """The database was just found away: a command must not wait for it again."""
        self.is_held = asyncio.Event()
        """Set once the name is ours."""

    async def beats(self) -> AsyncIterator[bool]:
        """Renew the lease every BEAT_SECONDS; yields False when another process has our name, and ends."""
        ticker = asyncio.create_task(self._tick())
        try:
            while True:
                with contextlib.suppress(DatabaseAwayError):
                    is_ours = await self._renew()
                    yield is_ours
                    if not is_ours:
                        return
                await asyncio.sleep(BEAT_SECONDS)
        finally:
            ticker.cancel()

    def claim(self, begun: "asyncio.Future[BegunCall]") -> Claim:
        """Our hold on a call that is ours from now on."""
        self._notice_sleep()
        return Claim(self, begun, self._slept)

    def has_just_woken(self) -> bool:
        """Whether what we hear now may have happened while we slept."""
        self._notice_sleep()
        return asyncio.get_running_loop().time() - self._woke_at < SLEEP_SECONDS

    async def owns(self, claim: Claim) -> bool:
        """Whether we may command this call."""
        self._notice_sleep()
        return claim.slept == self._slept or await self.ask(claim)

    async def ask(self, claim: Claim) -> bool:
        """Ask the database whether this call is ours."""
        slept = self._slept
        if not claim.begun.done() or asyncio.get_running_loop().time() < self._blind_until:
            return True
        call_id = claim.begun.result().id
        try:
            owned = await self._database.run(
                lambda conn: owned_calls(conn, self._name, call_ids=[call_id]), seconds=ASK_SECONDS
            )
        except DatabaseAwayError:
            self._blind_until = asyncio.get_running_loop().time() + BEAT_SECONDS
            return True
        if call_id in owned:
            claim.slept = slept
        return call_id in owned

    async def give_back(self) -> None:
        """Let others take over at once."""
        if self.epoch is not None:
            epoch = self.epoch
            with contextlib.suppress(DatabaseAwayError):
                await self._database.run(
                    lambda conn: give_lease_back(conn, self._name, epoch=epoch), seconds=ASK_SECONDS
                )

    async def _renew(self) -> bool:
        if self.epoch is None:
            self.epoch = await self._database.run(
                lambda conn: take_lease(conn, self._name, line=self._line, seconds=LEASE_SECONDS), seconds=ASK_SECONDS
            )
            self.is_held.set()
            return True
        epoch = self.epoch
        return await self._database.run(
            lambda conn: renew_lease(conn, self._name, epoch=epoch, seconds=LEASE_SECONDS), seconds=ASK_SECONDS
        )

    async def _tick(self) -> None:
        while True:
            self._notice_sleep()
            await asyncio.sleep(TICK_SECONDS)

    def _notice_sleep(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._last_tick > SLEEP_SECONDS:
            self._slept += 1
            self._woke_at = now
            log.warning("calls: we slept", worker=self._name, seconds=round(now - self._last_tick, 1))
        self._last_tick = now

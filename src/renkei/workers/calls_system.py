"""Writes down which telephone system we are connected to: システム設定 warns of one that must be renewed."""

import asyncio

import structlog

from renkei.actions.realtime.leases import note_system
from renkei.telephony.port import LineError
from renkei.workers.calls_serving import Serving
from renkei.workers.database import DatabaseAwayError

log = structlog.get_logger(__name__)

ASK_SECONDS = 30.0
"""How often it is asked: an Asterisk may come back newer."""
NOTE_SECONDS = 5.0


class TelephoneSystem:
    """What cannot be asked or written now is asked the next time."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    async def run(self) -> None:
        """Ask for ever."""
        await self._serving.lease.is_held.wait()
        while True:
            await self._serving.is_up.wait()
            try:
                await self.note()
            except (LineError, DatabaseAwayError) as error:
                log.info("calls: the telephone system's version is not noted yet", error=type(error).__name__)
            await asyncio.sleep(ASK_SECONDS)

    async def note(self) -> None:
        """Ask once. Raises LineError or DatabaseAwayError."""
        system, name, epoch = await self._serving.line.system(), self._serving.name, self._serving.lease.epoch
        assert epoch is not None
        await self._serving.database.run(
            lambda conn: note_system(conn, name, epoch=epoch, system=system), seconds=NOTE_SECONDS
        )

"""Reads back what the telephone system did while no worker lived: at the start, after every reconnection, and on."""

import asyncio

import structlog

from renkei.actions.realtime.past_calls import begin_bookmark, enter_past_calls
from renkei.domain.past_calls import PastCall
from renkei.queries.realtime.past_calls import read_bookmark
from renkei.telephony.port import LineError
from renkei.workers.calls_serving import Serving
from renkei.workers.database import DatabaseAwayError

log = structlog.get_logger(__name__)

READ_SECONDS = 30.0
ENTER_SECONDS = 10.0


class PastCalls:
    """Enters past calls into the history. What cannot be read now is read the next time; nothing is read twice."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._source = str(serving.config.asterisk_records)
        self._has_complained = False

    async def run(self) -> None:
        """Read on for ever."""
        await self._serving.settings.wait()
        while True:
            await self._serving.is_up.wait()
            try:
                while await self.read_on():
                    pass
                self._has_complained = False
            except DatabaseAwayError:
                log.info("calls: the record of past calls waits for the database")
            except LineError as error:
                if not self._has_complained:
                    log.warning("calls: past calls cannot be read", error=str(error))
                self._has_complained = True
            await asyncio.sleep(READ_SECONDS)

    async def read_on(self) -> bool:
        """Enter what is new; whether there is more to read at once."""
        run, source = self._serving.database.run, self._source
        place = await run(lambda conn: read_bookmark(conn, source), seconds=ENTER_SECONDS)
        read = await self._serving.line.past_calls(place)
        if read.unreadable:
            log.warning("calls: unreadable records of past calls", count=read.unreadable)
        if not place:
            if read.bookmark:
                await run(lambda conn: begin_bookmark(conn, source, place=read.bookmark), seconds=ENTER_SECONDS)
            return False
        if read.bookmark == place:
            return False
        # Ours are written down as they go; the database may just be slower than their end.
        found = [call for call in read.calls if not self._is_ours(call)]
        entered = await run(
            lambda conn: enter_past_calls(
                conn, found, source=source, read_from=place, place=read.bookmark, find_number=self._find_number
            ),
            seconds=ENTER_SECONDS,
        )
        if entered:
            log.info("calls: entered from the telephone system's record", calls=entered)
        return read.has_more

    def _is_ours(self, call: PastCall) -> bool:
        return call.line_id in self._serving.journals or call.line_id in self._serving.live

    def _find_number(self, dialled: str) -> int | None:
        number = self._serving.settings.plan.find_number(dialled)
        return number.id if number else None

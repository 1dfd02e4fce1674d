"""The settings of the line as this process last read them, and anew after each change."""

import asyncio
from typing import Any

from psycopg_pool import AsyncConnectionPool

from renkei.domain.plan import LinePlan
from renkei.queries.realtime.snapshot import read_snapshot
from renkei.realtime.hub import Hub


class Plans:
    """One plan for all requests until the hub hears that a setting changed."""

    def __init__(self, pool: AsyncConnectionPool[Any], hub: Hub) -> None:
        self._pool = pool
        self._hub = hub
        self._plan: LinePlan | None = None
        self._version = -1
        self._reading = asyncio.Lock()

    async def current(self) -> LinePlan:
        """The plan in force; psycopg's errors when it must be read and cannot."""
        async with self._reading:
            version = self._hub.settings_version
            # While nobody listens a change would go unheard: then each request reads.
            if self._plan is None or version != self._version or not self._hub.listening.is_set():
                async with self._pool.connection() as connection:
                    self._plan = (await read_snapshot(connection)).plan
                self._version = version
            return self._plan

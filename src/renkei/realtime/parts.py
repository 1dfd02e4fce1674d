"""What the routes of this process share; made when it starts, closed when it stops."""

import asyncio
import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from starlette.requests import Request

from renkei.connectors.providers import Providers
from renkei.domain.sessions import Limits
from renkei.outbound import AllowList
from renkei.realtime.hub import Hub
from renkei.realtime.plans import Plans
from renkei.realtime.rate import Rate
from renkei.settings import Config

POOL_SIZE = 12
POOL_WAIT_SECONDS = 5.0
PUSHES_A_SECOND, PUSHES_AT_ONCE = 50.0, 200
LOOK_UPS_A_SECOND, LOOK_UPS_AT_ONCE = 200.0, 400
_LIMITS = "-c statement_timeout=10000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=15000"


@dataclass(frozen=True, slots=True)
class Parts:
    """The pool of connections, the hub of streams, the way out, and how fast strangers may knock."""

    config: Config
    pool: AsyncConnectionPool[Any]
    hub: Hub
    plans: Plans
    providers: Providers
    pushes: Rate
    look_ups: Rate


async def check_if_told_something(connection: AsyncConnection[Any]) -> None:
    """Ask a connection whether it lives only when the server has said something while nobody asked: its farewell, in
    most cases. A round trip before each loan costs more than the loan."""
    poll = select.poll()  # select() would fail beyond a thousand open streams
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        await AsyncConnectionPool.check_connection(connection)


@asynccontextmanager
async def open_parts(config: Config) -> AsyncIterator[Parts]:
    """Open everything and keep the hub running; a database that is away does not stop the start."""
    url = config.database_url.get_secret_value()
    providers = Providers(allow=AllowList.of(config.destinations))
    pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
        url,
        min_size=1,
        max_size=POOL_SIZE,
        timeout=POOL_WAIT_SECONDS,
        # Every deed that needs a transaction opens one itself.
        kwargs={"options": _LIMITS, "autocommit": True},
        check=check_if_told_something,
        open=False,
        name="realtime",
    )
    loop = asyncio.get_running_loop()
    async with pool:
        hub = Hub(
            pool,
            url,
            limits=Limits.of(idle_minutes=config.session_idle_minutes, absolute_hours=config.session_absolute_hours),
        )
        running = loop.create_task(hub.run(), name="stream hub")
        try:
            yield Parts(
                config=config,
                pool=pool,
                hub=hub,
                plans=Plans(pool, hub),
                providers=providers,
                pushes=Rate(PUSHES_A_SECOND, PUSHES_AT_ONCE, loop.time),
                look_ups=Rate(LOOK_UPS_A_SECOND, LOOK_UPS_AT_ONCE, loop.time),
            )
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await providers.aclose()


def parts_of(request: Request) -> Parts:
    """The parts of the process that serves this request."""
    parts = request.state.parts
    assert isinstance(parts, Parts)
    return parts

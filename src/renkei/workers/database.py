"""The database as a worker sees it: a pool, a hard limit on every wait, and one error when it is away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

T = TypeVar("T")
Deed = Callable[[psycopg.AsyncConnection[Any]], Awaitable[T]]

_OPTIONS = "-c statement_timeout=5000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=15000"


class DatabaseAwayError(Exception):
    """The database did not do it in time, or is not there; whether it was done is unknown."""


class Database:
    """Runs short deeds on pooled connections; each deed is one action or query of the hot path."""

    def __init__(self, url: str, *, most_connections: int = 8) -> None:
        self.url = url
        self._pool = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=most_connections,
            open=False,
            timeout=2.0,
            # Give up early: the next deed then tries at once, instead of waiting for a long pause to end.
            reconnect_timeout=0.5,
            kwargs={"autocommit": True, "connect_timeout": 3, "options": _OPTIONS},
        )

    async def open(self) -> None:
        """Begin to connect; waits for nothing."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close(timeout=1.0)

    async def run(self, deed: Deed[T], *, seconds: float) -> T:
        """Do it within ``seconds``; raises DatabaseAwayError.

        A deed that hangs is left behind: with a frozen server even its cancellation would have to be waited for.
        """
        task = asyncio.ensure_future(self._run(deed))
        try:
            done, _ = await asyncio.wait({task}, timeout=seconds)
        except asyncio.CancelledError:
            _abandon(task)
            raise
        if not done:
            _abandon(task)
            raise DatabaseAwayError("timed_out")
        try:
            return task.result()
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            raise DatabaseAwayError(type(error).__name__) from error

    async def _run(self, deed: Deed[T]) -> T:
        async with self._pool.connection() as conn:
            return await deed(conn)


def _abandon(task: "asyncio.Future[Any]") -> None:
    task.cancel()
    task.add_done_callback(lambda done: done.cancelled() or done.exception())

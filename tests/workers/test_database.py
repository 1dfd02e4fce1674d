"""The database goes and comes back: said in time, and noticed at once when it is there again."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from renkei.cli.postgres import Postgres
from renkei.workers.database import Database, DatabaseAwayError


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: a socket's name may have a hundred bytes only."""
    made = Path(tempfile.mkdtemp(prefix="rk-", dir="/tmp"))
    made.chmod(0o711)
    (made / "pg").mkdir()
    yield made / "pg"
    shutil.rmtree(made, ignore_errors=True)


async def _one(conn: psycopg.AsyncConnection[Any]) -> int:
    row = await (await conn.execute("SELECT 1", prepare=True)).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_database_that_stops_and_starts_again_is_back_within_seconds(folder: Path) -> None:
    """P1: the calls go on meanwhile; each deed says in its own time that it was not done."""
    server = Postgres(folder)
    database = Database(server.url("postgres", "postgres"))
    loop = asyncio.get_running_loop()
    with server:
        await database.open()
        assert await database.run(_one, seconds=10) == 1
    began = loop.time()
    with pytest.raises(DatabaseAwayError):
        await database.run(_one, seconds=1)
    assert loop.time() - began < 2
    with server:
        back = loop.time()
        while True:
            try:
                assert await database.run(_one, seconds=1) == 1
                break
            except DatabaseAwayError:
                assert loop.time() - back < 15
                await asyncio.sleep(0.1)
        assert loop.time() - back < 15
        await database.close()


async def test_a_deed_that_hangs_costs_its_own_seconds_only(database_urls: Any) -> None:
    """Nobody waits for the end of what hangs, not even of its cancellation."""
    database = Database(database_urls.app)
    await database.open()

    async def hang(conn: psycopg.AsyncConnection[Any]) -> None:
        await conn.execute("SELECT pg_sleep(3)")

    began = asyncio.get_running_loop().time()
    with pytest.raises(DatabaseAwayError):
        await database.run(hang, seconds=0.2)
    assert asyncio.get_running_loop().time() - began < 1
    assert await database.run(_one, seconds=10) == 1
    await database.close()

"""A call's journal writes together what nobody waits for, and at once what somebody does."""

import asyncio
from typing import Any, TypeVar

import psycopg
import pytest

from renkei.actions.realtime.calls import Arrival
from renkei.domain.ivr_words import CallOutcome, NoteEnded, NoteLinkage, NoteStep, Reserve
from renkei.domain.line import EndedBy
from renkei.domain.phone import NoNumber
from renkei.workers import calls_journal
from renkei.workers.calls_journal import Journal
from renkei.workers.database import Database, Deed

T = TypeVar("T")


class OneConnection(Database):
    """Does every deed on one connection, and counts them."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        super().__init__("")
        self._connection = connection
        self.deeds = 0

    async def run(self, deed: Deed[T], *, seconds: float) -> T:
        self.deeds += 1
        return await deed(self._connection)


@pytest.fixture
def database(connection: psycopg.AsyncConnection[Any]) -> OneConnection:
    return OneConnection(connection)


def begin(database: OneConnection, reserved: "asyncio.Future[tuple[int, ...]] | None" = None) -> Journal:
    arrival = Arrival(
        line_id="journal-1", caller=NoNumber.WITHHELD, caller_raw="", caller_name="", dialled_raw="", number_id=None,
        owner="renkei-1",
    )  # fmt: skip
    return Journal(database, arrival, reserved=lambda _, agents: reserved.set_result(agents) if reserved else None)


async def steps(connection: psycopg.AsyncConnection[Any], call: int) -> list[str]:
    query = "SELECT kind FROM renkei_ivrstep WHERE call_id = %s ORDER BY position"
    return [row[0] for row in await (await connection.execute(query, [call])).fetchall()]


async def test_notes_of_the_way_wait_for_company_and_never_hold_a_ring_up(
    database: OneConnection, connection: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long they may wait: what stands behind them and is waited for is written with them, in its order.

    Proves R133.
    """
    monkeypatch.setattr(calls_journal, "GATHER_SECONDS", 3600.0)
    reserved: asyncio.Future[tuple[int, ...]] = asyncio.get_running_loop().create_future()
    journal = begin(database, reserved)
    running = asyncio.create_task(journal.run())
    async with asyncio.timeout(60):
        begun = await journal.begun
        for note in (NoteStep(0, "entered"), NoteLinkage(1), NoteStep(1, "rule")):
            journal.note(note)
            for _turn in range(20):
                await asyncio.sleep(0)
        assert database.deeds == 1
        journal.add(Reserve("r1", (-1,)))
        assert await reserved == ()
        assert await steps(connection, begun.id) == ["entered", "rule"]
        assert database.deeds == 3
        journal.note(NoteStep(2, "left"))
        journal.note(NoteEnded(CallOutcome.ABANDONED, EndedBy.CALLER))
        journal.close()
        await running
    assert database.deeds == 4
    assert await steps(connection, begun.id) == ["entered", "rule", "left"]


async def test_a_note_that_stays_alone_is_written_all_the_same(
    database: OneConnection, connection: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else need ever happen to the call.

    Proves R133.
    """
    monkeypatch.setattr(calls_journal, "GATHER_SECONDS", 0.01)
    journal = begin(database)
    running = asyncio.create_task(journal.run())
    async with asyncio.timeout(60):
        begun = await journal.begun
        journal.note(NoteStep(0, "entered"))
        while not await steps(connection, begun.id):
            await asyncio.sleep(0.01)
    journal.close()
    await running
    assert await steps(connection, begun.id) == ["entered"]

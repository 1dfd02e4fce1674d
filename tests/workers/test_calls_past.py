"""What the telephone system did while no worker lived is entered into the history, each call once (P1)."""

import asyncio
from datetime import UTC, datetime

import psycopg
import pytest

from renkei.actions.realtime.past_calls import begin_bookmark, enter_past_calls
from renkei.domain.line import Caller
from renkei.domain.past_calls import PastCall
from renkei.queries.realtime.past_calls import read_bookmark
from renkei.telephony.port import PastCalls
from renkei.workers import calls_past
from tests.workers.conftest import NUMBER, Centre, Desk

BEGAN = datetime(2026, 11, 21, 3, tzinfo=UTC)


def past(line_id: str, *, number: str = "09012345678", hidden: bool = False, rule: str = "rule-1") -> PastCall:
    return PastCall(
        line_id=line_id, caller=Caller(number, "", hidden), dialled=NUMBER, arrived_at=BEGAN, answered_at=BEGAN,
        ended_at=BEGAN, rule=rule,
    )  # fmt: skip


async def enter(conn: psycopg.AsyncConnection, *calls: PastCall, read_from: str = "0 x", place: str = "9 x") -> int:
    return await enter_past_calls(
        conn, calls, source="record", read_from=read_from, place=place, find_number=lambda _: None
    )


async def test_a_call_is_entered_once_however_often_it_is_read(connection: psycopg.AsyncConnection) -> None:
    """The line's own id is the key."""
    await begin_bookmark(connection, "record", place="0 x")
    assert await enter(connection, past("1763733611.1"), past("1763733611.2")) == 2
    assert await read_bookmark(connection, "record") == "9 x"
    assert await enter(connection, past("1763733611.1"), past("1763733611.3"), read_from="9 x", place="0 x") == 1


async def test_of_two_workers_that_read_the_same_only_one_enters_it(connection: psycopg.AsyncConnection) -> None:
    await begin_bookmark(connection, "record", place="0 x")
    assert await enter(connection, past("1763733611.1")) == 1
    assert await enter(connection, past("1763733611.9"), read_from="0 x") == 0


@pytest.mark.parametrize("number", ["\x00\ud800", "9" * 400, "<script>alert(1)</script>", "'; DROP TABLE", "\u202e090"])
async def test_hostile_numbers_are_entered_as_text(connection: psycopg.AsyncConnection, number: str) -> None:
    """Proves R78."""
    await begin_bookmark(connection, "record", place="0 x")
    assert await enter(connection, past("1763733611.1", number=number)) == 1


async def test_a_hidden_number_is_no_number_here_either(connection: psycopg.AsyncConnection) -> None:
    """Proves R78."""
    await begin_bookmark(connection, "record", place="0 x")
    await enter(connection, past("1763733611.1", hidden=True))
    cursor = await connection.execute("SELECT caller_e164, caller_unknown FROM renkei_call WHERE owner = ''")
    assert await cursor.fetchone() == (None, "withheld")


async def test_a_worker_reads_on_from_where_it_stood_and_marks_what_its_rule_took(
    desk: Desk, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its start it learns where to begin; from then on everything new is entered, under its number."""
    monkeypatch.setattr(calls_past, "READ_SECONDS", 0.05)
    number = centre.number(entry_rule_id=centre.busy)
    record: list[PastCall] = [past("1763733600.1")]

    async def past_calls(bookmark: str) -> PastCalls:
        if not bookmark:
            return PastCalls((), f"{len(record)} x")
        at = int(bookmark.split()[0])
        return PastCalls(tuple(record[at:]), f"{len(record)} x")

    monkeypatch.setattr(desk.line, "past_calls", past_calls)
    await desk.start()
    await desk.until(lambda: centre.rows("SELECT 1 FROM renkei_pastcallsbookmark"))
    record.append(past("1763733611.1"))
    call = await asyncio.wait_for(desk.until_ended("1763733611.1"), 20)
    assert (call["outcome"], call["during_outage"], call["number_id"]) == ("fallback", True, number)
    assert (call["arrived_at"], call["answered_at"]) == (BEGAN, None)
    assert [(step["kind"], step["detail"]) for step in centre.details("1763733611.1")] == [
        ("fallback", {"rule": "rule-1"})
    ]
    assert centre.call("1763733600.1") == {}

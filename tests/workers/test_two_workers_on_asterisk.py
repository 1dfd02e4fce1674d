"""Two worker processes on one real Asterisk: one dies, the other has everything, and nothing happens twice (P1)."""

import asyncio
import csv
import signal
from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any

import pytest

from renkei.cli.emulate.failures import Failure
from tests import sipp
from tests.asterisk_rig import AsteriskRig, is_there, running
from tests.conftest import DatabaseUrls
from tests.sipp import Sipp
from tests.workers.conftest import Bot, Centre
from tests.workers.telephony import LOOKED_UP, PLAYED, RUNG, TALKED, Telephony, furnish

GREETED = "0312340005"
DOOMED, HEIR = "renkei-1", "renkei-2"
FIRST_NET, BUDGET, PLAY_NET, CONTROLS = 3.0, 3.5, 11.0, 10.0
SLACK = 2.0
"""What a busy machine may need beyond the promise; still less than one more net."""

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.skipif(not is_there(), reason="no Asterisk in .cache/asterisk or no SIPp: ./renkei test brings them"),
    pytest.mark.timeout(180),
]


@pytest.fixture(scope="module")
def rig() -> Iterator[AsteriskRig]:
    with running(workers=(DOOMED, HEIR)) as rig:
        yield rig


@pytest.fixture
async def telephony(
    emptied_database: DatabaseUrls, centre: Centre, bot: Bot, rig: AsteriskRig
) -> AsyncIterator[Telephony]:
    (rig.base / "log/cdr-custom/renkei.csv").unlink(missing_ok=True)
    made = Telephony(rig, centre, emptied_database, bot)
    furnish(centre, bot, rig.media_dir)
    greeting = centre.rows("SELECT id FROM renkei_incomingrule WHERE name = '障害時'")[0]["id"]
    centre.number("+81312340005", entry_rule_id=greeting, fallback_rule_id=centre.busy)
    yield made
    await made.close()


def rows(telephony: Telephony, dialled: str) -> list[dict[str, Any]]:
    """The calls to a number as the history has them."""
    query = "SELECT * FROM renkei_call WHERE dialled_raw = %(dialled)s ORDER BY id"
    return telephony.centre.rows(query, dialled=dialled)


async def is_the_heirs(telephony: Telephony, call_id: int) -> float:
    """The moment at which the living worker has the call."""

    async def has_it() -> bool:
        query = "SELECT 1 FROM renkei_call WHERE id = %(call)s AND owner = %(heir)s"
        return bool(telephony.centre.rows(query, call=call_id, heir=HEIR))

    return await telephony.until(has_it, seconds=30)


async def call_until_the_doomed_has_it(telephony: Telephony, dialled: str) -> int:
    """The dialplan draws a worker for each call; returns the row of the first one that the doomed worker got."""
    for count in range(1, 30):
        telephony.call(dialled)

        async def has_come(count: int = count) -> bool:
            come = rows(telephony, dialled)
            return len(come) == count and bool(telephony.centre.steps(come[-1]["line_id"]))

        await telephony.until(has_come, seconds=20)
        newest = rows(telephony, dialled)[-1]
        if newest["owner"] == DOOMED:
            return int(newest["id"])
    raise AssertionError("thirty draws")


async def put_calls_in_the_doomed_workers_hands(telephony: Telephony, bot: Bot) -> tuple[dict[str, Sipp], int]:
    """Talking, ringing, guidance and (its row is returned) a look-up, with a second worker beside."""
    await telephony.start_worker(DOOMED)
    await telephony.phone("101", answer_ms=None)
    await telephony.phone("102", answer_ms=50)
    calls = {TALKED: telephony.call(TALKED, sipp.SPEAK, sipp.WAIT, sipp.HANG_UP)}
    await telephony.stage(TALKED, "talking")
    for dialled in (RUNG, PLAYED):
        calls[dialled] = telephony.call(dialled, sipp.WAIT, sipp.HANG_UP)
    await telephony.stage(RUNG, "ringing")
    await telephony.answered(calls[PLAYED])
    await telephony.start_worker(HEIR)
    await telephony.phone("101", answer_ms=50)  # rung anew, this time somebody picks up
    bot.provider.trouble.order(Failure.BLACK_HOLE)
    return calls, await call_until_the_doomed_has_it(telephony, LOOKED_UP)


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
async def test_the_living_worker_has_every_call_of_a_dead_one_in_time_and_once(
    telephony: Telephony, bot: Bot, fault: signal.Signals
) -> None:
    """P1, with two workers: what waited goes on, who talks is not cut, new calls are served; who wakes has lost them.

    Proves P1.
    """
    calls, looked_up = await put_calls_in_the_doomed_workers_hands(telephony, bot)
    ids = {dialled: int(rows(telephony, dialled)[0]["id"]) for dialled in calls}
    before = await telephony.packets()
    telephony.signal_worker(fault, number=0)
    began = asyncio.get_running_loop().time()
    newcomers = [telephony.call(GREETED) for _ in range(4)]

    async def after(moment: Awaitable[float]) -> float:
        return await moment - began

    *new, searched, picked_up, heard, controlled = await asyncio.gather(
        *(telephony.waited(newcomer) for newcomer in newcomers),
        after(is_the_heirs(telephony, looked_up)),
        after(telephony.answered(calls[RUNG])),
        after(is_the_heirs(telephony, ids[PLAYED])),
        after(is_the_heirs(telephony, ids[TALKED])),
    )
    assert max(new) < (0.0 if fault is signal.SIGKILL else FIRST_NET) + SLACK
    assert searched < BUDGET + SLACK
    assert picked_up < CONTROLS + SLACK
    assert heard < PLAY_NET + 1.0 + SLACK
    assert controlled < CONTROLS + SLACK
    talked = sorted(await telephony.packets())[-2:]  # the longer conversation; who was ringing may talk now, too
    flown = 30 * (asyncio.get_running_loop().time() - began)  # of fifty a second
    assert all(now[0] > then[0] + flown and now[1] > then[1] + flown for then, now in zip(before, talked, strict=True))
    if fault is signal.SIGSTOP:
        telephony.signal_worker(signal.SIGCONT, number=0)
        await telephony.until(lambda: has_lost(telephony, 4), seconds=30)
    await telephony.stage(RUNG, "talking")
    for caller in calls.values():
        caller.go_on()
    assert all([await each.wait() for each in (*calls.values(), *newcomers)])
    await expect_one_truthful_history(telephony, looked_up, ids)


async def has_lost(telephony: Telephony, count: int) -> bool:
    """Whether the woken worker has seen that so many calls are not its own any more."""
    return telephony.log.read_text(errors="replace").count("lost to another worker") >= count


async def expect_one_truthful_history(telephony: Telephony, looked_up: int, ids: dict[str, int]) -> None:
    """Every call stands there once, with one end, and Asterisk knows of no others."""
    for dialled in (TALKED, RUNG, PLAYED, LOOKED_UP, GREETED):
        await telephony.until(lambda dialled=dialled: all_ended(telephony, dialled), seconds=20)  # type: ignore[misc]
    outcomes = {dialled: {row["outcome"] for row in rows(telephony, dialled)} for dialled in (*ids, LOOKED_UP, GREETED)}
    assert outcomes == {
        TALKED: {"answered"}, RUNG: {"answered"}, PLAYED: {"abandoned"}, LOOKED_UP: {"guidance"}, GREETED: {"guidance"}
    }  # fmt: skip
    assert {row["owner"] for row in rows(telephony, GREETED)} == {HEIR}
    centre = telephony.centre
    moved = {looked_up, *ids.values()}
    for row in centre.rows("SELECT id, line_id FROM renkei_call"):
        steps = centre.details(row["line_id"])
        assert [step["position"] for step in steps] == list(range(len(steps)))
        assert [step["kind"] for step in steps].count("taken_over") == (1 if row["id"] in moved else 0)
    rings = "SELECT ended_why FROM renkei_callring WHERE call_id = %(call)s ORDER BY id"
    assert [ring["ended_why"] for ring in centre.rows(rings, call=ids[RUNG])] == ["worker_gone", "answered"]
    assert [ring["ended_why"] for ring in centre.rows(rings, call=ids[TALKED])] == ["answered"]
    assert {row["state"] for row in centre.rows("SELECT state FROM renkei_presence")} == {"after_call"}
    await telephony.until(lambda: knows_the_same_calls(telephony))


async def all_ended(telephony: Telephony, dialled: str) -> bool:
    return all(row["state"] == "ended" for row in rows(telephony, dialled))


async def knows_the_same_calls(telephony: Telephony) -> bool:
    """Whether Asterisk's own record has the calls of our history, all of them and no others."""
    text = (telephony.rig.base / "log/cdr-custom/renkei.csv").read_text(encoding="utf-8")
    recorded = {row[0] for row in csv.reader(text.splitlines()) if row[3]}
    return recorded == {row["line_id"] for row in telephony.centre.rows("SELECT line_id FROM renkei_call")}

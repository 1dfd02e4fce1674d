"""The phone does not depend on the database (P1): a PostgreSQL of our own is stopped for half a minute and started anew
while customers call a real Asterisk."""

import asyncio
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from renkei import clock
from renkei.cli.postgres import APP, FAST_AND_FORGETFUL, OWNER, Postgres
from tests import cluster_cache, sipp
from tests.asterisk_rig import AsteriskRig, is_there, running
from tests.conftest import DatabaseUrls
from tests.environment import TEMPLATE
from tests.postgres_keeper import make_template
from tests.sipp import Sipp
from tests.workers.conftest import Bot, Centre
from tests.workers.telephony import LOOKED_UP, RUNG, TALKED, Telephony, furnish

OUTAGE, BUDGET, SLACK = 30.0, 3.5, 2.0

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.skipif(not is_there(), reason="no Asterisk in .cache/asterisk or no SIPp: ./renkei test brings them"),
    pytest.mark.timeout(180),
]


@pytest.fixture(scope="module")
def rig() -> Iterator[AsteriskRig]:
    with running() as rig:
        yield rig


@dataclass
class Stoppable:
    """A migrated database on a server that a test may stop; what listens to it in the test is connected anew."""

    server: Postgres
    urls: DatabaseUrls

    async def stop(self) -> None:
        """No process and no socket is left of it."""
        await asyncio.to_thread(self.server.stop)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(self.urls.app, connect_timeout=2)

    async def start(self, centre: Centre) -> None:
        """The same server over the same folder."""
        await asyncio.to_thread(self.server.start)
        centre.connection.close()
        centre.connection = psycopg.connect(self.urls.app, autocommit=True, row_factory=dict_row)


@pytest.fixture
def database(database_urls: DatabaseUrls) -> Iterator[Stoppable]:
    """``database_urls`` is not used: who made it has kept a migrated cluster, which is copied here."""
    folder = Path(tempfile.mkdtemp(prefix="rk-stop-", dir="/tmp"))
    folder.chmod(0o711)
    (folder / "pg").mkdir()
    cluster_cache.bring_passwords(folder / "pg")
    server = Postgres(folder / "pg", settings=FAST_AND_FORGETFUL)
    is_migrated = cluster_cache.bring(folder / "pg")
    try:
        with server:
            if not is_migrated:
                make_template(server)
            yield Stoppable(server, DatabaseUrls(server.url(APP, TEMPLATE), server.url(OWNER, TEMPLATE)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def centre(database: Stoppable) -> Iterator[Centre]:
    made = Centre(database.urls.app)
    yield made
    made.connection.close()


@pytest.fixture
async def telephony(database: Stoppable, centre: Centre, bot: Bot, rig: AsteriskRig) -> AsyncIterator[Telephony]:
    (rig.data_dir / "asterisk" / "rules.conf").unlink(missing_ok=True)
    made = Telephony(rig, centre, database.urls, bot)
    furnish(centre, bot, rig.media_dir)
    spoken = centre.rows("SELECT id FROM renkei_incomingrule WHERE name = '障害時'")[0]["id"]
    centre.rows("UPDATE renkei_phonenumber SET fallback_rule_id = %(rule)s RETURNING id", rule=spoken)
    yield made
    await made.close()


def rows(centre: Centre, dialled: str) -> list[dict[str, Any]]:
    """The calls to a number as the history has them."""
    return centre.rows("SELECT * FROM renkei_call WHERE dialled_raw = %(dialled)s ORDER BY arrived_at", dialled=dialled)


async def all_are_ended(telephony: Telephony, dialled: str, count: int) -> list[dict[str, Any]]:
    """Wait until the history has so many calls to a number and all of them are over; returns them."""

    async def are_there() -> bool:
        found = rows(telephony.centre, dialled)
        return len(found) == count and all(row["state"] == "ended" for row in found)

    await telephony.until(are_there, seconds=40)
    return rows(telephony.centre, dialled)


async def expect_nothing_is_left(telephony: Telephony) -> None:
    """No channel and no bridge stands on the line, and no call in the database."""
    async with telephony.rig.ari() as ari:

        async def is_quiet() -> bool:
            return not await ari.channels() and not await ari.bridges()

        await telephony.until(is_quiet)
    assert telephony.centre.rows("SELECT id FROM renkei_call WHERE state <> 'ended'") == []


async def expect_it_looks_up_again(telephony: Telephony, bot: Bot) -> None:
    """A new call is asked for at the provider's, and its chat is linked. Nothing says that it came in the outage."""
    bot.chat("届いていますか")
    before = len(rows(telephony.centre, LOOKED_UP))
    caller = telephony.call(LOOKED_UP)
    assert await telephony.waited(caller) < BUDGET + SLACK
    assert await caller.wait()
    newest = (await all_are_ended(telephony, LOOKED_UP, before + 1))[-1]
    assert newest["during_outage"] is False
    assert telephony.centre.link(newest["line_id"])["reason"] == "linked"
    assert [each["outcome"] for each in telephony.centre.exchanges(newest["line_id"])][-1] == "ok"


def answer_with_guidance(centre: Centre) -> None:
    """Whatever the look-up finds, the caller hears something, so that the end can be told from a refusal."""
    ivr = centre.rows("SELECT id FROM renkei_ivr")[0]["id"]
    guidance = centre.rows("SELECT id FROM renkei_guidance WHERE name = 'お詫び'")[0]["id"]
    thanks = centre.rule("お礼", [{"do": "guidance", "guidance": guidance}, {"do": "hang_up"}])
    centre.branch(ivr, "success", rule_id=thanks)


async def test_the_database_is_stopped_for_half_a_minute_and_no_caller_is_left(
    telephony: Telephony, database: Stoppable, centre: Centre, bot: Bot
) -> None:
    """People talk on; who calls meanwhile takes the request-error rule in time, or is put through to an agent; all of
    it is in the histories once the database is back, told as it was, and the next caller's chat is looked up again.

    Proves P1, D14.
    """
    answer_with_guidance(centre)
    await telephony.start_worker()
    await telephony.phone("102")
    talking = telephony.call(TALKED, sipp.SPEAK, sipp.WAIT, sipp.HANG_UP)
    await telephony.stage(TALKED, "talking")
    before = await telephony.packets()
    await database.stop()
    began, now = clock.now(), asyncio.get_running_loop().time
    began_at = now()
    await telephony.phone("101")
    put_through = telephony.call(RUNG, sipp.WAIT, sipp.HANG_UP)
    await telephony.answered(put_through)
    put_through.go_on()
    assert await put_through.wait()
    callers: list[Sipp] = []
    while now() - began_at < OUTAGE:
        callers.append(telephony.call(LOOKED_UP))
        assert await telephony.waited(callers[-1]) < BUDGET + SLACK
        assert await callers[-1].wait()
    flown, after, ended = now() - began_at, await telephony.packets(), clock.now()
    assert all(later[1] > then[1] + 30 * flown for then, later in zip(before, after, strict=True))  # of fifty a second
    await database.start(centre)
    expect_truth(centre, await all_are_ended(telephony, LOOKED_UP, len(callers)), began, ended)
    (rung,) = await all_are_ended(telephony, RUNG, 1)
    assert (rung["outcome"], rung["during_outage"]) == ("answered", True)
    assert began < rung["arrived_at"] < rung["answered_at"] < rung["ended_at"] < ended
    await expect_it_looks_up_again(telephony, bot)
    talking.go_on()
    assert await talking.wait()
    (talked,) = await all_are_ended(telephony, TALKED, 1)
    assert (talked["outcome"], talked["during_outage"]) == ("answered", False)
    await expect_nothing_is_left(telephony)


def expect_truth(centre: Centre, calls: list[dict[str, Any]], began: datetime, ended: datetime) -> None:
    """Each call of the outage has its own times, the way it took, why it was not linked, and no request."""
    marks = [mark for call in calls for mark in (call["arrived_at"], call["ended_at"])]
    assert marks == sorted(marks)
    assert began < marks[0] < marks[-1] < ended
    for call in calls:
        assert (call["outcome"], call["during_outage"], call["passed_linkage"]) == ("guidance", True, True)
        assert call["caller_e164"] == "+819012345678"
        steps = ["entered", "looked_up", "branch", "rule", "guidance", "left"]
        assert centre.steps(call["line_id"]) == steps
        assert centre.link(call["line_id"])["reason"] == "request_error"
        assert centre.exchanges(call["line_id"]) == []


async def test_a_worker_that_dies_without_a_database_is_replaced_when_it_is_back(
    telephony: Telephony, database: Stoppable, centre: Centre, bot: Bot
) -> None:
    """Until then each call takes its number's 障害時の動作 at once and is read back from the telephone system. The next
    worker, started in the outage, waits for the database by itself.

    Proves P1.
    """
    answer_with_guidance(centre)
    await telephony.start_worker()

    async def has_begun_to_read() -> bool:
        return bool(centre.rows("SELECT 1 FROM renkei_pastcallsbookmark"))

    await telephony.until(has_begun_to_read)
    [rule] = {row["fallback_rule_id"] for row in centre.rows("SELECT fallback_rule_id FROM renkei_phonenumber")}
    began = clock.now()
    await database.stop()
    telephony.signal_worker(signal.SIGKILL)
    starting = asyncio.create_task(telephony.start_worker())
    callers = []
    for dialled in (LOOKED_UP, RUNG, LOOKED_UP):
        callers.append(telephony.call(dialled))
        assert await telephony.waited(callers[-1]) < SLACK
        assert await callers[-1].wait()
    ended = clock.now()
    await database.start(centre)
    await starting
    read_back = [*await all_are_ended(telephony, LOOKED_UP, 2), *await all_are_ended(telephony, RUNG, 1)]
    for call in read_back:
        assert (call["outcome"], call["during_outage"], call["owner"]) == ("fallback", True, "")
        assert (call["caller_e164"], call["answered_at"]) == ("+819012345678", None)
        assert began < call["arrived_at"] < call["ended_at"] < ended
        [step] = centre.details(call["line_id"])
        assert (step["kind"], step["detail"]) == ("fallback", {"rule": f"rule-{rule}"})
    await expect_it_looks_up_again(telephony, bot)
    await expect_nothing_is_left(telephony)

"""The phone never depends on us (P1): a real worker process on a real Asterisk, killed and frozen in every phase."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import psycopg.sql
import pytest
from psycopg.rows import dict_row

from renkei.cli.emulate.failures import Failure
from renkei.speech.media import write_sound
from tests import sipp
from tests.asterisk_rig import TRUNK, AsteriskRig, is_there, shared_rig
from tests.conftest import DatabaseUrls
from tests.environment import DATABASE, server
from tests.sipp import CallerLooks, Sipp
from tests.workers.conftest import Bot, Centre

LOOKED_UP, PLAYED, RUNG, TALKED = "0312340001", "0312340002", "0312340003", "0312340004"
BUDGET, WAIT_NET, PLAY_NET, FIRST_NET = 3.5, 15.0, 11.0, 3.0
SLACK = 0.8

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.skipif(not is_there(), reason="no Asterisk in .cache/asterisk or no SIPp: ./renkei test brings them"),
    pytest.mark.timeout(120),
]


class Telephony:
    """An office on Asterisk: one worker process after another, SIPp callers and telephones."""

    def __init__(self, rig: AsteriskRig, centre: Centre, urls: DatabaseUrls, bot: Bot) -> None:
        self.rig, self.centre, self._urls, self._bot = rig, centre, urls, bot
        self.workers: list[subprocess.Popen[bytes]] = []
        self.sipps: list[Sipp] = []
        self.log = rig.base / "worker.log"

    async def start_worker(self, name: str = "renkei-1") -> None:
        """Start one and wait until it hears."""
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "RENKEI_DATABASE_URL": self._urls.app,
            "RENKEI_EMULATOR_URL": self._bot.url,
            "RENKEI_LINE": "asterisk",
            "RENKEI_ARI_URL": self.rig.url,
            "RENKEI_ARI_PASSWORD": self.rig.password,
            "RENKEI_DATA_DIR": str(self.rig.data_dir),
            "RENKEI_WORKER_NAME": name,
        }
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "renkei.cli", "calls"]
            self.workers.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd="/"))
        try:
            await self.until(self._is_heard, seconds=60)
        except TimeoutError:
            pytest.fail("the worker does not hear:\n" + self.log.read_text(errors="replace")[-3000:])

    async def _is_heard(self) -> bool:
        async with self.rig.ari() as ari:
            return bool(await ari.applications()) and await self.rig.knows_phone("102-web")

    def signal_worker(self, what: signal.Signals) -> None:
        """Kill, freeze or wake the worker."""
        self.workers[-1].send_signal(what)
        if what is signal.SIGKILL:
            self.workers[-1].wait()

    def call(self, dialled: str, *steps: str) -> Sipp:
        """A customer calls and stays, whatever happens, until it is hung up on or ``go_on`` lets them."""
        scenario = sipp.caller_scenario(dialled, CallerLooks(), steps or (sipp.WAIT_FOR_END,))
        self.sipps.append(Sipp(scenario, host=TRUNK, remote=f"127.0.0.1:{self.rig.sip_port}"))
        return self.sipps[-1]

    async def phone(self, extension: str, **manner: Any) -> Sipp:
        """A telephone on an agent's desk."""
        phone = Sipp(sipp.phone_scenario(**manner), host="127.0.0.1")
        self.sipps.append(phone)
        await self.rig.add_plain_phone(extension, phone.port)
        return phone

    async def until(self, is_so: Callable[[], Awaitable[object]], *, seconds: float = 10) -> float:
        """Wait until it is so; the moment on the loop's clock."""
        async with asyncio.timeout(seconds):
            while not await is_so():
                await asyncio.sleep(0.02)
        return asyncio.get_running_loop().time()

    async def answered(self, caller: Sipp, *, seconds: float = 25) -> float:
        """When the caller was answered."""
        return await self._saw(caller, "SIP/2.0 200 OK", seconds)

    async def ended(self, caller: Sipp, *, seconds: float = 30) -> float:
        """When the caller was hung up on."""
        return await self._saw(caller, "BYE sip:", seconds)

    async def _saw(self, caller: Sipp, text: str, seconds: float) -> float:
        async def has_seen() -> bool:
            return text in caller.log()

        return await self.until(has_seen, seconds=seconds)

    async def stage(self, dialled: str, state: str) -> None:
        """Wait until the database knows the call as being there."""

        async def is_there() -> bool:
            query = "SELECT 1 FROM renkei_call WHERE dialled_raw = %(dialled)s AND state = %(state)s"
            return bool(self.centre.rows(query, dialled=dialled, state=state))

        await self.until(is_there)

    def row(self, dialled: str) -> dict[str, Any]:
        """The newest call to a number."""
        query = "SELECT * FROM renkei_call WHERE dialled_raw = %(dialled)s ORDER BY id DESC LIMIT 1"
        return self.centre.rows(query, dialled=dialled)[0]

    async def packets(self) -> list[tuple[int, int]]:
        """Sent and received sound packets of every channel in the conversation."""
        async with self.rig.ari() as ari:
            bridges = [bridge for bridge in await ari.bridges() if len(bridge["channels"]) == 2]
            stats = [await ari.statistics(channel) for bridge in bridges for channel in sorted(bridge["channels"])]
        return [(each["txcount"], each["rxcount"]) for each in stats]

    async def close(self) -> None:
        """Everybody goes home."""
        for worker in self.workers:
            with contextlib.suppress(ProcessLookupError):
                worker.send_signal(signal.SIGCONT)
                worker.terminate()
            worker.wait(15)
        for each in self.sipps:
            each.close()
        await self.rig.clear()


@pytest.fixture
async def telephony(emptied_database: DatabaseUrls, centre: Centre, bot: Bot) -> AsyncIterator[Telephony]:
    rig = shared_rig()
    (rig.data_dir / "asterisk" / "rules.conf").unlink(missing_ok=True)
    made = Telephony(rig, centre, emptied_database, bot)
    _furnish(centre, bot, rig.media_dir)
    yield made
    await made.close()


def _furnish(centre: Centre, bot: Bot, media: Path) -> None:
    """Four numbers, one for each phase; whatever catches a call speaks, so that it can be told from nothing."""
    for key, seconds in (("guidance/sorry", 0.3), ("guidance/one", 1.0)):
        write_sound(media, key, b"\x00\x10\x00\xf0" * int(4000 * seconds))
    sorry = centre.insert("guidance", name="お詫び", words="", media="guidance/sorry", seconds=0.3)
    one = centre.insert("guidance", name="案内", words="", media="guidance/one", seconds=1.0)
    spoken = centre.rule("障害時", [{"do": "guidance", "guidance": sorry}, {"do": "hang_up"}])
    first, second = centre.agent("101"), centre.agent("102")
    menu = centre.rule("案内", [{"do": "guidance", "guidance": one}] * 50)
    ringing = centre.rule("呼出", [{"do": "ring", "agents": [first], "seconds": 60}])
    talking = centre.rule("受付", [{"do": "ring", "agents": [second], "seconds": 60}])
    ivr = centre.ivr("連携", bot.url, error_rule=spoken)
    centre.number("+81312340001", entry_ivr_id=ivr)
    for e164, rule in (("+81312340002", menu), ("+81312340003", ringing), ("+81312340004", talking)):
        centre.number(e164, entry_rule_id=rule, fallback_rule_id=spoken)


async def _put_a_call_in_every_phase(telephony: Telephony, bot: Bot) -> dict[str, Sipp]:
    """Look-up, guidance, ringing and talking, all at one moment."""
    await telephony.phone("101", answer_ms=None)
    await telephony.phone("102", answer_ms=50)
    bot.provider.trouble.order(Failure.BLACK_HOLE)
    calls = {TALKED: telephony.call(TALKED, sipp.SPEAK, sipp.WAIT, sipp.HANG_UP)}
    await telephony.stage(TALKED, "talking")
    calls[RUNG] = telephony.call(RUNG)
    await telephony.stage(RUNG, "ringing")
    calls[PLAYED] = telephony.call(PLAYED)
    await telephony.answered(calls[PLAYED])
    calls[LOOKED_UP] = telephony.call(LOOKED_UP)
    await telephony.stage(LOOKED_UP, "in_ivr")
    return calls


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
async def test_whatever_phase_a_worker_dies_in_every_call_reaches_its_rule_and_nobody_is_cut_off(
    telephony: Telephony, bot: Bot, fault: signal.Signals
) -> None:
    """P1, with one worker: each call is caught by the net of its own step; the conversation goes on and ends as it
    should, under the next worker or the one that woke.

    Proves P1.
    """
    await telephony.start_worker()
    calls = await _put_a_call_in_every_phase(telephony, bot)
    before = await telephony.packets()
    telephony.signal_worker(fault)
    began = asyncio.get_running_loop().time()
    newcomer = telephony.call(RUNG)

    async def after(moment: Awaitable[float]) -> float:
        return await moment - began

    new, looked_up, rung, played = await asyncio.gather(
        after(telephony.answered(newcomer)), after(telephony.answered(calls[LOOKED_UP])),
        after(telephony.answered(calls[RUNG])), after(telephony.ended(calls[PLAYED])),
    )  # fmt: skip
    assert new < (1.0 if fault is signal.SIGKILL else FIRST_NET + SLACK)
    assert looked_up < BUDGET + SLACK
    assert rung < WAIT_NET + SLACK
    assert played < PLAY_NET + 1.0 + SLACK
    after_all = await telephony.packets()
    assert len(after_all) == 2
    assert all(now[0] > then[0] + 300 and now[1] > then[1] + 300 for then, now in zip(before, after_all, strict=True))
    if fault is signal.SIGKILL:
        await telephony.start_worker()
    else:
        telephony.signal_worker(signal.SIGCONT)
    calls[TALKED].go_on()
    assert await calls[TALKED].wait()
    await telephony.stage(TALKED, "ended")
    assert telephony.row(TALKED)["outcome"] == "answered"
    for dialled in (LOOKED_UP, PLAYED, RUNG):
        await telephony.stage(dialled, "ended")


async def test_without_any_worker_a_new_call_is_at_its_numbers_rule_at_once(telephony: Telephony) -> None:
    """Nobody is connected; the number's own behaviour in case of failure was compiled before. Proves P1."""
    await telephony.start_worker()
    telephony.workers[-1].terminate()
    telephony.workers.pop().wait(15)
    began = asyncio.get_running_loop().time()
    caller = telephony.call(RUNG)
    assert await telephony.answered(caller) - began < 1.0
    assert await caller.wait()


async def test_controls_return_within_ten_seconds_of_our_return(telephony: Telephony) -> None:
    """After a crash the next worker has the conversation, and its agent can end it from the screen. Proves P1."""
    await telephony.start_worker()
    await telephony.phone("102")
    caller = telephony.call(TALKED, sipp.WAIT_FOR_END)
    await telephony.stage(TALKED, "talking")
    telephony.signal_worker(signal.SIGKILL)
    await telephony.start_worker()
    began = asyncio.get_running_loop().time()
    call = telephony.row(TALKED)
    while caller.process.poll() is None:
        assert asyncio.get_running_loop().time() - began < 10
        asked = telephony.centre.insert(
            "callcommand", call_id=call["id"], agent_id=call["answered_by_id"], kind="hang_up", args="{}",
            asked_at=call["arrived_at"], error_code="",
        )  # fmt: skip
        telephony.centre.connection.execute("SELECT pg_notify('renkei_calls', %s)", (f"command:{asked}",))
        await asyncio.sleep(0.5)
    assert await caller.wait()
    await telephony.stage(TALKED, "ended")


async def test_after_a_restart_of_asterisk_telephones_and_calls_are_there_again(telephony: Telephony) -> None:
    """The endpoints are pushed again, the worker reconnects, calls that were cut are entered as ended."""
    await telephony.start_worker()
    await telephony.phone("102")
    telephony.call(TALKED, sipp.WAIT_FOR_END)
    await telephony.stage(TALKED, "talking")
    telephony.rig.kill()
    (telephony.rig.base / "lib" / "astdb.sqlite3").unlink()
    telephony.rig.start()
    await telephony.stage(TALKED, "ended")

    async def is_back() -> bool:
        return await telephony.rig.knows_phone("101-web") and await telephony.rig.knows_phone("102-web")

    await telephony.until(is_back)
    telephony.centre.rows("UPDATE renkei_presence SET state = 'available', call_id = NULL RETURNING agent_id")
    await telephony.phone("102")
    caller = telephony.call(TALKED, sipp.WAIT, sipp.HANG_UP)
    await telephony.stage(TALKED, "talking")
    caller.go_on()
    assert await caller.wait()


@contextlib.contextmanager
def _no_database() -> Iterator[None]:
    """The worker's database refuses everybody, as a stopped server does."""
    with psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as admin:
        name = psycopg.sql.Identifier(DATABASE)
        admin.execute(psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (DATABASE,))
        try:
            yield
        finally:
            admin.execute(psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


@pytest.mark.parametrize("seconds", [6, pytest.param(30, marks=pytest.mark.long)])
async def test_without_the_database_people_talk_on_and_callers_reach_their_rule(
    telephony: Telephony, emptied_database: DatabaseUrls, seconds: int
) -> None:
    """P1: the conversation is not cut, a new call takes the request-error rule in time, and both are in the history
    when the database is back."""
    await telephony.start_worker()
    await telephony.phone("102")
    talking = telephony.call(TALKED, sipp.SPEAK, sipp.WAIT, sipp.HANG_UP)
    await telephony.stage(TALKED, "talking")
    before = await telephony.packets()
    with _no_database():
        began = asyncio.get_running_loop().time()
        caller = telephony.call(LOOKED_UP)
        assert await telephony.answered(caller) - began < BUDGET + SLACK
        assert await caller.wait()
        await asyncio.sleep(max(0.0, began + seconds - asyncio.get_running_loop().time()))
    after = await telephony.packets()
    assert all(now[1] > then[1] + 30 * seconds for then, now in zip(before, after, strict=True))
    telephony.centre.connection.close()
    with psycopg.connect(emptied_database.app, autocommit=True, row_factory=dict_row) as connection:
        telephony.centre.connection = connection
        await telephony.stage(LOOKED_UP, "ended")
        row = telephony.row(LOOKED_UP)
        assert (row["outcome"], row["during_outage"]) == ("guidance", True)
        talking.go_on()
        assert await talking.wait()
        await telephony.stage(TALKED, "ended")
        assert telephony.row(TALKED)["outcome"] == "answered"

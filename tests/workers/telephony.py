"""An office on a real Asterisk: worker processes that a test may kill or freeze, callers and telephones by SIPp."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from renkei.speech.media import write_sound
from tests import sipp
from tests.asterisk_rig import TRUNK, AsteriskRig
from tests.conftest import DatabaseUrls
from tests.sipp import CallerLooks, Sipp
from tests.workers.conftest import Bot, Centre

LOOKED_UP, PLAYED, RUNG, TALKED = "0312340001", "0312340002", "0312340003", "0312340004"
PUSHED = ("101", "102")


class Telephony:
    """An office on Asterisk: worker processes, SIPp callers and telephones."""

    def __init__(self, rig: AsteriskRig, centre: Centre, urls: DatabaseUrls, bot: Bot) -> None:
        self.rig, self.centre, self._urls, self._bot = rig, centre, urls, bot
        self.workers: list[subprocess.Popen[bytes]] = []
        self.sipps: list[Sipp] = []
        self.log = rig.base / "worker.log"

    async def start_worker(self, name: str = "renkei-1") -> None:
        """Start one and wait until it hears and has pushed the telephones."""
        for extension in PUSHED:
            await self.rig.remove_phone(f"{extension}-web")
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "RENKEI_DATABASE_URL": self._urls.app,
            "RENKEI_EMULATOR_URL": self._bot.url,
            "RENKEI_LINE": "asterisk",
            "RENKEI_ARI_URL": self.rig.url,
            "RENKEI_ARI_PASSWORD": self.rig.password,
            "RENKEI_DATA_DIR": str(self.rig.data_dir),
            "RENKEI_ASTERISK_RECORDS": str(self.rig.records),
            "RENKEI_WORKER_NAME": name,
        }
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "renkei.cli", "calls"]
            self.workers.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd="/"))
        try:
            await self.until(lambda: self._is_heard(name), seconds=60)
        except TimeoutError:
            pytest.fail("the worker does not hear:\n" + self.log.read_text(errors="replace")[-3000:])

    async def _is_heard(self, name: str) -> bool:
        async with self.rig.ari() as ari:
            names = [application["name"] for application in await ari.applications()]
        return name in names and all([await self.rig.knows_phone(f"{extension}-web") for extension in PUSHED])

    def signal_worker(self, what: signal.Signals, *, number: int = -1) -> None:
        """Kill, freeze or wake a worker: the newest, or that of this number."""
        self.workers[number].send_signal(what)
        if what is signal.SIGKILL:
            self.workers[number].wait()

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

    async def waited(self, caller: Sipp) -> float:
        """How many seconds the caller waited for an answer, by the caller's own clock."""
        await self.answered(caller)
        messages = re.findall(r"-{9,} (\S+ \S+)\nUDP message .*\n\n(.*)", caller.log())
        invited = next(at for at, line in messages if line.startswith("INVITE"))
        answered = next(at for at, line in messages if line.startswith("SIP/2.0 200"))
        return (datetime.fromisoformat(answered) - datetime.fromisoformat(invited)).total_seconds()

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


def furnish(centre: Centre, bot: Bot, media: Path) -> None:
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

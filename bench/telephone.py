"""What the telephone benches share: an Asterisk of their own, SIPp at a rate, the bare application or our worker."""

import asyncio
import contextlib
import csv
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.ground import Ground, process
from renkei.speech.media import write_sound
from tests import asterisk_rig, sipp
from tests.asterisk_rig import TRUNK, AsteriskRig

SOUND, SOUND_SECONDS = "guidance/bench", 0.5


@dataclass(frozen=True, slots=True)
class Load:
    """What SIPp saw at one rate: seconds from INVITE to 200 OK of each call, how many failed, how long it took."""

    rate: float
    took: Sequence[float]
    failed: int
    seconds: float

    @property
    def is_sustained(self) -> bool:
        """No call failed, and the calls came as fast as they were wanted."""
        return self.failed == 0 and bool(self.took) and len(self.took) / self.seconds >= 0.85 * self.rate


@contextlib.contextmanager
def asterisk() -> Iterator[AsteriskRig]:
    """An Asterisk with room for many calls, and the half second of silence that everybody plays."""
    if not asterisk_rig.is_there():
        raise RuntimeError("This bench needs Asterisk and SIPp: ./renkei test brings both.")
    asterisk_rig.RTP_PORTS = 4_000
    with asterisk_rig.running() as rig:
        write_sound(rig.media_dir, SOUND, b"\x00\x00" * int(8_000 * SOUND_SECONDS))
        yield rig


@contextlib.contextmanager
def bare_application(base: Ground, rig: AsteriskRig) -> Iterator[None]:
    """The yardstick answers."""
    told = {"BENCH_SOUND": str(rig.media_dir / SOUND), **_ari(rig)}
    with process(base, "-m", "bench.bare_ari", **told):
        _wait_for_application(rig)
        yield


@contextlib.contextmanager
def our_worker(base: Ground, rig: AsteriskRig, **told: str) -> Iterator[None]:
    """Our calls worker answers."""
    settings = {"RENKEI_LINE": "asterisk", "RENKEI_DATA_DIR": str(rig.data_dir), **_ari(rig), **told}
    with process(base, "-m", "renkei.cli", "calls", **settings):
        _wait_for_application(rig)
        yield


def _ari(rig: AsteriskRig) -> dict[str, str]:
    return {"RENKEI_ARI_URL": rig.url, "RENKEI_ARI_PASSWORD": rig.password}


def _wait_for_application(rig: AsteriskRig) -> None:
    async def is_there() -> bool:
        async with rig.ari() as ari:
            return bool(await ari.applications())

    deadline = time.monotonic() + 60
    while not asyncio.run(is_there()):
        if time.monotonic() > deadline:
            raise RuntimeError("nobody connected to Asterisk")
        time.sleep(0.1)


def place_calls(rig: AsteriskRig, callers: Sequence[tuple[str, str]], *, rate: float, seconds: float) -> Load:
    """Place ``rate`` calls a second, caller and number dialled in turn; each stays until hung up on."""
    looks = sipp.CallerLooks(sender='"" <sip:[field0]@127.0.0.2>')
    scenario = sipp.caller_scenario("[field1]", looks, (sipp.WAIT_FOR_END,))
    wanted = max(1, round(rate * seconds))
    with tempfile.TemporaryDirectory(prefix="rkb-sipp-", dir="/tmp") as name:
        folder = Path(name)
        (folder / "scenario.xml").write_text(scenario, encoding="utf-8")
        rows = "".join(f"{caller};{dialled}\n" for caller, dialled in callers)
        (folder / "callers.csv").write_text(f"SEQUENTIAL\n{rows}", encoding="utf-8")
        command = [
            "sipp", f"127.0.0.1:{rig.sip_port}", "-sf", "scenario.xml", "-inf", "callers.csv", "-i", TRUNK,
            "-p", str(asterisk_rig.free_port()), "-r", str(max(1, round(rate))), "-m", str(wanted), "-l", "2000",
            "-trace_rtt", "-rtt_freq", "1", "-trace_stat", "-nostdin", "-timeout", f"{int(seconds) + 30}s",
            "-recv_timeout", "15000",
        ]  # fmt: skip
        began = time.perf_counter()
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        lasted = time.perf_counter() - began
        took = list(_read_times(folder))
    return Load(rate, took, wanted - len(took), max(seconds, lasted - 2 * SOUND_SECONDS))


def _read_times(folder: Path) -> Iterator[float]:
    for path in folder.glob("*rtt*.csv"):
        with path.open(encoding="utf-8") as file:
            for row in csv.DictReader(file, delimiter=";"):
                yield float(row["response_time_ms"]) / 1_000

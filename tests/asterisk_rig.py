"""A real Asterisk for tests: its own folders and ports, our own generated configuration, gone when the tests are.

Its files are those of .cache/asterisk, a Debian file tree that `./renkei test` makes. They are run where they lie, by
the loader of that tree: neither root nor a mount is needed, and several workers run one each at the same time.
"""

import asyncio
import atexit
import contextlib
import ctypes
import itertools
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from renkei.speech.media import write_sound
from renkei.speech.music import MUSIC_KEY, play_waiting_music
from renkei.telephony.asterisk.client import Ari
from renkei.telephony.asterisk.configuration import AsteriskSetup, write_configuration
from renkei.telephony.asterisk.line import AsteriskLine
from renkei.telephony.port import LineError

ROOT = Path(__file__).resolve().parent.parent
TREE = ROOT / ".cache" / "asterisk"
TRUNK = "127.0.0.2"
"""Where calls from outside come from; the telephones are at 127.0.0.1."""
START_SECONDS = 30
_PR_SET_PDEATHSIG = 1
RTP_PORTS = 200


def is_there() -> bool:
    """Whether Asterisk and SIPp can be used here."""
    return (TREE / "usr/sbin/asterisk").exists() and shutil.which("sipp") is not None


# Between the asking for a port and its use lie milliseconds in which somebody else may be given it: each worker of
# the suite has ports of its own, and gives none out twice in a row. Steps of four leave room for a call's media.
_OURS = 20000 + 4000 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 3)
_TURNS = itertools.count(secrets.randbelow(1000))


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """A port of this worker that nobody has, on any address, below those that outgoing connections take."""
    for turn in _TURNS:
        port = _OURS + 4 * (turn % 1000)
        with socket.socket(socket.AF_INET, kind) as probe, contextlib.suppress(OSError):
            probe.bind(("", port))
            return port
    raise AssertionError("unreachable")


class AsteriskRig:
    """One Asterisk in its own process session. ``start`` waits until it takes commands."""

    def __init__(self, *, workers: tuple[str, ...] = ("renkei-1",)) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="rk-ast-", dir="/tmp"))
        self.password = secrets.token_urlsafe(16)
        self.http_port, self.sip_port = free_port(), free_port(socket.SOCK_DGRAM)
        self.workers = workers
        self.data_dir = self.base / "data"
        self.media_dir = self.data_dir / "media"
        self.process: subprocess.Popen[bytes] | None = None
        self._write()

    @property
    def url(self) -> str:
        """Where ARI listens."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def records(self) -> Path:
        """Where it records its calls."""
        return self.base / "log/cdr-custom/renkei.csv"

    def ari(self) -> Ari:
        """A client of its own for the test itself."""
        return Ari(self.url, user="renkei", password=self.password)

    def line(self, app: str = "renkei-1") -> AsteriskLine:
        """The line under test."""
        return AsteriskLine(
            url=self.url, user="renkei", password=self.password, app=app, data_dir=self.data_dir,
            records=self.records,
        )  # fmt: skip

    def start(self) -> None:
        """Start it and wait until ARI answers."""
        command = [*_asterisk(), "-C", self.base / "etc/asterisk.conf"]
        prctl = ctypes.CDLL(None).prctl
        with (self.base / "log/console").open("ab") as console:
            self.process = subprocess.Popen(
                [*command, "-fn"], start_new_session=True, stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                preexec_fn=lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),  # it must never outlive us
            )  # fmt: skip
        ends_at = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > ends_at:
                raise RuntimeError("Asterisk did not start:\n" + (self.base / "log/console").read_text()[-3000:])
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def freeze(self) -> None:
        """Stop it without a word; ``thaw`` lets it go on."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGCONT)

    def stop(self) -> None:
        """End it and take its folders away."""
        self.kill()
        shutil.rmtree(self.base, ignore_errors=True)

    async def add_plain_phone(self, extension: str, port: int) -> None:
        """An agent's telephone that is a SIPp at ``port``: known under the name of the browser's telephone."""
        name = f"{extension}-web"
        await self.remove_phone(name)
        endpoint = {
            "context": "renkei-phones", "disallow": "all", "allow": "ulaw", "direct_media": "no", "aors": name,
            "allow_transfer": "no",
        }  # fmt: skip
        async with self.ari() as ari:
            await ari.put_object("aor", name, {"contact": f"sip:{name}@127.0.0.1:{port}", "qualify_frequency": "0"})
            await ari.put_object("endpoint", name, endpoint)

    async def remove_phone(self, name: str) -> None:
        """Take a telephone away. A changed address would only be believed later, so a new one is made from nothing."""
        async with self.ari() as ari:
            await _remove(ari, name)

    async def knows_phone(self, name: str) -> bool:
        """Whether a telephone of that name has been pushed."""
        async with self.ari() as ari:
            return any(endpoint["resource"] == name for endpoint in await ari.send("GET", "/endpoints"))

    async def hang_up_all(self) -> None:
        """End every call."""
        async with self.ari() as ari:
            for channel in await ari.channels():
                with contextlib.suppress(LineError):
                    await ari.hang_up(channel["id"], "normal")

    async def clear(self) -> None:
        """End every call and take every telephone away."""
        await self.hang_up_all()
        async with self.ari() as ari:
            for endpoint in await ari.send("GET", "/endpoints"):
                await _remove(ari, endpoint["resource"])
            async with asyncio.timeout(20):
                while await ari.channels():
                    await asyncio.sleep(0.01)
            for bridge in await ari.bridges():
                with contextlib.suppress(LineError):
                    await ari.delete_bridge(bridge["id"])

    def _write(self) -> None:
        for folder in ("etc", "lib/keys", "spool", "run", "log/cdr-custom", "data/media/music", "data/asterisk"):
            (self.base / folder).mkdir(parents=True)
        first = 32768 + secrets.randbelow((65535 - 32768) // RTP_PORTS - 1) * RTP_PORTS
        setup = AsteriskSetup(
            workers=self.workers, ari_password=self.password, http_port=self.http_port, sip_host="127.0.0.1",
            sip_port=self.sip_port, trunk_hosts=(TRUNK,), rtp_first=first, rtp_last=first + RTP_PORTS,
            data_dir=str(self.data_dir),
        )  # fmt: skip
        for name, text in write_configuration(setup).items():
            (self.base / "etc" / name).write_text(text, encoding="utf-8")
        folders = {
            "astetcdir": "etc", "astvarlibdir": "lib", "astdbdir": "lib", "astkeydir": "lib", "astagidir": "lib",
            "astspooldir": "spool", "astrundir": "run", "astlogdir": "log",
        }  # fmt: skip
        lines = [f"{name} => {self.base / folder}" for name, folder in folders.items()]
        lines.append(f"astdatadir => {TREE}/usr/share/asterisk")
        lines.append(f"astmoddir => {_modules()}")
        (self.base / "etc/asterisk.conf").write_text("\n".join(["[directories]", *lines, ""]))

        write_sound(self.media_dir, MUSIC_KEY, play_waiting_music())

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.http_port), timeout=1) as probe:
            request = f"GET /ari/asterisk/ping?api_key=renkei:{self.password} HTTP/1.0\r\n\r\n"
            probe.sendall(request.encode())
            return b" 200 " in probe.recv(64)
        return False


async def _remove(ari: Ari, phone: str) -> None:
    for kind in ("endpoint", "aor", "auth"):
        with contextlib.suppress(LineError):
            await ari.delete_object(kind, phone)


def _modules() -> Path:
    """Where the tree's modules lie: below the folder of the machine's own kind, or straight in lib."""
    return next(TREE.glob("usr/lib/*-linux-gnu*/asterisk/modules"), TREE / "usr/lib/asterisk/modules")


def _asterisk() -> list[Path | str]:
    """The command that runs the tree's Asterisk; the machine's own one needs no loader."""
    program = TREE / "usr/sbin/asterisk"
    if TREE.resolve() == Path("/"):
        return [program]
    library = _modules().parent.parent
    loaders = [*TREE.glob("usr/lib64/ld-linux-*"), *TREE.glob("usr/lib/ld-linux-*"), *library.glob("ld-linux-*")]
    return [loaders[0], "--library-path", library, program]


@cache
def shared_rig() -> AsteriskRig:
    """One Asterisk for all tests of this process; gone with it."""
    rig = AsteriskRig()
    atexit.register(rig.stop)
    rig.start()
    return rig


@contextlib.contextmanager
def running(*, workers: tuple[str, ...] = ("renkei-1",)) -> Iterator[AsteriskRig]:
    """A started Asterisk that is taken away afterwards."""
    rig = AsteriskRig(workers=workers)
    try:
        rig.start()
        yield rig
    finally:
        rig.stop()

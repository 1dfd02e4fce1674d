"""What a bench stands on: an embedded PostgreSQL with real settings, our processes, and keep-alive HTTP connections."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from renkei.cli.database import grant_rights
from renkei.cli.postgres import APP, Postgres


@dataclass(frozen=True, slots=True)
class Ground:
    """A migrated database and the environment of every process on it."""

    folder: Path
    app_url: str
    owner_url: str
    environment: Mapping[str, str]
    server: Postgres


@contextlib.contextmanager
def ground(**settings: str) -> Iterator[Ground]:
    """A database as ``./renkei run`` would make it, in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="rkb-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with Postgres(folder / "pg") as server:
            inherited = {key: value for key, value in os.environ.items() if not key.startswith("RENKEI_")}
            environment = inherited | {
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
                "DJANGO_SETTINGS_MODULE": "renkei.settings",
                "RENKEI_MODE": "demo",
                "RENKEI_DATABASE_URL": server.app_url,
                "RENKEI_OWNER_DATABASE_URL": server.owner_url,
                "RENKEI_SECRET_KEY": "bench-" + Fernet.generate_key().decode(),
                "RENKEI_FIELD_KEYS": Fernet.generate_key().decode(),
                "RENKEI_DATA_DIR": name,
                **settings,
            }
            run_once(environment, "-m", "django", "migrate", "-v0", RENKEI_DATABASE_URL=server.owner_url)
            grant_rights(server.owner_url, APP)
            yield Ground(folder, server.app_url, server.owner_url, environment, server)


def run_once(environment: Mapping[str, str], *arguments: str, **more: str) -> str:
    """Run Python to its end; its output."""
    done = subprocess.run(
        [sys.executable, *arguments], env={**environment, **more}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout.strip()


def free_port() -> int:
    """A port that nobody had a moment ago."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@contextlib.contextmanager
def process(base: Ground, *arguments: str, ready: str = "", **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """One of our processes for the length of the block; waits until ``ready`` (a URL) answers."""
    log = base.folder / "process.log"
    with log.open("ab") as out:
        child = subprocess.Popen(
            [sys.executable, *arguments], env={**base.environment, **more}, stdout=out, stderr=out, cwd="/"
        )
    try:
        deadline = time.monotonic() + 60
        while ready and not _answers(ready):
            if child.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text()[-2000:])
            time.sleep(0.05)
        yield child
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()


def processor_seconds(pid: int) -> float:
    """What a process has used of the processors so far: on a shared machine this drifts less than the clock does."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status < 500)
    except OSError:
        return False


class Caller:
    """One keep-alive HTTP connection, as cheap as Python can: the same for both sides of a bench.

    ``source`` is the loopback address it comes from, so that many clients look like many.
    """

    def __init__(self, port: int, *, source: str = "127.0.0.1") -> None:
        self._port, self._source = port, source
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, request: bytes) -> int:
        """Send a whole request and read the whole answer; returns the status. Raises OSError."""
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection(
                "127.0.0.1", self._port, local_addr=(self._source, 0)
            )
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        await self._reader.readexactly(length)
        return int(head[9:12])

    def close(self) -> None:
        """Leave."""
        if self._writer is not None:
            self._writer.close()


async def press(
    port: int, requests: AsyncIterator[bytes], *, seconds: float, connections: int = 24
) -> tuple[list[float], int, float]:
    """Send as fast as the other side answers; returns how long each took, how many failed, and the seconds."""
    took: list[float] = []
    failed = 0
    began = time.perf_counter()

    async def work(number: int) -> None:
        nonlocal failed
        caller = Caller(port, source=f"127.0.{1 + number // 200}.{1 + number % 200}")
        while time.perf_counter() - began < seconds:
            request = await anext(requests)
            sent = time.perf_counter()
            if await caller.send(request) == 200:
                took.append(time.perf_counter() - sent)
            else:
                failed += 1
        caller.close()

    await asyncio.gather(*(work(number) for number in range(connections)))
    return took, failed, time.perf_counter() - began

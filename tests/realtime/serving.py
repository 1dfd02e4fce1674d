"""A real server process of ours on a free port, for tests that speak HTTP to it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx2


@dataclass(slots=True)
class Serving:
    """A server that answers at ``url``; ``kill`` is kill -9."""

    url: str
    process: "subprocess.Popen[bytes]"
    log: Path
    asked: list[str] = field(default_factory=list)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask it to stop, as a supervisor does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=15)


@contextlib.contextmanager
def serve(folder: Path, *, environment: Mapping[str, str] | None = None, app: str = "application") -> Iterator[Serving]:
    """Start uvicorn on a port the kernel chose, wait until it answers, stop it afterwards."""
    log = folder / f"realtime-{time.monotonic_ns()}.log"
    with socket.socket() as door, log.open("wb") as out:
        door.bind(("127.0.0.1", 0))
        door.listen(2048)
        process = subprocess.Popen(
            [
                sys.executable, "-m", "uvicorn", f"renkei.asgi:{app}", "--fd", str(door.fileno()),
                "--no-access-log", "--timeout-graceful-shutdown", "5",
            ],
            pass_fds=[door.fileno()], stdout=out, stderr=out,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **(environment or {})},
        )  # fmt: skip
        serving = Serving(f"http://127.0.0.1:{door.getsockname()[1]}", process, log)
        try:
            _wait_until_well(serving)
            yield serving
        finally:
            if process.poll() is None:
                serving.stop()


def _wait_until_well(serving: Serving) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and serving.process.poll() is None:
        with contextlib.suppress(httpx2.HTTPError):
            if httpx2.get(f"{serving.url}/healthz", timeout=5).status_code == 200:
                return
        time.sleep(0.05)
    raise RuntimeError(f"The server did not come up:\n{serving.log.read_text()}")

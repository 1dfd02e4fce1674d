"""The calls worker: ``renkei calls``. One queue per call: hear → domain.ivr → do.

Eight loops beside the calls, each with its own guard: the line's events, what the database tells (LISTEN), the
heartbeat of our lease, the settings, the calls nobody serves, what nobody answered, what ran without us, and which
telephone system it is. A loop that fails says so once and begins again; a call that fails concerns no other.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable

import structlog
import uvloop

from renkei.domain.line import Arrived, Ended, EndedBy, LineDown, LineEvent, LineUp
from renkei.settings import Config, LineKind, config
from renkei.telephony.port import Line, LineTakenError
from renkei.telephony.timekeeping import Timekeeper
from renkei.workers import calls_lease
from renkei.workers.calls_past import PastCalls
from renkei.workers.calls_requests import Requests
from renkei.workers.calls_serving import Serving
from renkei.workers.calls_standing import Standing
from renkei.workers.calls_system import TelephoneSystem
from renkei.workers.logs import set_logs_up

log = structlog.get_logger(__name__)

RESTART_SECONDS = 1.0
FLUSH_SECONDS = 3.0


class CallsWorker:
    """Serves the calls of one line. ``line`` and ``time`` are given by tests; otherwise the settings decide."""

    def __init__(self, settings: Config, *, line: Line | None = None, time: Timekeeper | None = None) -> None:
        self.serving = Serving(settings, line=line, time=time)
        self.standing = Standing(self.serving)
        self.requests = Requests(self.serving)
        self.past = PastCalls(self.serving)
        self.system = TelephoneSystem(self.serving)
        self._loops: list[asyncio.Task[None]] = []
        self._end = asyncio.Event()
        self.exit_code = 0

    async def run(self) -> int:
        """Serve until ``stop``; the exit code is 1 when somebody else took our name."""
        await self.serving.database.open()
        self._loops = [
            self._keep("settings", self.serving.settings.run),
            self._keep("line", self._hear_line),
            self._keep("requests", self.requests.run),
            self._keep("lease", self._beat),
            self._keep("standing", self._look_after_standing),
            self._keep("sweep", self._sweep),
            self._keep("past calls", self.past.run),
            self._keep("system", self.system.run),
        ]
        try:
            await self._end.wait()
        finally:
            for loop in self._loops:
                loop.cancel()
            await asyncio.gather(*self._loops, return_exceptions=True)
            await self._leave()
        return self.exit_code

    def stop(self, exit_code: int = 0) -> None:
        """Come to an end."""
        self.exit_code = exit_code
        self._end.set()

    def _keep(self, name: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Run a loop for ever; one that fails is logged once and begun again."""

        async def keep() -> None:
            while True:
                try:
                    await work()
                except LineTakenError:
                    log.critical("calls: another worker has our name on the line", worker=self.serving.name)
                    self.stop(1)
                    return
                except Exception:
                    log.exception("calls: a loop failed", loop=name)
                await asyncio.sleep(RESTART_SECONDS)

        return asyncio.create_task(keep(), name=f"calls {name}")

    async def _beat(self) -> None:
        async for still_ours in self.serving.lease.beats():
            if not still_ours:
                log.critical("calls: another process has our name", worker=self.serving.name)
                self.stop(1)
                return

    # Beside the heartbeat, not in it: a slow line or database must not let our lease run out.

    async def _look_after_standing(self) -> None:
        await self.serving.lease.is_held.wait()
        while True:
            await self.standing.look_after()
            await asyncio.sleep(calls_lease.BEAT_SECONDS)

    async def _sweep(self) -> None:
        while True:
            await self.requests.sweep()
            await asyncio.sleep(calls_lease.BEAT_SECONDS)

    async def _leave(self) -> None:
        """Leave cleanly: simulated calls end with us, real ones stay on the line for others or their net."""
        if self.serving.config.line is LineKind.SIMULATOR:
            for line_id, call in list(self.serving.live.items()):
                call.hear(Ended(line_id, EndedBy.SYSTEM))
            await asyncio.sleep(0)
        for journal in self.serving.journals.values():
            journal.close()
        if self.serving.tasks:
            await asyncio.wait(self.serving.tasks, timeout=FLUSH_SECONDS)
        for task in self.serving.tasks:
            task.cancel()
        await asyncio.gather(*self.serving.tasks, return_exceptions=True)
        await self.serving.lease.give_back()
        await self.serving.line.close()
        await self.serving.providers.aclose()
        await self.serving.database.close()

    # ── hearing the line ──

    async def _hear_line(self) -> None:
        # Without settings no call can be served: until they are read once, the line's own rules do it.
        await self.serving.settings.wait()
        async for event in self.serving.line.events():
            self._hear(event)

    def _hear(self, event: LineEvent) -> None:
        match event:
            case Arrived():
                self.serving.arrived(event)
            case LineUp():
                self.serving.is_up.set()
                self.serving.settings.tell_line()
                self.serving.spawn(self.standing.reconcile())
            case LineDown():
                self.serving.is_up.clear()
            case _:
                self.serving.tell(event)


async def serve_until_told(settings: Config) -> int:
    """Run a worker until SIGTERM or SIGINT."""
    worker = CallsWorker(settings)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, worker.stop)
    return await worker.run()


def main() -> int:
    """``renkei calls``."""
    set_logs_up()
    # Thirteen requests and some twenty statements a call: the loop itself is a good part of the cost.
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(serve_until_told(config))
    return 0

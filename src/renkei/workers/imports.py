"""The chat-import services: one supervised task for each chat setting whose service is wanted (R183 to R186).

Several jobs processes share them: whoever holds a setting's lease runs its service; one that dies or freezes hands it
over when its lease runs out. A service beats every ten seconds, beside its work.
"""

import asyncio
import os
import secrets
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

import psycopg
import structlog

from renkei.actions.imports.faults import is_database_away, let_go
from renkei.actions.imports.fence import Lease, StaleLeaseError, beat, find_waiting, give_back, take_lease
from renkei.actions.imports.ground import find_ground, open_settings, read_zone
from renkei.actions.imports.runs import Duty, end_run_badly, fail_service, read_duty
from renkei.connectors.contract import ClosedContext, ClosedPage, ClosedQuestion, Connector, read_settings
from renkei.connectors.registry import get_connector
from renkei.domain.patience import wait_after
from renkei.domain.reconciling import is_due
from renkei.domain.services import IMPORTS_CHANNEL, SettingSnapshot
from renkei.domain.setbacks import settle
from renkei.errors import MisconfiguredError
from renkei.outbound import AllowList, HttpClient
from renkei.settings import Config
from renkei.workers.imports_run import NIGHT, ImportRun, Source, Stopped

log = structlog.get_logger(__name__)

BEAT_SECONDS = 10.0
MOST_AT_WORK = 4
"""Services of one process that work at the same moment; the others wait their turn, and the pool suffices for all."""
LOOK_SECONDS = 2.0
"""How often the supervisor looks for services that nobody runs, besides being told."""

P = ParamSpec("P")
T = TypeVar("T")


class ImportServices:
    """All services this process runs."""

    def __init__(self, config: Config) -> None:
        self._url = config.database_url.get_secret_value()
        self._allow = AllowList.of(config.destinations)
        self._owner = f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(3)}"
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="imports")
        self._heart = ThreadPoolExecutor(1, thread_name_prefix="import-beats")
        self._at_work = asyncio.Semaphore(MOST_AT_WORK)
        self._http = HttpClient()
        self._running: dict[int, Service] = {}
        self._rest: dict[int, float] = {}
        self._woken = asyncio.Event()

    async def serve(self) -> None:
        """Run services until cancelled; their leases are given back then."""
        listening = asyncio.create_task(self._listen())
        try:
            while True:
                self._woken.clear()
                await self._look()
                await _wait(self._woken, LOOK_SECONDS)
        finally:
            listening.cancel()
            services = list(self._running.values())
            for service in services:
                service.cancel()
            await asyncio.gather(*(service.ended() for service in services))
            await self._http.aclose()
            await self.do(let_go)
            self._executor.shutdown()
            self._heart.shutdown(wait=False)

    async def do(self, deed: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something with the database, in the thread that has the supervisor's connection."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, partial(deed, *args, **kwargs))

    async def _look(self) -> None:
        """Begin the services that are wanted and that nobody runs."""
        try:
            for setting_id in await self.do(find_waiting):
                if setting_id not in self._running and not self._is_resting(setting_id):
                    await self._begin(setting_id)
        except Exception as error:
            # The database is away: every two seconds a line would flood the log, the class of it is enough.
            log.warning("imports: could not look for services", error=type(error).__name__)
            await self.do(let_go)

    def _is_resting(self, setting_id: int) -> bool:
        return asyncio.get_running_loop().time() < self._rest.get(setting_id, 0.0)

    async def _begin(self, setting_id: int) -> None:
        lease = await self.do(take_lease, setting_id, self._owner)
        if lease is None:
            return
        service = Service(lease, http=self._http, allow=self._allow, heart=self._heart, at_work=self._at_work)
        self._running[setting_id] = service
        service.start(partial(self._end, setting_id, service))
        log.info("imports: service began", setting=setting_id, epoch=lease.epoch)

    def _end(self, setting_id: int, service: "Service", rest_seconds: float) -> None:
        """A service ended: well, or by a fault of ours, after which it rests."""
        if self._running.get(setting_id) is service:
            del self._running[setting_id]
        self._rest[setting_id] = asyncio.get_running_loop().time() + rest_seconds
        self._woken.set()

    async def _listen(self) -> None:
        """Hear NOTIFY for as long as the database is there; without it the regular look does the same, later."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as conn:
                    await conn.execute(f"LISTEN {IMPORTS_CHANNEL}")
                    async for told in conn.notifies():
                        self._wake(told.payload)
                log.warning("imports: no longer listening")
            except Exception as error:
                # Whatever it is: services that are told nothing are still looked for.
                log.warning("imports: not listening", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    def _wake(self, payload: str) -> None:
        service = self._running.get(int(payload)) if payload.isdecimal() else None
        if service is not None:
            service.wake()
        self._woken.set()


class Service:
    """One running service: it works, and beats beside its work."""

    def __init__(
        self, lease: Lease, *, http: HttpClient, allow: AllowList, heart: ThreadPoolExecutor, at_work: asyncio.Semaphore
    ) -> None:
        self._lease = lease
        self._http = http
        self._allow = allow
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f"import-{lease.setting_id}")
        self._heart = heart
        self._at_work = at_work
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self, ended: Callable[[float], None]) -> None:
        """Begin; ``ended`` is told once, with the seconds to rest if there was a fault."""

        async def live() -> None:
            rest_seconds = 0.0
            try:
                await self._live()
            except StaleLeaseError:
                log.warning("imports: lease lost", setting=self._lease.setting_id, epoch=self._lease.epoch)
            except Exception as error:
                log.exception("imports: service failed", setting=self._lease.setting_id)
                rest_seconds = await self._write_down(error)
            finally:
                await self._put_away()
                ended(rest_seconds)

        self._task = asyncio.create_task(live())

    def wake(self) -> None:
        """There is something to do."""
        self._woken.set()

    def cancel(self) -> None:
        """End now; what is in the database stays whole."""
        if self._task is not None:
            self._task.cancel()

    async def ended(self) -> None:
        """Wait for the end."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def do(self, deed: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something with the database, in the thread that has the service's connection."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, partial(deed, *args, **kwargs))

    async def _live(self) -> None:
        work = asyncio.create_task(self._work())
        pulse = asyncio.create_task(self._beat())
        try:
            done, _ = await asyncio.wait({work, pulse}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (work, pulse):
                task.cancel()
            await asyncio.gather(work, pulse, return_exceptions=True)

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                is_wanted = await loop.run_in_executor(self._heart, _beat_once, self._lease)
            except Exception as error:
                if not is_database_away(error):
                    raise
                # A long batch holds the row, or the database is away: the lease has twenty seconds yet.
                log.warning("imports: a beat was missed", setting=self._lease.setting_id, error=type(error).__name__)
                continue
            if not is_wanted:
                self._woken.set()

    async def _work(self) -> None:
        """Do what is due, then wait for the time or the call."""
        while True:
            self._woken.clear()
            duty = await self.do(read_duty, self._lease)
            if not duty.is_wanted or duty.is_halted or duty.snapshot is None:
                return
            if not duty.is_enabled:
                await _wait(self._woken, BEAT_SECONDS)
                continue
            trigger = _find_trigger(duty) or await self._find_night(duty)
            if trigger:
                async with self._at_work:
                    await self._run(duty, trigger)
                continue
            await self.do(let_go)  # a connection that waits is one that others lack
            left = BEAT_SECONDS if duty.seconds_left is None else min(duty.seconds_left, BEAT_SECONDS)
            await _wait(self._woken, max(left, 0.05))

    async def _find_night(self, duty: Duty) -> str:
        """Whether the nightly comparison is due; before the first run has ended there is nothing to compare."""
        if duty.cursor_at is None:
            return ""
        zone = await self.do(read_zone)
        last = max((each for each in (duty.reconciled_at, duty.snapshot_at) if each is not None), default=None)
        return NIGHT if is_due(last, now=duty.asked_at, zone=zone) else ""

    async def _run(self, duty: Duty, trigger: str) -> None:
        try:
            run = await self._prepare(duty)
        except MisconfiguredError as error:
            await self.do(
                end_run_badly,
                self._lease,
                None,
                began=duty.asked_at,
                problem=error.code,
                params=error.params,
                setback=settle(error.code, duty.failures, is_settings_fault=True),
            )
            return
        try:
            if trigger == NIGHT:
                await run.reconcile(duty)
            elif trigger == "push":
                await run.carry_on(trigger)
            else:
                await run.carry_out(duty, trigger)
        except Stopped:
            log.info("imports: run ended early", setting=self._lease.setting_id)

    async def _prepare(self, duty: Duty) -> ImportRun:
        assert duty.snapshot is not None
        snapshot = SettingSnapshot.from_json(duty.snapshot)
        rules = await self.do(find_ground, snapshot)
        settings = await self.do(open_settings, snapshot)
        source = make_source(snapshot.connector, settings, http=self._http, allow=self._allow)
        return ImportRun(self._lease, snapshot, rules, source, executor=self._executor)

    async def _write_down(self, fault: Exception) -> float:
        """Have the service's screen say that it failed; the seconds to rest. Of a database that was away nothing is
        written: that is no fault of this service."""
        try:
            if is_database_away(fault):
                await self.do(let_go)
                return wait_after(0)
            return await self.do(fail_service, self._lease)
        except Exception as error:
            log.warning("imports: failure not written down", error=type(error).__name__)
            return wait_after(0)

    async def _put_away(self) -> None:
        try:
            await self.do(give_back, self._lease)
        except Exception as error:
            log.warning("imports: lease not given back", error=type(error).__name__)
        finally:
            await self.do(let_go)
            self._executor.shutdown(wait=False)


def make_source(name: str, stored: dict[str, str], *, http: HttpClient, allow: AllowList) -> Source:
    """What asks a chat system for its closed chats. MisconfiguredError ``unknown_connector``."""
    connector = _find_connector(name)
    assert connector.closed_since is not None
    assert connector.parse_closed is not None
    assert connector.closed_chat_settings is not None
    ask = connector.closed_since
    settings = read_settings(connector.closed_chat_settings, stored)
    context = ClosedContext(http=http, allow=allow)

    async def fetch(question: ClosedQuestion) -> ClosedPage:
        return await ask(settings, question, context)

    return Source(fetch=fetch, parse=connector.parse_closed)


def _find_connector(name: str) -> Connector:
    try:
        connector = get_connector(name)
    except KeyError as error:
        raise MisconfiguredError("unknown_connector") from error
    if connector.closed_since is None or connector.parse_closed is None or connector.closed_chat_settings is None:
        raise MisconfiguredError("unknown_connector")
    return connector


def _find_trigger(duty: Duty) -> str:
    """Why to work now: the button, the timer, chats that wait; empty for no reason."""
    if duty.run_asked_at is not None:
        return "button"
    if duty.seconds_left is None or duty.seconds_left <= 0:
        return "timer"
    return "push" if duty.has_pending else ""


def _beat_once(lease: Lease) -> bool:
    try:
        return beat(lease)
    finally:
        let_go()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), timeout=seconds)
    except TimeoutError:
        return

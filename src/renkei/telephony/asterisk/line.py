"""The telephone line on Asterisk: keeps the connection, hears, does, and after every loss finds out what it missed."""

import asyncio
import contextlib
import json
import logging
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidURI, WebSocketException

from renkei import clock
from renkei.domain.plan import LinePlan
from renkei.telephony.asterisk.book import Book, CallRecord, RingState, is_up, read_caller, variable
from renkei.telephony.asterisk.client import Ari
from renkei.telephony.asterisk.commands import Commands
from renkei.telephony.asterisk.hearing import HEARD, Hearing
from renkei.telephony.asterisk.names import CALLED, endpoint_of, is_endpoint, safe_app, safe_path
from renkei.telephony.asterisk.phones import KINDS, objects_of
from renkei.telephony.asterisk.records import read_on
from renkei.telephony.asterisk.rules import RULES_FILE, write_rules
from renkei.telephony.asterisk.standing import Found, find_standing
from renkei.telephony.port import (
    CallGoneError,
    LineCommand,
    LineDown,
    LineError,
    LineEvent,
    LineLostError,
    LineTakenError,
    LineUp,
    PastCalls,
    Phone,
    StandingCall,
)

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS, HEARTBEAT_PATIENCE = 3.0, 4.0
"""A connection that died without a word is noticed within their sum (P1: ten seconds)."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
PUSHED_AT_ONCE = 8
LONGEST_NAME = 100
"""Characters kept of what an Asterisk calls itself."""


class AsteriskLine:
    """A Line (telephony/port.py) on one Asterisk under one application name. Use within one event loop."""

    def __init__(self, *, url: str, user: str, password: str, app: str, data_dir: Path, records: Path) -> None:
        """``data_dir`` is Renkei's data folder, which Asterisk can read: media, and the compiled rules. ``records`` is
        the file in which Asterisk records its calls, which we can read."""
        self._app = safe_app(app)
        self._media_dir = safe_path(str(data_dir / "media"))
        self._rules_file = data_dir / "asterisk" / RULES_FILE
        self._records = records
        self._ari = Ari(url, user=user, password=password)
        self._book = Book()
        self._told: asyncio.Queue[LineEvent | LineError | None] = asyncio.Queue()
        self._commands = Commands(self._ari, self._book, app=app, media_dir=self._media_dir, tell=self._told.put_nowait)
        self._hearing = Hearing(self._book, tell=self._told.put_nowait, send=self._send, errands=self._commands)
        self._commands.hearing = self._hearing
        self._errands: set[asyncio.Task[None]] = set()
        self._keeper: asyncio.Task[None] | None = None
        self._is_up = False

    # ── the port ──

    async def events(self) -> AsyncIterator[LineEvent]:
        """Connect, stay connected, and yield what happens; LineTakenError when our name is taken from us."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._stay_connected())
        elif self._is_up:
            self._told.put_nowait(LineUp())
        while (told := await self._told.get()) is not None:
            if isinstance(told, LineError):
                raise told
            yield told

    async def do(self, line_id: str, command: LineCommand) -> None:
        """Carry one command out. Raises CallGoneError, LineLostError or LineError."""
        await self._commands.do(line_id, command)

    async def standing_calls(self) -> Sequence[StandingCall]:
        """All calls alive in a worker's hands. Those of ours that we did not know can be commanded from now on."""
        found = await find_standing(self._ari)
        for call in found:
            if call.owner == self._app and call.line_id not in self._book.calls:
                await self._remember(call)
        now = clock.now()
        return [call.describe(self._app, now) for call in found]

    async def adopt(self, line_id: str) -> None:
        """Take a standing call and its conversation over; what people hear goes on."""
        call = next((call for call in await find_standing(self._ari) if call.line_id == line_id), None)
        if call is None:
            raise CallGoneError(line_id)
        if call.owner != self._app:
            if call.agent is not None:
                await self._ari.move(str(call.agent.channel["id"]), self._app, "adopted")
            await self._ari.move(line_id, self._app, "adopted")
        if line_id not in self._book.calls:
            await self._remember(call)

    async def push_phones(self, phones: Sequence[Phone]) -> None:
        """Make the extensions' telephones known, all anew: a kill within two seconds of a push loses it."""
        gate = asyncio.Semaphore(PUSHED_AT_ONCE)

        async def push(phone: Phone) -> None:
            async with gate:
                for kind, name, fields in objects_of(phone):
                    await self._ari.put_object(kind, name, fields)

        await asyncio.gather(*(push(phone) for phone in phones))

    async def keep_phones(self, extensions: Sequence[str]) -> None:
        """Forget the others, endpoint last: by it one that was only half taken away is found again. Calls go on."""
        kept = {endpoint_of(extension) for extension in extensions}
        for endpoint in await self._ari.endpoints():
            name = str(endpoint["resource"])
            if is_endpoint(name) and name not in kept:
                for kind in KINDS:
                    with contextlib.suppress(CallGoneError):  # it was not there
                        await self._ari.delete_object(kind, name)

    async def past_calls(self, bookmark: str) -> PastCalls:
        """What Asterisk's record of calls says since ``bookmark``."""
        try:
            return await asyncio.to_thread(read_on, self._records, bookmark)
        except OSError as error:
            raise LineError(f"the record of calls cannot be read: {error.strerror}") from error

    async def push_plan(self, plan: LinePlan) -> None:
        """Write the rules that Asterisk runs without us and let it read them; calls go on."""
        try:
            await asyncio.to_thread(write_rules, self._rules_file, plan, media_dir=self._media_dir)
        except OSError as error:
            raise LineError(f"the rules could not be written: {error.strerror}") from error
        await self._ari.reload("pbx_config.so")

    async def system(self) -> str:
        """``Asterisk 22.10.1~dfsg…``: ARI tells the version without the name."""
        version = str((await self._ari.info()).get("system", {}).get("version", ""))
        return f"Asterisk {version}"[:LONGEST_NAME] if version else ""

    async def close(self) -> None:
        """Leave the line; calls stay as they are."""
        tasks = [task for task in (self._keeper, *self._errands) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._ari.close()
        self._told.put_nowait(None)

    # ── the connection ──

    async def _stay_connected(self) -> None:
        pause = FIRST_PAUSE
        try:
            while True:
                try:
                    async with self._open() as socket:
                        await self._ari.filter_events(self._app, HEARD)
                        await self._catch_up()
                        pause, self._is_up = FIRST_PAUSE, True
                        self._told.put_nowait(LineUp())
                        await self._listen(socket)
                except (
                    OSError,
                    WebSocketException,
                    InvalidHandshake,
                    InvalidURI,
                    LineLostError,
                    CallGoneError,
                ) as error:
                    log.warning("asterisk: no connection (%s)", type(error).__name__)
                if self._is_up:
                    self._is_up = False
                    self._told.put_nowait(LineDown())
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        except LineError as error:
            log.critical("asterisk: %s", error)
            self._told.put_nowait(error)

    def _open(self) -> connect:
        user, password = self._ari.login
        login = b64encode(f"{user}:{password}".encode()).decode()
        return connect(
            self._ari.socket_url(self._app), additional_headers={"Authorization": f"Basic {login}"}, compression=None,
            ping_interval=HEARTBEAT_SECONDS, ping_timeout=HEARTBEAT_PATIENCE, open_timeout=3, close_timeout=1,
            max_size=2**20, proxy=None,
        )  # fmt: skip

    async def _listen(self, socket: ClientConnection) -> None:
        async for message in socket:
            event = json.loads(message)
            if event.get("type") == "ApplicationReplaced":
                raise LineTakenError(f"another worker has connected as {self._app}")
            try:
                self._hearing.hear(event)
            except Exception:
                log.exception("asterisk: event %s could not be heard", event.get("type"))

    async def _catch_up(self) -> None:
        """Tell what happened to the calls we know while we were not connected."""
        if not self._book.calls:
            return
        standing = {call.line_id: call for call in await find_standing(self._ari) if call.owner == self._app}
        for line_id in [each for each in self._book.calls if each not in standing]:
            self._hearing.end(line_id)
        channels = {str(channel["id"]): channel for channel in await self._ari.channels()}
        for leg in list(self._book.legs):
            if leg not in channels:
                self._hearing.leg_ended(leg, 0)
            elif is_up(channels[leg]):
                self._hearing.answered(channels[leg])

    async def _remember(self, found: Found) -> None:
        """Enter a call that we find standing into the book; rings that nobody waits for any more are taken back."""
        channel = found.channel
        call = CallRecord(found.line_id, read_caller(channel), variable(channel, CALLED), is_answered=is_up(channel))
        self._book.calls[found.line_id] = call
        agent = found.agent
        await self._commands.end_legs([str(leg.channel["id"]) for leg in found.legs if leg is not agent], "normal")
        bridge = str(found.bridge["id"]) if found.bridge is not None else None
        if agent is None:
            # What played there belonged to somebody who is gone: the call gets a bridge of its own when it needs one.
            if bridge is not None:
                with contextlib.suppress(CallGoneError):
                    await self._ari.delete_bridge(bridge)
            return
        name = str(agent.channel["id"])
        ring = RingState(agent.ring_id, {name: agent.extension}, 0.0, winner=name, is_over=True)
        call.bridge, call.agent, call.is_held = bridge, name, found.is_held
        call.rings[agent.ring_id] = ring
        self._book.legs[name] = (found.line_id, agent.ring_id)

    def _send(self, errand: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            try:
                await errand()
            except LineError as error:
                log.warning("asterisk: an errand failed: %s", error)

        task = asyncio.create_task(run())
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

"""What browsers ask of calls: rows and a NOTIFY. Agents' commands, and the customers of the simulated line."""

import asyncio
from typing import Any

import psycopg
import structlog

from renkei.actions.realtime.commands import close_command, close_simulated, refuse_orphans
from renkei.domain.ivr_words import Asked, Phase
from renkei.domain.line import Caller
from renkei.domain.stream import CALLS_CHANNEL, SETTINGS_CHANNEL
from renkei.queries.realtime.standing import (
    OpenCommand,
    OpenSimulated,
    all_open_simulated,
    open_command,
    open_commands,
    open_simulated,
)
from renkei.telephony.port import CallGoneError, LineError
from renkei.telephony.simulator import SimulatedLine
from renkei.workers.calls_serving import Serving
from renkei.workers.database import DatabaseAwayError

log = structlog.get_logger(__name__)

DEED_SECONDS = 2.0
ORPHAN_SECONDS = 5.0
LISTEN_CHECK_SECONDS = 5.0
ACCEPT_TRIES, ACCEPT_PAUSE = 20, 0.025


class Requests:
    """Listens and carries out. What a NOTIFY missed while we did not listen is asked for on every (re)connection."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    async def run(self) -> None:
        """Listen until the connection breaks; the caller begins again."""
        connection = await psycopg.AsyncConnection.connect(
            self._serving.database.url, autocommit=True, connect_timeout=3
        )
        async with connection:
            await connection.execute(f"LISTEN {CALLS_CHANNEL}")
            await connection.execute(f"LISTEN {SETTINGS_CHANNEL}")
            self._serving.settings.read_again()
            await self._catch_up()
            while True:
                async for notify in connection.notifies(timeout=LISTEN_CHECK_SECONDS):
                    self._hear(notify.channel, notify.payload)
                # A server that vanished without a word is noticed here.
                async with asyncio.timeout(LISTEN_CHECK_SECONDS):
                    await connection.execute("SELECT 1")

    async def sweep(self) -> None:
        """Refuse what nobody carried out."""
        try:
            await self._serving.database.run(
                lambda conn: refuse_orphans(conn, older_than_seconds=ORPHAN_SECONDS), seconds=DEED_SECONDS
            )
        except DatabaseAwayError:
            return

    def _hear(self, channel: str, payload: str) -> None:
        if channel == SETTINGS_CHANNEL:
            self._serving.settings.read_again()
            return
        kind, _, number = payload.partition(":")
        if not number.isdigit():
            return
        if kind == "command":
            self._serving.spawn(self._command(int(number)))
        elif kind == "simulated":
            self._serving.spawn(self._simulated(int(number)))

    async def _catch_up(self) -> None:
        database, name = self._serving.database, self._serving.name
        try:
            for command in await database.run(lambda conn: open_commands(conn, name), seconds=DEED_SECONDS):
                self._serving.spawn(self._command(command))
            for action in await database.run(all_open_simulated, seconds=DEED_SECONDS):
                self._serving.spawn(self._simulated(action))
        except DatabaseAwayError:
            return

    # ── agents ──

    async def _command(self, command_id: int) -> None:
        asked = await self._serving.database.run(lambda conn: open_command(conn, command_id), seconds=DEED_SECONDS)
        if asked is None or asked.owner != self._serving.name:
            return
        error_code = self._carry_out(asked)
        for _ in range(ACCEPT_TRIES):
            if error_code != "not_ringing" or not self._will_ring(asked):
                break
            # The notice reaches a browser a moment before the line rings.
            await asyncio.sleep(ACCEPT_PAUSE)
            error_code = self._carry_out(asked)
        if error_code is not None:
            await self._serving.database.run(
                lambda conn: close_command(conn, command_id, error_code=error_code), seconds=DEED_SECONDS
            )

    def _will_ring(self, asked: OpenCommand) -> bool:
        call = self._serving.live.get(asked.line_id)
        return call is not None and call.state.phase is Phase.RESERVING

    def _carry_out(self, asked: OpenCommand) -> str | None:
        """Do it; returns "" when done, a message code when refused, None when the call itself will answer."""
        call = self._serving.live.get(asked.line_id)
        if call is None:
            return "call_gone"
        if asked.kind not in ("accept", "decline"):
            call.hear(Asked(asked.id, asked.agent_id, asked.kind))
            return None
        line = self._serving.line
        if not isinstance(line, SimulatedLine):
            return "answer_on_phone"
        try:
            if asked.kind == "accept":
                line.answer_ring(asked.line_id, extension=asked.extension)
            else:
                line.decline_ring(asked.line_id, extension=asked.extension)
        except CallGoneError:
            return "call_gone"
        except LineError:
            return "not_ringing"
        return ""

    # ── simulated customers ──

    async def _simulated(self, action_id: int) -> None:
        line = self._serving.line
        if not isinstance(line, SimulatedLine):
            return
        database = self._serving.database
        action = await database.run(lambda conn: open_simulated(conn, action_id), seconds=DEED_SECONDS)
        if action is None:
            return
        await self._serving.is_up.wait()
        error_code = act(line, action)
        await database.run(lambda conn: close_simulated(conn, action_id, error_code=error_code), seconds=DEED_SECONDS)


def act(line: SimulatedLine, action: OpenSimulated) -> str:
    """Let the simulated customer do it; returns "" or a message code."""
    args = action.args
    try:
        match action.kind:
            case "dial":
                line.dial(action.line_id, _caller(args), dialled=str(args.get("dialled", "")))
            case "press":
                line.press(action.line_id, digit=str(args.get("digit", "")))
            case "hang_up":
                line.hang_up(action.line_id)
            case _:
                return "bad_command"
    except CallGoneError:
        return "call_gone"
    return ""


def _caller(args: dict[str, Any]) -> Caller:
    return Caller(str(args.get("number", "")), str(args.get("name", "")), bool(args.get("withheld", False)))

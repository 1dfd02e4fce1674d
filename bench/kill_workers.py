"""What the forked processes of the kill harness are: the import services as they run, a push, a person's retry.

Each is the product's own code; only the chat system, the times (a lease of a third of a second) and the HTTP client,
which would load certificates each time, are the harness's.
"""

import asyncio
import dataclasses
import os
import random
import signal
import sys
import traceback
from collections.abc import MutableMapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import structlog
from psycopg_pool import AsyncConnectionPool

from bench.kill_blows import Striking
from bench.kill_world import PAGE, World, version_of

LEASE_SECONDS = 0.35
"""Shorter, and on a busy machine two workers take it from each other before either comes to an end."""
BEAT_SECONDS = 0.05
LOOK_SECONDS = 0.03
POOL = {"min_size": 0, "max_size": 8, "timeout": 5}


class Told:
    """A pipe to the harness: what was acknowledged, what went wrong; whoever is killed afterwards has said it."""

    def __init__(self) -> None:
        self._out, self._in = os.pipe()
        os.set_blocking(self._out, False)

    def say(self, line: str) -> None:
        """Tell the parent, at once."""
        os.write(self._in, line.replace("\n", " ")[:400].encode() + b"\n")

    def heard(self) -> list[str]:
        """Everything said since the last time."""
        try:
            return os.read(self._out, 1 << 20).decode().splitlines()
        except BlockingIOError:
            return []


def furnish(told: Told) -> None:
    """Once in the parent: short times, and a log in which a fault of ours is heard."""
    from django.db import DatabaseError
    from psycopg_pool import PoolTimeout

    from renkei.actions.imports import fence
    from renkei.actions.imports.faults import is_database_away
    from renkei.domain import patience
    from renkei.workers import imports, imports_run

    for deed in (fence.take_lease, fence.beat):
        assert deed.__kwdefaults__ is not None
        deed.__kwdefaults__["seconds"] = LEASE_SECONDS
    patience.SHORTEST_SECONDS = patience.LONGEST_SECONDS = 0.03
    swift: dict[Any, dict[str, Any]] = {
        imports: {"BEAT_SECONDS": BEAT_SECONDS, "LOOK_SECONDS": LOOK_SECONDS, "HttpClient": NoHttp},
        # Who is frozen is cut off by the database, here within a second: no chat may be set aside for it.
        imports_run: {
            "BATCH": PAGE,
            "LOOKED_BACK": timedelta(days=20 * 365),
            "AFTER_CUT_OFF": 0.1,
            "MOST_CUT_OFF": 1_000,
        },
    }
    for module, changed in swift.items():
        for name, value in changed.items():
            assert hasattr(module, name)
            setattr(module, name, value)

    def listen(_: Any, method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
        error = sys.exc_info()[1]
        is_harmless = isinstance(error, DatabaseError | PoolTimeout) and is_database_away(error)
        if method in {"error", "exception", "critical"} and not is_harmless:
            traceback.print_exc()
            told.say(f"fault {event.get('event')}: {error!r}")
        raise structlog.DropEvent

    structlog.configure(processors=[listen])


class NoHttp:
    """Nobody is asked: the chat system is in the process."""

    async def aclose(self) -> None:
        """Nothing to close."""


def open_pool() -> None:
    """In a child: Django's pool as the product has it; its threads would not have survived the fork."""
    from django.db import connections

    connections.settings["default"]["OPTIONS"]["pool"] = dict(POOL)


def run_services(world: World, is_late: bool, striking: Striking, *, is_moody: bool) -> int:
    """The import services of one jobs process, until SIGTERM; once frozen it begins no service anew."""
    from renkei.connectors.contract import ClosedPage, ClosedQuestion, ClosedRecord
    from renkei.errors import RetryLaterError
    from renkei.settings import config
    from renkei.workers import imports
    from renkei.workers.imports_run import PAGE_EXPIRED, Source
    from tests.actions.imports.source import parse

    moods = random.Random(os.getpid())

    async def fetch(question: ClosedQuestion) -> ClosedPage:
        # A token belongs to the listing it was given in, as with a chat system that pages steadily.
        began_late, _, place_text = (question.page or f"{int(is_late)}:0").partition(":")
        if is_moody and moods.random() < 0.05:
            raise RetryLaterError("http_503", after=0.0)
        if world.forgets_pages and is_late and began_late == "0":
            raise RetryLaterError(PAGE_EXPIRED, after=0.0)
        since, place = question.since, int(place_text)
        listed = world.shown(began_late == "1")
        found = [each for each in listed if since is None or version_of(each) >= since]
        records = tuple(ClosedRecord(each, each["id"] or "") for each in found[place : place + PAGE])
        following = f"{began_late}:{place + PAGE}" if place + PAGE < len(found) else None
        return ClosedPage(records, following, is_steady=world.is_steady)

    class Services(imports.ImportServices):
        async def _begin(self, setting_id: int) -> None:
            if not striking.has_struck:
                await super()._begin(setting_id)
                if setting_id in self._running:
                    striking.arm()

        def is_idle(self) -> bool:
            return not self._running

    async def serve() -> None:
        services = Services(config)
        serving = asyncio.create_task(services.serve())
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, serving.cancel)
        while not serving.done():
            await asyncio.wait({serving}, timeout=0.02)
            if striking.has_struck and services.is_idle():
                serving.cancel()
        if not serving.cancelled():
            serving.result()

    imports.make_source = lambda *_, **__: Source(fetch=fetch, parse=parse)
    open_pool()
    asyncio.run(serve())
    return 0


def push(setting_id: int, chat: dict[str, Any], told: Told) -> int:
    """One push over the route, the pool of the realtime process below it; a 2xx is told as it is sent."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    from renkei.connectors.contract import ClosedRecord
    from renkei.connectors.registry import get_connector
    from renkei.realtime import closed_webhooks, parts
    from renkei.realtime.rate import Rate
    from renkei.settings import config
    from tests.actions.imports.source import parse

    connector = dataclasses.replace(
        get_connector("standard"),
        verify_closed=lambda *_: str(chat["id"]),
        parse_pushed=lambda *_: (ClosedRecord(chat, chat["id"]),),
        parse_closed=parse,
    )
    closed_webhooks._find = lambda *_: connector
    setattr(closed_webhooks, "parts_of", lambda request: request.state.parts)  # noqa: B010

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and 200 <= message["status"] < 300:
            told.say(f"stored {chat['id']}")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def deliver() -> None:
        path = f"/webhooks/chat-settings/{setting_id}"
        route = Route("/webhooks/chat-settings/{setting:int}", closed_webhooks.push_closed, methods=["POST"])
        app = Starlette(routes=[route])
        async with AsyncConnectionPool(
            config.database_url.get_secret_value(), min_size=1, max_size=2, timeout=5,
            kwargs={"autocommit": True}, check=parts.check_if_told_something, open=False,
        ) as pool:  # fmt: skip
            loop = asyncio.get_running_loop()
            state = {"parts": SimpleNamespace(pool=pool, pushes=Rate(50.0, 200, loop.time))}
            scope = {"type": "http", "method": "POST", "path": path, "root_path": "", "query_string": b"",
                     "headers": [], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "scheme": "http",
                     "http_version": "1.1", "state": state}  # fmt: skip
            await app(scope, receive, send)

    asyncio.run(deliver())
    return 0


def retry(setting_id: int, person: Any) -> int:
    """Somebody presses the button that gives all set-aside chats another turn."""
    from django.db import Error

    from renkei.actions.imports.quarantine import retry_items

    open_pool()
    try:
        retry_items(person, setting_id)
    except Error:
        return 0  # the database went away; the button says so
    return 0

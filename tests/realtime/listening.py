"""A browser's side of the stream, as strict as the specification: one connection, events in the order they came."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2


@dataclass(frozen=True, slots=True)
class Heard:
    """One event as it stood on the wire."""

    name: str
    number: int | None
    refs: dict[str, Any]


@dataclass(slots=True)
class Listener:
    """An open stream; ``heard`` grows by itself, pings left out."""

    heard: list[Heard] = field(default_factory=list)
    grown: asyncio.Condition = field(default_factory=asyncio.Condition)
    is_closed: bool = False

    async def until(self, what: "Any", *, within: float = 15.0) -> None:
        """Wait until ``what(self)`` holds."""
        async with asyncio.timeout(within), self.grown:
            await self.grown.wait_for(lambda: what(self))

    @property
    def numbers(self) -> list[int]:
        """The numbers of the events, signals left out."""
        return [heard.number for heard in self.heard if "." in heard.name or heard.name == "presence"]  # type: ignore[misc]  # events have one


@asynccontextmanager
async def listen(
    url: str, session_key: str, *, after: int | None = None, last_event_id: int | None = None
) -> AsyncIterator[Listener]:
    """Open the stream of whoever the session belongs to."""
    params = {} if after is None else {"after": str(after)}
    headers = {} if last_event_id is None else {"last-event-id": str(last_event_id)}
    listener = Listener()
    async with (
        httpx2.AsyncClient(cookies={"renkei_session": session_key}, timeout=None) as client,
        client.stream("GET", f"{url}/events", params=params, headers=headers) as response,
    ):
        assert response.status_code == 200, await response.aread()
        reading = asyncio.create_task(_read(response, listener))
        try:
            yield listener
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def _read(response: httpx2.Response, listener: Listener) -> None:
    fields: dict[str, str] = {}
    try:
        async for line in response.aiter_lines():
            if line:
                name, _, value = line.partition(":")
                fields[name] = value.removeprefix(" ")
                continue
            if fields.get("event", "ping") != "ping":
                number = int(fields["id"]) if "id" in fields else None
                async with listener.grown:
                    listener.heard.append(Heard(fields["event"], number, json.loads(fields["data"])))
                    listener.grown.notify_all()
            fields = {}
    finally:
        listener.is_closed = True
        async with listener.grown:
            listener.grown.notify_all()

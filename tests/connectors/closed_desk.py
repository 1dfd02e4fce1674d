"""The emulated chat desk over real HTTP, asked through a connector as a service would."""

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx2

from renkei import clock
from renkei.cli.emulate.app import Provider, make_app
from renkei.cli.emulate.closed.app import join_desk
from renkei.cli.emulate.closed.desk import (
    DEMO_SIGNING_KEY,
    DEMO_SMART_M_TALK_KEY,
    DEMO_TOKEN,
    SMART_M_TALK_PATH,
    STANDARD_PATH,
    Desk,
)
from renkei.cli.emulate.office import Office
from renkei.cli.emulate.server import listen, running
from renkei.connectors.contract import ClosedContext, ClosedPage, ClosedQuestion, read_settings
from renkei.connectors.registry import get_connector
from renkei.domain.closed_chat import ClosedChat
from renkei.errors import MalformedPayloadError
from renkei.outbound import AllowList, HttpClient

ENTERED = {
    "standard": (STANDARD_PATH, {"token": DEMO_TOKEN, "signing_keys": DEMO_SIGNING_KEY}),
    "smart_m_talk": (SMART_M_TALK_PATH, {"api_key": DEMO_SMART_M_TALK_KEY}),
}


@dataclass(frozen=True, slots=True)
class RunningDesk:
    """The desk, where it listens, and one system's way of asking it."""

    desk: Desk
    url: str
    system: str
    context: ClosedContext

    def settings(self, **changed: str) -> Any:
        path, entered = ENTERED[self.system]
        connector = get_connector(self.system)
        assert connector.closed_chat_settings is not None
        return read_settings(connector.closed_chat_settings, {"call_url": f"{self.url}{path}"} | entered | changed)

    async def ask(
        self, since: datetime | None = None, *, page: str | None = None, until: datetime | None = None, **changed: str
    ) -> ClosedPage:
        connector = get_connector(self.system)
        assert connector.closed_since is not None
        question = ClosedQuestion(since=since, page=page, until=until)
        return await connector.closed_since(self.settings(**changed), question, self.context)

    async def walk(self, since: datetime | None = None) -> list[ClosedPage]:
        pages = [await self.ask(since)]
        while pages[-1].next is not None:
            pages.append(await self.ask(since, page=pages[-1].next))
        return pages

    def read(self, *pages: ClosedPage) -> dict[str, ClosedChat]:
        """The closed chats of these pages that are understood, by id; of two with one id the newer."""
        found: dict[str, ClosedChat] = {}
        for record in (each for page in pages for each in page.records):
            chat = self.parse(record.payload)
            if isinstance(chat, ClosedChat):
                key = str(chat.external_id)
                if key not in found or found[key].version_at <= chat.version_at:
                    found[key] = chat
        return found

    def parse(self, payload: Any) -> ClosedChat | str | None:
        """The chat, None for an open one, or the code why it is not understood."""
        connector = get_connector(self.system)
        assert connector.parse_closed is not None
        try:
            return connector.parse_closed(payload)
        except MalformedPayloadError as error:
            return error.code

    async def tell(self, path: str, body: dict[str, Any] | None = None, *, method: str = "POST") -> Any:
        """Tell the desk's control something; the chats meant are this system's."""
        async with httpx2.AsyncClient(timeout=20) as client:
            told = (body or {}) if path in ("faults", "clock") else (body or {}) | {"system": self.system}
            if path == "clock":
                told |= {"system": self.system}
            answer = await client.request(
                method, f"{self.url}/control/closed/{path}", json=told, params={"system": self.system}
            )
            assert answer.status_code < 300, answer.text
            return answer.json() if answer.content else None

    async def seed(self, count: int = 1, **wanted: Any) -> list[str]:
        ids: list[str] = (await self.tell("chats", {"count": count, **wanted}))["ids"]
        return ids

    async def fault(self, fault: str, **wanted: Any) -> None:
        await self.tell("faults", {"fault": fault, **wanted}, method="PUT")


@contextlib.asynccontextmanager
async def running_desk(system: str, *, budget_seconds: float = 5.0) -> AsyncIterator[RunningDesk]:
    """Serve a desk of its own on a free loopback port."""
    listening = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    desk = Desk(now=clock.now)
    app = join_desk(make_app(Provider(Office(), now=clock.now, public_url=url)), desk)
    http = HttpClient()
    context = ClosedContext(http=http, allow=AllowList.of([url]), budget_seconds=budget_seconds)
    async with running(app, listening):
        try:
            yield RunningDesk(desk, url, system, context)
        finally:
            await http.aclose()


def patient(there: RunningDesk, seconds: float) -> RunningDesk:
    """The same with another budget."""
    return dataclasses.replace(there, context=dataclasses.replace(there.context, budget_seconds=seconds))

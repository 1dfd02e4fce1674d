"""A look-up's surroundings, and the emulated provider over real HTTP."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from renkei.cli.emulate.app import Provider, make_app
from renkei.cli.emulate.office import DEMO_API_KEY, DEMO_CHANNELS, DEMO_PROJECT, Office
from renkei.cli.emulate.server import listen, running
from renkei.connectors.contract import LookupContext, LookupQuestion, LookupResult, read_settings
from renkei.connectors.registry import get_connector
from renkei.outbound import AllowList, Breakers, HttpClient

NOW = datetime(2025, 1, 31, 0, 5, 7, tzinfo=UTC)
PHONE = "+819012345678"


@pytest.fixture
async def context() -> AsyncIterator[LookupContext]:
    http = HttpClient()
    yield LookupContext(http=http, breakers=Breakers(asyncio.get_running_loop().time), budget_seconds=2.0)
    await http.aclose()


@dataclass(frozen=True, slots=True)
class Emulated:
    """The provider, where it listens, and a way to ask it through our connector."""

    provider: Provider
    url: str
    context: LookupContext

    async def ask(self, phone: str = PHONE, *, key: str = DEMO_API_KEY, **changed: str) -> LookupResult:
        connector = get_connector("dec_support")
        assert connector.lookup_settings is not None
        assert connector.find_by_phone is not None
        settings = read_settings(connector.lookup_settings, {"base_url": self.url, "api_key": key})
        question = LookupQuestion(phone=phone, project_id=DEMO_PROJECT, channel_id=DEMO_CHANNELS[0])
        return await connector.find_by_phone(settings, dataclasses.replace(question, **changed), self.context)

    def chat(self, *texts: str, number: str = "０９０－１２３４－５６７８") -> str:
        office = self.provider.office
        chat = office.start(DEMO_PROJECT, DEMO_CHANNELS[0], now=NOW)
        for text in texts:
            chat.say("user", text, now=NOW)
        office.give_number(chat, number, now=NOW)
        return chat.session_id


@pytest.fixture
async def emulated(context: LookupContext) -> AsyncIterator[Emulated]:
    listening = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    provider = Provider(Office(), now=lambda: NOW, public_url=url)
    async with running(make_app(provider), listening):
        allowed = dataclasses.replace(context, allow=AllowList.of([url]))
        yield Emulated(provider, url, allowed)

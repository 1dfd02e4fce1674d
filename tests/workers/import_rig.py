"""Import services as running tasks with a chat system that can be told to fail."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from renkei import clock
from renkei.actions.imports.quarantine import wake
from renkei.actions.services.snapshot import take_snapshot
from renkei.connectors.contract import ClosedPage, ClosedQuestion, ClosedRecord
from renkei.domain.foreign_json import Json
from renkei.models import ChatSetting, ImportService
from renkei.settings import config
from renkei.workers import imports
from renkei.workers.imports import ImportServices
from renkei.workers.imports_run import Source
from tests.actions.imports.source import Importing, parse

PATIENCE_SECONDS = 60.0


@dataclass(slots=True)
class ChatSystem:
    """Pages of records; ``raising`` is raised once per entry before anything is shown."""

    pages: list[list[dict[str, Any]]] = field(default_factory=list)
    raising: list[Exception] = field(default_factory=list)
    asked: list[ClosedQuestion] = field(default_factory=list)
    parse: Callable[[Json], Any] = parse
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def fetch(self, question: ClosedQuestion) -> ClosedPage:
        self.asked.append(question)
        await self.gate.wait()
        if self.raising:
            raise self.raising.pop(0)
        place = int(question.page or 0)
        shown = self.pages[place] if place < len(self.pages) else []
        records = tuple(ClosedRecord(each, each["id"] or "") for each in shown)
        return ClosedPage(records, str(place + 1) if place + 1 < len(self.pages) else None)


def install(patch: pytest.MonkeyPatch) -> ChatSystem:
    """Have the services ask this chat system, whatever their settings say."""
    system = ChatSystem()

    def make(*_: object, **__: object) -> Source:
        return Source(fetch=system.fetch, parse=system.parse)

    patch.setattr(imports, "make_source", make)
    return system


def start(importing: Importing, **changed: Any) -> None:
    """What the button does."""
    ChatSetting.objects.filter(pk=importing.setting.pk).update(**changed)
    setting = ChatSetting.objects.select_related("template").get(pk=importing.setting.pk)
    ImportService.objects.filter(pk=setting.pk).update(
        is_wanted=True, is_halted=False, snapshot=take_snapshot(setting), snapshot_at=clock.now()
    )
    wake(setting.pk)


@asynccontextmanager
async def running(count: int = 1) -> AsyncIterator[list["asyncio.Task[None]"]]:
    """So many jobs processes' services."""
    tasks = [asyncio.create_task(ImportServices(config).serve()) for _ in range(count)]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(question: Callable[[], Any]) -> Any:
    """Wait until the database says so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (answer := await asyncio.to_thread(question)):
            await asyncio.sleep(0.05)
    return answer


def ask_run(importing: Importing) -> None:
    """What the button 今すぐ実行 does."""
    ImportService.objects.filter(pk=importing.setting.pk).update(run_asked_at=clock.now())
    wake(importing.setting.pk)

"""Import services that are refused, fail, or are switched off and on: what passes by itself and what a person mends."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import InternalError
from psycopg import errors

from renkei import clock
from renkei.actions.imports.quarantine import repair_item, wake
from renkei.actions.settings.chat_settings import edit_chat_setting
from renkei.errors import MisconfiguredError
from renkei.models import ImportRun as Run
from renkei.models import ImportService, InboxItem, Installation, Interaction, Reconciliation, User
from renkei.permissions import ADMINISTRATOR
from renkei.queries.services.services import list_runs
from renkei.workers import imports, jobs
from renkei.workers.imports_run import ImportRun
from tests.actions.imports.source import Importing, make_importing, record
from tests.chat_setting_office import entered
from tests.sample_centre import make_person
from tests.workers.import_rig import ChatSystem, ask_run, install, running, start, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


@pytest.fixture
def importing() -> Importing:
    return make_importing("運用")


@pytest.fixture
def chat_system(monkeypatch: pytest.MonkeyPatch) -> ChatSystem:
    return install(monkeypatch)


async def test_a_refusal_by_the_chat_system_passes_by_itself(importing: Importing, chat_system: ChatSystem) -> None:
    """A token renewed over there, a gateway that forbids for a minute: nobody has to press anything (R148)."""
    chat_system.pages = [[record("c-1")]]
    chat_system.raising = [MisconfiguredError("chat_system_refuses", status=401)]
    await asyncio.to_thread(start, importing)
    async with running():
        service = await until(lambda: ImportService.objects.filter(problem="chat_system_refuses").first())
        assert (service.is_halted, service.failures) == (False, 1)
        assert timedelta(seconds=55) < service.next_run_at - clock.now() < timedelta(seconds=130)
        await asyncio.to_thread(make_due)
        await until(lambda: ImportService.objects.filter(problem="", failures=0, ran_at__isnull=False).exists())
    assert await asyncio.to_thread(Interaction.objects.count) == 1


def make_due() -> None:
    ImportService.objects.update(next_run_at=clock.now())


async def test_a_wrong_setting_stops_the_service_until_the_setting_is_mended(
    importing: Importing, chat_system: ChatSystem
) -> None:
    """Saving the mended setting is enough: nobody has to think of the restart."""
    chat_system.pages = [[record("c-1")]]
    chat_system.raising = [MisconfiguredError("bad_address")]
    await asyncio.to_thread(start, importing)
    async with running():
        await until(lambda: ImportService.objects.filter(is_halted=True, problem="bad_address").exists())
        await until(lambda: ImportService.objects.filter(lease_until=None).exists())
        assert len(chat_system.asked) == 1
        administrator = await asyncio.to_thread(make_person, ADMINISTRATOR)
        await asyncio.to_thread(mend, administrator, importing)
        await until(lambda: ImportService.objects.filter(is_halted=False, problem="", ran_at__isnull=False).exists())
    snapshot = await asyncio.to_thread(lambda: ImportService.objects.get().snapshot)
    assert snapshot["call_url"] == "https://mended.example.jp/v1"


def mend(administrator: User, importing: Importing) -> None:
    changed = entered(importing.default_agent, name="直した", call_url="https://mended.example.jp/v1")
    edit_chat_setting(administrator, importing.setting.pk, changed)


async def test_switching_the_option_off_and_on_again_goes_on_by_itself(
    importing: Importing, chat_system: ChatSystem
) -> None:
    """Proves D12. While it is off nothing is fetched."""
    chat_system.pages = [[record("c-1")]]
    await asyncio.to_thread(start, importing)
    await asyncio.to_thread(offer, False)
    async with running():
        await until(lambda: ImportService.objects.filter(lease_until__isnull=False).exists())
        await asyncio.to_thread(ask_run, importing)
        assert chat_system.asked == []
        await asyncio.to_thread(offer, True)
        await asyncio.to_thread(ask_run, importing)
        await until(lambda: Interaction.objects.count() == 1)
    service = await asyncio.to_thread(ImportService.objects.get)
    assert (service.is_halted, service.problem) == (False, "")


def offer(is_on: bool) -> None:
    Installation.objects.update(chat_import=is_on)


async def test_a_service_that_fails_says_so_and_a_success_forgets_it(
    importing: Importing, chat_system: ChatSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves R186. The count lives in the database: another process that takes the service over knows it too."""
    chat_system.pages = [[record("c-1")]]
    whole = imports.Service._prepare
    faults = [RuntimeError("a fault of ours"), RuntimeError("and another")]

    async def failing(self: Any, duty: Any) -> Any:
        if faults:
            raise faults.pop()
        return await whole(self, duty)

    monkeypatch.setattr(imports.Service, "_prepare", failing)
    monkeypatch.setattr(imports, "wait_after", lambda *_: 0.0)
    await asyncio.to_thread(start, importing)
    async with running():
        service = await until(lambda: ImportService.objects.filter(problem="service_failed").first())
        assert (service.failures, service.is_halted) == (1, False)
    async with running():
        await asyncio.to_thread(make_due)
        await until(lambda: ImportService.objects.filter(problem="service_failed", failures=2).exists())
    async with running():
        await asyncio.to_thread(make_due)
        await until(lambda: ImportService.objects.filter(problem="", failures=0, ran_at__isnull=False).exists())


@pytest.mark.parametrize("fault", [RuntimeError("died"), None])
async def test_a_jobs_process_whose_services_have_ended_ends_too(fault: Exception | None) -> None:
    """The supervisor starts it again; one that lived on would look well and import nothing."""
    is_working = asyncio.Event()

    async def queue() -> None:
        is_working.set()
        await asyncio.Event().wait()

    async def services() -> None:
        await is_working.wait()
        if fault is not None:
            raise fault

    with pytest.raises(jobs.ServicesEndedError) as told:
        await asyncio.wait_for(jobs.serve_together(queue(), services()), timeout=10)
    assert told.value.__cause__ is fault


async def test_the_services_are_ended_when_the_queue_has_ended() -> None:
    """SIGTERM ends the queue's worker first."""
    ended = asyncio.Event()

    async def queue() -> None:
        return

    async def services() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    await asyncio.wait_for(jobs.serve_together(queue(), services()), timeout=10)
    assert ended.is_set()


async def test_a_night_that_fails_is_reported_and_the_runs_go_on(importing: Importing, chat_system: ChatSystem) -> None:
    """Whatever a connector raises; the service stays up, and the run's row says how it ended."""
    chat_system.pages = [[record("c-1")]]
    chat_system.raising = [RuntimeError("a connector's own fault")]
    now = clock.now()

    def start_long_ago() -> None:
        start(importing)
        ImportService.objects.update(
            snapshot_at=now - timedelta(days=2), cursor_at=now, next_run_at=now + timedelta(hours=1)
        )

    await asyncio.to_thread(start_long_ago)
    async with running():
        report = await until(Reconciliation.objects.first)
        night = await until(lambda: Run.objects.filter(trigger="night", ended_at__isnull=False).first())
        assert (report.error, night.error) == ("connector_failed", "connector_failed")
        await asyncio.to_thread(ask_run, importing)
        await until(lambda: Interaction.objects.count() == 1)
    service = await asyncio.to_thread(ImportService.objects.get)
    assert (service.failures, service.epoch) == (0, 1)


async def test_pushed_chats_stand_in_the_list_of_runs_and_share_a_row(
    importing: Importing, chat_system: ChatSystem
) -> None:
    """Otherwise a busy minute of pushes would hide the runs by the clock."""
    await asyncio.to_thread(start, importing)
    async with running():
        await until(lambda: ImportService.objects.filter(ran_at__isnull=False).exists())
        for count in (1, 2):
            await asyncio.to_thread(push, importing, f"p-{count}")
            await until(lambda count=count: Interaction.objects.count() == count)  # type: ignore[misc]
            await until(lambda: not Run.objects.filter(ended_at=None).exists())
    administrator = await asyncio.to_thread(make_person, ADMINISTRATOR)
    shown = await asyncio.to_thread(list_runs, administrator, importing.setting.pk)
    assert [(run.trigger, run.applied, run.error) for run in shown] == [("push", 2, ""), ("timer", 0, "")]


def push(importing: Importing, name: str) -> None:
    InboxItem.objects.create(
        setting=importing.setting,
        external_id=name,
        source_id=name,
        version_at=clock.now(),
        payload=json.dumps(record(name)).encode(),
        payload_sha256="0" * 64,
    )
    wake(importing.setting.pk)


async def test_a_batch_the_database_gives_up_is_halved_and_the_poison_is_tried_a_few_times(
    importing: Importing, chat_system: ChatSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves R148. We may have been frozen; a chat that is too much even alone does not hold up the others for ever."""
    pages = [record(f"c-{place}") for place in range(5)]
    pages[2]["texts"] = ["毒"]
    chat_system.pages = [pages]
    whole = ImportRun.do

    async def cut_off(self: Any, deed: Any, *args: Any, **kwargs: Any) -> Any:
        if deed.__name__ == "apply_batch" and any(each.chat.messages[0].text == "毒" for each in args[1]):
            raise InternalError from errors.IdleInTransactionSessionTimeout()
        return await whole(self, deed, *args, **kwargs)

    monkeypatch.setattr(ImportRun, "do", cut_off)
    await asyncio.to_thread(start, importing)
    async with running():
        waiting = await until(lambda: InboxItem.objects.filter(state="pending", attempts=1).first())
        assert waiting.external_id == "c-2"
        await until(lambda: ImportService.objects.filter(ran_at__isnull=False, failures=0).exists())
        assert await asyncio.to_thread(Interaction.objects.count) == 4
        for tried in (2, 3):
            await asyncio.to_thread(InboxItem.objects.filter(pk=waiting.pk).update, next_try_at=clock.now())
            await asyncio.to_thread(ask_run, importing)
            await until(lambda tried=tried: InboxItem.objects.filter(attempts__gte=tried).exists())  # type: ignore[misc]
        aside = await until(lambda: InboxItem.objects.filter(state="quarantined").first())
    assert (aside.external_id, aside.error) == ("c-2", "import_too_heavy")


async def test_a_repaired_chat_is_not_overwritten_by_the_record_it_was_repaired_from(
    importing: Importing, chat_system: ChatSystem
) -> None:
    """The chat system goes on showing the bad record; only newer content of the chat takes the repair's place."""
    for salt in range(20):  # whatever the order of the two digests happens to be
        poison = record("c-1", texts=[f"毒{salt}"])
        repaired = record("c-1", texts=[f"直した{salt}"])
        await asyncio.to_thread(InboxItem.objects.all().delete)
        item = await asyncio.to_thread(quarantined, importing, poison)
        administrator = await asyncio.to_thread(make_person, ADMINISTRATOR)
        await asyncio.to_thread(repair, administrator, item, repaired)
        await asyncio.to_thread(importing.store, await asyncio.to_thread(importing.lease), [poison])
        await asyncio.to_thread(item.refresh_from_db)
        assert f"直した{salt}".encode("unicode_escape") in bytes(item.payload)
    newer = record("c-1", texts=["続き"], version=1)
    assert await asyncio.to_thread(importing.store, await asyncio.to_thread(importing.lease), [newer]) == 1


def quarantined(importing: Importing, poison: dict[str, Any]) -> InboxItem:
    importing.store(importing.lease(), [poison])
    InboxItem.objects.update(state="quarantined", error="import_failed")
    return InboxItem.objects.get()


def repair(administrator: User, item: InboxItem, repaired: dict[str, Any]) -> None:
    repair_item(administrator, item.pk, payload_text=json.dumps(repaired))

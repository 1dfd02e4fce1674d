"""The import services as running tasks, on a real PostgreSQL; the chat system can be told to fail."""

import asyncio
import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from renkei import clock
from renkei.actions.imports.quarantine import repair_item, wake
from renkei.errors import MisconfiguredError, RetryLaterError
from renkei.models import Agent, ChatSetting, ImportService, InboxItem, Interaction, Reconciliation
from renkei.models import ImportRun as Run
from renkei.permissions import ADMINISTRATOR
from renkei.workers import imports
from tests.actions.imports.source import Importing, make_importing, record
from tests.sample_centre import make_person
from tests.workers.import_rig import PATIENCE_SECONDS, ChatSystem, ask_run, install, running, start, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


@pytest.fixture
def importing() -> Importing:
    return make_importing("運用")


@pytest.fixture
def chat_system(monkeypatch: pytest.MonkeyPatch) -> ChatSystem:
    return install(monkeypatch)


async def test_a_wanted_service_imports_by_itself_and_plans_its_next_run(
    importing: Importing, chat_system: ChatSystem
) -> None:
    """Proves R136, R137."""
    chat_system.pages = [[record("c-1"), record("c-2")], [record("c-3", version=2)]]
    await asyncio.to_thread(start, importing)
    async with running():
        await until(lambda: ImportService.objects.filter(ran_at__isnull=False).exists())
    run = await asyncio.to_thread(Run.objects.get)
    assert (run.trigger, run.pages, run.shown, run.stored, run.applied, run.error) == ("timer", 2, 3, 3, 3, "")
    service = await asyncio.to_thread(ImportService.objects.get)
    assert service.next_run_at - service.ran_at > chat_system_interval(importing) * 0.9
    assert service.lease_until is None
    assert await asyncio.to_thread(Interaction.objects.count) == 3


def chat_system_interval(importing: Importing) -> Any:
    return timedelta(seconds=importing.setting.interval_seconds)


async def test_one_chat_that_cannot_be_applied_stands_aside_and_its_neighbours_are_imported(
    importing: Importing, chat_system: ChatSystem
) -> None:
    """A batch that fails is halved until the poison is alone (P2)."""
    pages = [record(f"c-{place}") for place in range(9)]
    pages[4]["texts"] = ["毒"]
    chat_system.pages = [pages]
    await asyncio.to_thread(start, importing)
    original = imports.ImportRun.do

    async def poisoned(self: Any, deed: Any, *args: Any, **kwargs: Any) -> Any:
        if deed.__name__ == "apply_batch" and any(each.chat.messages[0].text == "毒" for each in args[1]):
            raise ValueError("a fault of ours")
        return await original(self, deed, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imports.ImportRun, "do", poisoned)
        async with running():
            await until(lambda: ImportService.objects.filter(ran_at__isnull=False).exists())
    aside = await asyncio.to_thread(InboxItem.objects.get, state="quarantined")
    assert (aside.external_id, aside.error) == ("c-4", "import_failed")
    assert await asyncio.to_thread(Interaction.objects.count) == 8


async def test_a_chat_system_that_is_tired_is_asked_again_later(importing: Importing, chat_system: ChatSystem) -> None:
    """Proves R148. The failure is told, and the next run goes on."""
    chat_system.pages = [[record("c-1")]]
    chat_system.raising = [RetryLaterError("http_503", after=0.0)]
    await asyncio.to_thread(start, importing)
    async with running():
        await until(lambda: ImportService.objects.filter(problem="http_503", failures=1).exists())
        await asyncio.to_thread(ask_run, importing)
        await until(lambda: ImportService.objects.filter(problem="", failures=0, ran_at__isnull=False).exists())
    assert await asyncio.to_thread(Interaction.objects.count) == 1


async def test_wrong_settings_halt_the_service_until_somebody_acts(
    importing: Importing, chat_system: ChatSystem
) -> None:
    """A refused token is not tried again and again."""
    chat_system.raising = [MisconfiguredError("token_refused")]
    await asyncio.to_thread(start, importing)
    async with running():
        await until(lambda: ImportService.objects.filter(is_halted=True, problem="token_refused").exists())
        await until(lambda: ImportService.objects.filter(lease_until=None).exists())
        assert len(chat_system.asked) == 1


async def test_a_default_agent_that_is_gone_stops_the_service_and_sets_nothing_aside(
    importing: Importing, chat_system: ChatSystem
) -> None:
    """Otherwise every chat would be quarantined for a fault of the setting."""
    chat_system.pages = [[record("c-1")]]

    def start_without_agent() -> None:
        start(importing)
        ChatSetting.objects.update(default_agent=importing.other_agent)
        Agent.objects.filter(pk=importing.default_agent.pk).delete()

    await asyncio.to_thread(start_without_agent)
    async with running():
        await until(lambda: ImportService.objects.filter(is_halted=True, problem="default_agent_gone").exists())
    assert chat_system.asked == []
    assert not await asyncio.to_thread(InboxItem.objects.exists)


async def test_a_disabled_setting_fetches_nothing_and_goes_on_when_enabled(
    importing: Importing, chat_system: ChatSystem
) -> None:
    """Proves R178, R179."""
    chat_system.pages = [[record("c-1")]]
    await asyncio.to_thread(start, importing, is_enabled=False)
    async with running():
        await until(lambda: ImportService.objects.filter(beat_at__isnull=False).exists())
        assert chat_system.asked == []
        await asyncio.to_thread(enable, importing)
        await until(Interaction.objects.exists)


def enable(importing: Importing) -> None:
    ChatSetting.objects.filter(pk=importing.setting.pk).update(is_enabled=True)
    wake(importing.setting.pk)


async def test_disabling_ends_a_listing_between_two_pages(importing: Importing, chat_system: ChatSystem) -> None:
    """Proves R179. The page being fetched is stored, the next is not asked for, and the place is kept."""
    chat_system.pages = [[record("c-1")], [record("c-2")]]
    chat_system.gate.clear()
    await asyncio.to_thread(start, importing)
    async with running():
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not chat_system.asked:
                await asyncio.sleep(0.02)
        await asyncio.to_thread(ChatSetting.objects.filter(pk=importing.setting.pk).update, is_enabled=False)
        chat_system.gate.set()
        await until(lambda: Interaction.objects.count() == 1)
        await asyncio.to_thread(enable, importing)
        await until(lambda: Interaction.objects.count() == 2)
    assert [each.page for each in chat_system.asked] == [None, "1"]


async def test_the_service_keeps_the_setting_it_started_with_until_it_is_restarted(
    importing: Importing, chat_system: ChatSystem
) -> None:
    """Proves R184, R185."""
    chat_system.pages = [[record("c-1")]]
    await asyncio.to_thread(start, importing)
    async with running():
        await until(lambda: Interaction.objects.count() == 1)
        await asyncio.to_thread(change_default_agent, importing)
        chat_system.pages = [[record("c-2")]]
        await asyncio.to_thread(ask_run, importing)
        await until(lambda: Interaction.objects.count() == 2)
        await asyncio.to_thread(start, importing)
        chat_system.pages = [[record("c-3")]]
        await asyncio.to_thread(ask_run, importing)
        await until(lambda: Interaction.objects.count() == 3)
    owners = await asyncio.to_thread(lambda: dict(Interaction.objects.values_list("external_id", "registered_agent")))
    before, after = importing.default_agent.pk, importing.other_agent.pk
    assert owners == {"c-1": before, "c-2": before, "c-3": after}


def change_default_agent(importing: Importing) -> None:
    ChatSetting.objects.filter(pk=importing.setting.pk).update(default_agent=importing.other_agent, version=2)


async def test_a_forgotten_page_begins_the_listing_again(importing: Importing, chat_system: ChatSystem) -> None:
    """Nothing is lost when a chat system's page token has run out."""
    chat_system.pages = [[record("c-1")], [record("c-2")]]

    def start_in_the_middle() -> None:
        bookmark = {"since": None, "page": "1", "newest": None, "has_news": False, "pages": 1, "passes": 0}
        ImportService.objects.update(bookmark=bookmark)
        start(importing)

    chat_system.raising = [RetryLaterError("page_expired", after=0.0)]
    await asyncio.to_thread(start_in_the_middle)
    async with running():
        await until(lambda: ImportService.objects.filter(ran_at__isnull=False).exists())
    assert [each.page for each in chat_system.asked] == ["1", None, "1"]
    assert await asyncio.to_thread(Interaction.objects.count) == 2


async def test_two_processes_share_the_services_and_one_hands_over_to_the_other(
    importing: Importing, chat_system: ChatSystem
) -> None:
    """Only one has the lease; when it ends, the other, which is up already, goes on where it was."""

    def owner_of_service() -> str:
        return ImportService.objects.get().owner

    chat_system.pages = [[record("c-1")]]
    await asyncio.to_thread(start, importing)
    async with running() as (first,):
        owner = await until(owner_of_service)
        await until(lambda: Interaction.objects.count() == 1)
        async with running():
            chat_system.pages = [[record("c-1"), record("c-2", version=1)]]
            await asyncio.to_thread(ask_run, importing)
            await until(lambda: Interaction.objects.count() == 2)
            assert await asyncio.to_thread(owner_of_service) == owner
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            chat_system.pages = [[record("c-1"), record("c-2", version=1), record("c-3", version=2)]]
            await asyncio.to_thread(ask_run, importing)
            await until(lambda: Interaction.objects.count() == 3)
            assert await asyncio.to_thread(owner_of_service) not in ("", owner)


async def test_a_repaired_record_stands_under_its_own_key(importing: Importing, chat_system: ChatSystem) -> None:
    """A later content of the same chat then finds its interaction, and makes no second one (P2)."""
    chat_system.pages = [[record("c-1", is_broken=True)]]
    await asyncio.to_thread(start, importing)
    async with running():
        await until(lambda: InboxItem.objects.filter(state="quarantined").exists())
        item = await asyncio.to_thread(InboxItem.objects.get)
        assert (item.error, item.error_params) == ("wrong_type", {"field": "texts"})
        repaired = json.dumps(record("c-1", texts=["直した"]), ensure_ascii=False)
        administrator = await asyncio.to_thread(make_person, ADMINISTRATOR)
        await asyncio.to_thread(partial(repair_item, administrator, item.pk, payload_text=repaired))
        await until(lambda: Interaction.objects.filter(external_id="c-1").exists())
        chat_system.pages = [[record("c-1", texts=["直した", "続き"], version=5)]]
        await asyncio.to_thread(ask_run, importing)
        await until(lambda: Interaction.objects.filter(external_id="c-1", revision=2).exists())
        # The chat system goes on showing the record as it was: nobody has to repair it twice.
        chat_system.pages = [[record("c-1", is_broken=True)]]
        await asyncio.to_thread(ask_run, importing)
        await until(lambda: Run.objects.count() >= 3 and not Run.objects.filter(ended_at=None).exists())
    states = await asyncio.to_thread(lambda: set(InboxItem.objects.values_list("state", flat=True)))
    assert states == {"done"}
    assert await asyncio.to_thread(Interaction.objects.count) == 1


async def test_the_night_finds_what_the_runs_have_missed(importing: Importing, chat_system: ChatSystem) -> None:
    """The report names the chat, and the chat is imported (B5); the cursor stays where it is."""
    chat_system.pages = [[record("c-1"), record("c-2")]]
    now = clock.now()

    def start_long_ago() -> None:
        start(importing)
        ImportService.objects.update(
            snapshot_at=now - timedelta(days=2), cursor_at=now, next_run_at=now + timedelta(hours=1)
        )

    await asyncio.to_thread(start_long_ago)
    async with running():
        report = await until(Reconciliation.objects.first)
        await until(lambda: Interaction.objects.count() == 2)
    assert (report.theirs, report.ours, report.missing, report.unknown) == (2, 0, ["c-1", "c-2"], [])
    service = await asyncio.to_thread(ImportService.objects.get)
    assert (service.cursor_at, service.bookmark) == (now, None)
    run = await until(lambda: Run.objects.filter(ended_at__isnull=False).first())
    assert (run.trigger, run.pages, run.shown, run.stored, run.applied, run.error) == ("night", 1, 2, 2, 2, "")

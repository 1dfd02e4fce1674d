"""有効状態 off in the middle of a listing: the page that is being fetched is the last one (R178, R179)."""

import asyncio

import pytest

from renkei.models import ChatSetting, ImportService, Interaction
from tests.actions.imports.source import Importing, record
from tests.workers.test_imports import ChatSystem, chat_system, importing, running, start, until

__all__ = ["chat_system", "importing"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


async def test_a_setting_disabled_in_the_middle_of_a_listing_is_asked_nothing_more(
    importing: Importing,
    chat_system: ChatSystem,  # fixtures of the neighbouring tests
) -> None:
    """Proves R148, R178. What was fetched is imported, the place is kept, and enabling goes on with the next page."""
    chat_system.pages = [[record("c-1")], [record("c-2", version=1)], [record("c-3", version=2)]]
    chat_system.gate.clear()
    await asyncio.to_thread(start, importing)
    async with running():
        await until(lambda: chat_system.asked)
        await asyncio.to_thread(ChatSetting.objects.update, is_enabled=False)
        chat_system.gate.set()
        await until(lambda: Interaction.objects.filter(external_id="c-1").exists())
        await until(lambda: ImportService.objects.filter(bookmark__page="1").exists())
        # The service asks whether it is still wanted before it fetches; a beat later it certainly has.
        beat = await asyncio.to_thread(lambda: ImportService.objects.get().beat_at)
        await until(lambda: ImportService.objects.filter(beat_at__gt=beat).exists())
        assert [each.page for each in chat_system.asked] == [None]
        await asyncio.to_thread(ChatSetting.objects.update, is_enabled=True)
        await until(lambda: Interaction.objects.count() == 3)
    assert [each.page for each in chat_system.asked] == [None, "1", "2"]

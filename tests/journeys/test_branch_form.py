"""チャットボット転送先設定 in a real browser: which fields show depends on what was chosen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

DEPENDENT = ("guidance", "speech_text", "rule", "destination", "agent", "ivr", "outside_number")


def expect_shown(page: Page, *names: str) -> None:
    """Of the fields that depend on others exactly these are to be seen."""
    for name in DEPENDENT:
        field = page.locator(f"form[data-confirm] [name='{name}']")
        if name in names:
            expect(field).to_be_visible()
        else:
            expect(field).to_be_hidden()


@pytest.fixture
def form(stack: Stack, open_tab: Callable[[str], Page]) -> Page:
    """The form of a branch that no other story edits; nothing is saved here."""
    [(ivr,)] = stack.rows("SELECT id FROM renkei_ivr WHERE name = '店舗アプリ チャット連携'")
    return open_tab(f"/console/ivrs/{ivr}/branches/failure/edit/")


def test_the_guidance_form_decides_whether_a_guidance_or_a_text_is_asked_for(form: Page) -> None:
    """「API連携後ガイダンス」 for the standard form alone, 「音声合成テキスト」 for synthesis alone, back and forth.

    Proves R50, R51.
    """
    for _ in range(2):
        form.get_by_label("リアルタイム音声合成").check()
        expect(form.get_by_label("音声合成テキスト")).to_be_visible()
        expect(form.get_by_label("API連携後ガイダンス")).to_be_hidden()
        form.get_by_label("標準ガイダンス").check()
        expect(form.get_by_label("API連携後ガイダンス")).to_be_visible()
        expect(form.get_by_label("音声合成テキスト")).to_be_hidden()


def test_the_action_decides_which_way_is_asked_for(form: Page) -> None:
    """「着信ルール」 when that is the action and not otherwise; a destination's own field when it was chosen.

    Proves R61.
    """
    form.get_by_label("標準ガイダンス").check()
    action = form.get_by_role("group", name="選択時の動作")
    for _ in range(2):
        action.get_by_label("転送", exact=True).check()
        form.locator("[name='destination']").select_option("agent")
        expect_shown(form, "guidance", "destination", "agent")
        form.locator("[name='destination']").select_option("ivr")
        expect_shown(form, "guidance", "destination", "ivr")
        action.get_by_label("着信ルール").check()
        expect_shown(form, "guidance", "rule")

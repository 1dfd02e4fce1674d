"""着信ルール in a real browser: its steps ordered by the keyboard alone, without loading the page."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

RULE = "SELECT id, steps FROM renkei_incomingrule WHERE name = 'チャットからのお客様を呼び出す'"


@pytest.fixture
def form(stack: Stack, open_tab: Callable[[str], Page]) -> Page:
    """The form of a rule with a step of each kind."""
    [(rule, _steps)] = stack.rows(RULE)
    return open_tab(f"/console/rules/{rule}/edit/")


def titles(page: Page) -> list[str]:
    """The kinds of the steps, from top to bottom."""
    return page.locator(".rule-step-title > span:not(.icon)").evaluate_all(
        "all => all.map(one => one.lastChild.data.trim())"
    )


def test_steps_are_ordered_by_the_keyboard_and_the_focus_goes_with_them(form: Page, stack: Stack) -> None:
    """Moved, added, taken away without a question; Enter in a field asks 「保存しますか?」. Proves R55, R25."""
    stored = stack.rows(RULE)
    form.evaluate("window.isTheSamePage = true")
    assert titles(form) == ["担当者を呼び出す", "ガイダンスを流す", "通話を終える"]
    form.get_by_role("button", name="上へ (手順2)").press("Enter")
    said = form.locator("#rule-said")
    expect(said).to_have_text("2番目の手順を1番目に移動しました。まだ保存されていません。")
    assert titles(form) == ["ガイダンスを流す", "担当者を呼び出す", "通話を終える"]
    idle = form.get_by_role("button", name="上へ (手順1)")
    expect(idle).to_be_focused()
    expect(idle).to_have_attribute("aria-disabled", "true")
    form.get_by_role("button", name="ガイダンスを流す", exact=True).press("Space")
    expect(said).to_contain_text("3番目に手順を追加しました")
    expect(form.get_by_role("group", name="手順3: ガイダンスを流す")).to_be_focused()
    form.get_by_role("button", name="削除 (手順3)").press("Enter")
    expect(said).to_contain_text("3番目の手順を削除しました")
    expect(form.get_by_role("button", name="削除 (手順3)")).to_be_focused()
    assert form.evaluate("window.isTheSamePage"), "the page was not loaded again"
    assert stack.rows(RULE) == stored
    form.locator("[name='name']").press("Enter")
    expect(form.locator("#confirm-question")).to_have_text("保存しますか?")
    form.get_by_role("button", name="OK", exact=True).press("Enter")
    expect(form.get_by_text("設定内容が反映されている事をご確認ください")).to_be_visible()
    assert titles_shown(form) == ["ガイダンスを流す", "担当者を呼び出す", "通話を終える"]
    expect(form.get_by_role("link", name="編集")).to_be_visible()


def titles_shown(page: Page) -> list[str]:
    """The same to read."""
    return [each.strip() for each in page.locator("h2.rule-step-title").all_inner_texts()]

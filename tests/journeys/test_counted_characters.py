"""A character is a code point, in the browser as on the server: where one says 500, the other does (D18)."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

FAMILY = "👨‍👩‍👧"
"""Five code points, eight UTF-16 units, eighteen bytes, one picture."""
FULL = "𠮷" * 470 + FAMILY * 4 + "\n" * 9 + "終"
"""500 code points: 988 UTF-16 units, and 509 code points as a form sends its line breaks."""


def open_memo(stack: Stack, open_tab: Callable[[str], Page]) -> Page:
    """The form of a branch that no other story edits."""
    [(ivr,)] = stack.rows("SELECT id FROM renkei_ivr WHERE name = '店舗アプリ チャット連携'")
    return open_tab(f"/console/ivrs/{ivr}/branches/failure/edit/")


def expect_count(page: Page, memo: Locator, *, count: int, is_over: bool) -> None:
    """The counter says it, and only then does the browser object."""
    counter = page.locator("#memo-counter")
    expect(counter).to_have_text(f"{count} / 500")
    assert ("is-over" in (counter.get_attribute("class") or "").split()) is is_over
    assert memo.evaluate("area => area.checkValidity()") is not is_over


def test_the_browser_counts_code_points_and_cuts_nothing_off(stack: Stack, open_tab: Callable[[str], Page]) -> None:
    """Proves R63, D18."""
    page = open_memo(stack, open_tab)
    memo = page.get_by_label("メモ")
    assert len(FULL) == 500
    for text, count in (("𠮷", 1), (FAMILY, 5), ("一行目\n二行目", 7), ("e\u0301", 2), ("🇯🇵", 2)):
        memo.fill(text)
        expect_count(page, memo, count=count, is_over=False)
    memo.fill(FULL)
    expect_count(page, memo, count=500, is_over=False)
    memo.press("ControlOrMeta+End")
    page.keyboard.insert_text("𠮷")  # as an input method does it: maxlength would refuse or halve it
    expect_count(page, memo, count=501, is_over=True)
    assert memo.input_value() == FULL + "𠮷"


def test_the_server_takes_what_the_browser_takes_and_refuses_the_next_character(
    stack: Stack, open_tab: Callable[[str], Page]
) -> None:
    """Proves R62, R63, D18."""
    page = open_memo(stack, open_tab)
    page.get_by_label("メモ").fill(FULL)
    page.get_by_role("button", name="保存", exact=True).click()
    with page.expect_navigation():
        page.locator("#confirm-dialog").get_by_role("button", name="OK").click()
    expect(page).to_have_url(re.compile(r"/branches/failure/$"))
    assert stored_memo(stack) == FULL
    page = open_memo(stack, open_tab)
    page.get_by_label("メモ").fill(FULL + "字")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_label("メモ")).to_be_focused()  # the browser itself does not let it go: it leads there
    expect(page.locator("#confirm-dialog")).to_be_hidden()
    with page.expect_navigation():
        page.locator("form[data-confirm]").evaluate("form => form.submit()")  # round the browser's own check
    expect(page.get_by_role("main")).to_contain_text("501")
    assert stored_memo(stack) == FULL


def stored_memo(stack: Stack) -> str:
    """What is kept."""
    [(memo,)] = stack.rows(
        "SELECT memo FROM renkei_responsebranch branch JOIN renkei_ivr ivr ON ivr.id = branch.ivr_id"
        " WHERE ivr.name = '店舗アプリ チャット連携' AND branch.condition = 'failure'"
    )
    return str(memo)

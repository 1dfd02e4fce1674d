"""What only a call or a stranger sees keeps WCAG 2.2 AA as far as axe-core can tell, and fits a telephone."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.desk import Desk, Telephone
from tests.journeys.judging import NARROW, judge_barriers, judge_width
from tests.journeys.stack import Stack

NUMBER = "080-9999-0101"
"""Of this story alone: the newest chat of a number is the one that is linked."""

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def complaints_of(page: Page, name: str) -> Iterator[tuple[str, Any]]:
    """What is wrong with the screen as it stands."""
    for colours in ("light", "dark"):
        for complaint in judge_barriers(page, colours=colours):
            yield f"{name} {colours}", complaint
    size = page.viewport_size
    assert size is not None
    for unfit in judge_width(page, NARROW):
        yield name, unfit
    page.set_viewport_size(size)


def test_the_way_in_and_the_desk_have_no_barrier_that_axe_can_find(
    browser: Browser, stack: Stack, open_tab: Callable[[str], Page]
) -> None:
    """Sign-in, the desk idle, ringing with its three windows and talking; the other screens: test_every_screen.py."""
    found: list[tuple[str, Any]] = []
    with browser.new_context(locale="ja-JP") as stranger:
        entrance = stranger.new_page()
        entrance.goto(f"{stack.url}/accounts/login/")
        found += complaints_of(entrance, "sign-in")
    found += _at_the_desk(stack, open_tab, open_tab("/console/calls/"))
    assert found == []


def _at_the_desk(stack: Stack, open_tab: Callable[[str], Page], page: Page) -> Iterator[tuple[str, Any]]:
    stack.seed_chat(NUMBER, "解約したいです", "https://example.jp/manual")
    desk = Desk.sit_down(open_tab)
    yield from complaints_of(desk.page, "desk idle")
    telephone = Telephone.dial(open_tab, number=NUMBER)
    desk.expect_stage("ringing")
    expect(desk.window("chat").get_by_text("解約したいです", exact=True)).to_be_visible()
    expect(desk.page.locator("#desk-today tbody tr").first).to_contain_text("着信中")
    yield from complaints_of(desk.page, "desk ringing")
    desk.do("accept")
    telephone.expect_stage("talking")
    expect(desk.page.locator("#desk-today tbody tr").first).to_contain_text("通話中")
    yield from complaints_of(desk.page, "desk talking")
    telephone.hang_up()
    desk.expect_stage("after_call")
    desk.do("finish")
    page.goto(f"{stack.url}/console/calls/")
    page.locator("a.row-link").first.click()
    yield from complaints_of(page, "call with a chat")

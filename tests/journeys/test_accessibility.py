"""Every main screen keeps WCAG 2.2 AA as far as axe-core can tell, in light and dark, and fits a telephone."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.desk import Desk, Telephone
from tests.journeys.stack import Stack

NUMBER = "080-9999-0101"
"""Of this story alone: the newest chat of a number is the one that is linked."""

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SCREENS = (
    "/try/",
    "/try/line/",
    "/console/calls/",
    "/console/ivr-history/",
    "/console/external-api/",
    "/console/ivrs/",
    "/console/settings/",
    "/console/settings/edit/",
    "/console/business-groups/",
    "/console/chat-settings/",
    "/console/chat-settings/new/",
    "/console/chat-settings/new/?connector=standard",
    "/console/services/",
)
RUN = """async (levels) => {
    const found = await axe.run(document, { runOnly: levels, resultTypes: ["violations"] });
    const explain = (node) => [node.html, node.any.map((why) => why.message)];
    return found.violations.map((it) => [it.id, it.nodes.map(explain)]);
}"""
UNFIT = """() => {
    const cells = [...document.querySelectorAll("td, th")];
    const rowed = cells.filter((it) => !it.closest(".is-cards") && it.checkVisibility());
    const broken = rowed.filter((it) => getComputedStyle(it).display !== "table-cell");
    const beyond = document.documentElement.scrollWidth - innerWidth;
    return broken.map((it) => it.outerHTML).concat(beyond > 0 ? [`${beyond} px too wide`] : []);
}"""


def complaints_of(page: Page, name: str) -> Iterator[tuple[str, Any]]:
    """What is wrong with the screen as it stands."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for colours in ("light", "dark"):
        page.emulate_media(color_scheme=colours, reduced_motion="reduce")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", colours)
        for complaint in page.evaluate(RUN, LEVELS):
            yield f"{name} {colours}", complaint
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({"width": 400, "height": 800})
    for unfit in page.evaluate(UNFIT):
        yield f"{name} 400 px wide", unfit
    page.set_viewport_size(size)


def test_no_main_screen_has_a_barrier_that_axe_can_find(
    browser: Browser, stack: Stack, open_tab: Callable[[str], Page]
) -> None:
    """Sign-in, lists, settings, linkage tab, call detail, the desk idle and ringing with its three windows."""
    found: list[tuple[str, Any]] = []
    with browser.new_context(locale="ja-JP") as stranger:
        entrance = stranger.new_page()
        entrance.goto(f"{stack.url}/accounts/login/")
        found += complaints_of(entrance, "sign-in")
    page = open_tab("/console/ivrs/?kind=chatbot")
    page.locator("a.row-link").first.click()
    linkage = f"{re.sub(r'^.*?//[^/]+', '', page.url)}linkage/"
    for path in (*SCREENS, linkage, f"{linkage}edit/"):
        page.goto(stack.url + path)
        found += complaints_of(page, path)
    [(failed,)] = stack.rows("SELECT max(call_id) FROM renkei_chatlink WHERE reason = 'provider_error'")
    for path in (f"/console/calls/{failed}/", f"/console/ivr-history/{failed}/"):
        page.goto(stack.url + path)
        found += complaints_of(page, path)
    found += _at_the_desk(stack, open_tab, page)
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

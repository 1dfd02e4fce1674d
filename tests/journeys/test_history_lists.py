"""The lists of histories on a laptop and on a telephone: they fit, and their filters are at hand by keyboard alone."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

LISTS = ("/console/calls/", "/console/ivr-history/", "/console/external-api/", "/console/audit/")
BEYOND = """() => [document.documentElement, ...document.querySelectorAll(".table-frame")]
    .map((it) => it.scrollWidth - it.clientWidth).filter((beyond) => beyond > 0)"""


@pytest.fixture
def page(stack: Stack, open_tab: Callable[[str], Page]) -> Iterator[Page]:
    """A tab in which a chat was read, so that the audit has rows too; afterwards it speaks Japanese again."""
    [(linked,)] = stack.rows("SELECT max(call_id) FROM renkei_chatlink WHERE reason = 'linked'")
    page = open_tab(f"/console/calls/{linked}/")
    yield page
    _speak(page, "ja")


def _speak(page: Page, language: str) -> None:
    with page.expect_navigation():
        page.locator(f'form.language button[value="{language}"]').click()
    expect(page.locator("html")).to_have_attribute("lang", language)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("width", [1280, 400])
def test_no_history_is_wider_than_its_screen(stack: Stack, page: Page, language: str, width: int) -> None:
    """Neither the page nor the table within it is pushed sideways, and every row is still seen whole."""
    _speak(page, language)
    page.set_viewport_size({"width": width, "height": 900})
    for path in LISTS:
        page.goto(stack.url + path)
        row = page.locator("tbody tr").first
        expect(row).to_be_visible()
        assert page.evaluate(BEYOND) == [], path
        box = row.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_on_a_telephone_the_filters_are_folded_and_say_how_many_are_in_use(stack: Stack, page: Page) -> None:
    """Opened, filled in and sent by keyboard alone; on a laptop they stand open."""
    page.goto(f"{stack.url}/console/calls/")
    outcome = page.get_by_label("結果")
    expect(outcome).to_be_visible()
    expect(page.locator(".filters-fold > summary")).to_be_hidden()
    page.set_viewport_size({"width": 400, "height": 900})
    expect(outcome).to_be_hidden()
    page.reload()
    expect(page.locator(".filters-fold[data-ready]")).to_be_visible()
    expect(outcome).to_be_hidden()
    fold = page.locator(".filters-fold > summary")
    expect(fold).to_have_text("絞り込み")
    fold.focus()
    page.keyboard.press("Enter")
    expect(outcome).to_be_visible()
    outcome.focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(outcome.locator("option:checked")).to_have_text("不応答")
    page.get_by_role("button", name="絞り込む").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/calls/?outcome=missed*")
    expect(page.locator(".filters-fold > summary .badge")).to_have_text("1 件の条件")
    expect(outcome).to_be_hidden()
    expect(page.locator("tbody tr").first).to_contain_text("不応答")


def test_a_filter_that_was_not_understood_is_not_folded_away(stack: Stack, page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 900})
    page.goto(f"{stack.url}/console/ivr-history/?since=yesterday")
    expect(page.locator(".filters .field-error")).to_be_visible()


def test_the_cards_of_a_telephone_are_still_rows_and_cells_to_a_screen_reader(stack: Stack, page: Page) -> None:
    """What the browser itself tells assistive technology, not what the markup might mean."""
    page.set_viewport_size({"width": 400, "height": 900})
    page.goto(f"{stack.url}/console/calls/")
    expect(page.locator("tbody tr").first).to_be_visible()
    told = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    roles = [node["role"]["value"] for node in told["nodes"] if not node["ignored"]]
    rows = page.locator("tbody tr").count()
    assert roles.count("table") == 1
    assert roles.count("columnheader") == 8
    assert roles.count("row") == rows + 1
    assert roles.count("cell") >= rows * 5

"""Second calls, colours, the other language."""

from collections.abc import Callable
from io import BytesIO

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.desk import Desk, Telephone, open_newest_call
from tests.journeys.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_each_of_two_calls_from_one_number_shows_the_chat(stack: Stack, open_tab: Callable[[str], Page]) -> None:
    """Proves R73."""
    stack.seed_chat("080-2222-3333", "解約したいです")
    desk = Desk.sit_down(open_tab)
    for _ in range(2):
        telephone = Telephone.dial(open_tab, number="080-2222-3333")
        desk.expect_stage("ringing")
        expect(desk.window("chat").get_by_text("解約したいです", exact=True)).to_be_visible()
        desk.accept_and_finish(telephone)
    history = open_tab("/console/calls/")
    for position in range(2):
        history.locator("a.row-link").nth(position).click()
        expect(history.locator(".chat-line").get_by_text("解約したいです", exact=True)).to_be_visible()
        history.go_back()
    [(conversations,)] = stack.rows(
        "SELECT count(DISTINCT link.conversation_id) FROM renkei_chatlink link"
        " JOIN renkei_call call ON call.id = link.call_id WHERE call.caller_e164 = '+818022223333'"
    )
    assert conversations == 1


def test_emoji_are_drawn_in_colour_in_popup_and_history(stack: Stack, open_tab: Callable[[str], Page]) -> None:
    """Proves R98, D15."""
    stack.seed_chat("080-4444-5555", "😡")
    desk = Desk.sit_down(open_tab)
    telephone = Telephone.dial(open_tab, number="080-4444-5555")
    desk.expect_stage("ringing")
    popup = desk.window("chat").locator(".chat-words p", has_text="😡")
    expect(popup).to_be_visible()
    assert _coloured_pixels(desk.page, popup.screenshot()) > 40
    desk.accept_and_finish(telephone)
    page = open_newest_call(open_tab)
    assert _coloured_pixels(page, page.locator(".chat-words p", has_text="😡").screenshot()) > 40


def _coloured_pixels(page: Page, png: bytes) -> int:
    """How many pixels are strongly red or yellow; the browser decodes its own screenshot."""
    count = page.evaluate(
        """async (bytes) => {
            const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: "image/png" }));
            const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
            pen.drawImage(bitmap, 0, 0);
            const data = pen.getImageData(0, 0, bitmap.width, bitmap.height).data;
            let coloured = 0;
            for (let i = 0; i < data.length; i += 4)
                if (data[i] - data[i + 2] > 90) coloured += 1;
            return coloured;
        }""",
        list(BytesIO(png).getvalue()),
    )
    assert isinstance(count, int)
    return count


def test_two_customers_call_at_once_and_each_hears_their_own_call(open_tab: Callable[[str], Page]) -> None:
    desk = Desk.sit_down(open_tab)
    first = Telephone.dial(open_tab, number="080-6666-0001")
    first.expect_stage("ringing")
    second = Telephone.dial(open_tab, number="080-6666-0002")
    second.expect_stage("speaking", "over")
    first.expect_stage("ringing")
    desk.expect_stage("ringing")
    first.hang_up()
    first.expect_stage("over")
    second.expect_stage("over")
    expect(desk.page.locator(".desk-call")).to_have_count(0)
    expect(desk.page.locator('[data-presence="available"]')).to_be_visible()


def test_the_telephone_works_by_keyboard_alone(stack: Stack, open_tab: Callable[[str], Page]) -> None:
    page = open_tab("/try/line/")
    page.get_by_label("発信者番号").press("Enter")
    expect(page.locator("#heard")).to_be_visible()
    with page.expect_response("**/press/"):
        page.locator("body").press("1")
    page.locator("body").press("Escape")
    expect(page.locator("#heard")).to_have_attribute("data-stage", "over")
    pressed = stack.rows("SELECT kind, args FROM renkei_simulatedaction ORDER BY id DESC LIMIT 2")
    assert pressed == [("hang_up", {}), ("press", {"digit": "1"})]


def test_the_four_steps_are_walked_in_english(
    newcomer: BrowserContext, stack: Stack, open_tab: Callable[[str], Page]
) -> None:
    stack.seed_chat("080-7777-8888", "Hello")
    home = open_tab("/try/")
    home.get_by_role("button", name="English").click()
    expect(home.get_by_role("heading", level=1)).to_have_text(
        "Try it: from a chat to a ringing telephone in four steps"
    )
    try:
        _walk_in_english(open_tab)
    finally:
        home.bring_to_front()
        home.get_by_role("button", name="日本語").click()
        expect(home.get_by_role("heading", level=1)).to_contain_text("お試し")


def _walk_in_english(open_tab: Callable[[str], Page]) -> None:
    desk = open_tab("/desk/")
    desk.get_by_role("button", name="Available").click()
    expect(desk.locator('[data-presence="available"]')).to_be_visible()
    telephone = open_tab("/try/line/")
    telephone.get_by_label("Your number (caller)").fill("080-7777-8888")
    telephone.get_by_role("button", name="Call").click()
    desk.get_by_role("button", name="Answer").click()
    expect(telephone.locator("#heard")).to_contain_text("Talking with 渡辺 理恵")
    expect(desk.locator('.notice[data-stage="talking"]')).to_be_visible()
    expect(desk.get_by_role("heading", name="Chat content")).to_be_visible()
    desk.get_by_role("button", name="Hang up").click()
    expect(telephone.locator("#heard")).to_have_attribute("data-stage", "over")
    desk.get_by_role("button", name="Done").click()
    expect(desk.locator('[data-presence="available"]')).to_be_visible()
    history = open_tab("/console/calls/")
    history.locator("a.row-link").first.click()
    for name in ("Copy to clipboard", "Copy individually"):
        expect(history.get_by_role("button", name=name).first).to_be_visible()
    expect(history.get_by_role("link", name="Download CSV")).to_be_visible()
    for page in (desk, telephone, history):
        shown = page.locator("main").inner_text()
        assert "着信" not in shown
        assert "通話" not in shown

"""A newcomer's four steps: chat, call, answer, look at what is kept."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.desk import CALLER, CustomerChat, Desk, Telephone, open_newest_call
from tests.journeys.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

URL = "https://www.example.jp/order/A-20250131-0042"


def test_a_chat_follows_its_customer_into_the_call_and_stays_with_its_history(
    newcomer: BrowserContext, stack: Stack, open_tab: Callable[[str], Page]
) -> None:
    """Proves R1, R2, R86, R88, R90, R92, R93, R102."""
    home = open_tab("/try/")
    home.get_by_role("button", name="最初からやり直す").click()
    expect(home.locator(".try-marks:not(#marks-imported) li")).to_have_count(8)
    expect(home.locator(".try-marks:not(#marks-imported) .is-done")).to_have_count(0)
    chat = CustomerChat.open(newcomer, stack)
    chat.say("荷物が届かないのですが😢")
    chat.send_picture("写真.png")
    chat.say(URL)
    chat.say("オペレーター")
    chat.give_number(CALLER)
    desk = Desk.sit_down(open_tab)
    telephone = Telephone.dial(open_tab)

    desk.expect_stage("ringing")
    expect(desk.window("notice")).to_contain_text(CALLER)
    expect(desk.window("route")).to_contain_text("通販 チャット連携")
    _expect_the_popup(desk)
    telephone.expect_stage("ringing")
    desk.do("accept")
    telephone.expect_stage("talking")
    desk.expect_stage("talking")
    desk.do("hang_up")
    telephone.expect_stage("over")
    desk.expect_stage("after_call")
    desk.do("finish")
    expect(desk.page.locator('[data-presence="available"]')).to_be_visible()

    _expect_the_history(open_newest_call(open_tab))
    expect(home.locator('.try-marks:not(#marks-imported)[data-done="true"]')).to_have_count(4)
    home.reload()
    expect(home.locator('.try-marks:not(#marks-imported)[data-done="true"]')).to_have_count(4)
    assert home.locator(".is-done .try-mark").first.evaluate("it => getComputedStyle(it, '::before').content") == '"✓"'


def _expect_the_popup(desk: Desk) -> None:
    popup = desk.window("chat")
    expect(popup.get_by_text("荷物が届かないのですが😢")).to_be_visible()
    expect(popup.get_by_role("link", name="リンクを開く")).to_have_count(2)
    expect(popup.locator("time")).to_have_count(0)
    expect(popup.get_by_role("button", name=re.compile("コピー"))).to_have_count(0)
    lines = popup.locator(".chat-line")
    left = lines.filter(has_text="荷物が届かないのですが").bounding_box()
    right = lines.filter(has_text="お届けについて").bounding_box()
    assert left
    assert right
    assert left["x"] < right["x"], "the customer stands left, the chatbot right"
    assert left["y"] < right["y"]


def _expect_the_history(page: Page) -> None:
    lines = page.locator(".chat-line")
    expect(lines.first.locator("time")).to_have_text(re.compile(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d$"))
    expect(page.get_by_role("link", name="リンクを開く")).to_have_count(2)

    page.get_by_role("button", name="クリップボードへコピー").click()
    expect(page.locator("#chat-status")).not_to_be_empty()
    copied = _clipboard(page).split("\n")
    assert "お客様: 荷物が届かないのですが😢" in copied
    assert f"お客様: {URL}" in copied
    assert all(re.match("お客様: |チャットサービス: ", line) for line in copied)

    page.locator(".chat-line", has_text="荷物が届かないのですが").get_by_role("button", name="個別コピー").click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()) === '荷物が届かないのですが😢'")
    _expect_the_file(page)


def _clipboard(page: Page) -> str:
    text = page.evaluate("navigator.clipboard.readText()")
    assert isinstance(text, str)
    return text


def _expect_the_file(page: Page) -> None:
    """Proves nothing by itself: called by the whole story."""
    with page.expect_download() as told:
        page.get_by_role("link", name="CSVダウンロード").click()
    raw = told.value.path().read_bytes()
    rows = raw.decode("cp932").split("\r\n")
    assert raw.startswith("会話日時,会話者,会話内容\r\n".encode("cp932"))
    assert rows[-1] == ""
    mine = next(row for row in rows if "荷物が届かないのですが" in row)
    assert re.fullmatch(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d,お客様,荷物が届かないのですが〓", mine)
    assert any(row.endswith(f",お客様,{URL}") for row in rows)
    assert any(",チャットサービス," in row for row in rows)

"""A newcomer's four steps, walked by the links and buttons of the try-it page alone: chat, call, answer, look."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from renkei.cli.demo.office import CHAT_NUMBER
from renkei.web.demo.try_it import SAMPLE_CALLER
from tests.journeys.desk import CustomerChat, Desk, Telephone, follow
from tests.journeys.histories import expect_the_histories_to_agree
from tests.journeys.stack import Stack, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

URL = "https://www.example.jp/order/A-20250131-0042"
QUESTION = "荷物が届かないのですが😢"
NEVER_CHATTED = "03-5550-0199"
NO_CHAT = "お客様が誤った電話番号をチャット入力したか、24時間以内のチャット利用がありません"
WHERE = "IVR履歴および外部API連携履歴からエラーの詳細をご確認ください。"


def test_a_chat_follows_its_customer_into_the_call_and_stays_with_its_history(open_tab: Callable[[str], Page]) -> None:
    """And the three windows open in their order, and the three histories tell the same of it.

    Proves R1, R2, R79, R86, R88, R90, R92, R102.
    """
    home = _begin_anew(open_tab("/try/"))
    _chat_as_the_page_says(home)
    desk = Desk.at(follow(home, "ソフトフォンを開く"))
    desk.watch_windows()
    telephone = Telephone.call_from(follow(home, "模擬電話を開く"))
    desk.expect_stage("ringing")
    expect(desk.window("notice")).to_contain_text(SAMPLE_CALLER)
    expect(desk.window("route")).to_contain_text("通販 チャット連携")
    _expect_the_popup(desk)
    desk.expect_windows_opened_in_order()
    telephone.expect_stage("ringing")
    _talk_and_finish(desk, telephone)
    _expect_the_history(_open_newest(follow(home, "発着信履歴")))
    expect(_done(home)).to_have_count(4)
    home.reload()
    expect(_done(home)).to_have_count(4)
    assert home.locator(".is-done .try-mark").first.evaluate("it => getComputedStyle(it, '::before').content") == '"✓"'
    expect_the_histories_to_agree(
        open_tab, caller=SAMPLE_CALLER, dialled=CHAT_NUMBER, ivr="通販 チャット連携", found="連携済み"
    )


def test_a_call_without_a_chat_says_why_and_leads_to_both_histories(
    stack: Stack, open_tab: Callable[[str], Page]
) -> None:
    """Proves R77, R99, R120, R121, R132, R133, R134."""
    home = open_tab("/try/")
    desk = Desk.at(follow(home, "ソフトフォンを開く"))
    telephone = Telephone.call_from(follow(home, "チャットしていない番号から電話する"))
    telephone.press("1", "#")
    desk.expect_stage("ringing")
    popup = desk.window("chat").locator(".desk-error")
    expect(popup).to_have_attribute("data-reason", "no_chat")
    expect(popup).to_contain_text(NO_CHAT)
    expect(popup).to_contain_text(WHERE)
    _expect_keys(stack, "1", "#")
    _talk_and_finish(desk, telephone)

    call = _open_newest(follow(home, "発着信履歴"))
    why = call.locator(".alert")
    expect(why).to_contain_text(NO_CHAT)
    expect(why).to_contain_text(WHERE)
    why.get_by_role("link", name="IVR履歴").click()
    expect(call).to_have_url(re.compile(r"/ivr-history/\d+/#step-\d+$"))
    expect(call.locator(":target")).to_contain_text("チャット照会")
    call.go_back()
    why.get_by_role("link", name="外部API連携履歴").click()
    expect(call).to_have_url(re.compile(r"/external-api/\d+/$"))
    expect(call.locator(".fact", has_text="ステータスコード")).to_contain_text("200")


def _begin_anew(home: Page) -> Page:
    home.get_by_role("button", name="最初からやり直す").click()
    expect(home.locator(".try-marks:not(#marks-imported) li")).to_have_count(8)
    expect(home.locator(".try-marks:not(#marks-imported) .is-done")).to_have_count(0)
    return home


def _done(home: Page) -> Locator:
    return home.locator('.try-marks:not(#marks-imported)[data-done="true"]')


def _chat_as_the_page_says(home: Page) -> None:
    """The number is taken over by the page's own button, as a newcomer does it."""
    home.get_by_role("button", name="コピー").click()
    expect(home.locator("#chat-status")).not_to_be_empty()
    chat = CustomerChat(follow(home, "チャットを開く"))
    expect(chat.messages).not_to_have_count(0)
    chat.say(QUESTION)
    chat.send_picture("写真.png")
    chat.say(URL)
    chat.say("オペレーター")
    chat.page.locator("#number").focus()
    chat.page.keyboard.press("ControlOrMeta+V")
    expect(chat.page.locator("#number")).to_have_value(SAMPLE_CALLER)
    chat.page.locator("#give button[type=submit]").click()
    expect(chat.page.locator("#given")).to_contain_text(SAMPLE_CALLER)


def _expect_the_popup(desk: Desk) -> None:
    popup = desk.window("chat")
    expect(popup.get_by_text(QUESTION)).to_be_visible()
    expect(popup.get_by_role("link", name="リンクを開く")).to_have_count(2)
    expect(popup.locator("time")).to_have_count(0)
    expect(popup.get_by_role("button", name=re.compile("コピー"))).to_have_count(0)
    lines = popup.locator(".chat-line")
    left = lines.filter(has_text=QUESTION).bounding_box()
    right = lines.filter(has_text="お届けについて").bounding_box()
    assert left
    assert right
    assert left["x"] < right["x"], "the customer stands left, the chatbot right"
    assert left["y"] < right["y"]


def _talk_and_finish(desk: Desk, telephone: Telephone) -> None:
    desk.do("accept")
    telephone.expect_stage("talking")
    desk.expect_stage("talking")
    desk.do("hang_up")
    telephone.expect_stage("over")
    desk.expect_stage("after_call")
    desk.do("finish")
    expect(desk.page.locator('[data-presence="available"]')).to_be_visible()


def _expect_keys(stack: Stack, *keys: str) -> None:
    """The line has taken them; no screen shows what a caller pressed where no key leads anywhere."""
    taken = (
        "SELECT array_agg(args ->> 'digit' ORDER BY id) FROM renkei_simulatedaction WHERE kind = 'press'"
        " AND done_at IS NOT NULL AND line_id = (SELECT line_id FROM renkei_call ORDER BY id DESC LIMIT 1)"
    )
    wait_for(lambda: stack.rows(taken) == [(list(keys),)], said="the keys were not taken")


def _open_newest(listed: Page) -> Page:
    listed.locator("a.row-link").first.click()
    expect(listed.get_by_role("heading", name="チャット内容")).to_be_visible()
    return listed


def _expect_the_history(page: Page) -> None:
    times = page.locator(".chat-line time")
    expect(times).to_have_text([re.compile(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d$")] * page.locator(".chat-line").count())
    links = page.get_by_role("link", name="リンクを開く")
    expect(links).to_have_count(2)
    with page.context.expect_page() as opened:
        links.last.click()
    expect(opened.value.get_by_role("link", name="このサイトを開く")).to_have_attribute("href", URL)
    opened.value.close()

    page.get_by_role("button", name="クリップボードへコピー").click()
    expect(page.locator("#chat-status")).not_to_be_empty()
    copied = _clipboard(page).split("\n")
    assert f"お客様: {QUESTION}" in copied
    assert f"お客様: {URL}" in copied
    assert all(re.match("お客様: |チャットサービス: ", line) for line in copied)

    page.locator(".chat-line", has_text=QUESTION).get_by_role("button", name="個別コピー").click()
    page.wait_for_function("async (words) => (await navigator.clipboard.readText()) === words", arg=QUESTION)
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

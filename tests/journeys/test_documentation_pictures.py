"""The pictures of the README and of docs/operating: taken anew from a running demonstration.

``PICTURES=docs/operating/images ./renkei test --all tests/journeys/test_documentation_pictures.py`` renews them;
without a folder they go to .cache/pictures/.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect

from tests.journeys.conftest import JAPANESE, KEPT
from tests.journeys.desk import CALLER, CustomerChat, Desk, Telephone, follow, open_newest_call
from tests.journeys.stack import Stack, wait_for
from tests.journeys.test_merging_customers import make_doubles

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(600)]

PUBLISHED = Path(__file__).parents[2] / "docs" / "operating" / "images"
FOLDER = Path(os.environ.get("PICTURES") or KEPT.parent / "pictures")
OF_THE_CALL = ("chat", "desk-ringing", "telephone-ringing", "call-newest", "calls", "try")
OF_THE_REASONS = ("branches", "call-without-chat-english-dark")
OF_THE_IMPORT = ("import-setting", "import-service", "import-agent", "import-case")
OF_THE_MERGE = ("merging",)
ALL = {*OF_THE_CALL, *OF_THE_REASONS, *OF_THE_IMPORT, *OF_THE_MERGE}


def test_every_published_picture_is_one_of_these() -> None:
    """A picture that nobody can take anew grows old unseen."""
    assert {path.stem for path in PUBLISHED.glob("*.png")} == ALL


def test_a_chat_and_its_call_are_pictured(
    newcomer: BrowserContext, stack: Stack, open_tab: Callable[[str], Page]
) -> None:
    stack.change("UPDATE renkei_guidance SET seconds = 4")
    home = open_tab("/try/")
    home.get_by_role("button", name="最初からやり直す").click()
    chat = CustomerChat(follow(home, "チャットを開く"))
    chat.page.set_viewport_size({"width": 900, "height": 900})
    chat.say("ネットがつながりません😢")
    chat.send_picture("ルーター.png")
    chat.say("https://www.example.jp/order/A-20250131-0042")
    chat.say("オペレーター")
    chat.give_number(CALLER)
    keep(chat.page, "chat")
    desk = Desk.at(follow(home, "ソフトフォンを開く"))
    telephone = Telephone.call_from(follow(home, "模擬電話を開く"))
    desk.expect_stage("ringing")
    expect(desk.window("chat").locator(".chat-line").last).to_be_visible()
    expect(desk.window("route")).to_contain_text("チャットからのお客様を呼び出す")
    keep(desk.page, "desk-ringing")
    telephone.expect_stage("ringing")
    keep(telephone.page, "telephone-ringing")
    desk.accept_and_finish(telephone)
    keep(open_newest_call(open_tab), "call-newest")
    keep(open_tab("/console/calls/"), "calls")
    expect(home.locator('.try-marks:not(#marks-imported)[data-done="true"]')).to_have_count(3)
    keep(home, "try")
    stack.change("UPDATE renkei_guidance SET seconds = 0.3")


def test_reasons_and_where_they_lead_are_pictured(
    browser: Browser, stack: Stack, signed_in: StorageState, open_tab: Callable[[str], Page]
) -> None:
    [(unfinished,)] = stack.rows("SELECT id FROM renkei_ivr WHERE starts_with(name, '返品専用')")
    keep(open_tab(f"/console/ivrs/{unfinished}/branches/"), "branches")
    [(call,)] = stack.rows("SELECT max(call_id) FROM renkei_chatlink WHERE reason = 'no_chat'")
    with browser.new_context(**JAPANESE, storage_state=signed_in, color_scheme="dark") as dark:
        page = dark.new_page()
        page.goto(f"{stack.url}/console/calls/{call}/")
        speak(page, "English", "en")
        keep(page, "call-without-chat-english-dark")
        speak(page, "日本語", "ja")


def test_the_import_is_pictured(stack: Stack, open_tab: Callable[[str], Page]) -> None:
    """Its service runs while it is pictured."""
    if "jobs" not in stack.children:
        stack.start("jobs")
    wait_for(lambda: stack.rows("SELECT 1 FROM renkei_interaction LIMIT 1"), within=90, said="no chats were imported")
    [(setting,)] = stack.rows("SELECT min(id) FROM renkei_chatsetting")
    [(agent,)] = stack.rows("SELECT min(agent_id) FROM renkei_snsagent")
    [(case, interaction)] = stack.rows(
        "SELECT case_id, id FROM renkei_interaction WHERE setting_id IS NOT NULL ORDER BY id LIMIT 1"
    )
    keep(open_tab(f"/console/chat-settings/{setting}/"), "import-setting")
    keep(open_tab(f"/console/agents/{agent}/sns/"), "import-agent")
    keep(open_tab(f"/console/cases/{case}/{interaction}/sns/"), "import-case")
    service = open_tab(f"/console/services/{setting}/")
    expect(service.locator("[data-state=running]")).to_be_visible(timeout=60_000)
    keep(service, "import-service")


def test_a_merge_is_pictured(stack: Stack, open_tab: Callable[[str], Page]) -> None:
    """Two who are one, and what there is to choose."""
    doubles = make_doubles(stack, "e")
    change = (
        "UPDATE renkei_customer SET name = %s, phone = %s, e164 = '+819077770001', email = '', email_key = ''"
        " WHERE id = %s RETURNING id"
    )
    stack.rows(change, "旅野 花子", "090-7777-0001", doubles.known)
    stack.rows(change, "旅野花子", "09077770001", doubles.again)
    keep(open_tab(f"/console/customers/{doubles.known}/merge/{doubles.again}/?case={doubles.case}"), "merging")


def speak(page: Page, name: str, language: str) -> None:
    """Choose the language at the page's head."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).click()
    expect(page.locator("html")).to_have_attribute("lang", language)


def keep(page: Page, name: str) -> None:
    """Write the picture, one of those that are published."""
    assert name in ALL
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.evaluate("document.fonts.ready")
    page.screenshot(path=FOLDER / f"{name}.png")

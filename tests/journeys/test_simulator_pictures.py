"""Every screen in both languages, light and dark: none is broken, and a person may look at all of them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect

from tests.journeys.conftest import JAPANESE, KEPT
from tests.journeys.desk import CALLER, CustomerChat, Desk, Telephone, open_newest_call
from tests.journeys.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(600)]

FOLDER = KEPT.parent / "pictures"
SCREENS = {
    "try": "/try/",
    "telephone": "/try/line/",
    "desk": "/desk/",
    "cti": "/desk/settings/cti/basic/",
    "calls": "/console/calls/",
    "call-linked": "SELECT '/console/calls/' || call_id || '/' FROM renkei_chatlink WHERE reason = 'linked' LIMIT 1",
    "call-no-chat": "SELECT '/console/calls/' || call_id || '/' FROM renkei_chatlink WHERE reason = 'no_chat' LIMIT 1",
    "ivr-history": "/console/ivr-history/",
    "ivr-history-call": "SELECT '/console/ivr-history/' || call_id || '/' FROM renkei_chatlink LIMIT 1",
    "api-history": "/console/external-api/",
    "api-call": "SELECT '/console/external-api/' || id || '/' FROM renkei_externalapicall WHERE status = 200 LIMIT 1",
    "ivrs": "/console/ivrs/",
    "ivr-new": "/console/ivrs/new/",
    "ivr": "SELECT '/console/ivrs/' || min(id) || '/' FROM renkei_ivr",
    "linkage": "SELECT '/console/ivrs/' || min(id) || '/linkage/' FROM renkei_ivr",
    "linkage-edit": "SELECT '/console/ivrs/' || min(id) || '/linkage/edit/' FROM renkei_ivr",
    "branches": "SELECT '/console/ivrs/' || min(id) || '/branches/' FROM renkei_ivr",
    "branch": "SELECT '/console/ivrs/' || min(id) || '/branches/success/' FROM renkei_ivr",
    "branch-edit": "SELECT '/console/ivrs/' || max(id) || '/branches/failure/edit/' FROM renkei_ivr",
    "rules": "/console/rules/",
    "guidance": "/console/guidance/",
    "labels": "/console/labels/",
    "numbers": "/console/numbers/",
    "agents": "/console/agents/",
    "roles": "/console/roles/",
    "settings": "/console/settings/",
    "api-keys": "/console/api-keys/",
    "audit": "/console/audit/",
}


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_screen_draws(
    language: str, scheme: str, browser: Browser, stack: Stack, signed_in: StorageState
) -> None:
    context = browser.new_context(
        **JAPANESE, storage_state=signed_in, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    _choose(page, stack, language)
    for name, where in SCREENS.items():
        path = stack.rows(where)[0][0] if where.startswith("SELECT") else where
        answer = page.goto(stack.url + path)
        assert answer is not None
        assert answer.status == 200, path
        _keep(page, f"{name}-{language}-{scheme}")
    _choose(page, stack, "ja")
    context.close()
    assert complaints == []


def test_the_parts_of_a_call_are_pictured(
    newcomer: BrowserContext, stack: Stack, open_tab: Callable[[str], Page]
) -> None:
    stack.change("UPDATE renkei_guidance SET seconds = 4")
    chat = CustomerChat.open(newcomer, stack)
    chat.page.set_viewport_size({"width": 900, "height": 900})
    chat.say("ネットがつながりません😢")
    chat.send_picture("ルーター.png")
    chat.say("https://www.example.jp/order/A-20250131-0042")
    chat.say("オペレーター")
    chat.give_number(CALLER)
    _keep(chat.page, "chat-ja-light")
    desk = Desk.sit_down(open_tab)
    telephone = Telephone.dial(open_tab)
    desk.expect_stage("ringing")
    expect(desk.window("chat").locator(".chat-line").last).to_be_visible()
    expect(desk.window("route")).to_contain_text("チャットからのお客様を呼び出す")
    _keep(desk.page, "desk-ringing-ja-light")
    telephone.expect_stage("ringing")
    _keep(telephone.page, "telephone-ringing-ja-light")
    desk.accept_and_finish(telephone)
    _keep(open_newest_call(open_tab), "call-newest-ja-light")
    stack.change("UPDATE renkei_guidance SET seconds = 0.3")


def _choose(page: Page, stack: Stack, language: str) -> None:
    page.goto(f"{stack.url}/try/")
    # The language may be the chosen one already: only the answer tells that the choice is stored.
    with page.expect_navigation():
        page.get_by_role("button", name="日本語" if language == "ja" else "English").click()
    expect(page.locator("html")).to_have_attribute("lang", language)


def _keep(page: Page, name: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.evaluate("document.fonts.ready")
    page.screenshot(path=FOLDER / f"{name}.png")

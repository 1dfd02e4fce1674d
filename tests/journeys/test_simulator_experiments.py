"""What the try-it page proposes besides its four steps: each experiment walked by the page's own links and numbers."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from renkei.web.demo.try_it import FORGOTTEN, MISTYPED, MISTYPER
from tests.journeys.desk import CustomerChat, Desk, Telephone, follow, open_newest_call
from tests.journeys.stack import Stack, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def call_and_see_why(desk: Desk, page: Page, reason: str) -> Telephone:
    """Dial what the link has filled in; the agent's pop-up says why there is no chat."""
    telephone = Telephone.call_from(page)
    desk.expect_stage("ringing")
    expect(desk.window("chat").locator(".desk-error")).to_have_attribute("data-reason", reason)
    return telephone


def test_a_mistyped_number_is_called_so_and_the_differing_digits_are_shown(
    stack: Stack, open_tab: Callable[[str], Page]
) -> None:
    """Proves R68, R69, B2."""
    home = open_tab("/try/")
    desk = Desk.sit_down(open_tab)
    chat = CustomerChat(follow(home, f"店舗アプリのチャットで {MISTYPED}"))
    expect(chat.messages).not_to_have_count(0)
    chat.say("クーポンが使えません")
    chat.give_number(MISTYPED)
    pushed = "SELECT 1 FROM renkei_chatconversation WHERE connector = 'standard' AND typed_number = %s"
    wait_for(lambda: stack.rows(pushed, MISTYPED), said="the chat was not pushed")
    telephone = call_and_see_why(desk, follow(home, f"{MISTYPER} から"), "number_mismatch")
    desk.accept_and_finish(telephone)
    why = open_newest_call(open_tab).get_by_role("main")
    expect(why).to_contain_text(MISTYPER[-4:])
    expect(why).to_contain_text(MISTYPED[-4:])
    expect(why).not_to_contain_text(MISTYPED)
    expect(why).not_to_contain_text("クーポンが使えません")


def test_a_chat_made_25_hours_old_is_expired(open_tab: Callable[[str], Page]) -> None:
    """Proves R43, R72."""
    home = open_tab("/try/")
    desk = Desk.sit_down(open_tab)
    chat = CustomerChat(follow(home, f"新しいチャットで {FORGOTTEN}"))
    expect(chat.messages).not_to_have_count(0)
    chat.give_number(FORGOTTEN)
    with chat.page.expect_response("**/age") as answered:
        chat.page.get_by_role("button", name="25時間前").click()
    assert answered.value.ok
    telephone = call_and_see_why(desk, follow(home, "その番号から"), "expired")
    desk.accept_and_finish(telephone)


def test_a_withheld_number_and_a_broken_provider_are_tried_from_the_page(open_tab: Callable[[str], Page]) -> None:
    """Proves R70, R120."""
    home = open_tab("/try/")
    desk = Desk.sit_down(open_tab)
    telephone = call_and_see_why(desk, follow(home, "非通知で電話する"), "caller_withheld")
    desk.accept_and_finish(telephone)
    trouble = follow(home, "チャットボット側を故障させる")
    trouble.get_by_role("button", name="この障害を起こす").click()
    expect(trouble.get_by_role("status")).to_contain_text("500")
    telephone = call_and_see_why(desk, follow(home, "チャットしていない番号から電話する"), "request_error")
    desk.accept_and_finish(telephone)

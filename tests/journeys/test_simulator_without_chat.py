"""Calls without a chat: the agent and the history say why, and where to look; every call reaches somebody."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.desk import Desk, Telephone, open_newest_call
from tests.journeys.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

NOT_CONNECTED = "チャット接続に失敗しました"
NO_CHAT = "お客様が誤った電話番号をチャット入力したか、24時間以内のチャット利用がありません"
NOT_OBTAINED = "チャットを取得できませんでした"
WHERE = "IVR履歴および外部API連携履歴からエラーの詳細をご確認ください。"


@dataclass(frozen=True, slots=True)
class Case:
    """A call and what becomes of it."""

    reason: str
    text: str
    was_asked: bool
    failure: str | None = None
    number: str = "03-5550-0199"
    withheld: bool = False


CASES = (
    Case("caller_withheld", NO_CHAT, was_asked=False, withheld=True),
    Case("no_chat", NO_CHAT, was_asked=True),
    Case("bad_channel", NO_CHAT, was_asked=True, failure="channel_not_found"),
    Case("bad_project", NOT_OBTAINED, was_asked=True, failure="project_not_found"),
    Case("not_obtained", NOT_OBTAINED, was_asked=True, failure="session_not_found"),
    Case("provider_error", NOT_OBTAINED, was_asked=True, failure="html"),
    Case("request_error", NOT_CONNECTED, was_asked=True, failure="status_500"),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.failure or case.reason)
def test_a_call_without_a_chat_reaches_an_agent_and_says_why(
    case: Case, stack: Stack, open_tab: Callable[[str], Page]
) -> None:
    """Proves R41, R70, R77, R99, R120, R126, R132, R134."""
    stack.trouble(case.failure)
    desk = Desk.sit_down(open_tab)
    telephone = Telephone.dial(open_tab, number=case.number, withheld=case.withheld)
    desk.expect_stage("ringing")
    shown = desk.window("chat").locator(".desk-error")
    expect(shown).to_have_attribute("data-reason", case.reason)
    expect(shown).to_contain_text(case.text)
    expect(shown).to_contain_text(WHERE)
    desk.accept_and_finish(telephone)

    page = open_newest_call(open_tab)
    expect(page.get_by_role("main")).to_contain_text(case.text)
    expect(page.get_by_role("main")).to_contain_text(WHERE)
    _follow(page, "IVR履歴", "通販 チャット連携")
    if case.was_asked:
        _follow(page, "外部API連携履歴", "500" if case.failure == "status_500" else "/v1/projects/demo-project/")
    else:
        _follow(page, "外部API連携履歴", "表示する履歴がありません")


def _follow(page: Page, name: str, expected: str) -> None:
    page.locator(".alert").get_by_role("link", name=name).click()
    expect(page).to_have_url(re.compile("/ivr-history/|/external-api/"))
    expect(page.get_by_role("main")).to_contain_text(expected)
    page.go_back()


def test_a_silent_provider_delays_the_call_by_no_more_than_its_budget(
    stack: Stack, open_tab: Callable[[str], Page]
) -> None:
    """Proves D14."""
    stack.trouble("black_hole")
    desk = Desk.sit_down(open_tab)
    # A number of its own: a chat that another story left would be linked instead (D5).
    telephone = Telephone.dial(open_tab, number="03-5550-0188")
    desk.expect_stage("ringing")
    expect(desk.window("chat").locator(".desk-error")).to_contain_text(NOT_CONNECTED)
    desk.accept_and_finish(telephone)
    [(waited, outcome)] = stack.rows(
        "SELECT extract(epoch FROM looked.at - call.arrived_at), api.outcome"
        " FROM renkei_call call JOIN renkei_ivrstep looked ON looked.call_id = call.id AND looked.kind = 'looked_up'"
        " JOIN renkei_externalapicall api ON api.call_id = call.id ORDER BY call.id DESC LIMIT 1"
    )
    assert 2.5 < waited < 6, "the budget is three seconds"
    assert outcome != "ok"


@pytest.mark.parametrize(
    "number", ["<img src=x onerror=document.title='ran'>", "'; DROP TABLE renkei_call; --", "\u202e8765-4321-090"]
)
def test_a_hostile_caller_number_is_inert_on_every_screen(
    number: str, stack: Stack, open_tab: Callable[[str], Page]
) -> None:
    desk = Desk.sit_down(open_tab)
    telephone = Telephone.dial(open_tab, number=number)
    desk.expect_stage("ringing")
    desk.accept_and_finish(telephone)
    page = open_newest_call(open_tab)
    for shown in (desk.page, telephone.page, page):
        assert "ran" not in shown.title()
        expect(shown.locator("img[src=x]")).to_have_count(0)
    [(unknown, e164)] = stack.rows("SELECT caller_unknown, caller_e164 FROM renkei_call ORDER BY id DESC LIMIT 1")
    assert (unknown, e164) == ("unparsable", None)

"""An agent finds the same customer twice, merges the two from case main, and takes it back (R164, R165, B4)."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ADD_CUSTOMER = """
INSERT INTO renkei_customer (name, name_kana, sort_key, phone, e164, email, email_key, note, created_at, updated_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, now(), now()) RETURNING id
"""
ADD_CASE = """
INSERT INTO renkei_case (title, customer_id, business_group_id, state, created_at, updated_at)
SELECT %s, %s, min(id), 'open', now(), now() FROM renkei_businessgroup RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Doubles:
    """One person, twice: as an operator entered her, and as a chat brought her. ``case`` is the chat's."""

    known: int
    again: int
    case: int


def make_doubles(stack: Stack, word: str) -> Doubles:
    """``word`` keeps the stories apart."""
    mail, phone = f"{word}@example.jp", ("090-7777-0001", "+819077770001")
    ((known,),) = stack.rows(
        ADD_CUSTOMER, f"旅野 花子{word}", "タビノ ハナコ", "たびの はなこ", "", None, mail, mail, "折り返しは午後に"
    )
    ((again,),) = stack.rows(
        ADD_CUSTOMER,
        f"旅野花子 ({word})",
        "",
        f"\uffff旅野花子({word})",
        *phone,
        mail.upper(),
        mail,
        "ポイント失効の件",
    )
    ((case,),) = stack.rows(ADD_CASE, "ポイントの有効期限", again)
    stack.rows(ADD_CASE, "領収書の再発行", known)
    return Doubles(known, again, case)


def confirm(page: Page) -> None:
    page.locator("#confirm-dialog").get_by_role("button", name="OK").click()


def owner_of(stack: Stack, case: int) -> int:
    ((owner,),) = stack.rows("SELECT customer_id FROM renkei_case WHERE id = %s", case)
    return int(owner)


def test_a_double_is_merged_from_case_main_and_the_merge_taken_back(
    open_tab: Callable[[str], Page], stack: Stack
) -> None:
    """Proves R164, R165, B4."""
    doubles = make_doubles(stack, "tabi")
    before = stack.rows("SELECT * FROM renkei_customer ORDER BY id")
    page = open_tab(f"/console/cases/{doubles.case}/")
    page.get_by_role("link", name="旅野花子 (tabi) を名寄せする").click()
    found = page.get_by_role("region", name="同一人物の候補").get_by_role("row", name="旅野 花子tabi")
    expect(found).to_contain_text("メールアドレスが同じ")
    found.get_by_role("link").click()
    expect(page.locator("#moves")).to_contain_text("残る顧客へ移るケース: 1件")
    page.locator("[data-field=name] input[value=survivor]").check()
    page.locator("[data-field=note] input[value=both]").check()
    page.get_by_label("同一人物であることを確認しました。").check()
    page.get_by_role("button", name="名寄せする", exact=True).click()
    confirm(page)
    expect(page.locator("#messages")).to_contain_text("名寄せしました")
    expect(page).to_have_url(f"{stack.url}/console/cases/{doubles.case}/")
    expect(page.locator(".pane-name")).to_contain_text("旅野 花子tabi")
    assert owner_of(stack, doubles.case) == doubles.known
    values = "SELECT phone, note FROM renkei_customer WHERE id = %s"
    assert stack.rows(values, doubles.known) == [("090-7777-0001", "折り返しは午後に\nポイント失効の件")]
    page.goto(f"{stack.url}/console/customers/{doubles.known}/")
    page.locator("#merges").get_by_role("link", name="取り消す").click()
    expect(page.locator("#moves")).to_contain_text("一緒に戻るケース: 1件")
    page.get_by_role("button", name="取り消す", exact=True).click()
    confirm(page)
    expect(page.locator("#messages")).to_contain_text("名寄せを取り消しました")
    expect(page.locator("#merges")).to_contain_text("取り消し済み")
    assert owner_of(stack, doubles.case) == doubles.again
    assert stack.rows("SELECT * FROM renkei_customer ORDER BY id") == before

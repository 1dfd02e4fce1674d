"""An administrator sets an import up from nothing, repairs what was set aside, and restarts after a change."""

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from renkei.cli.emulate.closed.desk import DEMO_TOKEN, STANDARD_PATH
from tests.journeys.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

WITHIN = 60_000
"""Milliseconds for what the jobs process does beside us."""


@pytest.fixture(scope="module", autouse=True)
def jobs(stack: Stack) -> Iterator[None]:
    """The process that carries out tests and runs services, for these stories only."""
    if "jobs" in stack.children:
        yield
        return
    stack.start("jobs")
    yield
    stack.end("jobs")


def put_in(stack: Stack, **wanted: object) -> None:
    """A closed chat of the emulated chat system."""
    stack.ask_emulator("POST", "/control/closed/chats", {"system": "standard", "minutes_ago": 5, **wanted})


def press_and_confirm(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()
    page.locator("#confirm-dialog").get_by_role("button", name="OK").click()


def expect_saved(page: Page) -> None:
    expect(page.locator("#messages")).to_contain_text("保存しました")


def make_setting(page: Page, stack: Stack, name: str) -> str:
    """A chat setting of the standard chat API, made on the screen; returns its id."""
    page.goto(f"{stack.url}/console/chat-settings/new/")
    page.get_by_label("標準チャットAPI", exact=True).check()
    page.get_by_role("button", name="次へ").click()
    page.locator("[name=name]").fill(name)
    page.locator("[name=group]").select_option(index=1)
    page.locator("[name=call_url]").fill(stack.emulator + STANDARD_PATH)
    page.locator("[name=default_agent]").select_option(index=1)
    page.locator("[name=is_enabled]").check()
    page.locator("[name=interval_seconds]").fill("10")
    page.locator("[name=connector_token]").fill(DEMO_TOKEN)
    press_and_confirm(page, "保存")
    expect_saved(page)
    found = re.search(r"chat-settings/(\d+)/$", page.url)
    assert found is not None
    return found[1]


def start_service(page: Page, stack: Stack, setting_id: str) -> None:
    page.goto(f"{stack.url}/console/services/{setting_id}/")
    page.get_by_role("button", name="開始", exact=True).click()
    expect(page.locator("[data-state=running]")).to_be_visible(timeout=WITHIN)


def stop_service(page: Page, stack: Stack, setting_id: str) -> None:
    page.goto(f"{stack.url}/console/services/{setting_id}/")
    press_and_confirm(page, "停止")
    expect(page.locator("#messages")).to_contain_text("停止を指示しました")


def test_from_nothing_to_the_first_imported_interaction(open_tab: Callable[[str], Page], stack: Stack) -> None:
    """A template, a setting with a connection test, its service started: the chat stands there as a closed interaction
    with the template's title. Proves R141, R170, R176, R183."""
    put_in(stack, id="JRN-FIRST-1", texts=["最初の取り込みの相談です"])
    page = open_tab("/console/business-groups/")
    first = page.locator("a.row-link").first
    group = first.inner_text()
    first.click()
    page.get_by_role("link", name="新規").first.click()
    page.locator("[name=name]").fill("旅の型")
    page.locator("[name=item_title]").fill("旅の取込 ")
    page.get_by_role("button", name="チャットID", exact=True).click()
    expect(page.locator("#preview")).to_contain_text("旅の取込 CH-20481")
    press_and_confirm(page, "保存")
    expect_saved(page)
    setting_id = make_setting(page, stack, "旅の窓口")
    page.goto(f"{stack.url}/console/chat-settings/{setting_id}/edit/")
    page.locator("[name=template]").evaluate("(it) => it.dataset.before = 'yes'")
    page.locator("[name=group]").select_option(label=group)
    expect(page.locator("[name=template][data-before]")).to_have_count(0)  # the field was renewed
    expect(page.locator("[name=template] option", has_text="旅の型")).to_have_count(1)
    page.locator("[name=template]").select_option(label="旅の型")
    press_and_confirm(page, "保存")
    expect_saved(page)
    expect(page.locator("main .fact", has_text="コール作成設定")).to_contain_text("旅の型")
    page.locator("#connection-test button").click()
    expect(page.locator("#connection-test-result")).to_contain_text("接続できました", timeout=WITHIN)
    page.goto(f"{stack.url}/console/services/")
    row = page.locator("tr", has_text="旅の窓口")
    expect(row).to_contain_text("チャット連係処理")
    expect(row).to_contain_text("停止")
    start_service(page, stack, setting_id)
    expect(page.locator("[data-tally=done]")).not_to_have_text("0", timeout=WITHIN)
    found = stack.rows(
        "SELECT state, values ->> 'title' FROM renkei_interaction WHERE setting_id = %s AND external_id = %s",
        int(setting_id),
        "JRN-FIRST-1",
    )
    assert found == [("closed", "旅の取込 JRN-FIRST-1")]
    page.goto(f"{stack.url}/console/cases/")
    expect(page.get_by_text("旅の取込 JRN-FIRST-1").first).to_be_visible()
    stop_service(page, stack, setting_id)


def test_a_chat_set_aside_is_repaired_and_imported(open_tab: Callable[[str], Page], stack: Stack) -> None:
    """Its neighbours are imported meanwhile."""
    put_in(stack, id="JRN-POISON-1", poison="messages_are_text")
    put_in(stack, id="JRN-HEALTHY-1")
    page = open_tab("/console/services/")
    setting_id = make_setting(page, stack, "修理の窓口")
    start_service(page, stack, setting_id)
    expect(page.locator("[data-tally=quarantined]")).not_to_have_text("0", timeout=WITHIN)
    page.get_by_role("link", name="保留中のチャット").click()
    page.get_by_role("link", name="JRN-POISON-1").click()
    expect(page.get_by_text("項目の型が異なるか、項目がありません。")).to_be_visible()
    editor = page.locator("[name=payload]")
    broken = json.loads(editor.input_value())
    editor.fill("{これはJSONではない")
    press_and_confirm(page, "保存して再試行")
    expect(page.locator(".field-error")).to_contain_text("JSON")
    editor.fill(json.dumps({**broken, "messages": []}, ensure_ascii=False))
    press_and_confirm(page, "保存して再試行")
    expect(page.locator("#messages")).to_contain_text("処理待ちになりました")
    page.get_by_role("link", name="状態", exact=True).click()
    expect(page.locator("[data-tally=quarantined]")).to_have_text("0", timeout=WITHIN)
    expect(page.locator("[data-tally=pending]")).to_have_text("0", timeout=WITHIN)
    imported = stack.rows(
        "SELECT coalesce(nullif(item.source_id, ''), item.external_id) FROM renkei_inboxitem item"
        " JOIN renkei_interaction interaction ON interaction.id = item.interaction_id"
        " WHERE item.setting_id = %s AND item.state = 'done' AND interaction.state = 'closed'",
        int(setting_id),
    )
    assert {("JRN-POISON-1",), ("JRN-HEALTHY-1",)} <= set(imported)
    stop_service(page, stack, setting_id)


def test_a_changed_setting_waits_for_one_press_of_restart(open_tab: Callable[[str], Page], stack: Stack) -> None:
    """The page that stands open shows it by itself. Proves R184, R185, R186."""
    page = open_tab("/console/services/")
    setting_id = make_setting(page, stack, "再起動の窓口")
    start_service(page, stack, setting_id)
    watching = open_tab(f"/console/services/{setting_id}/")
    expect(watching.get_by_text("再起動が必要")).to_have_count(0)
    page.goto(f"{stack.url}/console/chat-settings/{setting_id}/edit/")
    page.locator("[name=interval_seconds]").fill("77")
    press_and_confirm(page, "保存")
    expect_saved(page)
    difference = watching.locator("tr", has_text="取り込み間隔(秒)")
    expect(difference).to_contain_text("10")
    expect(difference).to_contain_text("77")
    watching.locator("#service-deeds").get_by_role("button", name="再起動", exact=True).click()
    expect(watching.locator("#messages")).to_contain_text("再起動しました")
    expect(watching.get_by_text("再起動が必要")).to_have_count(0)
    expect(watching.locator("[data-state=running]")).to_be_visible(timeout=WITHIN)
    running = "SELECT snapshot ->> 'interval_seconds' FROM renkei_importservice WHERE setting_id = %s"
    assert stack.rows(running, int(setting_id)) == [("77",)]
    stop_service(watching, stack, setting_id)

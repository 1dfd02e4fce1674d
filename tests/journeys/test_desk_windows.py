"""The three windows of a call in a real browser: what the line's actions announce is what the agent sees."""

import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, Route, expect
from pytest_django.plugin import DjangoDbBlocker

from renkei import clock
from renkei.actions.accounts.sessions import tell_sessions_ended
from renkei.domain.chat import Kind, Speaker
from renkei.domain.matching import Outcome
from renkei.domain.phone import NoNumber
from renkei.models import Call, CallCommand, CallRing, Presence
from tests.conftest import DatabaseUrls
from tests.database import let_go_of_connections, renew_database
from tests.journeys.desk_office import DeskOffice, Person, open_office
from tests.journeys.line_told import said

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

CUSTOMER, BOT = Speaker.CUSTOMER, Speaker.BOT
CHAT = (
    said(CUSTOMER, "商品が届きません😢", minutes=40),
    said(BOT, "ご注文番号をお知らせください", minutes=39),
    said(CUSTOMER, "", kind=Kind.IMAGE, url="https://files.example.jp/a.jpg", minutes=38),
    said(CUSTOMER, "https://www.example.jp/orders/77", minutes=37),
    said(CUSTOMER, "<img src=x onerror=alert(1)> https://evil.example/ です", minutes=36),
    said(BOT, "お電話でご案内します", minutes=35),
)
NOTICE, ROUTE, WINDOW = ('[data-window="notice"]', '[data-window="route"]', '[data-window="chat"]')


@pytest.fixture(scope="module")
def office(
    database_urls: DatabaseUrls,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[DeskOffice]:
    """One office for all stories here; each has agents of its own."""
    with django_db_blocker.unblock():
        with open_office(database_urls, tmp_path_factory.mktemp("desk")) as opened:
            yield opened
        let_go_of_connections()
        renew_database()


def _hold_back(page: Page, part: str) -> list[Route]:
    """Let the server's answer to this part of a call wait until the test lets it go."""
    waiting: list[Route] = []
    page.route(re.compile(rf"/desk/calls/\d+/{part}/"), lambda route: waiting.append(route))
    return waiting


def test_notice_and_route_open_together_and_wait_for_nothing(office: DeskOffice) -> None:
    """On ringing both stand there at once, the route with its 読み込み中..., while route and chat are held back.

    Proves R85, R86, R87, R88, R89.
    """
    person = office.hire()
    with office.desk(person) as page:
        routes, chats = _hold_back(page, "route"), _hold_back(page, "chat")
        teller = office.ringing(person, lambda it: it.link(*CHAT))
        expect(page.locator(f"{NOTICE} [data-caller]")).to_have_text(teller.typed)
        expect(page.locator(f"{ROUTE} [data-body]")).to_have_text("読み込み中...")
        expect(page.locator(WINDOW)).to_have_count(0)
        expect(page.get_by_role("button", name="応答")).to_be_enabled()
        routes[0].continue_()
        expect(page.locator(ROUTE)).to_contain_text("チャット連携IVR")
        expect(page.locator(WINDOW)).to_have_count(0)
        chats[0].continue_()
        expect(page.locator(f"{WINDOW} .chat-line")).to_have_count(len(CHAT))


def test_the_chat_stands_left_and_right_in_time_order_without_times_and_copies(office: DeskOffice) -> None:
    """Customer left, service right, top to bottom; no time, no copy; what a customer typed is only text.

    Proves R1, R79, R80, R90, R91, R92, R93, R95.
    """
    person = office.hire()
    with office.desk(person) as page:
        office.ringing(person, lambda it: it.link(*CHAT))
        lines = page.locator(f"{WINDOW} .chat-line")
        expect(lines).to_have_count(len(CHAT))
        boxes = [lines.nth(number).bounding_box() for number in range(len(CHAT))]
        tops = [box["y"] for box in boxes if box]
        assert tops == sorted(tops)
        middle = page.locator(f"{WINDOW} .chat").bounding_box()
        assert middle is not None
        is_left = [bool(box) and box["x"] < middle["x"] + middle["width"] / 4 for box in boxes if box]
        assert is_left == [message.speaker is CUSTOMER for message in CHAT]
        expect(page.locator(f"{WINDOW} time")).to_have_count(0)
        expect(page.locator(f"{WINDOW} button")).to_have_count(0)
        assert page.locator(f"{WINDOW} .chat").evaluate("chat => getComputedStyle(chat).userSelect") == "none"
        expect(lines.nth(4)).to_contain_text("<img src=x onerror=alert(1)> https://evil.example/ です")
        expect(page.locator(f"{WINDOW} a")).to_have_text(["リンクを開く", "リンクを開く"])
        expect(page.locator(WINDOW)).to_contain_text("番号一致のみ・本人確認前")


def test_a_link_leads_to_another_tab_that_names_the_host_first(office: DeskOffice) -> None:
    """Proves R94."""
    person = office.hire()
    with office.desk(person) as page:
        office.ringing(person, lambda it: it.link(*CHAT))
        with page.context.expect_page() as opened:
            page.locator(f"{WINDOW} a").nth(1).click()
        leaving = opened.value
        expect(leaving.locator("[data-host]")).to_have_text("www.example.jp")
        out = leaving.get_by_role("link", name="このサイトを開く")
        assert out.get_attribute("href") == "https://www.example.jp/orders/77"
        assert leaving.evaluate("window.opener") is None


def test_emoji_in_the_chat_are_coloured_pixels(office: DeskOffice) -> None:
    """The pixels of an emoji are not all of one hue, as an outline's are.

    Proves R98, D15.
    """
    person = office.hire()
    with office.desk(person) as page:
        office.ringing(person, lambda it: it.link(said(CUSTOMER, "😢")))
        words = page.locator(f"{WINDOW} .chat-words p")
        expect(words).to_have_text("😢")
        saturated = page.evaluate(
            """async (base64) => {
              const picture = new Image();
              picture.src = `data:image/png;base64,${base64}`;
              await picture.decode();
              const canvas = new OffscreenCanvas(picture.width, picture.height);
              const context = canvas.getContext("2d");
              context.drawImage(picture, 0, 0);
              const { data } = context.getImageData(0, 0, picture.width, picture.height);
              let count = 0;
              for (let i = 0; i < data.length; i += 4) {
                const [r, g, b] = [data[i], data[i + 1], data[i + 2]];
                if (Math.max(r, g, b) - Math.min(r, g, b) > 90) count += 1;
              }
              return count;
            }""",
            b64encode(words.screenshot()).decode(),
        )
        assert saturated > 20


@pytest.mark.parametrize(
    ("outcome", "caller", "text"),
    [
        (Outcome.REQUEST_ERROR, None, "チャット接続に失敗しました"),
        (
            Outcome.NO_CALLER,
            NoNumber.WITHHELD,
            "お客様が誤った電話番号をチャット入力したか、24時間以内のチャット利用がありません",
        ),
        (Outcome.BAD_PROJECT, None, "チャットを取得できませんでした"),
    ],
)
def test_an_error_of_the_link_stands_in_the_window(
    office: DeskOffice, outcome: Outcome, caller: NoNumber | None, text: str
) -> None:
    """The stored result's own words, and where to look; the call rings all the same.

    Proves R99, R120, R121, R126.
    """
    person = office.hire()
    with office.desk(person) as page:
        office.tell(
            office.call(),
            lambda it: it.arrive(f"error-{outcome}", caller=caller),
            lambda it: it.link(outcome=outcome),
            lambda it: it.ring(person.agent),
        )
        expect(page.locator(f"{WINDOW} .desk-error-text")).to_have_text(text)
        expect(page.locator(WINDOW)).to_contain_text("IVR履歴および外部API連携履歴からエラーの詳細をご確認ください。")
        expect(page.get_by_role("button", name="応答")).to_be_enabled()


def test_a_chat_that_cannot_be_fetched_says_so_at_once_and_recovers(office: DeskOffice) -> None:
    """Only the browser raises this one; trying again brings the chat.

    Proves R131, R135.
    """
    person = office.hire()
    with office.desk(person) as page:
        address = re.compile(r"/desk/calls/\d+/chat/")
        page.route(address, lambda route: route.abort("connectionrefused"))
        office.ringing(person, lambda it: it.link(*CHAT))
        expect(page.locator(f"{WINDOW} .desk-error-text")).to_have_text("サーバ接続に失敗しました")
        expect(page.locator(f"{NOTICE} [data-caller]")).to_be_visible()
        page.unroute(address)
        page.get_by_role("button", name="再試行").click()
        expect(page.locator(f"{WINDOW} .chat-line")).to_have_count(len(CHAT))


def test_five_seconds_after_ringing_silence_becomes_a_sentence(office: DeskOffice) -> None:
    """A fetch that never ends opens the window with R131 at the deadline, and a late answer replaces it."""
    person = office.hire()
    with office.desk(person, before=lambda page: page.clock.install()) as page:
        chats = _hold_back(page, "chat")
        office.ringing(person, lambda it: it.link(*CHAT))
        expect(page.get_by_role("button", name="応答")).to_be_enabled()
        expect(page.locator(WINDOW)).to_have_count(0)
        page.clock.fast_forward(5_000)
        expect(page.locator(f"{WINDOW} .desk-error-text")).to_have_text("サーバ接続に失敗しました")
        chats[0].continue_()
        expect(page.locator(f"{WINDOW} .chat-line")).to_have_count(len(CHAT))


def test_a_call_that_did_not_pass_the_linkage_ivr_opens_no_chat_window(office: DeskOffice) -> None:
    """Even with both ticks."""
    person = office.hire()
    with office.desk(person) as page:
        office.tell(office.call(through_linkage=False), lambda it: it.arrive("plain"), lambda it: it.ring(person.agent))
        expect(page.locator(f"{NOTICE} [data-popup='no']")).to_be_visible()
        expect(page.locator(WINDOW)).to_have_count(0)


@pytest.mark.parametrize("dialog", ["menu-search", "desk-shortcuts"])
def test_a_ring_lies_under_no_dialog_and_what_is_still_typed_does_nothing(office: DeskOffice, dialog: str) -> None:
    """The menu search and the sheet of shortcuts close for it; the keys under way fall on no button."""
    person = office.hire()
    with office.desk(person) as page:
        page.locator('[data-presence-choice="away"]').focus()
        page.keyboard.press("Control+k" if dialog == "menu-search" else "?")
        expect(page.locator(f"#{dialog}")).to_be_visible()
        teller = office.ringing(person, lambda it: it.link(*CHAT))
        expect(page.get_by_role("button", name="応答")).to_be_enabled()
        expect(page.locator("dialog[open]")).to_have_count(0)
        page.keyboard.type("履歴 a ")
        page.keyboard.press("Enter")
        expect(page.locator(f"{WINDOW} .chat-line")).to_have_count(len(CHAT))
        assert page.evaluate("document.activeElement.id") == "main"
        assert _asked(office, teller.id) == []
        expect(page.locator('[data-presence-choice="away"]')).to_have_attribute("aria-pressed", "false")


def test_one_escape_closes_the_menu_search_with_what_was_typed(office: DeskOffice) -> None:
    """The browser's own first Escape would only empty the field; while Japanese is composed, Escape belongs to it."""
    person = office.hire()
    with office.desk(person) as page:
        page.locator("#desk-help").focus()
        page.keyboard.press("Control+k")
        box = page.locator("#menu-search input")
        box.fill("履歴")
        for key in ("Escape", "Enter"):
            composing = {"key": key, "isComposing": True, "bubbles": True, "cancelable": True}
            box.evaluate("(box, init) => box.dispatchEvent(new KeyboardEvent('keydown', init))", composing)
        expect(page.locator("#menu-search")).to_be_visible()
        assert page.url.endswith("/desk/")
        page.keyboard.press("Escape")
        expect(page.locator("#menu-search")).to_be_hidden()
        assert page.evaluate("document.activeElement.id") == "desk-help"
        page.keyboard.press("Control+k")
        expect(box).to_have_value("")


def test_the_notice_counts_from_the_beginning_of_the_ring_also_after_a_reload(office: DeskOffice) -> None:
    """Neither the time in the IVR before it nor the moment at which this page got it."""
    person = office.hire()
    teller = office.tell(office.call(), lambda it: it.arrive("rang-long-ago"))
    office.stored(lambda: Call.objects.filter(pk=teller.id).update(arrived_at=clock.now() - timedelta(minutes=9)))
    office.tell(teller, lambda it: it.ring(person.agent))
    rings = CallRing.objects.filter(call_id=teller.id)
    office.stored(lambda: rings.update(rang_at=clock.now() - timedelta(seconds=61)))
    with office.desk(person) as page:
        timer = page.locator(f"{NOTICE} renkei-timer")
        expect(timer).to_have_text(re.compile(r"1:[0-5]\d"))
        before = timer.inner_text()
        page.reload()
        expect(timer).to_have_text(re.compile(r"1:[0-5]\d"))
        assert timer.inner_text() >= before


def test_the_windows_close_when_stale(office: DeskOffice) -> None:
    """A ring that is taken back leaves nothing, and a missed one says so. Proves B7."""
    person = office.hire()
    with office.desk(person) as page:
        teller = office.ringing(person, lambda it: it.link(*CHAT))
        expect(page.locator(f"{WINDOW} .chat-line")).to_have_count(len(CHAT))
        office.tell(teller, lambda it: it.take_back("no_answer"))
        expect(page.locator(NOTICE)).to_have_count(0)
        expect(page.locator("[data-alert='missed']")).to_contain_text("不在")
        expect(page.locator("[data-presence='offline']")).to_have_text(re.compile("不在"))


def test_keys_and_buttons_ask_the_worker_and_after_call_work_ends_it(office: DeskOffice) -> None:
    """Alt+A accepts, Alt+M mutes, Alt+H hangs up, 完了 closes the windows and makes the agent 受付可 again."""
    person = office.hire()
    with office.desk(person) as page:
        teller = office.ringing(person, lambda it: it.link(*CHAT))
        expect(page.get_by_role("button", name="応答")).to_be_enabled()
        with page.expect_response(re.compile("/ask/accept/")):
            page.keyboard.press("Alt+a")
        expect(page.get_by_role("button", name="応答")).to_be_disabled()
        assert _asked(office, teller.id) == ["accept"]
        office.tell(teller, lambda it: it.answer(person.agent))
        page.get_by_role("button", name="切断").wait_for()
        page.keyboard.press("Alt+m")
        expect(page.locator("[data-muted]")).to_be_visible()
        with page.expect_response(re.compile("/ask/hang_up/")):
            page.keyboard.press("Alt+h")
        expect(page.get_by_role("button", name="切断")).to_be_disabled()
        assert _asked(office, teller.id) == ["accept", "hang_up"]
        office.tell(teller, lambda it: it.end())
        page.get_by_role("button", name="離席").click()
        page.get_by_role("button", name="完了").click()
        expect(page.locator(NOTICE)).to_have_count(0)
        expect(page.locator("[data-presence='away']")).to_be_visible()
        assert office.stored(lambda: Presence.objects.get(agent_id=person.agent).state) == "away"


def _asked(office: DeskOffice, call: int) -> list[str]:
    rows = CallCommand.objects.filter(call_id=call).order_by("id")
    return office.stored(lambda: list(rows.values_list("kind", flat=True)))


def test_a_reload_during_a_call_restores_everything(office: DeskOffice) -> None:
    """Notice, route and chat of the call that is up, from the server alone. Proves B7."""
    person = office.hire()
    with office.desk(person) as page:
        teller = office.ringing(person, lambda it: it.link(*CHAT), lambda it: it.label())
        office.tell(teller, lambda it: it.answer(person.agent))
        page.get_by_role("button", name="切断").wait_for()
        page.reload()
        page.get_by_role("button", name="切断").wait_for()
        expect(page.locator(ROUTE)).to_contain_text("チャット流入")
        expect(page.locator(f"{WINDOW} .chat-line")).to_have_count(len(CHAT))


def test_tabs_share_one_stream_and_another_takes_over(office: DeskOffice) -> None:
    """Two tabs open one connection and show the same; when the first closes, the second misses nothing.

    Proves B7.
    """
    person = office.hire()
    with office.signed_in(person) as context:
        streams: list[str] = []
        context.on("request", lambda request: streams.append(request.url) if "/events" in request.url else None)
        first, second = context.new_page(), context.new_page()
        office.open_desk(first)
        office.open_desk(second)
        teller = office.ringing(person, lambda it: it.link(*CHAT))
        for page in (first, second):
            expect(page.locator(f"{WINDOW} .chat-line")).to_have_count(len(CHAT))
        assert len(streams) == 1
        first.close()
        office.tell(teller, lambda it: it.answer(person.agent))
        second.get_by_role("button", name="切断").wait_for()
        assert len(streams) == 2
        assert "after=" in streams[1]


def test_an_agent_sees_nothing_of_anothers_call(office: DeskOffice) -> None:
    """Neither by the stream nor by the address."""
    person, other = office.hire(), office.hire()
    with office.desk(other) as page:
        teller = office.ringing(person, lambda it: it.link(*CHAT))
        for part in ("notice", "route", "chat"):
            answer = page.request.get(f"{office.server.url}/desk/calls/{teller.id}/{part}/")
            assert answer.status == 404
        # The other's own call comes later in the same stream; had the first been told, it would stand there.
        office.ringing(other)
        expect(page.locator(NOTICE)).to_have_count(1)


def test_messages_that_come_during_the_call_appear_in_the_open_window(office: DeskOffice) -> None:
    """Live context (B12)."""
    person = office.hire()
    with office.desk(person) as page:
        teller = office.ringing(person, lambda it: it.link(*CHAT))
        expect(page.locator(f"{WINDOW} .chat-line")).to_have_count(len(CHAT))
        late = said(CUSTOMER, "いま電話しています", minutes=0)
        office.tell(teller, lambda it: it.grow(*CHAT, late))
        expect(page.locator(f"{WINDOW} .chat-line").last).to_contain_text("いま電話しています")


def test_times_and_copy_are_there_for_who_switched_them_on(office: DeskOffice) -> None:
    """Proves D10."""
    person = office.hire(extras=True)
    with office.desk(person) as page:
        office.ringing(person, lambda it: it.link(*CHAT))
        expect(page.locator(f"{WINDOW} time")).to_have_count(len(CHAT))
        expect(page.get_by_role("button", name="個別コピー")).to_have_count(len(CHAT))


def test_cti_settings_are_ticked_by_number_and_kept(office: DeskOffice) -> None:
    """Proves R81, R82, R83."""
    person = office.hire(show_chat=False, ticked=False)
    with office.desk(person) as page:
        page.get_by_role("link", name="CTI設定").click()
        expect(page.locator(".trail")).to_have_text(re.compile(r"設定\s*CTI設定"))
        expect(page.get_by_role("heading", name="基本設定")).to_be_visible()
        expect(page.get_by_text("CTI連携する電話番号をチェック", exact=True)).to_be_visible()
        page.get_by_label(re.compile("チャット専用ダイヤル")).check()
        page.get_by_label("チャット表示機能を有効にする").check()
        page.get_by_role("button", name="保存").click()
        expect(page.locator("#confirm-question")).to_have_text("保存しますか?")
        page.get_by_role("button", name="OK").click()
        # The answer of the saving, not the box just ticked: leaving while it is under way aborts the next page.
        expect(page.get_by_text("保存しました。")).to_be_visible()
        expect(page.get_by_label(re.compile("チャット専用ダイヤル"))).to_be_checked()
        page.goto(f"{office.server.url}/desk/")
        page.locator("#desk-today :is(table, .desk-none)").wait_for()
        office.ringing(person, lambda it: it.link(*CHAT))
        expect(page.locator(f"{WINDOW} .chat-line")).to_have_count(len(CHAT))


def test_signing_out_elsewhere_clears_the_screen(office: DeskOffice) -> None:
    """Nothing personal stays on a desk whose session has ended."""
    person = office.hire()
    with office.desk(person) as page:
        office.ringing(person, lambda it: it.link(*CHAT))
        expect(page.locator(f"{WINDOW} .chat-line")).to_have_count(len(CHAT))
        office.stored(lambda: _end_session(person))
        expect(page.locator("[data-alert='ended']")).to_be_visible()
        expect(page.locator(NOTICE)).to_have_count(0)


def _end_session(person: Person) -> None:
    Session.objects.filter(session_key=person.session).delete()
    tell_sessions_ended(person.user)

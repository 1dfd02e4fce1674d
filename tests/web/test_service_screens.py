"""サービス管理 > サービス設定 > 通常サービス: list, states, restart pending, what is set aside, reports."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from renkei import clock
from renkei.actions.services.control import start_service
from renkei.actions.settings.chat_settings import edit_chat_setting
from renkei.models import (
    AuditEntry,
    ChatSetting,
    ChatTombstone,
    ImportRun,
    ImportService,
    InboxItem,
    Reconciliation,
    User,
)
from renkei.permissions import ADMINISTRATOR, SUPERVISOR
from tests.chat_setting_office import entered, make_setting, service_of, set_aside
from tests.sample_centre import make_person, sign_in

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def person() -> User:
    return make_person(ADMINISTRATOR)


@pytest.fixture
def client(person: User) -> Client:
    return sign_in(person)


@pytest.fixture
def setting(person: User) -> ChatSetting:
    return make_setting(person)


def read(client: Client, name: str, *args: Any) -> str:
    answer = client.get(reverse(f"console:{name}", args=args))
    assert answer.status_code == 200
    return answer.content.decode().split("<main")[1].split("</main>")[0]


def press(client: Client, name: str, *args: Any, **sent: Any) -> str:
    answer = client.post(reverse(f"console:{name}", args=args), sent, follow=True)
    assert answer.status_code == 200
    return answer.content.decode().split("<main")[1].split("</main>")[0]


def beat(setting: ChatSetting, *, seconds_ago: float = 1, **changed: Any) -> None:
    now = clock.now()
    started = now - timedelta(minutes=5)
    given = {"beat_at": now - timedelta(seconds=seconds_ago), "snapshot_at": started, "lease_until": now}
    ImportService.objects.filter(setting=setting).update(**{**given, **changed})


def test_making_a_chat_setting_makes_its_service_appear(client: Client, person: User) -> None:
    """Proves R183."""
    assert "サービスはまだありません" in read(client, "services")
    make_setting(person)
    page = read(client, "services")
    for words in ("サービス管理", "サービス設定", "通常サービス", "チャット連係処理", "注文窓口のチャット", "停止"):
        assert words in page


def test_a_service_is_started_run_restarted_and_stopped_from_its_screen(client: Client, setting: ChatSetting) -> None:
    """Proves R184, R186."""
    assert "起動中" in press(client, "start_service", setting.pk)
    beat(setting)
    assert "実行中" in read(client, "service", setting.pk)
    press(client, "run_service", setting.pk)
    assert service_of(setting).run_asked_at is not None
    before = service_of(setting).snapshot_at
    press(client, "restart_service", setting.pk)
    assert service_of(setting).snapshot_at != before
    press(client, "stop_service", setting.pk)
    ImportService.objects.update(lease_until=None)
    assert 'data-state="stopped"' in read(client, "service", setting.pk)
    assert "先に開始してください" in press(client, "run_service", setting.pk)


def test_a_service_without_a_beat_for_30_seconds_shows_as_abnormal(client: Client, setting: ChatSetting) -> None:
    """Proves R186."""
    press(client, "start_service", setting.pk)
    beat(setting, seconds_ago=31)
    assert "停止(異常)" in read(client, "service", setting.pk)
    assert "停止(異常)" in read(client, "services")
    beat(setting, seconds_ago=29)
    assert "停止(異常)" not in read(client, "service", setting.pk)


def test_restart_pending_is_shown_field_by_field_and_one_press_ends_it(
    client: Client, person: User, setting: ChatSetting
) -> None:
    """Proves R184, R185."""
    start_service(person, setting.pk)
    changed = entered(setting.default_agent, interval_seconds=45, secrets={"token": "tok-new"})
    edit_chat_setting(person, setting.pk, changed)
    assert "再起動が必要" in read(client, "services")
    page = read(client, "service", setting.pk)
    assert "再起動が必要" in page
    row = page[page.index("取り込み間隔(秒)") :].split("</tr>")[0]
    assert ("300" in row, "45" in row) == (True, True)
    assert "変更あり" in page
    assert "tok-" not in page
    assert "再起動が必要" not in press(client, "restart_service", setting.pk)


def test_the_screens_are_asked_again_and_answer_only_what_is_new(client: Client, setting: ChatSetting) -> None:
    for name, args in (("services", []), ("service", [setting.pk])):
        address = reverse(f"console:{name}", args=args)
        page = client.get(address).content.decode()
        again = re.search(rf'hx-get="{address}\?([^"]+)" hx-trigger="every 2s"', page)
        assert again is not None
        asked = f"{address}?{again[1].replace('&amp;', '&')}"
        assert client.get(asked, headers=HTMX).status_code == 204
        press(client, "start_service", setting.pk)
        answer = client.get(asked, headers=HTMX)
        assert answer.status_code == 200
        assert "起動中" in answer.content.decode()
        assert "<html" not in answer.content.decode()
        press(client, "stop_service", setting.pk)


def test_new_buttons_come_only_when_the_deeds_change(client: Client, setting: ChatSetting) -> None:
    address = reverse("console:service", args=[setting.pk])
    page = client.get(address).content.decode()
    deeds = re.search(r"&amp;deeds=([^\"]+)\"", page)
    assert deeds is not None
    beat(setting)
    assert "hx-swap-oob" not in client.get(f"{address}?deeds={deeds[1]}", headers=HTMX).content.decode()
    press(client, "start_service", setting.pk)
    assert "hx-swap-oob" in client.get(f"{address}?deeds={deeds[1]}", headers=HTMX).content.decode()


def test_a_halted_service_says_why_and_what_to_do(client: Client, person: User, setting: ChatSetting) -> None:
    start_service(person, setting.pk)
    beat(setting, is_halted=True, problem="unreadable_secret")
    page = read(client, "service", setting.pk)
    for words in ("設定に問題があるため、サービスは停止しました", "復号", "「再起動」を押してください", "停止(異常)"):
        assert words in page, words
    assert "設定に問題があるため" not in press(client, "restart_service", setting.pk)


def test_every_fetched_chat_is_imported_set_aside_or_waiting(client: Client, setting: ChatSetting) -> None:
    for number in range(3):
        set_aside(setting, f"Q-{number}")
    for number, state in enumerate(["done"] * 4 + ["pending"] * 2):
        item = set_aside(setting, f"C-{number}")
        InboxItem.objects.filter(pk=item.pk).update(state=state)
    page = read(client, "service", setting.pk)
    told = {name: int(count) for name, count in re.findall(r'data-tally="(\w+)">(\d+)<', page)}
    assert told == {"fetched": 9, "done": 4, "quarantined": 3, "pending": 2}
    assert told["fetched"] == told["done"] + told["quarantined"] + told["pending"]


def test_the_newest_20_runs_stand_there(client: Client, setting: ChatSetting) -> None:
    for number in range(21):
        ImportRun.objects.create(setting=setting, epoch=1, trigger="timer", pages=1_000 + number, ended_at=clock.now())
    ImportRun.objects.create(setting=setting, epoch=1, trigger="button", error="timed_out", ended_at=clock.now())
    page = read(client, "service", setting.pk)
    assert ">1020<" in page
    assert ">1002<" in page
    assert ">1001<" not in page
    assert "時間内に応答がありませんでした" in page


def test_the_report_names_the_chats_that_were_missing(client: Client, setting: ChatSetting) -> None:
    assert "レポートはまだありません" in read(client, "service_reconciliations", setting.pk)
    since = clock.now() - timedelta(days=7)
    Reconciliation.objects.create(setting=setting, since=since, theirs=12, ours=11, missing=["CH-<9>"])
    Reconciliation.objects.create(setting=setting, since=since, error="timed_out")
    page = read(client, "service_reconciliations", setting.pk)
    assert "CH-&lt;9&gt;" in page
    assert "時間内に応答がありませんでした" in page


def test_a_set_aside_chat_is_shown_with_its_reason_and_retried(client: Client, setting: ChatSetting) -> None:
    assert "保留中のチャットはありません" in read(client, "service_inbox", setting.pk)
    one, other = set_aside(setting, "CH-1"), set_aside(setting, "CH-2", error="never_heard_of")
    page = read(client, "service_inbox", setting.pk)
    for words in ("保留中のチャット", "CH-1", "時刻を読み取れません", "never_heard_of"):
        assert words in page, words
    assert "1件のチャットを処理待ち" in press(client, "retry_items", setting.pk, item=one.pk)
    other.refresh_from_db()
    assert other.state == "quarantined"
    assert "1件のチャットを処理待ち" in press(client, "retry_items", setting.pk)
    assert not InboxItem.objects.filter(state="quarantined").exists()


def test_a_chat_is_repaired_or_says_what_is_wrong_with_the_json(client: Client, setting: ChatSetting) -> None:
    item = set_aside(setting, "CH-1", payload='{"id":"CH-1","name":"\\u4f50"}')
    assert "佐" in read(client, "inbox_item", setting.pk, item.pk)
    refused = press(client, "repair_item", setting.pk, item.pk, payload='{"id": <script>')
    assert "JSON" in refused
    assert "&lt;script&gt;" in refused
    item.refresh_from_db()
    assert item.state == "quarantined"
    assert "処理待ち" in press(client, "repair_item", setting.pk, item.pk, payload='{"id": "CH-1", "name": "藤"}')
    item.refresh_from_db()
    assert item.state == "pending"
    assert json.loads(bytes(item.payload)) == {"id": "CH-1", "name": "藤"}


def test_a_chat_is_discarded_with_a_reason_only(client: Client, setting: ChatSetting) -> None:
    item = set_aside(setting, "CH-1")
    press(client, "discard_item", setting.pk, item.pk, reason="  ")
    assert InboxItem.objects.filter(pk=item.pk).exists()
    assert "破棄しました" in press(client, "discard_item", setting.pk, item.pk, reason="試験用のチャット")
    assert not InboxItem.objects.exists()
    assert ChatTombstone.objects.filter(setting=setting).count() == 1


def test_a_record_is_downloaded_as_a_test_pair_and_its_reading_is_written_down(
    client: Client, person: User, setting: ChatSetting
) -> None:
    item = set_aside(setting, "CH-1", payload='{"id":"CH-1"}')
    answer = client.get(reverse("console:inbox_file", args=[setting.pk, item.pk]))
    assert json.loads(answer.content) == {"id": "CH-1"}
    assert "attachment" in answer.headers["Content-Disposition"]
    assert f"standard_{item.pk}.in.json" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    read(client, "inbox_item", setting.pk, item.pk)
    deeds = AuditEntry.objects.filter(action__startswith="chat_import.", object_id=str(item.pk), user=person)
    told = [(deed.action, deed.detail["via"]) for deed in deeds.order_by("id")]
    assert told == [("chat_import.exported", "file"), ("chat_import.read", "page")]


def test_who_may_not_read_chats_sees_the_reason_and_not_the_record(setting: ChatSetting) -> None:
    item = set_aside(setting, "CH-1", payload='{"text":"暗証番号"}')
    group = setting.business_group.name
    client = sign_in(make_person(SUPERVISOR, group=group))
    assert "暗証番号" in read(client, "inbox_item", setting.pk, item.pk)
    client = sign_in(make_person(SUPERVISOR, group="ほかの業務"))
    for name in ("inbox_item", "inbox_file"):
        assert client.get(reverse(f"console:{name}", args=[setting.pk, item.pk])).status_code == 404
    for name in ("service", "service_inbox", "service_reconciliations"):
        assert client.get(reverse(f"console:{name}", args=[setting.pk])).status_code == 404
    blind = make_person(None, rights=["service.view", "service.edit"])
    assert sign_in(blind).get(reverse("console:inbox_file", args=[setting.pk, item.pk])).status_code == 403


def test_who_may_only_look_is_offered_nothing_to_press(setting: ChatSetting) -> None:
    item = set_aside(setting, "CH-1")
    client = sign_in(make_person(SUPERVISOR))
    pages = (("service", [setting.pk]), ("service_inbox", [setting.pk]), ("inbox_item", [setting.pk, item.pk]))
    for name, args in pages:
        assert "<form" not in read(client, name, *args)
    for name in ("start_service", "stop_service", "restart_service", "run_service", "retry_items"):
        assert client.post(reverse(f"console:{name}", args=[setting.pk])).status_code == 403


def test_an_item_of_another_service_is_not_found(client: Client, person: User, setting: ChatSetting) -> None:
    other = make_setting(person, name="もう一つ", agent=setting.default_agent)
    item = set_aside(other, "CH-1")
    assert client.get(reverse("console:inbox_item", args=[setting.pk, item.pk])).status_code == 404
    answer = client.post(reverse("console:discard_item", args=[setting.pk, item.pk]), {"reason": "x"})
    assert answer.status_code == 404
    assert client.post(reverse("console:retry_items", args=[setting.pk]), {"item": item.pk}).status_code == 404
    item.refresh_from_db()
    assert item.state == "quarantined"

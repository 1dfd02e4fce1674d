"""マスタ管理 > SNS設定 > チャット設定: fields, offers, what cannot be changed, who may do what, the connection test."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from renkei.actions.settings.setting_tests import Refusal, begin_setting_test, finish_setting_test
from renkei.domain.setting_test import PageSeen
from renkei.models import ChatSetting, ChatSettingTest, Installation, InteractionTemplate, SnsAgent, User
from renkei.models.secrets import open_fields
from renkei.permissions import ADMINISTRATOR, SUPERVISOR
from tests.chat_setting_office import group_of, make_agent, make_setting
from tests.sample_centre import make_person, sign_in

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
LABELS = (
    "SNS種別", "業務グループ", "チャット設定名", "呼び出しURL", "デフォルト担当者", "コール作成設定", "有効状態",
    "取り込み間隔(秒)", "重複取得時間(分)",
)  # fmt: skip


@pytest.fixture
def person() -> User:
    return make_person(ADMINISTRATOR)


@pytest.fixture
def client(person: User) -> Client:
    return sign_in(person)


def read(client: Client, name: str, *args: Any, **query: Any) -> str:
    answer = client.get(reverse(f"console:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def main_of(html: str) -> str:
    return html.split("<main")[1].split("</main>")[0]


def sent(**changed: Any) -> dict[str, Any]:
    agent = changed.pop("agent", None) or make_agent()
    given = {
        "connector": "standard",
        "name": "配送窓口",
        "group": agent.business_group_id,
        "call_url": "https://chat.example.jp/renkei/v1",
        "default_agent": agent.pk,
        "template": "",
        "is_enabled": "on",
        "interval_seconds": 60,
        "overlap_minutes": 30,
        "connector_token": "tok-s3cr3t",
    }
    return {**given, **changed}


def test_a_setting_is_made_with_a_question_and_its_stored_values(client: Client) -> None:
    """Proves R170, R171, R172, R173, R174, R175, R178, D6."""
    listed = read(client, "chat_settings")
    assert "チャット設定はまだありません" in listed
    for words in ("マスタ管理", "SNS設定", "チャット設定", "新規"):
        assert words in listed
    form = main_of(read(client, "new_chat_setting", connector="standard"))
    for label in LABELS:
        assert label in form
    assert "オフの場合は、必須項目をすべて入力しても設定は有効になりません" in form
    assert "※作成後に変更する事ができませんのでご注意ください。" in form
    assert 'data-confirm="保存しますか?"' in form
    answer = client.post(reverse("console:new_chat_setting"), sent(), follow=True)
    stored = main_of(answer.content.decode())
    for words in ("配送窓口", "https://chat.example.jp/renkei/v1", "オン", "チャット連係処理", "保存しました"):
        assert words in stored
    setting = ChatSetting.objects.get()
    assert (setting.interval_seconds, setting.overlap_minutes, setting.is_enabled) == (60, 30, True)


def test_a_new_setting_is_off_fetches_every_5_minutes_looks_back_a_day_and_reuses_nobody(client: Client) -> None:
    """Proves D8, D17."""
    form = main_of(read(client, "new_chat_setting", connector="standard"))
    assert 'value="300"' in form
    assert 'value="1440"' in form
    assert "checked" not in form


def test_the_default_agent_is_chosen_in_the_setting_and_must_be(client: Client) -> None:
    """Proves R157."""
    agent = make_agent()
    refused = client.post(reverse("console:new_chat_setting"), sent(agent=agent, default_agent=""))
    assert refused.status_code == 200
    assert not ChatSetting.objects.exists()
    stored = client.post(reverse("console:new_chat_setting"), sent(agent=agent), follow=True)
    assert ChatSetting.objects.get().default_agent_id == agent.pk
    assert str(agent) in main_of(stored.content.decode())


def test_only_templates_of_the_chosen_business_group_are_offered(client: Client) -> None:
    """Proves R177."""
    orders, returns = group_of("注文"), group_of("返品")
    InteractionTemplate.objects.create(business_group=orders, name="注文の型")
    InteractionTemplate.objects.create(business_group=returns, name="返品の型")
    assert "の型" not in main_of(read(client, "new_chat_setting", connector="standard"))
    offered = client.get(reverse("console:templates_of_group"), {"group": orders.pk}, headers=HTMX).content.decode()
    assert "注文の型" in offered
    assert "返品の型" not in offered
    chosen = {"group": orders.pk, "template": InteractionTemplate.objects.get(business_group=orders).pk}
    assert "selected>注文の型" in client.get(reverse("console:templates_of_group"), chosen).content.decode()
    for nonsense in ("", "x", "1" * 40, "-1"):
        answer = client.get(reverse("console:templates_of_group"), {"group": nonsense}, headers=HTMX)
        assert "の型" not in answer.content.decode()
    foreign = InteractionTemplate.objects.get(business_group=returns)
    refused = client.post(reverse("console:new_chat_setting"), sent(template=foreign.pk))
    assert refused.status_code == 200
    assert not ChatSetting.objects.exists()


def test_the_chat_system_cannot_be_changed_on_the_screen(client: Client, person: User) -> None:
    """Proves D17."""
    setting = make_setting(person)
    form = main_of(read(client, "edit_chat_setting", setting.pk))
    assert 'name="connector"' not in form
    address = reverse("console:edit_chat_setting", args=[setting.pk])
    refused = client.post(address, sent(agent=setting.default_agent, connector="dec_support"))
    assert refused.status_code == 400
    assert "「SNS種別」は作成後に変更できません" in refused.content.decode()
    setting.refresh_from_db()
    assert (setting.connector, setting.name) == ("standard", "注文窓口のチャット")


def test_a_secret_is_written_and_never_shown(client: Client, person: User) -> None:
    setting = make_setting(person)
    address = reverse("console:edit_chat_setting", args=[setting.pk])
    client.post(address, sent(agent=setting.default_agent, connector_token="tok-anew"))
    client.post(address, sent(agent=setting.default_agent, connector_token=""))
    setting.refresh_from_db()
    assert open_fields(setting.secrets) == {"token": "tok-anew"}
    for name in ("chat_setting", "edit_chat_setting"):
        assert "tok-anew" not in read(client, name, setting.pk)
    assert "保存済み" in main_of(read(client, "chat_setting", setting.pk))


def test_what_was_typed_and_refused_stays(client: Client) -> None:
    typed = sent(call_url="ftp://x", name="消えない名前")
    refused = client.post(reverse("console:new_chat_setting"), typed).content.decode()
    assert "消えない名前" in refused
    assert "field-error" in refused
    assert "tok-s3cr3t" not in refused


def test_a_disabled_default_agent_stays_chosen(client: Client, person: User) -> None:
    setting = make_setting(person)
    User.objects.filter(pk=setting.default_agent.user_id).update(is_active=False)
    form = read(client, "edit_chat_setting", setting.pk)
    assert f'<option value="{setting.default_agent_id}" selected>' in form


def test_a_setting_in_use_is_kept_and_says_why(client: Client, person: User) -> None:
    setting = make_setting(person)
    SnsAgent.objects.create(agent=setting.default_agent, setting=setting, registration_number="op-1")
    answer = client.post(reverse("console:remove_chat_setting", args=[setting.pk]), follow=True)
    assert "使用されているため" in answer.content.decode() or "使用中" in answer.content.decode()
    SnsAgent.objects.all().delete()
    client.post(reverse("console:remove_chat_setting", args=[setting.pk]))
    assert not ChatSetting.objects.exists()


@pytest.mark.parametrize("held", ["view", "create", "edit", "delete"])
def test_each_right_opens_its_own_screen_only(person: User, held: str) -> None:
    """Proves R181, R182."""
    setting = make_setting(person)
    holder = sign_in(make_person(None, rights=["chat_setting.view", f"chat_setting.{held}"]))
    addresses = {
        "create": holder.get(reverse("console:new_chat_setting")),
        "edit": holder.get(reverse("console:edit_chat_setting", args=[setting.pk])),
        "delete": holder.post(reverse("console:remove_chat_setting", args=[setting.pk])),
    }
    for right, answer in addresses.items():
        assert (answer.status_code != 403) == (right == held), right
    assert holder.get(reverse("console:chat_settings")).status_code == 200
    assert sign_in(make_person(None)).get(reverse("console:chat_settings")).status_code == 403


def test_the_rights_stand_on_the_roles_screen_by_their_name(client: Client) -> None:
    """Proves R181, R182, D6."""
    page = main_of(read(client, "roles"))
    row = page[page.index("システムロール &gt; SNS管理 &gt; チャット設定") :].split("</tr>")[0]
    for deed in ("参照", "作成", "編集", "削除"):
        assert deed in row


def test_the_option_off_hides_the_menu_and_refuses_the_screens(client: Client, person: User) -> None:
    """Proves D12."""
    setting = make_setting(person)
    assert reverse("console:chat_settings") in read(client, "calls")
    Installation.objects.update(chat_import=False)
    menu = read(client, "calls")
    for name in ("chat_settings", "services"):
        assert reverse(f"console:{name}") not in menu
        assert client.get(reverse(f"console:{name}")).status_code == 403
    for name in ("chat_setting", "edit_chat_setting", "service", "service_inbox", "service_reconciliations"):
        assert client.get(reverse(f"console:{name}", args=[setting.pk])).status_code == 403
    assert client.get(reverse("console:new_chat_setting")).status_code == 403
    assert client.post(reverse("console:run_setting_test", args=[setting.pk])).status_code == 403
    group = setting.business_group_id
    assert "コール作成設定" not in main_of(read(client, "business_group", group))
    assert client.get(reverse("console:new_template", args=[group])).status_code == 403
    assert client.get(reverse("console:sns_entries", args=[person.pk])).status_code == 403


def press(client: Client, setting: ChatSetting) -> str:
    answer = client.post(reverse("console:run_setting_test", args=[setting.pk]), headers=HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_pressed_test_is_followed_and_tells_counts_and_who_falls_to_the_default_agent(
    client: Client, person: User
) -> None:
    setting = make_setting(person)
    mapped = make_agent("佐藤 花子")
    SnsAgent.objects.create(agent=mapped, setting=setting, registration_number="op-12")
    waiting = press(client, setting)
    was = re.search(r"\?was=([\w-]+)", waiting)
    assert was is not None
    address = reverse("console:setting_test_result", args=[setting.pk])
    assert client.get(address, {"was": was[1]}, headers=HTMX).status_code == 204
    test = ChatSettingTest.objects.get()
    asked = begin_setting_test(test.pk)
    assert asked is not None
    assert asked.settings == {"token": "tok-s3cr3t", "call_url": setting.call_url}
    assert "tok-s3cr3t" not in repr(asked)
    seen = PageSeen(chats=5, open=1, unreadable=2, has_more=True, numbers=(("op-12", 3), ("<b>", 1), ("", 1)))
    finish_setting_test(test.pk, seen, duration_ms=234)
    over = client.get(address, {"was": was[1]}, headers=HTMX).content.decode()
    for words in ("接続", "佐藤 花子", "op-12", "デフォルト担当者", "234 ms", "&lt;b&gt;"):
        assert words in over
    assert re.search(r"デフォルト担当者になるチャット</dt>\s*<dd><span class=\"num\">2<", over)
    assert "hx-trigger" not in over


def test_a_test_that_finds_nothing_or_fails_says_what_to_do(client: Client, person: User) -> None:
    setting = make_setting(person)
    for told, words in (
        (PageSeen(), "対応完了したチャットはありません"),
        (Refusal("timed_out", is_ours=False), "時間をおいて"),
        (Refusal("unreadable_secret", is_ours=True), "設定の修正が必要です"),
    ):
        press(client, setting)
        test = ChatSettingTest.objects.latest("id")
        assert begin_setting_test(test.pk) is not None
        finish_setting_test(test.pk, told, duration_ms=1)
        assert words in read(client, "chat_setting", setting.pk)


def test_who_may_only_look_sees_no_button(person: User) -> None:
    setting = make_setting(person)
    client = sign_in(make_person(SUPERVISOR))
    page = read(client, "chat_setting", setting.pk)
    for name in ("edit_chat_setting", "remove_chat_setting", "run_setting_test"):
        assert reverse(f"console:{name}", args=[setting.pk]) not in page
    assert client.post(reverse("console:run_setting_test", args=[setting.pk])).status_code == 403


def test_every_screen_is_complete_in_english(person: User) -> None:
    setting = make_setting(person)
    client = sign_in(person, language="en")
    for name, args in (("chat_settings", []), ("chat_setting", [setting.pk]), ("edit_chat_setting", [setting.pk])):
        page = main_of(read(client, name, *args)).replace("注文窓口のチャット", "").replace("注文", "")
        page = re.sub(r"人 \d+", "", page)
        assert not re.findall(r"[ぁ-んァ-ヶ一-龠]+", page)

"""業務管理 > 業務グループ > 拡張設定 > コール作成設定, and 担当者 > SNS担当者詳細."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from renkei.domain.interaction_items import ITEMS, VARIABLES
from renkei.models import BusinessGroup, InteractionTemplate, SnsAgent, User
from renkei.permissions import ADMINISTRATOR, SUPERVISOR
from renkei.web.console.interaction_templates import ITEM_LABELS, VARIABLE_LABELS
from tests.chat_setting_office import group_of, make_agent, make_setting
from tests.sample_centre import make_person, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return make_person(ADMINISTRATOR)


@pytest.fixture
def client(person: User) -> Client:
    return sign_in(person)


def read(client: Client, name: str, *args: Any, **query: Any) -> str:
    answer = client.get(reverse(f"console:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode().split("<main")[1].split("</main>")[0]


def press(client: Client, view: str, /, *args: Any, **sent: Any) -> str:
    answer = client.post(reverse(f"console:{view}", args=args), sent, follow=True)
    assert answer.status_code == 200
    return answer.content.decode().split("<main")[1].split("</main>")[0]


def test_a_business_group_is_made_renamed_and_taken_away_unless_it_is_in_use(client: Client) -> None:
    assert "保存しました" in press(client, "new_business_group", name="注文")
    group = BusinessGroup.objects.get(name="注文")
    assert "注文" in read(client, "business_groups")
    press(client, "edit_business_group", group.pk, name="受注")
    assert "同じ" in press(client, "new_business_group", name="受注")
    make_agent(group="受注")
    press(client, "remove_business_group", group.pk)
    assert BusinessGroup.objects.filter(name="受注").exists()
    empty = group_of("空")
    press(client, "remove_business_group", empty.pk)
    assert not BusinessGroup.objects.filter(name="空").exists()


def test_a_template_is_made_in_the_groups_extension_settings(client: Client) -> None:
    """Proves R141, R176."""
    group = group_of("注文")
    page = read(client, "business_group", group.pk)
    for words in ("拡張設定", "コール作成設定", "コール作成設定はまだありません"):
        assert words in page
    form = read(client, "new_template", group.pk)
    assert 'data-confirm="保存しますか?"' in form
    for word in VARIABLES:
        assert f'data-put-word="{{{{{word}}}}}"' in form
    stored = press(client, "new_template", group.pk, name="標準", item_title="{{subject}}", item_priority="高")
    assert "標準" in stored
    assert InteractionTemplate.objects.get().values == {"title": "{{subject}}", "priority": "高"}
    template = InteractionTemplate.objects.get()
    assert "{{subject}}" in read(client, "edit_template", group.pk, template.pk)
    press(client, "remove_template", group.pk, template.pk)
    assert not InteractionTemplate.objects.exists()


def test_a_template_takes_whitelisted_variables_only_and_keeps_what_was_typed(client: Client) -> None:
    group = group_of("注文")
    refused = press(client, "new_template", group.pk, name="標準", item_memo="{{messages}} <b>")
    assert "{{messages}} という変数はありません" in refused
    assert "{{messages}} &lt;b&gt;" in refused
    assert not InteractionTemplate.objects.exists()
    too_long = press(client, "new_template", group.pk, name="標準", item_title="あ" * (ITEMS["title"] + 1))
    assert "field-error" in too_long


def test_the_preview_fills_the_items_from_a_sample_chat_and_stores_nothing(client: Client) -> None:
    group = group_of("注文")
    address = reverse("console:template_preview", args=[group.pk])
    shown = client.post(address, {"item_title": "{{subject}}/{{agent_name}}", "item_memo": "<script>"}).content.decode()
    assert "配送について/佐藤" in shown
    assert "&lt;script&gt;" in shown
    assert "{{nobody}} という変数はありません" in client.post(address, {"item_title": "{{nobody}}"}).content.decode()
    assert not InteractionTemplate.objects.exists()


def test_every_item_and_variable_has_a_label() -> None:
    assert set(ITEM_LABELS) == set(ITEMS)
    assert set(VARIABLE_LABELS) == set(VARIABLES)


def test_a_template_of_another_group_is_not_found(client: Client) -> None:
    mine, other = group_of("注文"), group_of("返品")
    template = InteractionTemplate.objects.create(business_group=other, name="別")
    for name in ("edit_template", "remove_template"):
        assert client.post(reverse(f"console:{name}", args=[mine.pk, template.pk]), {"name": "x"}).status_code == 404
    assert InteractionTemplate.objects.get().name == "別"


def test_the_agents_page_has_the_sub_window_with_its_fields(client: Client, person: User) -> None:
    """Proves R149, R150, R151, R152, R153, R154, R158."""
    agent, setting = make_agent("佐藤 花子"), make_setting(person)
    page = read(client, "edit_agent", agent.user_id)
    assert "SNS担当者詳細" in page
    form = read(client, "new_sns_entry", agent.user_id)
    for words in ("SNS種別", "SNS設定", "SNS担当者登録番号", "表示名"):
        assert words in form
    assert form.index("SNS種別") < form.index("SNS設定<")
    sent = {"connector": "standard", "setting": setting.pk, "display_name": "さとう"}
    for number in ("op-12", "op-13"):
        press(client, "new_sns_entry", agent.user_id, **sent, registration_number=number)
    for name in ("sns_entries", "edit_agent"):
        page = read(client, name, agent.user_id)
        for words in ("op-12", "op-13", "さとう", setting.name):
            assert words in page
    entry = SnsAgent.objects.get(registration_number="op-13")
    press(client, "edit_sns_entry", agent.user_id, entry.pk, **sent, registration_number="op-14")
    press(client, "remove_sns_entry", agent.user_id, SnsAgent.objects.get(registration_number="op-12").pk)
    assert list(SnsAgent.objects.values_list("registration_number", flat=True)) == ["op-14"]


def test_only_settings_of_the_chosen_chat_system_are_offered(client: Client, person: User) -> None:
    """Proves D17."""
    agent, setting = make_agent(), make_setting(person)
    make_setting(person, agent=agent, name="別のチャットシステム", connector="dec_support")
    address = reverse("console:sns_setting_choices", args=[agent.user_id])
    for connector, offered, hidden in (
        ("standard", setting.name, "別のチャットシステム"),
        ("dec_support", "別のチャットシステム", setting.name),
    ):
        shown = client.get(address, {"connector": connector}).content.decode()
        assert offered in shown
        assert hidden not in shown
    sent = {"connector": "dec_support", "setting": setting.pk, "registration_number": "op-1", "display_name": ""}
    assert "field-error" in press(client, "new_sns_entry", agent.user_id, **sent)
    assert not SnsAgent.objects.exists()


def test_a_taken_number_is_refused_beside_the_field_with_the_other_agents_name(client: Client, person: User) -> None:
    """Proves R159."""
    holder, wanting, setting = make_agent("佐藤 花子"), make_agent(), make_setting(person)
    SnsAgent.objects.create(agent=holder, setting=setting, registration_number="op-12")
    sent = {"connector": "standard", "setting": setting.pk, "registration_number": "op-12", "display_name": "x"}
    refused = press(client, "new_sns_entry", wanting.user_id, **sent)
    assert "佐藤 花子" in refused.split("field-error")[1]
    assert SnsAgent.objects.count() == 1


def test_without_a_chat_setting_or_an_extension_the_next_step_is_said(client: Client, person: User) -> None:
    agent = make_agent()
    assert "先にチャット設定を作成してください" in read(client, "new_sns_entry", agent.user_id)
    assert "先に内線番号と業務グループを入力" in read(client, "sns_entries", person.pk)


def test_who_may_only_look_is_offered_nothing_to_press(person: User) -> None:
    group, agent = group_of("注文"), make_agent()
    client = sign_in(make_person(SUPERVISOR))
    for name, args in (("business_groups", []), ("business_group", [group.pk]), ("sns_entries", [agent.user_id])):
        page = read(client, name, *args)
        assert "<form" not in page
        assert "新規" not in page

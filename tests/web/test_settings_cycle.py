"""The screens of the settings: asked before saving, shown after it, options as switches, the check of the IVRs."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from renkei.actions.settings.ivrs import create_ivr
from renkei.models import IncomingRule, Installation, Ivr, ResponseBranch, User
from renkei.permissions import ADMINISTRATOR
from tests.sample_centre import make_person, sign_in

pytestmark = pytest.mark.django_db

OPTIONS = {
    "api_linked_ivr": "API連携IVR",
    "chatbot_linkage": "チャットボット連携",
    "crm_linkage": "CRM連携",
    "realtime_speech": "リアルタイム音声合成",
    "chat_import": "チャット連係",
}


@pytest.fixture
def person() -> User:
    return make_person(ADMINISTRATOR)


@pytest.fixture
def client(person: User) -> Client:
    return sign_in(person)


@pytest.fixture
def ivr(person: User) -> Ivr:
    ivr_id = create_ivr(person, name="チャット連携", use_api=True, service_type="chatbot_dec_support")
    return Ivr.objects.get(pk=ivr_id)


@pytest.fixture
def rule() -> IncomingRule:
    return IncomingRule.objects.create(name="夜間のご案内", steps=[{"do": "hang_up"}])


SCREENS = ("new_ivr", "edit_linkage", "edit_branch success", "edit_branch failure")


@pytest.mark.parametrize("screen", SCREENS)
def test_each_settings_screen_asks_before_saving_and_then_shows_what_is_stored(
    client: Client, ivr: Ivr, rule: IncomingRule, screen: str
) -> None:
    """Making an IVR, the linkage, and each response condition. Proves R25, R26, R27."""
    name, *condition = screen.split()
    address = reverse(f"console:{name}", args=[] if name == "new_ivr" else [ivr.pk, *condition])
    sent: dict[str, dict[str, Any]] = {
        "new_ivr": {"name": "夜間のご案内", "use_api": "yes", "service_type": "chatbot_dec_support"},
        "edit_linkage": {"project_id": "P-7", "channel_id": "C-7", "request_error_rule": rule.pk},
        "edit_branch": {"action": "rule", "rule": rule.pk, "guidance_form": "standard", "memo": "夜間のご案内"},
    }
    form = client.get(address).content.decode()
    assert re.search(r'<form[^>]*method="post"[^>]*data-confirm="保存しますか\?"', form)
    answer = client.post(address, sent[name], follow=True)
    [(there, status)] = answer.redirect_chain
    assert (status, there == address) == (302, False)
    shown = answer.content.decode()
    assert "設定内容が反映されている事をご確認ください" in shown
    assert "夜間のご案内" in shown
    assert 'data-confirm="保存しますか?"' not in shown.split("<main")[1], "shown to read, not to edit"


def test_every_option_is_a_switch_that_is_on_at_first(client: Client) -> None:
    """Each is switched off and on again by itself, on the screen, and stays so. Proves R12, D12."""
    row = Installation.objects.get()
    assert all(getattr(row, name) for name in OPTIONS)
    form = client.get(reverse("console:edit_settings")).content.decode()
    offered = re.findall(r'name="features" value="(\w+)"[^>]*checked[^>]*>\s*([^<]+?)\s*<', form)
    assert {value for value, _label in offered} == set(OPTIONS)
    assert all(label.startswith(OPTIONS[value]) for value, label in offered)
    sent = {
        "centre_name": row.centre_name,
        "zone": row.zone,
        "history_retention_days": row.history_retention_days,
        "link_window_minutes": row.link_window_minutes,
        "lookup_budget_ms": row.lookup_budget_ms,
    }
    for off in OPTIONS:
        for features in (set(OPTIONS) - {off}, set(OPTIONS)):
            saved = client.post(reverse("console:edit_settings"), {**sent, "features": sorted(features)})
            assert saved.status_code == 302
            row.refresh_from_db()
            assert {name for name in OPTIONS if getattr(row, name)} == features


def checked(client: Client) -> list[tuple[str, str]]:
    """What the check of the IVR list says: (address, words), own whitespace removed."""
    html = client.get(reverse("console:ivrs")).content.decode()
    found = re.search(r"<ul[^>]*data-check>(.*?)</ul>", html, re.DOTALL)
    lines = re.findall(r'<li><a href="([^"]+)">(.*?)</li>', found[1] if found else "", re.DOTALL)
    return [(address, re.sub(r"<[^>]+>", "", words)) for address, words in lines]


def test_the_check_names_each_branch_that_is_still_busy_until_it_is_changed(
    client: Client, ivr: Ivr, rule: IncomingRule
) -> None:
    """Proves R57."""
    for left in (["success", "failure"], ["failure"], []):
        found = checked(client)
        assert [address for address, _ in found] == [reverse("console:branch", args=[ivr.pk, each]) for each in left]
        assert all(words.startswith("チャット連携 (") and "初期値の「ビジー」のまま" in words for _, words in found)
        if left:
            values = {"action": "rule", "rule": rule.pk, "guidance_form": "standard"}
            assert client.post(reverse("console:edit_branch", args=[ivr.pk, left[0]]), values).status_code == 302


def test_the_check_names_what_is_off_and_what_leads_back_to_itself(
    client: Client, person: User, ivr: Ivr, rule: IncomingRule
) -> None:
    """Proves D12."""
    other = create_ivr(person, name="店舗", use_api=True, service_type="chatbot_dec_support")
    ResponseBranch.objects.update(action="rule", rule=rule)
    for here, there in ((ivr.pk, other), (other, ivr.pk)):
        branch = ResponseBranch.objects.filter(ivr=here, condition="success")
        branch.update(action="transfer", rule=None, destination_ivr=there)
    assert ["同じIVRに戻ります" in words for _, words in checked(client)] == [True, True]
    ResponseBranch.objects.update(action="rule", rule=rule, destination_ivr=None)
    assert checked(client) == []
    Installation.objects.update(chatbot_linkage=False)
    assert ["契約オプションが停止" in words for _, words in checked(client)] == [True, True]

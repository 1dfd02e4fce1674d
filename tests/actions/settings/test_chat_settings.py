"""Chat settings: their fixed SNS種別, their service, their version, and who may touch them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from renkei.actions.settings.chat_settings import (
    create_chat_setting,
    delete_chat_setting,
    edit_chat_setting,
)
from renkei.actions.settings.interaction_templates import delete_template, save_template
from renkei.errors import RejectedError
from renkei.models import AuditEntry, ChatSetting, ImportService, Installation, InteractionTemplate, SnsAgent, User
from renkei.models.secrets import open_fields
from renkei.permissions import ADMINISTRATOR
from tests.chat_setting_office import entered, group_of, make_agent, make_setting, service_of
from tests.sample_centre import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return make_person(ADMINISTRATOR)


def test_a_new_setting_has_its_stopped_service(person: User) -> None:
    """Proves R183."""
    setting = make_setting(person)
    service = service_of(setting)
    assert (service.is_wanted, service.snapshot, service.is_halted) == (False, None, False)
    assert setting.reuses_customers is False


def test_several_settings_stand_side_by_side_and_share_no_name(person: User) -> None:
    """Proves R180."""
    agent = make_agent()
    make_setting(person, agent=agent)
    make_setting(person, agent=agent, name="もう一つ")
    with pytest.raises(RejectedError, match="already_exists"):
        make_setting(person, agent=agent, name="もう一つ")
    assert ImportService.objects.count() == 2


def test_the_chat_system_is_fixed_in_the_action_and_in_the_database(person: User) -> None:
    """Proves D17."""
    setting = make_setting(person)
    same = entered(setting.default_agent)
    with pytest.raises(RejectedError, match="chat_system_fixed"):
        edit_chat_setting(person, setting.pk, same, connector="dec_support")
    with pytest.raises(IntegrityError, match="chat_system_is_fixed"), transaction.atomic(), connection.cursor() as raw:
        raw.execute("UPDATE renkei_chatsetting SET connector = 'dec_support' WHERE id = %s", [setting.pk])
    edit_chat_setting(person, setting.pk, same, connector="standard")
    setting.refresh_from_db()
    assert setting.connector == "standard"


def test_each_saved_change_raises_the_version_and_saving_the_same_does_not(person: User) -> None:
    """Proves R185."""
    setting = make_setting(person)
    agent = setting.default_agent
    edit_chat_setting(person, setting.pk, entered(agent, secrets={}))
    setting.refresh_from_db()
    assert setting.version == 1
    edit_chat_setting(person, setting.pk, entered(agent, secrets={}, interval_seconds=60))
    edit_chat_setting(person, setting.pk, entered(agent, secrets={"token": "another"}, interval_seconds=60))
    setting.refresh_from_db()
    assert (setting.version, setting.interval_seconds) == (3, 60)


def test_a_template_that_changes_counts_as_a_change_of_the_settings_that_use_it(person: User) -> None:
    """Proves R185."""
    agent = make_agent()
    group = agent.business_group_id
    template = save_template(person, group, None, name="標準", values={"title": "{{subject}}"})
    using = make_setting(person, agent=agent, template_id=template)
    other = make_setting(person, agent=agent, name="もう一つ")
    save_template(person, group, template, name="改名", values={"title": "{{subject}}"})
    using.refresh_from_db()
    assert using.version == 1
    save_template(person, group, template, name="改名", values={"title": "チャット"})
    using.refresh_from_db()
    other.refresh_from_db()
    assert (using.version, other.version) == (2, 1)
    with pytest.raises(RejectedError, match="in_use"):
        delete_template(person, group, template)


def test_only_a_template_of_the_chosen_business_group_is_taken(person: User) -> None:
    """Proves R177."""
    agent, elsewhere = make_agent(), group_of("別の業務")
    foreign = InteractionTemplate.objects.create(business_group=elsewhere, name="別")
    with pytest.raises(RejectedError, match="template_of_other_group"):
        make_setting(person, agent=agent, template_id=foreign.pk)
    setting = make_setting(person, agent=agent)
    with pytest.raises(RejectedError, match="template_of_other_group"):
        edit_chat_setting(person, setting.pk, entered(agent, template_id=foreign.pk))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"name": "  "}, "required"),
        ({"call_url": "javascript:alert(1)"}, "bad_address"),
        ({"call_url": "https://"}, "bad_address"),
        ({"call_url": "http://[::1"}, "bad_address"),
        ({"interval_seconds": 9}, "out_of_range"),
        ({"interval_seconds": 86_401}, "out_of_range"),
        ({"overlap_minutes": 10_081}, "out_of_range"),
        ({"overlap_minutes": -1}, "out_of_range"),
        ({"business_group_id": 987_654}, "not_found"),
        ({"default_agent_id": 987_654}, "not_found"),
        ({"template_id": 987_654}, "template_of_other_group"),
    ],
)
def test_what_cannot_work_is_refused(person: User, changed: dict[str, Any], code: str) -> None:
    agent = make_agent()
    with pytest.raises(RejectedError, match=code):
        make_setting(person, agent=agent, **changed)
    setting = make_setting(person, agent=agent)
    with pytest.raises(RejectedError, match=code):
        edit_chat_setting(person, setting.pk, entered(agent, **changed))
    assert ChatSetting.objects.get().version == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"call_url": "https://elsewhere.example.net/renkei/v1"},
        {"call_url": "https://chat.example.jp:8443/renkei/v1"},
        {"call_url": "http://chat.example.jp/renkei/v1"},
        {"connector_settings": {"token_url": "https://elsewhere.example.net/token"}},
    ],
)
def test_secrets_are_never_sent_to_a_host_they_were_not_typed_for(person: User, changed: dict[str, Any]) -> None:
    """Proves R173. Whoever may change the address does not learn the stored token by it."""
    setting = make_setting(person)
    agent = setting.default_agent
    with pytest.raises(RejectedError, match="secrets_for_other_host"):
        edit_chat_setting(person, setting.pk, entered(agent, secrets={}, **changed))
    setting.refresh_from_db()
    assert (setting.call_url, setting.version) == ("https://chat.example.jp/renkei/v1", 1)
    edit_chat_setting(person, setting.pk, entered(agent, secrets={}, call_url="https://Chat.example.jp/v2"))
    edit_chat_setting(person, setting.pk, entered(agent, secrets={"token": "anew"}, **changed))
    setting.refresh_from_db()
    assert setting.version == 3


def test_secrets_are_sealed_kept_replaced_and_forgotten(person: User) -> None:
    setting = make_setting(person, secrets={"token": "tok-1", "signing_keys": "whsec_1"})
    agent = setting.default_agent
    assert b"tok-1" not in bytes(setting.secrets or b"")
    edit_chat_setting(person, setting.pk, entered(agent, secrets={"token": "tok-2"}))
    setting.refresh_from_db()
    assert open_fields(setting.secrets) == {"token": "tok-2", "signing_keys": "whsec_1"}
    edit_chat_setting(person, setting.pk, entered(agent, secrets={}, cleared=frozenset({"signing_keys"})))
    setting.refresh_from_db()
    assert open_fields(setting.secrets) == {"token": "tok-2"}
    written = str(list(AuditEntry.objects.values_list("detail", flat=True)))
    assert "tok-" not in written
    assert "signing_keys" in written


def test_a_secret_whose_key_is_gone_can_be_entered_again(person: User) -> None:
    setting = make_setting(person)
    ChatSetting.objects.filter(pk=setting.pk).update(secrets=b"not ours")
    edit_chat_setting(person, setting.pk, entered(setting.default_agent, secrets={"token": "anew"}))
    setting.refresh_from_db()
    assert open_fields(setting.secrets) == {"token": "anew"}


def test_a_setting_in_use_or_with_a_started_service_stays(person: User) -> None:
    setting = make_setting(person)
    entry = SnsAgent.objects.create(agent=setting.default_agent, setting=setting, registration_number="op-1")
    with pytest.raises(RejectedError, match="in_use"):
        delete_chat_setting(person, setting.pk)
    entry.delete()
    ImportService.objects.filter(setting=setting).update(is_wanted=True)
    with pytest.raises(RejectedError, match="service_still_wanted"):
        delete_chat_setting(person, setting.pk)
    ImportService.objects.filter(setting=setting).update(is_wanted=False)
    delete_chat_setting(person, setting.pk)
    assert not ImportService.objects.exists()


@pytest.mark.parametrize("held", ["view", "create", "edit", "delete"])
def test_each_right_allows_its_own_deed_only(person: User, held: str) -> None:
    """Proves R181, R182."""
    setting = make_setting(person)
    agent = setting.default_agent
    holder = make_person(None, rights=[f"chat_setting.{held}"])
    deeds: dict[str, Callable[[], object]] = {
        "create": lambda: create_chat_setting(holder, "standard", entered(agent, name="新しい")),
        "edit": lambda: edit_chat_setting(holder, setting.pk, entered(agent, name="改名")),
        "delete": lambda: delete_chat_setting(holder, setting.pk),
    }
    for right, deed in deeds.items():
        if right == held:
            deed()
        else:
            with pytest.raises(RejectedError, match="forbidden"):
                deed()


def test_nothing_changes_while_the_option_is_off(person: User) -> None:
    """Proves D12."""
    setting = make_setting(person)
    Installation.objects.update(chat_import=False)
    with pytest.raises(RejectedError, match="feature_off"):
        make_setting(person, name="新しい")
    with pytest.raises(RejectedError, match="feature_off"):
        edit_chat_setting(person, setting.pk, entered(setting.default_agent, name="改名"))
    with pytest.raises(RejectedError, match="feature_off"):
        delete_chat_setting(person, setting.pk)
    with pytest.raises(RejectedError, match="feature_off"):
        save_template(person, setting.business_group_id, None, name="x", values={})
    assert ChatSetting.objects.get().name == setting.name

"""SNS担当者詳細: several for an agent, one agent for a number, only settings of the chosen chat system."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from renkei.actions.accounts import AgentSettings, save_agent
from renkei.actions.agents.sns_entries import SnsEntered, delete_sns_entry, save_sns_entry
from renkei.errors import RejectedError
from renkei.models import Agent, ChatSetting, Installation, SnsAgent, User
from renkei.permissions import ADMINISTRATOR, AGENT, SUPERVISOR
from tests.chat_setting_office import make_agent, make_setting
from tests.sample_centre import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return make_person(ADMINISTRATOR)


@pytest.fixture
def setting(person: User) -> ChatSetting:
    return make_setting(person)


def entry(setting: ChatSetting, number: str = "op-12", connector: str = "standard") -> SnsEntered:
    return SnsEntered(connector=connector, setting_id=setting.pk, registration_number=number, display_name="佐藤")


def test_an_agent_may_have_several_entries(person: User, setting: ChatSetting) -> None:
    """Proves R158."""
    agent = make_agent()
    other = make_setting(person, name="もう一つ", agent=agent)
    for wanted in (entry(setting, "op-12"), entry(setting, "op-13"), entry(other, "op-12")):
        save_sns_entry(person, agent.user_id, None, wanted)
    assert SnsAgent.objects.filter(agent=agent).count() == 3


def test_a_number_belongs_to_one_agent_and_the_refusal_names_the_other(person: User, setting: ChatSetting) -> None:
    """Proves R159."""
    holder, wanting = make_agent("佐藤 花子"), make_agent("鈴木 一郎")
    save_sns_entry(person, holder.user_id, None, entry(setting))
    own = save_sns_entry(person, wanting.user_id, None, entry(setting, "op-77"))
    for entry_id in (None, own):
        with pytest.raises(RejectedError, match="sns_number_taken") as refused:
            save_sns_entry(person, wanting.user_id, entry_id, entry(setting, " op-12 "))
        assert refused.value.params["agent"] == "佐藤 花子"
    assert SnsAgent.objects.get(registration_number="op-12").agent == holder
    assert SnsAgent.objects.get(pk=own).registration_number == "op-77"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_enter_the_same_number_at_once_one_is_refused(person: User, setting: ChatSetting) -> None:
    """Proves R159."""
    agents = [make_agent(), make_agent()]

    def save(agent: Agent) -> str:
        try:
            save_sns_entry(person, agent.user_id, None, entry(setting))
        except RejectedError as error:
            return error.code
        finally:
            connections.close_all()
        return "saved"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(save, agents)) == ["saved", "sns_number_taken"]


def test_a_setting_of_another_chat_system_is_refused(person: User, setting: ChatSetting) -> None:
    """Proves D17."""
    with pytest.raises(RejectedError, match="setting_of_other_type"):
        save_sns_entry(person, make_agent().user_id, None, entry(setting, connector="dec_support"))


def test_who_is_no_agent_has_no_entries_and_others_entries_are_not_found(person: User, setting: ChatSetting) -> None:
    with pytest.raises(RejectedError, match="no_extension"):
        save_sns_entry(person, make_person(ADMINISTRATOR).pk, None, entry(setting))
    mine, stranger = make_agent(), make_agent()
    made = save_sns_entry(person, mine.user_id, None, entry(setting))
    with pytest.raises(RejectedError, match="not_found"):
        delete_sns_entry(person, stranger.user_id, made)
    with pytest.raises(RejectedError, match="not_found"):
        save_sns_entry(person, stranger.user_id, made, entry(setting, "x"))
    delete_sns_entry(person, mine.user_id, made)
    assert not SnsAgent.objects.exists()


def test_only_who_may_edit_agents_changes_them_and_nobody_while_the_option_is_off(
    person: User, setting: ChatSetting
) -> None:
    """Proves D12."""
    agent = make_agent()
    with pytest.raises(RejectedError, match="forbidden"):
        save_sns_entry(make_person(SUPERVISOR), agent.user_id, None, entry(setting))
    with pytest.raises(RejectedError, match="required"):
        save_sns_entry(person, agent.user_id, None, entry(setting, "  "))
    Installation.objects.update(chat_import=False)
    with pytest.raises(RejectedError, match="feature_off"):
        save_sns_entry(person, agent.user_id, None, entry(setting))


def test_who_is_bound_to_a_group_changes_nobody_of_another_one(person: User, setting: ChatSetting) -> None:
    """Not the person, not what they are in a chat system; whoever belongs to no group at all changes nobody (P6)."""
    agent = make_agent(group="注文")
    made = save_sns_entry(person, agent.user_id, None, entry(setting))
    wanted = AgentSettings(
        username="x", display_name="x", display_name_kana="", role=AGENT, extension="", group="", is_enabled=False
    )
    bound, unbound = (
        make_person(SUPERVISOR, group="別", rights=["agent.edit"]), make_person(None, rights=["agent.edit"])
    )  # fmt: skip
    for stranger in (bound, unbound):
        with pytest.raises(RejectedError, match="not_found"):
            save_agent(stranger, agent.user_id, wanted)
        with pytest.raises(RejectedError, match="not_found"):
            save_sns_entry(stranger, agent.user_id, made, entry(setting, "x"))
        with pytest.raises(RejectedError, match="not_found"):
            delete_sns_entry(stranger, agent.user_id, made)
    assert SnsAgent.objects.get().registration_number == "op-12"
    assert User.objects.get(pk=agent.user_id).is_active
    own = make_person(SUPERVISOR, group="注文", rights=["agent.edit"])
    delete_sns_entry(own, agent.user_id, made)
    assert not SnsAgent.objects.exists()

"""Chat settings for tests: a business group, a default agent, and a setting with its stopped service."""

from typing import Any

from renkei.actions.settings.chat_settings import ChatSettingEntered, create_chat_setting
from renkei.models import Agent, BusinessGroup, ChatSetting, ImportService, InboxItem, User
from renkei.permissions import AGENT
from tests.sample_centre import make_person


def make_agent(name: str = "", *, group: str = "注文", role: str = AGENT) -> Agent:
    """An agent with a desk in a business group."""
    person = make_person(role, group=group)
    if name:
        User.objects.filter(pk=person.pk).update(display_name=name)
    return Agent.objects.select_related("user").get(user=person)


def entered(agent: Agent, **changed: Any) -> ChatSettingEntered:
    """What somebody typed into the form."""
    given: dict[str, Any] = {
        "name": "注文窓口のチャット",
        "business_group_id": agent.business_group_id,
        "call_url": "https://chat.example.jp/renkei/v1",
        "default_agent_id": agent.pk,
        "template_id": None,
        "is_enabled": True,
        "interval_seconds": 300,
        "overlap_minutes": 1440,
        "reuses_customers": False,
        "secrets": {"token": "tok-s3cr3t"},
    }
    return ChatSettingEntered(**{**given, **changed})


def make_setting(administrator: User, **changed: Any) -> ChatSetting:
    """A stored setting of the standard chat API, with its stopped service."""
    agent = changed.pop("agent", None) or make_agent()
    setting_id = create_chat_setting(administrator, changed.pop("connector", "standard"), entered(agent, **changed))
    return ChatSetting.objects.get(pk=setting_id)


def service_of(setting: ChatSetting) -> ImportService:
    """Its service as it is now."""
    return ImportService.objects.get(setting=setting)


def set_aside(setting: ChatSetting, chat_id: str, *, payload: str = '{"id":"x"}', error: str = "bad_time") -> InboxItem:
    """A chat that could not be imported."""
    return InboxItem.objects.create(
        setting=setting,
        external_id=chat_id,
        source_id=chat_id,
        version_at="2025-01-31T00:00:00Z",
        payload=payload.encode(),
        payload_sha256="0" * 64,
        state=InboxItem.State.QUARANTINED,
        error=error,
        attempts=1,
    )


def group_of(name: str) -> BusinessGroup:
    """A business group of this name."""
    group, _ = BusinessGroup.objects.get_or_create(name=name)
    return group

"""チャット設定 as its screens show it (R170 to R180). Secrets are never read here, only which of them are set."""

from collections.abc import Mapping
from dataclasses import dataclass

from renkei.errors import MisconfiguredError, RejectedError
from renkei.models import Agent, ChatSetting, InteractionTemplate
from renkei.models.secrets import open_fields
from renkei.permissions import require
from renkei.queries.agents.directory import Choice
from renkei.queries.scope import Viewer
from renkei.queries.settings.installation import require_chat_import


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSettingRow:
    """One setting in the list."""

    id: int
    name: str
    connector: str
    group: str
    default_agent: str
    is_enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSettingShown:
    """A whole setting. ``secrets_set`` names what is stored; ``secrets_unreadable``: their key is gone."""

    row: ChatSettingRow
    group_id: int
    call_url: str
    default_agent_id: int
    template_id: int | None
    template: str
    interval_seconds: int
    overlap_minutes: int
    reuses_customers: bool
    connector_settings: Mapping[str, str]
    secrets_set: frozenset[str]
    secrets_unreadable: bool
    version: int


@dataclass(frozen=True, slots=True)
class SettingChoice:
    """A chat setting to choose as SNS設定, with its SNS種別."""

    id: int
    name: str
    connector: str


def list_chat_settings(viewer: Viewer) -> tuple[ChatSettingRow, ...]:
    """By name. RejectedError ``forbidden``, ``feature_off``."""
    require(viewer, "chat_setting.view")
    require_chat_import()
    rows = ChatSetting.objects.select_related("business_group", "default_agent__user")
    return tuple(_row(row) for row in rows.order_by("name"))


def read_chat_setting(viewer: Viewer, setting_id: int) -> ChatSettingShown:
    """One of them. RejectedError ``forbidden``, ``feature_off``, ``not_found``."""
    require(viewer, "chat_setting.view")
    require_chat_import()
    rows = ChatSetting.objects.select_related("business_group", "default_agent__user", "template")
    setting = rows.filter(pk=setting_id).first()
    if setting is None:
        raise RejectedError("not_found")
    unreadable, names = False, frozenset[str]()
    try:
        names = frozenset(name for name, value in open_fields(setting.secrets).items() if value)
    except MisconfiguredError:
        unreadable = True
    return ChatSettingShown(
        row=_row(setting),
        group_id=setting.business_group_id,
        call_url=setting.call_url,
        default_agent_id=setting.default_agent_id,
        template_id=setting.template_id,
        template=setting.template.name if setting.template else "",
        interval_seconds=setting.interval_seconds,
        overlap_minutes=setting.overlap_minutes,
        reuses_customers=setting.reuses_customers,
        connector_settings={str(name): str(value) for name, value in setting.connector_settings.items()},
        secrets_set=names,
        secrets_unreadable=unreadable,
        version=setting.version,
    )


def list_setting_choices() -> tuple[SettingChoice, ...]:
    """Every chat setting by name, to be offered as SNS設定 (R152, D17)."""
    return tuple(SettingChoice(row.pk, row.name, row.connector) for row in ChatSetting.objects.order_by("name"))


def list_template_choices(group_id: int | None) -> tuple[Choice, ...]:
    """The コール作成設定 of one business group (R177)."""
    rows = InteractionTemplate.objects.filter(business_group_id=group_id).order_by("name")
    return tuple(Choice(row.pk, row.name) for row in rows)


def name_agent(agent_id: int) -> Choice | None:
    """One agent as a choice, a disabled one too; None where there is none."""
    agent = Agent.objects.select_related("user").filter(pk=agent_id).first()
    return None if agent is None else Choice(agent.pk, str(agent))


def _row(setting: ChatSetting) -> ChatSettingRow:
    return ChatSettingRow(
        id=setting.pk,
        name=setting.name,
        connector=setting.connector,
        group=setting.business_group.name,
        default_agent=str(setting.default_agent),
        is_enabled=setting.is_enabled,
    )

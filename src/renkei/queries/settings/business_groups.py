"""業務グループ and their コール作成設定 as their screens show them (R176)."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count

from renkei.errors import RejectedError
from renkei.models import BusinessGroup, ChatSetting, InteractionTemplate
from renkei.permissions import require
from renkei.queries.scope import Viewer
from renkei.queries.settings.installation import require_chat_import


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupShown:
    """業務グループ with what belongs to it, counted."""

    id: int
    name: str
    agents: int
    chat_settings: int
    templates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateShown:
    """コール作成設定 of a business group. ``chat_settings`` are the names of those that use it."""

    id: int
    name: str
    group_id: int
    group: str
    values: Mapping[str, str]
    chat_settings: tuple[str, ...]


def list_groups(viewer: Viewer) -> tuple[GroupShown, ...]:
    """By name. RejectedError ``forbidden``."""
    require(viewer, "business_group.view")
    groups = BusinessGroup.objects.annotate(
        agent_count=Count("agents", distinct=True),
        setting_count=Count("chat_settings", distinct=True),
        template_count=Count("templates", distinct=True),
    )
    return tuple(
        GroupShown(
            id=group.pk,
            name=group.name,
            agents=group.agent_count,
            chat_settings=group.setting_count,
            templates=group.template_count,
        )
        for group in groups.order_by("name")
    )


def read_group(viewer: Viewer, group_id: int) -> GroupShown:
    """One of them. RejectedError ``forbidden``, ``not_found``."""
    for group in list_groups(viewer):
        if group.id == group_id:
            return group
    raise RejectedError("not_found")


def list_templates(viewer: Viewer, group_id: int) -> tuple[TemplateShown, ...]:
    """Those of a business group, by name. RejectedError ``forbidden``, ``feature_off``."""
    require(viewer, "interaction_template.view")
    require_chat_import()
    rows = InteractionTemplate.objects.select_related("business_group").filter(business_group_id=group_id)
    using: dict[int, list[str]] = {}
    settings = ChatSetting.objects.filter(template__business_group_id=group_id).order_by("name")
    for template_id, name in settings.values_list("template_id", "name"):
        using.setdefault(template_id, []).append(name)
    return tuple(_template(row, using.get(row.pk, [])) for row in rows.order_by("name"))


def read_template(viewer: Viewer, group_id: int, template_id: int) -> TemplateShown:
    """One of them. RejectedError ``forbidden``, ``feature_off``, ``not_found``."""
    for template in list_templates(viewer, group_id):
        if template.id == template_id:
            return template
    raise RejectedError("not_found")


def _template(row: InteractionTemplate, using: list[str]) -> TemplateShown:
    return TemplateShown(
        id=row.pk,
        name=row.name,
        group_id=row.business_group_id,
        group=row.business_group.name,
        values={str(item): str(text) for item, text in row.values.items()},
        chat_settings=tuple(using),
    )

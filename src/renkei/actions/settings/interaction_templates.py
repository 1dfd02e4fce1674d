"""コール作成設定 (R141, R176): the values an imported interaction's items get."""

from collections.abc import Mapping

from django.db.models import F

from renkei import clock
from renkei.actions.audit import write_audit
from renkei.actions.conflicts import refusing_conflicts
from renkei.domain.interaction_items import check_template
from renkei.errors import RejectedError
from renkei.models import BusinessGroup, ChatSetting, InteractionTemplate
from renkei.permissions import require
from renkei.queries.scope import Viewer
from renkei.queries.settings.installation import require_chat_import

_CODES = {"unknown_variable": "unknown_item_variable", "too_long": "item_too_long"}


def save_template(
    actor: Viewer, group_id: int, template_id: int | None, *, name: str, values: Mapping[str, str]
) -> int:
    """A template of a business group, new when ``template_id`` is None. Chat settings that use it count as changed:
    their services need a restart (R185).

    RejectedError: ``forbidden``, ``feature_off``, ``not_found``, ``required``, ``already_exists``, ``unknown_item``,
    ``unknown_item_variable``, ``item_too_long``.
    """
    require(actor, f"interaction_template.{'create' if template_id is None else 'edit'}")
    require_chat_import()
    if not name.strip():
        raise RejectedError("required")
    checked = settle_values(values)
    with refusing_conflicts():
        template = _load(group_id, template_id)
        changed = [item for item in {*template.values, *checked} if template.values.get(item) != checked.get(item)]
        template.name, template.values = name.strip(), checked
        template.save()
        if changed and template_id is not None:
            using = ChatSetting.objects.filter(template=template)
            using.update(version=F("version") + 1, updated_at=clock.now())
        done = "created" if template_id is None else "edited"
        detail = {"fields": sorted(changed)}
        write_audit(
            actor, f"interaction_template.{done}", resource="interaction_template", object_id=template.pk, detail=detail
        )
    return template.pk


def delete_template(actor: Viewer, group_id: int, template_id: int) -> None:
    """``in_use`` while a chat setting uses it."""
    require(actor, "interaction_template.delete")
    require_chat_import()
    with refusing_conflicts():
        _load(group_id, template_id).delete()
        write_audit(actor, "interaction_template.deleted", resource="interaction_template", object_id=template_id)


def settle_values(values: Mapping[str, str]) -> dict[str, str]:
    """The values without empty ones, line ends as LF; the refusals of save_template."""
    plain = {item: text.replace("\r\n", "\n").replace("\x00", "\ufffd") for item, text in values.items()}
    try:
        return check_template(plain)
    except RejectedError as error:
        raise RejectedError(_CODES.get(error.code, error.code), **error.params) from error


def _load(group_id: int, template_id: int | None) -> InteractionTemplate:
    if template_id is None:
        if not BusinessGroup.objects.filter(pk=group_id).exists():
            raise RejectedError("not_found")
        return InteractionTemplate(business_group_id=group_id)
    found = InteractionTemplate.objects.select_for_update().filter(pk=template_id, business_group_id=group_id).first()
    if found is None:
        raise RejectedError("not_found")
    return found

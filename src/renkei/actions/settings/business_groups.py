"""業務グループ: make, rename, take away."""

from renkei.actions.audit import write_audit
from renkei.actions.conflicts import refusing_conflicts
from renkei.errors import RejectedError
from renkei.models import BusinessGroup
from renkei.permissions import require
from renkei.queries.scope import Viewer


def save_group(actor: Viewer, group_id: int | None, *, name: str) -> int:
    """A group, new when ``group_id`` is None. RejectedError: ``forbidden``, ``not_found``, ``required``,
    ``already_exists``."""
    require(actor, f"business_group.{'create' if group_id is None else 'edit'}")
    if not name.strip():
        raise RejectedError("required")
    with refusing_conflicts():
        group = BusinessGroup() if group_id is None else _lock(group_id)
        group.name = name.strip()
        group.save()
        done = "created" if group_id is None else "edited"
        write_audit(actor, f"business_group.{done}", resource="business_group", object_id=group.pk)
    return group.pk


def delete_group(actor: Viewer, group_id: int) -> None:
    """``in_use`` while an agent, a number, a chat setting or an interaction belongs to it; its templates go with it."""
    require(actor, "business_group.delete")
    with refusing_conflicts():
        _lock(group_id).delete()
        write_audit(actor, "business_group.deleted", resource="business_group", object_id=group_id)


def _lock(group_id: int) -> BusinessGroup:
    group = BusinessGroup.objects.select_for_update().filter(pk=group_id).first()
    if group is None:
        raise RejectedError("not_found")
    return group

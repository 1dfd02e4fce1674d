"""Writes down who did or read what: ids and field names, never personal values; inside the deed's transaction."""

from collections.abc import Mapping
from typing import Any

from renkei import clock
from renkei.models import AuditEntry, User
from renkei.queries.scope import KeyHolder, Viewer


def write_audit(
    actor: Viewer | None, action: str, *, resource: str, object_id: object = "", detail: Mapping[str, Any] | None = None
) -> AuditEntry:
    """Append one deed. ``action`` is like ``chat.read``; ``actor`` None is this program itself."""
    return AuditEntry.objects.create(
        at=clock.now(),
        user=actor if isinstance(actor, User) else None,
        actor=_name(actor),
        action=action,
        resource=resource,
        object_id=str(object_id),
        detail=dict(detail or {}),
    )


def _name(actor: Viewer | None) -> str:
    match actor:
        case User():
            return f"user:{actor.pk}"
        case KeyHolder():
            return f"key:{actor.key_id}"
        case None:
            return "system"

"""監査: who did or read what, above all whose chat and when (P8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from renkei.models import AuditEntry
from renkei.permissions import require
from renkei.queries.paging import PAGE_SIZE, Keyset, Page, turn_to
from renkei.queries.scope import Viewer

KEYSET = Keyset("audit", "at")
CHAT_READINGS = ("chat.read", "chat.exported")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What the list is narrowed to. ``only_chats``: the readings of chats; ``conversation_id``: of one chat."""

    since: datetime | None = None
    until: datetime | None = None
    user_id: int | None = None
    only_chats: bool = False
    conversation_id: int | None = None


@dataclass(frozen=True, slots=True)
class AuditShown:
    """One deed; ``who`` is the person's name now, or the key's or process's."""

    id: int
    at: datetime
    who: str
    action: str
    resource: str
    object_id: str
    detail: Mapping[str, Any]


def list_audit(
    viewer: Viewer, wanted: AuditFilter, *, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[AuditShown]:
    """One page, newest first. RejectedError: ``forbidden``, ``bad_cursor``."""
    require(viewer, "audit.view")
    rows = AuditEntry.objects.select_related("user")
    if wanted.since:
        rows = rows.filter(at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(at__lt=wanted.until)
    if wanted.user_id:
        rows = rows.filter(user=wanted.user_id)
    if wanted.only_chats or wanted.conversation_id:
        rows = rows.filter(action__in=CHAT_READINGS)
    if wanted.conversation_id:
        rows = rows.filter(resource="conversation", object_id=str(wanted.conversation_id))
    return turn_to(rows, KEYSET, cursor=cursor, size=size).convert(_show)


def _show(row: AuditEntry) -> AuditShown:
    who = str(row.user) if row.user else row.actor
    return AuditShown(row.pk, row.at, who, row.action, row.resource, row.object_id, row.detail)

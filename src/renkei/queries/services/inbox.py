"""保留中のチャット: chats set aside with a reason. Their content stands behind actions/services/open_item.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from renkei.errors import RejectedError
from renkei.models import InboxItem
from renkei.permissions import require
from renkei.queries.paging import Keyset, Page, turn_to
from renkei.queries.scope import Viewer, visible_inbox
from renkei.queries.settings.installation import require_chat_import

KEYSET = Keyset("service_inbox", "changed_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One chat set aside. ``error`` is a code of messages.py; ``source_id`` the chat's id where one was found."""

    id: int
    source_id: str
    revision: int
    attempts: int
    error: str
    error_params: Mapping[str, Any]
    first_seen_at: datetime
    changed_at: datetime


def list_set_aside(viewer: Viewer, setting_id: int, *, cursor: str | None = None) -> Page[ItemRow]:
    """A page of them, newest first. RejectedError ``forbidden``, ``feature_off``, ``bad_cursor``."""
    require(viewer, "service.view")
    require_chat_import()
    rows = visible_inbox(viewer).filter(setting_id=setting_id, state=InboxItem.State.QUARANTINED).defer("payload")
    return turn_to(rows, KEYSET, cursor=cursor).convert(_show)


def read_set_aside(viewer: Viewer, setting_id: int, item_id: int) -> ItemRow:
    """One of them. RejectedError ``forbidden``, ``feature_off``, ``not_found``, also for one that is not set aside any
    more."""
    require(viewer, "service.view")
    require_chat_import()
    rows = visible_inbox(viewer).filter(setting_id=setting_id, state=InboxItem.State.QUARANTINED).defer("payload")
    item = rows.filter(pk=item_id).first()
    if item is None:
        raise RejectedError("not_found")
    return _show(item)


def _show(item: InboxItem) -> ItemRow:
    source_id = item.source_id or ("" if item.external_id.startswith("raw:") else item.external_id)
    return ItemRow(
        id=item.pk,
        source_id=source_id,
        revision=item.revision,
        attempts=item.attempts,
        error=item.error,
        error_params=item.error_params,
        first_seen_at=item.first_seen_at,
        changed_at=item.changed_at,
    )

"""Opening the record of a chat that was set aside: it is a chat's content, so its reading is written down (P8)."""

import json
from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from renkei.actions.audit import write_audit
from renkei.errors import RejectedError
from renkei.models import InboxItem
from renkei.permissions import require
from renkei.queries.scope import Viewer, visible_inbox
from renkei.queries.settings.installation import require_chat_import


@dataclass(frozen=True, slots=True)
class ItemOpened:
    """The record as canonical JSON in ASCII, and indented with its letters for people."""

    connector: str
    payload: str
    pretty: str


@transaction.atomic
def open_item(actor: Viewer, setting_id: int, item_id: int, *, via: Literal["page", "file"]) -> ItemOpened:
    """The record of one chat that is set aside. RejectedError: ``forbidden`` without service.view and
    chat_content.view (.export for the file), ``feature_off``, ``not_found``."""
    require(actor, "service.view")
    require(actor, "chat_content.view")
    if via == "file":
        require(actor, "chat_content.export")
    require_chat_import()
    items = visible_inbox(actor).select_related("setting").filter(setting_id=setting_id)
    item = items.filter(pk=item_id, state=InboxItem.State.QUARANTINED).first()
    if item is None:
        raise RejectedError("not_found")
    deed = "chat_import.exported" if via == "file" else "chat_import.read"
    write_audit(actor, deed, resource="inbox_item", object_id=item_id, detail={"via": via})
    payload = bytes(item.payload).decode("utf-8", "replace")
    return ItemOpened(item.setting.connector, payload, _indent(payload))


def _indent(payload: str) -> str:
    try:
        return json.dumps(json.loads(payload), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return payload

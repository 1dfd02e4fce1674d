"""Chats that could not be imported stand aside with a reason, until somebody repairs, retries or discards them (B5)."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection, transaction

from renkei import clock
from renkei.actions.audit import write_audit
from renkei.actions.imports.fence import Lease, fenced, run, run_one
from renkei.actions.imports.store_page import store_chats
from renkei.domain.closed_chat import ClosedChat
from renkei.domain.foreign_json import read_json
from renkei.domain.inbox import NEVER_REPLACED, ShownChat, tombstone_of, write_payload
from renkei.errors import MalformedPayloadError, RejectedError
from renkei.models import ChatTombstone, InboxItem
from renkei.models.statements import imports
from renkei.permissions import require
from renkei.queries.scope import Viewer, visible_inbox
from renkei.settings import config

LONGEST_REASON = 200


def quarantine(
    lease: Lease, item_id: int, *, revision: int, error: str, params: Mapping[str, Any] | None = None
) -> bool:
    """Set one chat aside. False when newer content came meanwhile, which has its own turn."""
    with fenced(lease):
        row = run_one(
            imports.QUARANTINE,
            setting=lease.setting_id,
            item=item_id,
            revision=revision,
            error=error[:60],
            params=json.dumps(dict(params or {}), default=str),
        )
    return row is not None


def delay_item(lease: Lease, item_id: int, *, seconds: float) -> int:
    """Let a chat wait for its next try; how many tries it has had."""
    with fenced(lease):
        row = run_one(imports.DELAY, setting=lease.setting_id, item=item_id, seconds=seconds)
    return 0 if row is None else int(row[0])


def forget_open(lease: Lease, item_id: int) -> None:
    """A chat that turns out to be open after all waits over there (R138); its inbox row goes."""
    with fenced(lease):
        run(imports.FORGET_OPEN, setting=lease.setting_id, item=item_id)


def rename_item(lease: Lease, item_id: int, *, chat: ClosedChat, payload: bytes) -> None:
    """Put a record that can be read now under the chat's own key, where it waits. Its former row stays as done:
    the chat system goes on showing the record as it was."""
    with fenced(lease):
        store_chats(lease.setting_id, [ShownChat(read_json(payload), chat.external_id or "", chat)])
        run(imports.SETTLE_RAW, setting=lease.setting_id, item=item_id)


def retry_items(actor: Viewer, setting_id: int, item_ids: Collection[int] | None = None) -> int:
    """Let set-aside chats have another turn, all of them without ids; how many. RejectedError ``forbidden``."""
    require(actor, "service.edit")
    with transaction.atomic():
        waiting = visible_inbox(actor).filter(setting_id=setting_id, state=InboxItem.State.QUARANTINED)
        if item_ids is not None:
            waiting = waiting.filter(pk__in=item_ids)
        now = clock.now()
        count = waiting.update(state=InboxItem.State.PENDING, next_try_at=now, changed_at=now)
        if count:
            write_audit(actor, "chat_import.retried", resource="service", object_id=setting_id, detail={"count": count})
            wake(setting_id)
    return count


def repair_item(actor: Viewer, item_id: int, *, payload_text: str) -> None:
    """Put a repaired record in a set-aside chat's place and let it have another turn.

    RejectedError ``forbidden``, ``not_found``, or the code of what is wrong with the JSON.
    """
    require(actor, "service.edit")
    require(actor, "chat_content.view")
    try:
        payload = write_payload(read_json(payload_text.encode("utf-8", "surrogatepass")))
    except MalformedPayloadError as error:
        raise RejectedError(error.code, **error.params) from error
    with transaction.atomic():
        item = _lock_set_aside(actor, item_id)
        now = clock.now()
        item.payload = payload
        # The version stays the chat system's own: the record as it was loses, newer content wins.
        item.payload_sha256 = NEVER_REPLACED
        item.state = InboxItem.State.PENDING
        item.revision += 1
        item.next_try_at = item.changed_at = now
        item.save()
        write_audit(
            actor, "chat_import.repaired", resource="service", object_id=item.setting_id, detail={"item": item_id}
        )
        wake(item.setting_id)


def discard_item(actor: Viewer, item_id: int, *, reason: str) -> None:
    """Take a set-aside chat away for good; its tombstone keeps it from coming back. RejectedError ``forbidden``,
    ``not_found``, ``required``."""
    require(actor, "service.edit")
    if not reason.strip():
        raise RejectedError("required")
    with transaction.atomic():
        item = _lock_set_aside(actor, item_id)
        run_one(imports.GATE_ALONE, setting=item.setting_id)
        digest = tombstone_of(
            item.setting_id,
            item.external_id,
            secret=config.secret_key.get_secret_value().encode("utf-8"),
        )
        ChatTombstone.objects.bulk_create(
            [ChatTombstone(setting_id=item.setting_id, digest=digest)], ignore_conflicts=True
        )
        detail = {"item": item_id, "reason": reason.strip()[:LONGEST_REASON]}
        write_audit(actor, "chat_import.discarded", resource="service", object_id=item.setting_id, detail=detail)
        item.delete()


def wake(setting_id: int) -> None:
    """Tell the running services that this one has something to do, when the transaction is through."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('renkei_imports', %s)", [str(setting_id)])


def _lock_set_aside(actor: Viewer, item_id: int) -> InboxItem:
    aside = visible_inbox(actor).filter(pk=item_id, state=InboxItem.State.QUARANTINED)
    item = aside.select_for_update(of=("self",)).first()
    if item is None:
        raise RejectedError("not_found")
    return item

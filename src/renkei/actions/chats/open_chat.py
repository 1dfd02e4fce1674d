"""Opening the chat of a call: the only door to a conversation's words, whoever asks and however (R108, R109, P8)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db import transaction

from renkei.actions.audit import write_audit
from renkei.domain.matching import Message, Reason, message_of
from renkei.domain.transcript import Line, write_transcript
from renkei.errors import RejectedError
from renkei.models import ChatLink, ExternalApiCall
from renkei.permissions import require
from renkei.queries.chats.messages import list_messages
from renkei.queries.scope import Viewer, visible_call
from renkei.queries.settings.installation import require_chatbot

Via = Literal["history", "popup", "csv", "clipboard", "link", "api"]

_EXPORTS = ("csv",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatShown:
    """The newest link attempt of a call, with the conversation when one was linked.

    ``reason`` is None while the look-up still runs. ``message`` is the code of R120, R121 or R126 (sentences:
    ``messages.sentence``), None when linked. ``record`` is the decision record (``messages.explain_record``).
    ``claimed_by`` counts the conversations that claim the number in the window. ``api_call_id`` is the call's
    external-API history row, where a request was made. Times are aware; ``zone`` is the centre's.
    """

    call_id: int
    zone: ZoneInfo
    link_id: int | None = None
    reason: Reason | None = None
    source: str = ""
    message: Message | None = None
    message_params: Mapping[str, float] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    claimed_by: int = 0
    conversation_id: int | None = None
    lines: tuple[Line, ...] = ()
    api_call_id: int | None = None


@transaction.atomic
def open_chat(actor: Viewer, call_id: int, *, via: Via) -> ChatShown:
    """The chat of one call, its reading written down.

    RejectedError: ``forbidden`` without the right chat_content.view (.export for a file), ``feature_off`` while chatbot
    linkage is switched off, ``not_found`` for a call outside the viewer's rows or one that never passed the linkage
    IVR (R76, R107).
    """
    require(actor, "chat_content.view")
    if via in _EXPORTS:
        require(actor, "chat_content.export")
    installation = require_chatbot()
    call = visible_call(actor, call_id)
    if not call.passed_linkage:
        raise RejectedError("not_found")
    link = ChatLink.objects.filter(call=call).order_by("-id").first()
    if link is None:
        return ChatShown(call_id=call.pk, zone=installation.zone)
    if link.conversation_id is not None:
        action = "chat.exported" if via in _EXPORTS else "chat.read"
        detail = {"call": call.pk, "via": via}
        write_audit(actor, action, resource="conversation", object_id=link.conversation_id, detail=detail)
    return _show(link, installation.zone)


def _show(link: ChatLink, zone: ZoneInfo) -> ChatShown:
    reason = Reason(link.reason)
    message, params = message_of(reason, timedelta(minutes=link.window_minutes)) or (None, {})
    return ChatShown(
        call_id=link.call_id,
        zone=zone,
        link_id=link.pk,
        reason=reason,
        source=link.source,
        message=message,
        message_params=params,
        record=link.record,
        claimed_by=len(link.record.get("claimed_by", ())),
        conversation_id=link.conversation_id,
        lines=write_transcript(list_messages(link.conversation_id)) if link.conversation_id else (),
        api_call_id=_newest_request(link.call_id),
    )


def _newest_request(call_id: int) -> int | None:
    return ExternalApiCall.objects.filter(call_id=call_id).order_by("-id").values_list("id", flat=True).first()

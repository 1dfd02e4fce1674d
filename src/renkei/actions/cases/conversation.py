"""Opening an imported conversation: under the right for chats, and written down (R108, R109, R145, P8)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from django.db import transaction

from renkei.actions.audit import write_audit
from renkei.domain.chat import Kind, Message, Speaker
from renkei.domain.transcript import Line, write_transcript
from renkei.errors import RejectedError
from renkei.models import Interaction, InteractionRevision, SnsAgent, SnsCustomer
from renkei.permissions import require
from renkei.queries.scope import Viewer, visible_interaction
from renkei.queries.settings.installation import read_installation

Via = Literal["sns_tab", "clipboard", "link", "csv", "revision"]


@dataclass(frozen=True, slots=True)
class NamedLine:
    """One message and the name under which it is shown (R154, R168); empty where none is known."""

    line: Line
    name: str


@dataclass(frozen=True, slots=True)
class ConversationShown:
    """A conversation as the SNS tab shows it; ``revision`` is 0 for the present one."""

    interaction_id: int
    lines: tuple[NamedLine, ...]
    zone: ZoneInfo
    revision: int = 0


@transaction.atomic
def open_conversation(actor: Viewer, interaction_id: int, *, via: Via, revision: int = 0) -> ConversationShown:
    """The conversation, its reading written down. ``revision`` opens an earlier content.

    RejectedError: ``forbidden`` without chat_content.view (.export for a file), ``not_found``.
    """
    require(actor, "case.view")
    require(actor, "chat_content.view")
    if via == "csv":
        require(actor, "chat_content.export")
    row = visible_interaction(actor, interaction_id)
    if row.setting_id is None:
        raise RejectedError("not_found")
    messages = _earlier(row, revision) if revision else _present(row)
    action = "chat.exported" if via == "csv" else "chat.read"
    detail = {"interaction": row.pk, "via": via, "revision": revision}
    write_audit(actor, action, resource="interaction", object_id=row.pk, detail=detail)
    return ConversationShown(row.pk, _name(row, messages), read_installation().zone, revision)


def _present(row: Interaction) -> list[tuple[Message, str]]:
    rows = row.messages.order_by("position")
    return [
        (Message(Speaker(each.speaker), Kind(each.kind), each.text, each.sent_at, each.url or None), each.author)
        for each in rows
    ]


def _earlier(row: Interaction, revision: int) -> list[tuple[Message, str]]:
    kept = InteractionRevision.objects.filter(interaction=row, revision=revision).first()
    if kept is None:
        raise RejectedError("not_found")
    return [
        (
            Message(
                Speaker(each["speaker"]),
                Kind(each["kind"]),
                each["text"],
                datetime.fromisoformat(each["sent_at"]),
                each["url"] or None,
            ),
            each["author"],
        )
        for each in kept.messages
    ]


def _name(row: Interaction, messages: list[tuple[Message, str]]) -> tuple[NamedLine, ...]:
    """Each line with its speaker's display name. Lines come in the messages' order: both sort by time, stably."""
    known = SnsAgent.objects.filter(
        setting=row.setting_id, registration_number__in={author for _, author in messages}
    ).values_list("registration_number", "display_name", "agent__user__display_name")
    agents = {number: shown or name for number, shown, name in known}
    customer = _customer_name(row)
    ordered = sorted(messages, key=lambda each: each[0].sent_at)
    lines = write_transcript([message for message, _ in messages])
    return tuple(
        NamedLine(line, customer if message.speaker is Speaker.CUSTOMER else agents.get(author, ""))
        for line, (message, author) in zip(lines, ordered, strict=True)
    )


def _customer_name(row: Interaction) -> str:
    kind, _, number = row.customer_key.partition(":")
    if kind == "id":
        entry = SnsCustomer.objects.filter(setting=row.setting_id, registration_number=number).first()
        if entry is not None and entry.display_name:
            return entry.display_name
    return row.case.customer.name

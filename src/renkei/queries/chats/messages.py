"""The stored messages of a conversation, as the rules read them."""

from renkei.domain.chat import Kind, Message, Speaker
from renkei.models import ChatMessage


def list_messages(conversation_id: int) -> tuple[Message, ...]:
    """All messages in the order they were told. Whoever calls this has checked the right and the row."""
    rows = ChatMessage.objects.filter(conversation_id=conversation_id).order_by("position")
    return tuple(
        Message(
            speaker=Speaker(row.speaker), kind=Kind(row.kind), text=row.text, url=row.url or None, sent_at=row.sent_at
        )
        for row in rows
    )

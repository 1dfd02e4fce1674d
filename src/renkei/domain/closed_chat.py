"""A conversation that a chat system has completed, as it told it: the import's first stage (R136, R138)."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from renkei.domain.chat import Kind, Speaker

LONGEST_ID = 200
_WEAK = "weak:"
_LONG = "sha256:"


@dataclass(frozen=True, slots=True)
class ClosedMessage:
    """One message. ``author`` is the agent's number in the chat system, empty for everybody else; ``url`` is set for
    uploads, as the chat system gave it and not yet checked."""

    speaker: Speaker
    kind: Kind
    text: str
    sent_at: datetime
    url: str | None = None
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedChat:
    """A completed conversation: normalised, not yet stored. Messages are in time order.

    ``external_id`` is the chat system's own id, None where it tells none. ``version_at`` is when its content last
    changed over there (at the latest its closing); it decides which of two contents is newer. ``agent_number`` and
    ``customer_number`` are the chat system's ids of agent and customer (R153, R161), empty where it tells none.
    """

    external_id: str | None
    started_at: datetime
    closed_at: datetime
    version_at: datetime
    agent_number: str = ""
    agent_name: str = ""
    customer_number: str = ""
    customer_name: str = ""
    customer_phone: str = ""
    customer_email: str = ""
    subject: str = ""
    entrance: str = ""
    messages: tuple[ClosedMessage, ...] = ()


def key_of(chat: ClosedChat, setting_id: int) -> str:
    """What the chat is stored under, at most 200 characters: its own id, or where it has none a hash of setting,
    start, agent and first message, marked weak."""
    if chat.external_id:
        return stored_id(chat.external_id)
    first = chat.messages[0].text if chat.messages else ""
    content = json.dumps([setting_id, chat.started_at.timestamp(), chat.agent_number, first])
    return _WEAK + hashlib.sha256(content.encode("ascii")).hexdigest()


def stored_id(external_id: str) -> str:
    """An id as a column holds it: itself, or its hash where it is too long or looks like one of our own keys."""
    if len(external_id) <= LONGEST_ID and not external_id.startswith((_WEAK, _LONG, "raw:")):
        return external_id
    return _LONG + hashlib.sha256(external_id.encode("utf-8", "surrogatepass")).hexdigest()


def is_weak(key: str) -> bool:
    """Whether a key was made from the chat's content."""
    return key.startswith(_WEAK)


def digest_of(chat: ClosedChat) -> str:
    """The content's digest: the same for the same conversation, however the chat system wrote it down."""
    content: list[object] = [
        chat.started_at.timestamp(),
        chat.closed_at.timestamp(),
        *(chat.agent_number, chat.customer_number, chat.customer_name, chat.customer_phone, chat.customer_email),
        *(chat.subject, chat.entrance),
    ]
    content += [[m.speaker, m.kind, m.text, m.url, m.author, m.sent_at.timestamp()] for m in chat.messages]
    return hashlib.sha256(json.dumps(content).encode("ascii")).hexdigest()

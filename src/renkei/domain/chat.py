"""What a customer and a chatbot said to each other, as it arrived and as it is kept."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Speaker(StrEnum):
    """Who said it; for people bot, operator and system are one: チャットサービス (D9)."""

    CUSTOMER = "customer"
    BOT = "bot"
    OPERATOR = "operator"
    SYSTEM = "system"


class Kind(StrEnum):
    """What a message is; everything but text is an upload that stays with the provider (R92, R96)."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    FILE = "file"
    LOCATION = "location"


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``url`` is set for uploads, as the provider gave it and not yet checked."""

    speaker: Speaker
    kind: Kind
    text: str
    sent_at: datetime
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as a chat system told it: normalised, not yet stored.

    ``external_id`` is the provider's own; ``project_id`` and ``channel_id`` are the provider's names for the
    contract and the entrance (R31, R32). ``typed_number`` is what the customer typed, unchanged (R66);
    ``identified_at`` is when (D4), None where the provider does not tell. Messages are in time order.
    """

    external_id: str
    project_id: str
    channel_id: str
    typed_number: str
    identified_at: datetime | None
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """A conversation in our database, as far as matching needs it.

    ``e164`` is the normalised number or None; ``identified_at`` as in Conversation; ``last_customer_at`` is
    the newest customer message that we had received before the call's arrival or that the provider returned in
    answer to this call (D4); ``received_at`` is the database's time of first storing it; ``linked`` tells
    whether a call has been linked to it. ``project_id`` None means that the query already kept to one project.
    """

    id: int
    channel_id: str
    e164: str | None
    typed_number: str
    identified_at: datetime | None
    last_customer_at: datetime | None
    received_at: datetime
    linked: bool
    project_id: str | None = None

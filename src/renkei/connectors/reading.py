"""Reads conversations out of a provider's JSON by a shape: which key holds what. Pure, and strict about types.

A shape's keys are names, or names joined by dots for what lies deeper (``sender.type``). A wrong type anywhere refuses
the whole answer with MalformedPayloadError: leaving out one conversation could link a wrong one instead (P4).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from renkei.domain.chat import Conversation, Kind, Message, Speaker
from renkei.domain.foreign_json import Json
from renkei.errors import MalformedPayloadError

MOST_CONVERSATIONS = 1_000
MOST_MESSAGES = 10_000
LONGEST_NAME = 200
LONGEST_URL = 4_096
EARLIEST_YEAR, LATEST_YEAR = 1970, 9_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

TimeForm = Literal["iso", "epoch_seconds", "epoch_milliseconds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Where things are. An empty key means that the provider does not tell; ``zone`` is for times that carry none.

    Speakers and kinds not listed are taken as the chat service, and as a file or (without a URL) a text.
    """

    conversations: str = "conversations"
    id: str = "id"
    project: str = ""
    channel: str = ""
    phone: str = "phone"
    identified_at: str = ""
    messages: str = "messages"
    speaker: str = "speaker"
    kind: str = "kind"
    text: str = "text"
    url: str = "url"
    sent_at: str = "sent_at"
    times: TimeForm = "iso"
    zone: str = "Asia/Tokyo"
    speakers: Mapping[str, Speaker] = field(default_factory=lambda: {each.value: each for each in Speaker})
    kinds: Mapping[str, Kind] = field(default_factory=lambda: {each.value: each for each in Kind})


def read_conversations(document: Json, shape: Shape, *, project_id: str, channel_id: str) -> tuple[Conversation, ...]:
    """Read an answer to a question about one project and channel; conversations of others are left out (P4).

    A conversation that comes twice is taken once, in the form with the most messages.
    """
    listed = get(document, shape.conversations)
    if not isinstance(listed, list):
        raise MalformedPayloadError("wrong_type", field=shape.conversations)
    if len(listed) > MOST_CONVERSATIONS:
        raise MalformedPayloadError("too_many", field=shape.conversations)
    found: dict[str, Conversation] = {}
    for each in listed:
        read = read_conversation(each, shape, project_id=project_id, channel_id=channel_id)
        if (read.project_id, read.channel_id) != (project_id, channel_id):
            continue
        before = found.get(read.external_id)
        if before is None or len(before.messages) <= len(read.messages):
            found[read.external_id] = read
    return tuple(found.values())


def read_conversation(record: Json, shape: Shape, *, project_id: str = "", channel_id: str = "") -> Conversation:
    """Read one conversation; the two ids stand in where the provider does not repeat them."""
    if not isinstance(record, dict):
        raise MalformedPayloadError("wrong_type", field=shape.conversations)
    messages = get(record, shape.messages)
    if not isinstance(messages, list):
        raise MalformedPayloadError("wrong_type", field=shape.messages)
    if len(messages) > MOST_MESSAGES:
        raise MalformedPayloadError("too_many", field=shape.messages)
    identified = get(record, shape.identified_at)
    read = [read_message(each, shape) for each in messages]
    return Conversation(
        external_id=_name(record, shape.id),
        project_id=_name(record, shape.project, default=project_id),
        channel_id=_name(record, shape.channel, default=channel_id),
        typed_number=read_string(record, shape.phone)[:LONGEST_NAME],
        identified_at=None if identified is None else read_time(identified, shape, key=shape.identified_at),
        messages=tuple(sorted(read, key=lambda message: message.sent_at)),
    )


def read_message(record: Json, shape: Shape) -> Message:
    """Read one message; raises MalformedPayloadError."""
    if not isinstance(record, dict):
        raise MalformedPayloadError("wrong_type", field=shape.messages)
    text = read_string(record, shape.text)
    url: str | None = read_string(record, shape.url) or None
    if url is not None and len(url) > LONGEST_URL:
        text, url = text or url, None  # no link, but nothing is lost
    fallback = Kind.FILE if url else Kind.TEXT
    return Message(
        speaker=shape.speakers.get(read_string(record, shape.speaker), Speaker.BOT),
        kind=shape.kinds.get(read_string(record, shape.kind) or Kind.TEXT.value, fallback),
        text=text,
        sent_at=read_time(get(record, shape.sent_at), shape, key=shape.sent_at),
        url=url,
    )


def get(record: Json, key: str) -> Json:
    """The value behind a dotted key; None where it is missing, and for an empty key."""
    if not key:
        return None
    for part in key.split("."):
        if not isinstance(record, dict):
            return None
        record = record.get(part)
    return record


def read_string(record: Json, key: str) -> str:
    """The text behind a dotted key; empty where there is none, MalformedPayloadError where it is something else."""
    value = get(record, key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MalformedPayloadError("wrong_type", field=key)
    return value


def _name(record: Json, key: str, *, default: str = "") -> str:
    """An identifier: text, or a whole number as some systems write it."""
    value = get(record, key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None:
        value = default
    if not isinstance(value, str) or not value:
        raise MalformedPayloadError("wrong_type", field=key)
    if len(value) > LONGEST_NAME:
        raise MalformedPayloadError("too_long", field=key)
    return value


def read_time(value: Json, shape: Shape, *, key: str) -> datetime:
    """Read a moment into UTC; a provider's wrong clock is not our business here, a year no database holds is."""
    try:
        moment = _moment(value, shape)
    except (ValueError, OverflowError) as error:
        raise MalformedPayloadError("bad_time", field=key) from error
    if moment is None or not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise MalformedPayloadError("bad_time", field=key)
    return moment.astimezone(UTC)


def _moment(value: Json, shape: Shape) -> datetime | None:
    if shape.times == "iso":
        if not isinstance(value, str):
            return None
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(shape.zone))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _EPOCH + timedelta(seconds=value if shape.times == "epoch_seconds" else value / 1_000)

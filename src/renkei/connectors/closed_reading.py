"""Reads completed conversations out of a chat system's JSON by a shape. Pure.

One record that cannot be understood stands alone: it is kept as it came and its neighbours are read (P2). A record that
is not even JSON of ours (NaN, a name twice, endless depth, other bytes than UTF-8) is cut out of its page as text.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from renkei.connectors.contract import ClosedRecord
from renkei.connectors.reading import LONGEST_NAME, MOST_MESSAGES, Shape, get, read_message, read_string, read_time
from renkei.connectors.splitting import split_records
from renkei.domain.chat import Message
from renkei.domain.closed_chat import ClosedChat, ClosedMessage
from renkei.domain.foreign_json import Json, clean_text, read_json
from renkei.errors import MalformedPayloadError

MOST_RECORDS = 5_000
LONGEST_TEXT = 1_000_000
LONGEST_ID_TOLD = 2_000
LARGEST_RECORD = 5_000_000
"""Bytes; with more in it a chat is no conversation that people read."""
LARGEST_HEAD = 20_000
UNREADABLE = "$unreadable"
"""Stands in a payload that is no JSON of ours: the code why, and beside it, in ``raw``, the record's own text."""
UNREADABLE_CODES = (
    *("not_utf8", "too_many_values", "too_deep", "duplicate_key", "not_a_number", "not_json", "too_large"),
    "record_too_large",
)
"""What read_json says of a piece that is none; a stranger may write anything else there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedShape(Shape):
    """Where things are in a completed conversation; what Shape says of names, times and tables holds here too.

    ``conversations`` is the list, ``phone`` the customer's telephone. ``states`` says of each value of ``status``
    whether it means completed (R138); a value not listed is not guessed. Without ``status`` all are completed.
    """

    status: str = ""
    states: Mapping[str, bool] = field(default_factory=dict)
    started_at: str = ""
    closed_at: str = "closed_at"
    updated_at: str = ""
    agent_id: str = ""
    agent_name: str = ""
    customer_id: str = ""
    customer_name: str = ""
    email: str = ""
    subject: str = ""
    entrance: str = ""
    author: str = ""


def read_records(body: bytes, shape: ClosedShape) -> tuple[Json, tuple[ClosedRecord, ...]]:
    """The page's own document and its records, in the order given; MalformedPayloadError for what is no page at all."""
    try:
        document = read_json(body)
        listed = get(document, shape.conversations)
    except MalformedPayloadError as whole:
        try:
            return _read_apart(body, shape)
        except MalformedPayloadError:
            raise whole from None
    if not isinstance(listed, list):
        raise MalformedPayloadError("wrong_type", field=shape.conversations)
    return document, _limited([make_record(each, shape) for each in listed], shape)


def _read_apart(body: bytes, shape: ClosedShape) -> tuple[Json, tuple[ClosedRecord, ...]]:
    """Read the records one by one, so that what is wrong with one of them stays with it."""
    skeleton, pieces = split_records(body, shape.conversations)
    document = read_json(skeleton)
    return document, _limited([_read_piece(piece, shape) for piece in pieces], shape)


def _limited(records: list[ClosedRecord], shape: ClosedShape) -> tuple[ClosedRecord, ...]:
    if len(records) > MOST_RECORDS:
        raise MalformedPayloadError("too_many", field=shape.conversations)
    return tuple(records)


def _read_piece(piece: bytes, shape: ClosedShape) -> ClosedRecord:
    try:
        return make_record(read_json(piece), shape)
    except MalformedPayloadError as error:
        raw = clean_text(piece.decode("utf-8", "replace"))
        return ClosedRecord({UNREADABLE: error.code, "raw": raw}, _guess_id(raw, shape))


def _guess_id(raw: str, shape: ClosedShape) -> str:
    """The id of a record that is no JSON, where it stands there plainly: it tells people which chat is missing."""
    name = re.escape(shape.id.rpartition(".")[2])
    pattern = rf'"{name}"\s*:\s*(?:"([^"\\]{{1,{LONGEST_NAME}}})"|(\d{{1,30}})\b)'
    found = re.search(pattern, raw[:10_000]) if name else None
    return (found[1] or found[2]) if found is not None else ""


def make_record(payload: Json, shape: ClosedShape) -> ClosedRecord:
    """A record with the id and the version found in it; never raises."""
    try:
        source_id = _read_id(payload, shape) or ""
    except MalformedPayloadError:
        source_id = ""
    return ClosedRecord(payload, source_id, _find_version(payload, shape))


def _find_version(payload: Json, shape: ClosedShape) -> datetime | None:
    try:
        return _read_moment(payload, shape.updated_at, shape) or _read_moment(payload, shape.closed_at, shape)
    except MalformedPayloadError:
        return None


def cut_large(records: Sequence[ClosedRecord]) -> tuple[ClosedRecord, ...]:
    """Those that are too large to be imported become unreadable ones, of which only the beginning is kept."""
    return tuple(_cut(each) for each in records)


def _cut(record: ClosedRecord) -> ClosedRecord:
    text = json.dumps(record.payload, ensure_ascii=False)
    if len(text.encode("utf-8", "surrogatepass")) <= LARGEST_RECORD:
        return record
    head = clean_text(text[:LARGEST_HEAD])
    return ClosedRecord({UNREADABLE: "record_too_large", "raw": head}, record.source_id, record.version_at)


def read_closed(payload: Json, shape: ClosedShape) -> ClosedChat | None:
    """Read one record; None while its chat is open (R138). Raises nothing but MalformedPayloadError."""
    if not isinstance(payload, dict):
        raise MalformedPayloadError("wrong_type", field=shape.conversations)
    if UNREADABLE in payload:
        code = payload[UNREADABLE]
        raise MalformedPayloadError(code if code in UNREADABLE_CODES else "not_json")
    if not _is_closed(payload, shape):
        return None
    _check_people(payload, shape)
    messages = _read_messages(payload, shape)
    closed_at = _read_moment(payload, shape.closed_at, shape) or _read_moment(payload, shape.updated_at, shape)
    if closed_at is None:
        raise MalformedPayloadError("bad_time", field=shape.closed_at)
    started_at = _read_moment(payload, shape.started_at, shape)
    return ClosedChat(
        external_id=_read_id(payload, shape),
        started_at=started_at or (messages[0].sent_at if messages else closed_at),
        closed_at=closed_at,
        version_at=_read_moment(payload, shape.updated_at, shape) or closed_at,
        agent_number=_read_number(payload, shape.agent_id),
        agent_name=read_string(payload, shape.agent_name),
        customer_number=_read_number(payload, shape.customer_id),
        customer_name=read_string(payload, shape.customer_name),
        customer_phone=read_string(payload, shape.phone),
        customer_email=read_string(payload, shape.email),
        subject=read_string(payload, shape.subject),
        entrance=read_string(payload, shape.entrance),
        messages=messages,
    )


def _check_people(payload: dict[str, Json], shape: ClosedShape) -> None:
    """An agent or customer told in another form than described would silently be nobody."""
    for key in (shape.agent_id, shape.customer_id):
        holder = key.rpartition(".")[0]
        if not isinstance(get(payload, holder), dict | None):
            raise MalformedPayloadError("wrong_type", field=holder)


def _is_closed(payload: dict[str, Json], shape: ClosedShape) -> bool:
    if not shape.status:
        return True
    status = read_string(payload, shape.status)
    if status not in shape.states:
        raise MalformedPayloadError("unknown_status", field=shape.status)
    return shape.states[status]


def _read_messages(payload: dict[str, Json], shape: ClosedShape) -> tuple[ClosedMessage, ...]:
    listed = get(payload, shape.messages)
    if not isinstance(listed, list):
        raise MalformedPayloadError("wrong_type", field=shape.messages)
    if len(listed) > MOST_MESSAGES:
        raise MalformedPayloadError("too_many", field=shape.messages)
    read = [_read_message(each, shape) for each in listed]
    return tuple(sorted(read, key=lambda message: message.sent_at))


def _read_message(record: Json, shape: ClosedShape) -> ClosedMessage:
    said: Message = read_message(record, shape)
    if len(said.text) > LONGEST_TEXT:
        raise MalformedPayloadError("too_long", field=shape.text)
    author = _read_number(record, shape.author)
    return ClosedMessage(said.speaker, said.kind, said.text, said.sent_at, said.url, author)


def _read_moment(payload: Json, key: str, shape: ClosedShape) -> datetime | None:
    value = get(payload, key)
    return None if value is None else read_time(value, shape, key=key)


def _read_id(payload: Json, shape: ClosedShape) -> str | None:
    return _read_number(payload, shape.id, longest=LONGEST_ID_TOLD) or None


def _read_number(payload: Json, key: str, *, longest: int = LONGEST_NAME) -> str:
    """An identifier: text, or a whole number as some systems write it; empty where there is none."""
    value = get(payload, key)
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= 4 * longest:
        value = str(value)
    if not isinstance(value, str):
        raise MalformedPayloadError("wrong_type", field=key)
    if len(value) > longest:
        raise MalformedPayloadError("too_long", field=key)
    return value

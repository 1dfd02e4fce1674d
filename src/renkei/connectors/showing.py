"""Reads the records of a page or push one by one: one that cannot be read does not hide its neighbours."""

from collections.abc import Sequence

from renkei.connectors.contract import ClosedRecord, ParseClosed
from renkei.domain.inbox import ShownChat
from renkei.errors import MalformedPayloadError


def read_records(records: Sequence[ClosedRecord], parse: ParseClosed) -> list[ShownChat]:
    """Closed chats, and records that could not be read with the reason. Open chats are left out (R138)."""
    shown: list[ShownChat] = []
    for record in records:
        try:
            chat = parse(record.payload)
        except MalformedPayloadError as error:
            told = record.version_at
            shown.append(ShownChat(record.payload, record.source_id, None, error.code, error.params, version_at=told))
            continue
        if chat is not None:
            shown.append(ShownChat(record.payload, record.source_id, chat))
    return shown

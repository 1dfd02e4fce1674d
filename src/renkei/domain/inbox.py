"""What the inbox keeps of a chat: its row, its key, and the digest that keeps a deleted one from coming back."""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from renkei.domain.closed_chat import ClosedChat, key_of, stored_id
from renkei.domain.foreign_json import Json
from renkei.domain.importing import newest_of

RAW = "raw:"
"""Begins the key of a record that could not be read; its digest follows."""

NEVER_REPLACED = "z" * 64
"""Stands in place of a repaired record's digest: no digest is greater, so that the record as it was never takes its
place again. Newer content does."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""The version of an unreadable record that tells none."""


@dataclass(frozen=True, slots=True)
class ShownChat:
    """A record as a chat system showed it, and what was read of it: a chat, or why it could not be read
    (a code of sentences.py and its parameters). ``version_at`` is the version told by a record that could not be
    read, None where it tells none."""

    payload: Json
    source_id: str
    chat: ClosedChat | None
    error: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    version_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InboxRows:
    """Columns for the statement STORE, and the keys of the readable chats (RESOLVE_UNREADABLE)."""

    columns: dict[str, list[Any]]
    readable: list[str]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to store."""
        return not self.columns


def make_rows(setting_id: int, shown: Sequence[ShownChat], *, secret: bytes) -> InboxRows:
    """The rows of a page or push. Of one chat shown several times the newest content counts."""
    rows = _newest_rows([_row(setting_id, each, secret) for each in shown])
    columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
    readable = [row["keys"] for row in rows if row["states"] == "pending" and row["sources"]]
    return InboxRows(columns, readable)


def name_shown(setting_id: int, shown: ShownChat) -> str:
    """The name under which a chat counts in a comparison: its key, of an unreadable record the chat's id, or where
    none was found the key of the record."""
    if shown.chat is not None:
        return key_of(shown.chat, setting_id)
    return stored_id(shown.source_id) if shown.source_id else raw_key(shown.payload)


def raw_key(payload: Json) -> str:
    """The key of a record that could not be read."""
    return RAW + sha256(write_payload(payload)).hexdigest()


def tombstone_of(setting_id: int, key: str, *, secret: bytes) -> str:
    """The keyed digest of a chat's key: nobody can tell from it which chat it was (P7)."""
    return hmac.new(secret or b"-", f"{setting_id}:{key}".encode("utf-8", "surrogatepass"), sha256).hexdigest()


def write_payload(payload: Json) -> bytes:
    """A record in canonical JSON: ASCII, sorted keys, no spaces; the same record always gives the same bytes."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":")).encode("ascii")


def _row(setting_id: int, shown: ShownChat, secret: bytes) -> dict[str, Any]:
    payload = write_payload(shown.payload)
    digest = sha256(payload).hexdigest()
    chat = shown.chat
    key = RAW + digest if chat is None else key_of(chat, setting_id)
    source = stored_id(shown.source_id) if shown.source_id else ""
    return {
        "keys": key,
        "sources": source,
        "versions": (shown.version_at or _LONG_AGO) if chat is None else chat.version_at,
        "counts": 0 if chat is None else len(chat.messages),
        "payloads": payload,
        "sha256s": digest,
        "states": "quarantined" if chat is None else "pending",
        "errors": shown.error[:60] if chat is None else "",
        "params": json.dumps(dict(shown.params), default=str),
        "tombs": tombstone_of(setting_id, key, secret=secret),
        "source_tombs": tombstone_of(setting_id, source or key, secret=secret),
    }


def _newest_rows(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    ranked = [(row["keys"], (row["versions"], row["counts"], row["sha256s"])) for row in rows]
    newest = newest_of(ranked)
    return list({key: row for row, (key, rank) in zip(rows, ranked, strict=True) if rank == newest[key]}.values())

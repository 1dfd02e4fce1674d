"""A fetched page is stored whole, with its bookmark, before anything is made of it."""

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from renkei.actions.imports.fence import Lease, fenced, run, run_all
from renkei.domain.closed_chat import ClosedChat, key_of, stored_id
from renkei.domain.foreign_json import Json
from renkei.domain.importing import newest_of
from renkei.domain.listing import Finished, Listing, keep_listing, turn_page
from renkei.models.statements import imports
from renkei.settings import config

_RAW = "raw:"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ShownChat:
    """A record as a chat system showed it, and what was read of it: a chat, or why it could not be read."""

    payload: Json
    source_id: str
    chat: ClosedChat | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class StoredPage:
    """What storing a page brought: how many chats were new or changed, and what is to be fetched next."""

    stored: int
    next: Listing | Finished


def store_page(
    lease: Lease,
    listing: Listing,
    *,
    shown: Sequence[ShownChat],
    next_page: str | None,
    is_steady: bool,
    now: datetime,
) -> StoredPage:
    """Store a page and where the listing stands, in one transaction; the cursor moves with the last page only.

    Raises StaleLeaseError, and then nothing is stored.
    """
    newest = max((each.chat.version_at for each in shown if each.chat is not None), default=None)
    with fenced(lease) as cursor:
        stored = store_chats(lease.setting_id, shown)
        following = turn_page(
            listing,
            next_page=next_page,
            newest=newest,
            has_news=stored > 0,
            is_steady=is_steady,
            cursor=cursor,
            now=now,
        )
        keep_position(lease, following)
    return StoredPage(stored, following)


def keep_position(lease: Lease, position: Listing | Finished) -> None:
    """Write down where a listing stands, inside the caller's transaction."""
    match position:
        case Finished(cursor=reached):
            run(imports.MOVE_CURSOR, setting=lease.setting_id, epoch=lease.epoch, cursor=reached)
        case Listing():
            bookmark = json.dumps(keep_listing(position))
            run(imports.KEEP_LISTING, setting=lease.setting_id, epoch=lease.epoch, bookmark=bookmark)


def store_chats(setting_id: int, shown: Sequence[ShownChat]) -> int:
    """Put chats into the inbox, inside the caller's transaction; how many were new or changed.

    Of one chat shown several times the newest content counts. Chats with a tombstone are not stored.
    """
    rows = _newest_rows([_row(setting_id, each) for each in shown])
    if not rows:
        return 0
    params = {name: [row[name] for row in rows] for name in rows[0]}
    stored = {key for (key,) in run_all(imports.STORE, {"setting": setting_id, **params})}
    readable = [row["sources"] for row in rows if row["states"] == "pending" and row["sources"]]
    if readable:
        run(imports.RESOLVE_UNREADABLE, setting=setting_id, sources=readable)
    return len(stored)


def tombstone_of(setting_id: int, key: str) -> str:
    """The keyed digest of a chat's key: nobody can tell from it which chat it was (P7)."""
    secret = config.secret_key.get_secret_value().encode("utf-8") or b"-"
    return hmac.new(secret, f"{setting_id}:{key}".encode("utf-8", "surrogatepass"), sha256).hexdigest()


def write_payload(payload: Json) -> bytes:
    """A record in canonical JSON: ASCII, sorted keys, no spaces; the same record always gives the same bytes."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":")).encode("ascii")


def _row(setting_id: int, shown: ShownChat) -> dict[str, Any]:
    payload = write_payload(shown.payload)
    digest = sha256(payload).hexdigest()
    chat = shown.chat
    key = _RAW + digest if chat is None else key_of(chat, setting_id)
    source = stored_id(shown.source_id) if shown.source_id else ""
    return {
        "keys": key,
        "sources": source,
        "versions": _LONG_AGO if chat is None else chat.version_at,
        "counts": 0 if chat is None else len(chat.messages),
        "payloads": payload,
        "sha256s": digest,
        "states": "quarantined" if chat is None else "pending",
        "errors": shown.error[:60] if chat is None else "",
        "params": "{}",
        "tombs": tombstone_of(setting_id, source or key),
    }


def _newest_rows(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    versions = {id(row): (row["versions"], row["counts"], row["sha256s"]) for row in rows}
    newest = newest_of((row["keys"], versions[id(row)]) for row in rows)
    chosen = {row["keys"]: row for row in rows if versions[id(row)] == newest[row["keys"]]}
    return list(chosen.values())

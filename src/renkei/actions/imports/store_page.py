"""A fetched page is stored whole, with its bookmark, before anything is made of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from renkei.actions.imports.fence import Lease, fenced, run, run_all, run_one
from renkei.domain.inbox import ShownChat, make_rows
from renkei.domain.listing import Finished, Listing, keep_listing, turn_page
from renkei.models.statements import imports
from renkei.settings import config


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
        stored = len(store_chats(lease.setting_id, shown))
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


def store_chats(setting_id: int, shown: Sequence[ShownChat]) -> dict[str, int]:
    """Put chats into the inbox, inside the caller's transaction; the keys of those that were new (revision 1) or
    changed (higher ones).

    Of one chat shown several times the newest content counts. Chats with a tombstone are not stored.
    """
    rows = make_rows(setting_id, shown, secret=config.secret_key.get_secret_value().encode("utf-8"))
    if rows.is_empty:
        return {}
    run_one(imports.GATE_IN, setting=setting_id)
    stored = {
        str(key): int(revision) for key, revision in run_all(imports.STORE, {"setting": setting_id, **rows.columns})
    }
    if rows.readable:
        run(imports.RESOLVE_UNREADABLE, setting=setting_id, readable=rows.readable, current=rows.readable)
    return stored

"""How a listing of closed chats is walked: where it begins, which page is next, and how far the cursor may move.

The cursor is in the chat system's time. It never passes an unstored page, and never our own clock, so that a chat
system whose clock ran ahead does not hide what it closes after the clock was put right.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

MOST_PASSES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A listing under way. ``page`` is the chat system's token of the page to fetch next, None for the first.

    ``newest`` is the newest version shown so far; ``has_news`` whether this pass stored anything new. Where pages may
    shift while they are walked (``is_steady`` false of a page) the listing is walked again until a pass brings
    nothing new, three times at most; what is missed even then is found by the nightly comparison.
    """

    since: datetime | None
    page: str | None = None
    newest: datetime | None = None
    has_news: bool = False
    pages: int = 0
    passes: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """The listing is through; ``cursor`` is where the next one counts from."""

    cursor: datetime | None


def begin_listing(cursor: datetime | None, overlap: timedelta) -> Listing:
    """Begin a listing from the cursor less the overlap; without a cursor from the beginning of time."""
    return Listing(since=None if cursor is None else cursor - overlap)


def turn_page(
    listing: Listing,
    *,
    next_page: str | None,
    newest: datetime | None,
    has_news: bool,
    is_steady: bool,
    cursor: datetime | None,
    now: datetime,
) -> Listing | Finished:
    """Say what follows a page that has been stored. ``newest`` is the newest version on it."""
    seen = max((each for each in (listing.newest, newest) if each is not None), default=None)
    walked = replace(
        listing, page=next_page, newest=seen, has_news=listing.has_news or has_news, pages=listing.pages + 1
    )
    if next_page is not None and next_page != listing.page:
        return walked
    if not is_steady and walked.has_news and walked.pages > 1 and walked.passes + 1 < MOST_PASSES:
        return replace(walked, page=None, has_news=False, pages=0, passes=walked.passes + 1)
    return Finished(move_cursor(cursor, seen, now=now))


def move_cursor(cursor: datetime | None, newest: datetime | None, *, now: datetime) -> datetime | None:
    """The cursor after a listing: the newest version seen, never back, never beyond ``now``."""
    if newest is None:
        return cursor
    reached = min(newest, now)
    return reached if cursor is None else max(cursor, reached)


def keep_listing(listing: Listing) -> dict[str, Any]:
    """The listing as JSON."""
    return {
        "since": None if listing.since is None else listing.since.isoformat(),
        "page": listing.page,
        "newest": None if listing.newest is None else listing.newest.isoformat(),
        "has_news": listing.has_news,
        "pages": listing.pages,
        "passes": listing.passes,
    }


def read_listing(kept: Mapping[str, Any]) -> Listing:
    """The listing again from its JSON."""
    return Listing(
        since=_moment(kept["since"]),
        page=kept["page"],
        newest=_moment(kept["newest"]),
        has_news=kept["has_news"],
        pages=kept["pages"],
        passes=kept["passes"],
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)

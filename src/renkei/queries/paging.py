"""Keyset paging, newest first, with one signed cursor format for every list and the API.

A cursor holds the direction and the last row's time and id, signed for its list; a changed one is RejectedError
("bad_cursor"). Nothing is skipped or shown twice when rows arrive while somebody turns pages.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.core import signing
from django.db.models import Model, Q, QuerySet

from renkei.errors import RejectedError

PAGE_SIZE = 50
LARGEST_PAGE = 200
COUNT_LIMIT = 10_000
"""Above this a count is shown as "10,000 or more": counting on would cost more than it tells."""

Row = TypeVar("Row", bound=Model)
Shown = TypeVar("Shown")
Other = TypeVar("Other")


@dataclass(frozen=True, slots=True)
class Page(Generic[Shown]):
    """One page of a list. ``count`` is exact unless ``has_more_than_count``; cursors are None at the ends."""

    rows: tuple[Shown, ...]
    count: int
    has_more_than_count: bool
    next_cursor: str | None
    previous_cursor: str | None

    def convert(self, show: Callable[[Shown], Other]) -> "Page[Other]":
        """The same page with each row shown otherwise."""
        rows = tuple(show(row) for row in self.rows)
        return Page(rows, self.count, self.has_more_than_count, self.next_cursor, self.previous_cursor)


@dataclass(frozen=True, slots=True)
class Keyset:
    """How a list is ordered: ``name`` signs its cursors, ``time_field`` and the id order it, newest first."""

    name: str
    time_field: str


@dataclass(frozen=True, slots=True)
class _Place:
    forward: bool
    at: datetime
    id: int


def turn_to(rows: QuerySet[Row], keyset: Keyset, *, cursor: str | None = None, size: int = PAGE_SIZE) -> Page[Row]:
    """The page after (or before) ``cursor``; the first page without one. ``size`` is kept within 1 and LARGEST_PAGE."""
    size = max(1, min(size, LARGEST_PAGE))
    place = _read_cursor(keyset, cursor) if cursor else None
    found = _fetch(rows, keyset, place=place, size=size)
    has_beyond = len(found) > size
    found = found[:size]
    backward = place is not None and not place.forward
    if backward:
        found.reverse()
    count = rows.order_by()[: COUNT_LIMIT + 1].count()
    has_next = bool(found) and (has_beyond or backward)
    has_previous = bool(found) and (has_beyond if backward else place is not None)
    return Page(
        rows=tuple(found),
        count=min(count, COUNT_LIMIT),
        has_more_than_count=count > COUNT_LIMIT,
        next_cursor=_write_cursor(keyset, found[-1], forward=True) if has_next else None,
        previous_cursor=_write_cursor(keyset, found[0], forward=False) if has_previous else None,
    )


def _fetch(rows: QuerySet[Row], keyset: Keyset, *, place: _Place | None, size: int) -> list[Row]:
    field = keyset.time_field
    if place is None or place.forward:
        ordered = rows.order_by(f"-{field}", "-pk")
    else:
        ordered = rows.order_by(field, "pk")
    if place is not None:
        # "at or before" bounds the index scan; the second half leaves out the rows of that very moment already seen.
        side, beyond = ("lte", "lt") if place.forward else ("gte", "gt")
        ordered = ordered.filter(**{f"{field}__{side}": place.at}).filter(
            Q(**{f"{field}__{beyond}": place.at}) | Q(**{f"pk__{beyond}": place.id})
        )
    return list(ordered[: size + 1])


def _salt(keyset: Keyset) -> str:
    return f"renkei.paging.{keyset.name}"


def _write_cursor(keyset: Keyset, row: Model, *, forward: bool) -> str:
    at: datetime = getattr(row, keyset.time_field)
    return signing.dumps(["n" if forward else "p", at.isoformat(), row.pk], salt=_salt(keyset), compress=True)


def _read_cursor(keyset: Keyset, cursor: str) -> _Place:
    if len(cursor) > 400:
        raise RejectedError("bad_cursor")
    try:
        direction, at, row_id = signing.loads(cursor, salt=_salt(keyset))
        return _Place(forward=direction == "n", at=datetime.fromisoformat(at), id=int(row_id))
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise RejectedError("bad_cursor") from error

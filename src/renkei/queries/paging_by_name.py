"""Keyset paging in the order of a text (people by kana, D19); the sister of paging.py with the same Page."""

from dataclasses import dataclass

from django.core import signing
from django.db.models import Model, Q, QuerySet

from renkei.errors import RejectedError
from renkei.queries.paging import COUNT_LIMIT, LARGEST_PAGE, PAGE_SIZE, Page, Row


@dataclass(frozen=True, slots=True)
class NameKeyset:
    """How a list is ordered: ``name`` signs its cursors, ``field`` and the id order it, ascending."""

    name: str
    field: str


def turn_by_name(
    rows: QuerySet[Row], keyset: NameKeyset, *, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[Row]:
    """The page after (or before) ``cursor``; the first without one. RejectedError ``bad_cursor``."""
    size = max(1, min(size, LARGEST_PAGE))
    forward, text, row_id = _read(rows.model, keyset, cursor) if cursor else (True, None, 0)
    order = (keyset.field, "pk") if forward else (f"-{keyset.field}", "-pk")
    found_rows = rows.order_by(*order)
    if text is not None:
        beyond = "gt" if forward else "lt"
        same = Q(**{keyset.field: text}) & Q(**{f"pk__{beyond}": row_id})
        found_rows = found_rows.filter(Q(**{f"{keyset.field}__{beyond}": text}) | same)
    found = list(found_rows[: size + 1])
    has_beyond = len(found) > size
    found = found[:size]
    if not forward:
        found.reverse()
    count = rows.order_by()[: COUNT_LIMIT + 1].count()
    has_next = bool(found) and (has_beyond or not forward)
    has_previous = bool(found) and (has_beyond if not forward else text is not None)
    return Page(
        rows=tuple(found),
        count=min(count, COUNT_LIMIT),
        has_more_than_count=count > COUNT_LIMIT,
        next_cursor=_write(keyset, found[-1], forward=True) if has_next else None,
        previous_cursor=_write(keyset, found[0], forward=False) if has_previous else None,
    )


def _salt(keyset: NameKeyset) -> str:
    return f"renkei.paging.{keyset.name}"


def _write(keyset: NameKeyset, row: Model, *, forward: bool) -> str:
    # A name must not stand in an address: only the row does, and its name is looked up again.
    return signing.dumps(["n" if forward else "p", row.pk], salt=_salt(keyset), compress=True)


def _read(model: type[Model], keyset: NameKeyset, cursor: str) -> tuple[bool, str, int]:
    if len(cursor) > 400:
        raise RejectedError("bad_cursor")
    try:
        direction, row_id = signing.loads(cursor, salt=_salt(keyset))
        text = model._default_manager.filter(pk=int(row_id)).values_list(keyset.field, flat=True).first()
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise RejectedError("bad_cursor") from error
    if text is None:
        raise RejectedError("bad_cursor")
    return direction == "n", str(text), int(row_id)

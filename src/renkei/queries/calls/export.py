"""The calls of a list for a file: all that a filter leaves, newest first, as many as a file may hold."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from renkei.models import Call
from renkei.permissions import require
from renkei.queries.calls.history import CallFilter, CallRow, labels_of, narrow, show_call, with_newest_reason
from renkei.queries.scope import Viewer, visible_calls

MOST_ROWS = 100_000
"""A longer file would neither open well in a spreadsheet nor be what somebody meant; the oldest are left out."""
CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class CallExported:
    """One call of a file: what the list shows, and the business group it belongs to."""

    row: CallRow
    group: str


@dataclass(frozen=True, slots=True)
class Picked:
    """Which calls go into a file, in its order; ``is_capped`` when older ones were left out."""

    ids: tuple[int, ...]
    is_capped: bool


def pick_calls(viewer: Viewer, wanted: CallFilter) -> Picked:
    """The newest MOST_ROWS calls of the filter, within the viewer's rows. RejectedError: ``forbidden``."""
    require(viewer, "call_history.view")
    require(viewer, "call_history.export")
    newest = narrow(visible_calls(viewer), wanted).order_by("-arrived_at", "-pk")
    ids = tuple(newest.values_list("pk", flat=True)[: MOST_ROWS + 1])
    return Picked(ids[:MOST_ROWS], is_capped=len(ids) > MOST_ROWS)


def read_calls(viewer: Viewer, ids: tuple[int, ...]) -> Iterator[tuple[CallExported, ...]]:
    """The picked calls, CHUNK by CHUNK with two queries each; one removed or out of reach by now is left out.

    Between two chunks no connection is held: a browser that saves slowly must not keep one of the few that all
    pages share, nor a transaction or a cursor that time limits would end.
    """
    calls = with_newest_reason(visible_calls(viewer)).select_related("business_group")
    for start in range(0, len(ids), CHUNK):
        found = list(calls.filter(pk__in=ids[start : start + CHUNK]).order_by("-arrived_at", "-pk"))
        labels = labels_of([call.pk for call in found])
        rows = tuple(_export(call, labels.get(call.pk, ())) for call in found)
        give_connection_back()
        yield rows


def give_connection_back() -> None:
    """Let other pages have this thread's connection."""
    if not connection.in_atomic_block:  # a test's transaction needs it to its end
        connection.close()


def _export(call: Call, labels: tuple[str, ...]) -> CallExported:
    group = call.business_group.name if call.business_group else ""
    return CallExported(show_call(call, labels=labels), group)

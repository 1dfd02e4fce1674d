"""Taking the calls of a list out of the house as a file: allowed, counted and written down before the first byte."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

from django.db import transaction

from renkei.actions.audit import write_audit
from renkei.queries.calls.export import CallExported, pick_calls, read_calls
from renkei.queries.calls.history import CallFilter
from renkei.queries.scope import Viewer


@dataclass(frozen=True, slots=True)
class CallsExport:
    """``count`` calls, newest first, read chunk by chunk while they are sent."""

    count: int
    chunks: Iterator[tuple[CallExported, ...]]


@transaction.atomic
def export_calls(actor: Viewer, wanted: CallFilter) -> CallsExport:
    """The calls of the filter. RejectedError: ``forbidden`` without call_history.view and .export.

    The audit keeps how many rows and which filters, never what was filtered for (it may be somebody's number).
    """
    picked = pick_calls(actor, wanted)
    narrowed = [field.name for field in fields(wanted) if getattr(wanted, field.name) != field.default]
    detail = {"via": "csv", "rows": len(picked.ids), "is_capped": picked.is_capped, "fields": narrowed}
    write_audit(actor, "call_history.exported", resource="call_history", detail=detail)
    return CallsExport(len(picked.ids), read_calls(actor, picked.ids))

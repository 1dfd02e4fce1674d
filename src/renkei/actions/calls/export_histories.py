"""Taking IVR履歴 or 外部API連携履歴 out of the house as a file: allowed, counted and written down first."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Generic, TypeVar

from django.db import transaction

from renkei.actions.audit import write_audit
from renkei.queries.calls.api_history import RequestFilter, RequestShown
from renkei.queries.calls.export import Picked
from renkei.queries.calls.export_histories import pick_requests, pick_steps, read_requests, read_steps
from renkei.queries.calls.ivr_history import StepFilter, StepRow
from renkei.queries.scope import Viewer

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class HistoryExport(Generic[Row]):
    """``count`` rows, newest first, read chunk by chunk while they are sent."""

    count: int
    chunks: Iterator[tuple[Row, ...]]


@transaction.atomic
def export_steps(actor: Viewer, wanted: StepFilter) -> HistoryExport[StepRow]:
    """The steps of the filter. RejectedError: ``forbidden`` without ivr_history.view and .export."""
    picked = pick_steps(actor, wanted)
    _write_down(actor, "ivr_history", picked, wanted)
    return HistoryExport(len(picked.ids), read_steps(actor, picked.ids))


@transaction.atomic
def export_requests(actor: Viewer, wanted: RequestFilter) -> HistoryExport[RequestShown]:
    """The requests of the filter. RejectedError: ``forbidden`` without external_api_history.view and .export."""
    picked = pick_requests(actor, wanted)
    _write_down(actor, "external_api_history", picked, wanted)
    return HistoryExport(len(picked.ids), read_requests(actor, picked.ids))


def _write_down(actor: Viewer, resource: str, picked: Picked, wanted: StepFilter | RequestFilter) -> None:
    """How many rows and which filters, never what was filtered for."""
    narrowed = [field.name for field in fields(wanted) if getattr(wanted, field.name) != field.default]
    detail = {"via": "csv", "rows": len(picked.ids), "is_capped": picked.is_capped, "fields": narrowed}
    write_audit(actor, f"{resource}.exported", resource=resource, detail=detail)

"""IVR履歴: one row a step of a call through an IVR, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from renkei.domain.phone import NoNumber
from renkei.models import IvrStep
from renkei.permissions import require
from renkei.queries.calls.detail import StepShown, list_steps
from renkei.queries.calls.history import CallRow, show_call, show_caller, with_newest_reason
from renkei.queries.paging import PAGE_SIZE, Keyset, Page, turn_to
from renkei.queries.scope import Viewer, visible_call, visible_calls, visible_steps

KEYSET = Keyset("ivr_history", "at")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFilter:
    """What the list is narrowed to."""

    since: datetime | None = None
    until: datetime | None = None
    call: int | None = None
    kind: str = ""
    ivr_id: int | None = None


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step with its call."""

    id: int
    call_id: int
    caller: str | None
    absence: NoNumber | None
    kind: str
    ivr_name: str
    detail: Mapping[str, Any]
    at: datetime


def list_ivr_history(
    viewer: Viewer, wanted: StepFilter, *, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[StepRow]:
    """One page. RejectedError: ``forbidden``, ``bad_cursor``."""
    require(viewer, "ivr_history.view")
    steps = narrow_steps(visible_steps(viewer), wanted).select_related("call")
    return turn_to(steps, KEYSET, cursor=cursor, size=size).convert(show_step)


def narrow_steps(steps: QuerySet[IvrStep], wanted: StepFilter) -> QuerySet[IvrStep]:
    """The steps a filter leaves."""
    if wanted.since:
        steps = steps.filter(at__gte=wanted.since)
    if wanted.until:
        steps = steps.filter(at__lt=wanted.until)
    if wanted.call:
        steps = steps.filter(call=wanted.call)
    if wanted.kind:
        steps = steps.filter(kind=wanted.kind)
    if wanted.ivr_id:
        steps = steps.filter(ivr=wanted.ivr_id)
    return steps


def read_ivr_history(viewer: Viewer, call_id: int) -> tuple[CallRow, tuple[StepShown, ...]]:
    """All steps of one call. RejectedError: ``forbidden``, ``not_found``."""
    require(viewer, "ivr_history.view")
    visible_call(viewer, call_id)
    call = with_newest_reason(visible_calls(viewer).filter(pk=call_id)).get()
    return show_call(call), list_steps(call_id)


def show_step(step: IvrStep) -> StepRow:
    """A step, which brings its call, as the list shows it."""
    caller, absence = show_caller(step.call)
    return StepRow(step.pk, step.call_id, caller, absence, step.kind, step.ivr_name, step.detail, step.at)

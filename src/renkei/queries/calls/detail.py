"""One call in full: times, route, rings, and where its chat is read about. The chat itself: actions.chats.open_chat."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from renkei.models import Call, CallRing, ExternalApiCall, IvrStep
from renkei.models.calls import CallLabel
from renkei.permissions import require
from renkei.queries.calls.history import CallRow, show_call, with_newest_reason
from renkei.queries.scope import Viewer, visible_call


@dataclass(frozen=True, slots=True)
class StepShown:
    """One line of IVR履歴; ``detail`` holds names, keys and codes as they were."""

    id: int
    position: int
    kind: str
    ivr_name: str
    detail: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class RingShown:
    """An agent's telephone rang; ``ended_why`` is empty while it rings."""

    agent: str
    rang_at: datetime
    ended_at: datetime | None
    ended_why: str


@dataclass(frozen=True, slots=True)
class CallShown:
    """A call with everything that happened in it, in order."""

    row: CallRow
    steps: tuple[StepShown, ...]
    rings: tuple[RingShown, ...]
    labels: tuple[tuple[str, datetime], ...]
    api_call_ids: tuple[int, ...]


def read_call(viewer: Viewer, call_id: int) -> CallShown:
    """RejectedError: ``forbidden``, ``not_found``."""
    require(viewer, "call_history.view")
    visible_call(viewer, call_id)
    call = with_newest_reason(Call.objects.filter(pk=call_id)).get()
    labels = CallLabel.objects.filter(call=call_id).order_by("at", "id").values_list("label__name", "at")
    requests = ExternalApiCall.objects.filter(call=call_id).order_by("id").values_list("id", flat=True)
    return CallShown(
        row=show_call(call, labels=[name for name, _at in labels]),
        steps=list_steps(call_id),
        rings=_list_rings(call_id),
        labels=tuple(labels),
        api_call_ids=tuple(requests),
    )


def list_steps(call_id: int) -> tuple[StepShown, ...]:
    """The steps of a call in order; whoever calls this has checked the row."""
    return tuple(
        StepShown(step.pk, step.position, step.kind, step.ivr_name, step.detail, step.at)
        for step in IvrStep.objects.filter(call=call_id).order_by("position")
    )


def _list_rings(call_id: int) -> tuple[RingShown, ...]:
    rings = CallRing.objects.filter(call=call_id).select_related("agent__user").order_by("rang_at", "id")
    return tuple(RingShown(str(ring.agent), ring.rang_at, ring.ended_at, ring.ended_why) for ring in rings)

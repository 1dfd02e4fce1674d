"""The steps of IVR履歴 and the requests of 外部API連携履歴 for a file, picked and read as the calls are (export.py)."""

from collections.abc import Iterator

from django.db.models import Model, QuerySet

from renkei.permissions import require
from renkei.queries.calls.api_history import RequestFilter, RequestShown, narrow_requests, show_request
from renkei.queries.calls.export import CHUNK, MOST_ROWS, Picked, give_connection_back
from renkei.queries.calls.ivr_history import StepFilter, StepRow, narrow_steps, show_step
from renkei.queries.scope import Viewer, visible_api_calls, visible_steps


def pick_steps(viewer: Viewer, wanted: StepFilter) -> Picked:
    """The newest MOST_ROWS steps of the filter, within the viewer's rows. RejectedError: ``forbidden``."""
    require(viewer, "ivr_history.view")
    require(viewer, "ivr_history.export")
    return _pick(narrow_steps(visible_steps(viewer), wanted))


def read_steps(viewer: Viewer, ids: tuple[int, ...]) -> Iterator[tuple[StepRow, ...]]:
    """The picked steps, CHUNK by CHUNK; one removed or out of reach by now is left out."""
    for some in _chunks(ids):
        steps = visible_steps(viewer).select_related("call").filter(pk__in=some).order_by("-at", "-pk")
        rows = tuple(show_step(step) for step in steps)
        give_connection_back()
        yield rows


def pick_requests(viewer: Viewer, wanted: RequestFilter) -> Picked:
    """The newest MOST_ROWS requests of the filter, within the viewer's rows. RejectedError: ``forbidden``."""
    require(viewer, "external_api_history.view")
    require(viewer, "external_api_history.export")
    return _pick(narrow_requests(visible_api_calls(viewer), wanted))


def read_requests(viewer: Viewer, ids: tuple[int, ...]) -> Iterator[tuple[RequestShown, ...]]:
    """The picked requests, CHUNK by CHUNK; one removed or out of reach by now is left out."""
    for some in _chunks(ids):
        found = visible_api_calls(viewer).select_related("ivr").filter(pk__in=some).order_by("-at", "-pk")
        rows = tuple(show_request(row, viewer) for row in found)
        give_connection_back()
        yield rows


def _pick(rows: "QuerySet[Model]") -> Picked:
    ids = tuple(rows.order_by("-at", "-pk").values_list("pk", flat=True)[: MOST_ROWS + 1])
    return Picked(ids[:MOST_ROWS], is_capped=len(ids) > MOST_ROWS)


def _chunks(ids: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]

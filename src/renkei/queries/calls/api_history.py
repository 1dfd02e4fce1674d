"""外部API連携履歴: each request to another system, secrets and numbers masked (R134)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from renkei.domain.transcript import show_inert
from renkei.errors import RejectedError
from renkei.models import ExternalApiCall
from renkei.permissions import holds, require
from renkei.queries.paging import PAGE_SIZE, Keyset, Page, turn_to
from renkei.queries.scope import Viewer, visible_api_calls

KEYSET = Keyset("api_history", "at")
OK = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFilter:
    """What the list is narrowed to; ``only_failed`` leaves out what went well."""

    since: datetime | None = None
    until: datetime | None = None
    call: int | None = None
    status: int | None = None
    only_failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestShown:
    """One request. ``outcome`` is ``ok`` or a code of messages.py. ``excerpt`` None: the viewer may not read chats."""

    id: int
    call_id: int | None
    ivr_name: str
    connector: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: str
    status: int | None
    outcome: str
    error: str
    duration_ms: int
    excerpt: str | None
    at: datetime


def list_api_history(
    viewer: Viewer, wanted: RequestFilter, *, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[RequestShown]:
    """One page. RejectedError: ``forbidden``, ``bad_cursor``."""
    require(viewer, "external_api_history.view")
    rows = narrow_requests(visible_api_calls(viewer), wanted).select_related("ivr")
    return turn_to(rows, KEYSET, cursor=cursor, size=size).convert(lambda row: show_request(row, viewer))


def narrow_requests(rows: QuerySet[ExternalApiCall], wanted: RequestFilter) -> QuerySet[ExternalApiCall]:
    """The requests a filter leaves."""
    if wanted.since:
        rows = rows.filter(at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(at__lt=wanted.until)
    if wanted.call:
        rows = rows.filter(call=wanted.call)
    if wanted.status:
        rows = rows.filter(status=wanted.status)
    if wanted.only_failed:
        rows = rows.exclude(outcome=OK)
    return rows


def read_api_call(viewer: Viewer, request_id: int) -> RequestShown:
    """One request. RejectedError: ``forbidden``, ``not_found``."""
    require(viewer, "external_api_history.view")
    row = visible_api_calls(viewer).select_related("ivr").filter(pk=request_id).first()
    if row is None:
        raise RejectedError("not_found")
    return show_request(row, viewer)


def show_request(row: ExternalApiCall, viewer: Viewer) -> RequestShown:
    """A request as this viewer may see it."""
    return RequestShown(
        id=row.pk,
        call_id=row.call_id,
        ivr_name=row.ivr.name if row.ivr else "",
        connector=row.connector,
        method=row.method,
        url=show_inert(row.url),
        headers={show_inert(str(name)): show_inert(str(value)) for name, value in row.request_headers.items()},
        body=show_inert(row.request_body),
        status=row.status,
        outcome=row.outcome,
        error=show_inert(row.error),
        duration_ms=row.duration_ms,
        # What another system answered may quote a chat (R109).
        excerpt=None
        if row.is_confidential and not holds(viewer, "chat_content.view")
        else show_inert(row.answer_excerpt),
        at=row.at,
    )

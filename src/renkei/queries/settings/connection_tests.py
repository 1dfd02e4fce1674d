"""The newest connection test of an IVR as its tab shows it."""

from dataclasses import dataclass
from datetime import datetime

from renkei import clock
from renkei.domain.connection_test import Finding, is_overdue
from renkei.domain.transcript import show_inert
from renkei.models import ConnectionTest
from renkei.permissions import holds, require
from renkei.queries.scope import Viewer, visible_api_calls

OPEN = ("waiting", "running")


@dataclass(frozen=True, slots=True)
class RequestMade:
    """One request of a test as 外部API連携履歴 has it, secrets and number masked. Durations in milliseconds."""

    id: int
    method: str
    url: str
    status: int | None
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionTestShown:
    """One test. ``state`` is waiting, running, done or failed; ``finding`` is there when and only when it is done.
    ``asked_for`` are the last four digits of the number. ``requests`` are those this viewer may see."""

    id: int
    state: str
    asked_at: datetime
    asked_by: str
    asked_for: str
    finding: Finding | None
    requests: tuple[RequestMade, ...]

    @property
    def is_open(self) -> bool:
        """Whether it is still under way."""
        return self.state in OPEN


def read_newest_test(viewer: Viewer, ivr_id: int) -> ConnectionTestShown | None:
    """The newest test, None before the first. An open one whose time has passed has failed. RejectedError
    ``forbidden``."""
    require(viewer, "ivr.view")
    test = ConnectionTest.objects.select_related("asked_by").filter(ivr_id=ivr_id).order_by("-id").first()
    if test is None:
        return None
    is_dead = test.state in OPEN and is_overdue(test.asked_at, now=clock.now())
    return ConnectionTestShown(
        id=test.pk,
        state="failed" if is_dead else test.state,
        asked_at=test.asked_at,
        asked_by=str(test.asked_by or ""),
        asked_for=test.number[-4:],
        finding=Finding.from_json(test.result) if test.state == ConnectionTest.State.DONE else None,
        requests=_requests(viewer, test),
    )


def _requests(viewer: Viewer, test: ConnectionTest) -> tuple[RequestMade, ...]:
    made = test.result.get("requests", ())
    if not made or not holds(viewer, "external_api_history.view"):
        return ()
    rows = visible_api_calls(viewer).filter(pk__in=made).order_by("id")
    return tuple(RequestMade(row.pk, row.method, show_inert(row.url), row.status, row.duration_ms) for row in rows)

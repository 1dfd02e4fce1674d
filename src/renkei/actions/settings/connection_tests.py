"""接続テスト of a chatbot linkage: asked for on a screen, carried out by the jobs worker, its result kept (D2, R134).

Nothing is fetched here: the job asks between ``begin_connection_test`` and ``finish_connection_test``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from renkei import clock
from renkei.actions.audit import write_audit
from renkei.actions.conflicts import refusing_conflicts
from renkei.actions.realtime.links import fit_exchange
from renkei.domain.connection_test import NOBODYS_NUMBER, is_overdue, judge, mask_number
from renkei.domain.exchanges import Exchange
from renkei.domain.matching import LookedUp
from renkei.domain.phone import Telephone, read_number
from renkei.domain.plan import Linkage
from renkei.errors import RejectedError
from renkei.models import ChatbotLinkage, ConnectionTest, ExternalApiCall, User
from renkei.models.enqueue import SOON, enqueue
from renkei.permissions import require
from renkei.queries.realtime.snapshot import make_linkage
from renkei.queries.scope import Viewer
from renkei.queries.settings.installation import read_installation, require_chatbot

JOB = "try_connection"
"""The job's name in the queue."""

_OPEN = (ConnectionTest.State.WAITING, ConnectionTest.State.RUNNING)
_KEPT = 20
"""Tests of one IVR that are kept."""


@dataclass(frozen=True, slots=True)
class AskedTest:
    """What the job must ask: ``phone`` in E.164, within ``seconds``, as a call would."""

    test_id: int
    linkage: Linkage
    phone: str
    seconds: float


def ask_connection_test(actor: Viewer, ivr_id: int, *, number: str = "") -> int:
    """Have the stored settings of an IVR's linkage tested; returns the test's id. While one is under way its id is
    returned and nothing is added. RejectedError: ``forbidden``, ``feature_off``, ``bad_number``, ``not_found``."""
    require(actor, "ivr.edit")
    require_chatbot()
    phone = read_number(number) if number.strip() else NOBODYS_NUMBER
    if not isinstance(phone, Telephone):
        raise RejectedError("bad_number")
    with refusing_conflicts():
        # The lock makes two who press at the same moment wait for each other.
        if not ChatbotLinkage.objects.select_for_update().filter(ivr_id=ivr_id).exists():
            raise RejectedError("not_found")
        under_way = ConnectionTest.objects.select_for_update().filter(ivr_id=ivr_id, state__in=_OPEN).first()
        if under_way is not None and not is_overdue(under_way.asked_at, now=clock.now()):
            return under_way.pk
        if under_way is not None:
            _close(under_way, ConnectionTest.State.FAILED)
        test = ConnectionTest.objects.create(
            ivr_id=ivr_id, asked_by=actor if isinstance(actor, User) else None, number=phone.e164
        )
        _forget_old(ivr_id)
        enqueue(JOB, priority=SOON, test_id=test.pk)
        write_audit(actor, "ivr.connection_tested", resource="ivr", object_id=ivr_id, detail={"test": test.pk})
    return test.pk


@transaction.atomic
def begin_connection_test(test_id: int) -> AskedTest | None:
    """Take a waiting test in hand, once. None for one that is begun, over or gone; one whose time has passed is
    closed: nobody waits for it any longer, so nothing is sent."""
    test = ConnectionTest.objects.select_for_update().filter(pk=test_id, state=ConnectionTest.State.WAITING).first()
    if test is None:
        return None
    columns = ChatbotLinkage.objects.filter(ivr_id=test.ivr_id).values().first()
    linkage = None if columns is None else make_linkage(dict(columns))
    if linkage is None or is_overdue(test.asked_at, now=clock.now()):
        _close(test, ConnectionTest.State.FAILED)
        return None
    test.state = ConnectionTest.State.RUNNING
    test.save(update_fields=["state"])
    return AskedTest(test.pk, linkage, test.number, read_installation().lookup_budget_ms / 1000)


@transaction.atomic
def finish_connection_test(
    test_id: int,
    connector: str,
    looked_up: LookedUp,
    *,
    conversations: int = 0,
    duration_ms: int = 0,
    exchanges: Sequence[Exchange] = (),
) -> None:
    """Store what came of it, and each request in 外部API連携履歴. What was fetched is counted, not stored."""
    test = ConnectionTest.objects.select_for_update().filter(pk=test_id).first()
    if test is None or test.state == ConnectionTest.State.DONE:
        return
    # What was sent stands in the history, also of a test that was given up in the meantime.
    requests = [_keep(test.ivr_id, connector, exchange) for exchange in exchanges]
    if test.state == ConnectionTest.State.RUNNING:
        finding = judge(looked_up, conversations=conversations, duration_ms=duration_ms)
        test.result = finding.to_json() | {"requests": requests}
        _close(test, ConnectionTest.State.DONE)


@transaction.atomic
def fail_connection_test(test_id: int) -> None:
    """The test itself broke; the log says why."""
    test = ConnectionTest.objects.select_for_update().filter(pk=test_id, state__in=_OPEN).first()
    if test is not None:
        _close(test, ConnectionTest.State.FAILED)


def _close(test: ConnectionTest, state: ConnectionTest.State) -> None:
    test.state = state
    test.finished_at = clock.now()
    test.number = mask_number(test.number)
    test.save()


def _keep(ivr_id: int, connector: str, exchange: Exchange) -> int:
    kept = fit_exchange(exchange)
    row = ExternalApiCall.objects.create(
        ivr_id=ivr_id,
        connector=connector,
        method=kept.method,
        url=kept.url,
        request_headers=dict(kept.request_headers),
        request_body=kept.request_body,
        status=kept.status,
        outcome=kept.outcome,
        error=kept.error,
        duration_ms=kept.duration_ms,
        answer_excerpt=kept.answer_excerpt,
        is_confidential=kept.is_confidential,
        at=kept.at,
    )
    return row.pk


def _forget_old(ivr_id: int) -> None:
    kept = ConnectionTest.objects.filter(ivr_id=ivr_id).order_by("-id").values_list("id", flat=True)[:_KEPT]
    ConnectionTest.objects.filter(ivr_id=ivr_id).exclude(pk__in=list(kept)).delete()

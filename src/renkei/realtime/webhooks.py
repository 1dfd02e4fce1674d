"""POST /webhooks/<connector>: chat systems push what they know. 2xx only when it is on disk (P3)."""

from collections.abc import Iterable

import psycopg
import structlog
from prometheus_client import Counter
from psycopg_pool import PoolTimeout
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from renkei.actions.realtime.chats import receive_delivery
from renkei.connectors.contract import Connector, Delivery, read_settings
from renkei.connectors.registry import get_connector
from renkei.domain.chat import Conversation
from renkei.domain.plan import LinePlan, Linkage
from renkei.errors import BadSignatureError, MalformedPayloadError
from renkei.messages import sentence
from renkei.realtime.answers import answer, refuse
from renkei.realtime.locks import open_to_all
from renkei.realtime.parts import Parts, parts_of
from renkei.realtime.reading import TooMuchError, client_of, read_body

LONGEST_BODY = 5_000_000
LOGGED_EACH = 100

DELIVERIES = Counter("renkei_webhook_deliveries", "Pushes from chat systems, by how they ended", ["result"])

log = structlog.get_logger()
_refused = 0


@open_to_all  # the signature is the lock
async def push(request: Request) -> JSONResponse:
    """Verify, read, store with its ledger entry, and only then say so."""
    parts = parts_of(request)
    wait = parts.pushes.take(client_of(request))
    if wait:
        DELIVERIES.labels("too_many").inc()
        return refuse_too_many(wait)
    connector = _find(request.path_params["connector"])
    if connector is None:
        return refuse(404, "unknown_connector")
    try:
        delivery = Delivery(headers=dict(request.headers), body=await read_body(request, LONGEST_BODY))
        return await _take(parts, connector, delivery)
    except TooMuchError:
        DELIVERIES.labels("too_large").inc()
        return refuse(413, "too_large")
    except ClientDisconnect:
        return refuse(400, "not_json")
    except (psycopg.Error, PoolTimeout, OSError) as error:
        DELIVERIES.labels("database_away").inc()
        log.warning("webhook.not_stored", connector=connector.name, error=type(error).__name__)
        return refuse(503, "database_away", headers={"retry-after": "5"})


async def _take(parts: Parts, connector: Connector, delivery: Delivery) -> JSONResponse:
    accepted = _verify(connector, delivery, await parts.plans.current())
    if accepted is None:
        return _refuse_signature(connector.name)
    delivery_id, linkages = accepted
    try:
        conversations = _read(connector, delivery, linkages)
    except MalformedPayloadError as error:
        async with parts.pool.connection() as connection:
            await receive_delivery(
                connection, connector.name, delivery_id=delivery_id, error_code=error.code, raw=delivery.body
            )
        DELIVERIES.labels("kept_unread").inc()
        log.warning("webhook.kept_unread", connector=connector.name, delivery=delivery_id, code=error.code)
        message = sentence(error.code, error.params)
        return answer({"result": "kept_unread", "error": {"code": error.code, "message": message}}, status=202)
    async with parts.pool.connection() as connection:
        is_new = await receive_delivery(
            connection, connector.name, delivery_id=delivery_id, conversations=conversations
        )
    DELIVERIES.labels("stored" if is_new else "known").inc()
    return answer({"result": "stored" if is_new else "known"})


def _find(name: str) -> Connector | None:
    try:
        connector = get_connector(name)
    except KeyError:
        return None
    return connector if connector.verify and connector.parse and connector.lookup_settings else None


def _verify(connector: Connector, delivery: Delivery, plan: LinePlan) -> tuple[str, tuple[Linkage, ...]] | None:
    """The id for the ledger and the linkages whose key signed it; None when none did.

    The id is the sender's own, so two senders may use the same: the project stands before it.
    """
    assert connector.verify is not None
    assert connector.lookup_settings is not None
    given, signed = "", []
    for ivr in plan.ivrs.values():
        if ivr.linkage is None or ivr.linkage.connector != connector.name:
            continue
        try:
            given = connector.verify(read_settings(connector.lookup_settings, ivr.linkage.settings), delivery)
        except BadSignatureError:
            continue
        signed.append(ivr.linkage)
    return (f"{signed[0].project_id}:{given}"[:200], tuple(signed)) if signed else None


def _read(connector: Connector, delivery: Delivery, linkages: Iterable[Linkage]) -> tuple[Conversation, ...]:
    """What was pushed. Who signs for one project and channel cannot push into another."""
    assert connector.parse is not None
    conversations = connector.parse(delivery)
    own = {(linkage.project_id, linkage.channel_id) for linkage in linkages}
    if any((each.project_id, each.channel_id) not in own for each in conversations):
        raise MalformedPayloadError("foreign_project")
    return conversations


def _refuse_signature(connector: str) -> JSONResponse:
    global _refused
    _refused += 1
    DELIVERIES.labels("bad_signature").inc()
    if _refused % LOGGED_EACH == 1:
        log.warning("webhook.bad_signature", connector=connector, refused=_refused)
    return refuse(401, "bad_signature")


def refuse_too_many(wait: float) -> JSONResponse:
    """429 with the seconds to wait."""
    seconds = max(1, round(wait))
    return refuse(429, "too_many_requests", headers={"retry-after": str(seconds)}, params={"seconds": seconds})

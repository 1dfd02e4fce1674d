"""POST /webhooks/chat-settings/<id>: a chat system pushes completed chats. 2xx only when they are on disk (P3)."""

import psycopg
import structlog
from prometheus_client import Counter
from psycopg_pool import PoolTimeout
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from renkei.actions.realtime.closed_chats import receive_closed
from renkei.connectors.contract import Connector, Delivery, read_settings
from renkei.connectors.registry import get_connector
from renkei.connectors.showing import read_records
from renkei.errors import BadSignatureError, MalformedPayloadError, MisconfiguredError
from renkei.messages import sentence
from renkei.queries.realtime.chat_settings import PushSetting, read_push_setting
from renkei.realtime.answers import answer, refuse
from renkei.realtime.locks import open_to_all
from renkei.realtime.parts import Parts, parts_of
from renkei.realtime.reading import TooMuchError, client_of, read_body
from renkei.realtime.webhooks import LOGGED_EACH, LONGEST_BODY, refuse_too_many

CLOSED_DELIVERIES = Counter("renkei_closed_chat_deliveries", "Pushes of completed chats, by how they ended", ["result"])

log = structlog.get_logger()
_refused = 0


@open_to_all  # the signature is the lock
async def push_closed(request: Request) -> JSONResponse:
    """Verify, read, store with its ledger entry, and only then say so. A record that cannot be read is set aside."""
    parts = parts_of(request)
    wait = parts.pushes.take(client_of(request))
    if wait:
        CLOSED_DELIVERIES.labels("too_many").inc()
        return refuse_too_many(wait)
    setting_id: int = request.path_params["setting"]
    try:
        delivery = Delivery(headers=dict(request.headers), body=await read_body(request, LONGEST_BODY))
        return await _take(parts, setting_id, delivery)
    except TooMuchError:
        CLOSED_DELIVERIES.labels("too_large").inc()
        return refuse(413, "too_large")
    except ClientDisconnect:
        return refuse(400, "not_json")
    except (psycopg.Error, PoolTimeout, OSError) as error:
        CLOSED_DELIVERIES.labels("database_away").inc()
        log.warning("closed_webhook.not_stored", setting=setting_id, error=type(error).__name__)
        return refuse(503, "database_away", headers={"retry-after": "5"})


async def _take(parts: Parts, setting_id: int, delivery: Delivery) -> JSONResponse:
    try:
        async with parts.pool.connection() as connection:
            setting = await read_push_setting(connection, setting_id)
    except MisconfiguredError:
        return _refuse_signature(setting_id)
    connector = None if setting is None else _find(setting.connector)
    if setting is None or connector is None:
        return _refuse_signature(setting_id)  # nobody learns from outside which settings there are
    try:
        delivery_id = _verify(connector, setting, delivery)
    except BadSignatureError:
        return _refuse_signature(setting_id)
    if not setting.is_enabled:
        CLOSED_DELIVERIES.labels("disabled").inc()
        return refuse(503, "chat_setting_disabled", headers={"retry-after": "300"})
    return await _store(parts, setting_id, connector, delivery, delivery_id)


async def _store(
    parts: Parts, setting_id: int, connector: Connector, delivery: Delivery, delivery_id: str
) -> JSONResponse:
    assert connector.parse_pushed is not None
    assert connector.parse_closed is not None
    try:
        shown = read_records(connector.parse_pushed(delivery), connector.parse_closed)
    except MalformedPayloadError as error:
        async with parts.pool.connection() as connection:
            await receive_closed(
                connection,
                setting_id,
                connector.name,
                delivery_id=delivery_id,
                error_code=error.code,
                raw=delivery.body,
            )
        CLOSED_DELIVERIES.labels("kept_unread").inc()
        message = sentence(error.code, error.params)
        return answer({"result": "kept_unread", "error": {"code": error.code, "message": message}}, status=202)
    async with parts.pool.connection() as connection:
        is_new = await receive_closed(connection, setting_id, connector.name, delivery_id=delivery_id, shown=shown)
    CLOSED_DELIVERIES.labels("stored" if is_new else "known").inc()
    return answer({"result": "stored" if is_new else "known"})


def _find(name: str) -> Connector | None:
    try:
        connector = get_connector(name)
    except KeyError:
        return None
    is_able = connector.verify_closed and connector.parse_pushed and connector.parse_closed
    return connector if is_able and connector.closed_chat_settings else None


def _verify(connector: Connector, setting: PushSetting, delivery: Delivery) -> str:
    assert connector.verify_closed is not None
    assert connector.closed_chat_settings is not None
    return connector.verify_closed(read_settings(connector.closed_chat_settings, setting.fields), delivery)


def _refuse_signature(setting_id: int) -> JSONResponse:
    global _refused
    _refused += 1
    CLOSED_DELIVERIES.labels("bad_signature").inc()
    if _refused % LOGGED_EACH == 1:
        log.warning("closed_webhook.bad_signature", setting=setting_id, refused=_refused)
    return refuse(401, "bad_signature")

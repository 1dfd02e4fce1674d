"""POST /api/look-up: the linkage for a telephone system of one's own (R76, B13); contract in docs/realtime-api/."""

import secrets
from datetime import datetime, timedelta
from typing import Any

import psycopg
import structlog
from django.utils import translation
from psycopg_pool import PoolTimeout
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from renkei import clock
from renkei.actions.realtime.links import Asking, decide
from renkei.actions.realtime.look_up import (
    AskedCall,
    AskedIvr,
    begin_look_up,
    finish_look_up,
    read_chat,
)
from renkei.connectors.providers import ToldByProvider
from renkei.domain.api_key import read_key
from renkei.domain.exchanges import date_exchange
from renkei.domain.link_result import LinkResult
from renkei.domain.matching import Attempt, LookedUp, Outcome, Reason, refuse_to_ask
from renkei.domain.phone import Telephone
from renkei.domain.plan import IvrPlan, LinePlan, Linkage
from renkei.domain.transcript import Label, Line
from renkei.errors import MalformedPayloadError, RejectedError
from renkei.messages import explain_reason, sentence
from renkei.queries.realtime.look_up import KeyReader, find_key
from renkei.realtime.answers import answer, refuse
from renkei.realtime.locks import locked_by
from renkei.realtime.metrics import LOOK_UPS
from renkei.realtime.parts import Parts, parts_of
from renkei.realtime.questions import Question, read_question
from renkei.realtime.reading import TooMuchError, client_of, read_body

LONGEST_BODY = 20_000
FAST_CLOCK = timedelta(minutes=5)
RIGHT, CHAT_RIGHT = "look_up.view", "chat_content.view"

log = structlog.get_logger()


@locked_by(RIGHT)
async def look_up(request: Request) -> JSONResponse:
    """Answer with the reason, its message, and the transcript where the key may read chats (R109)."""
    parts = parts_of(request)
    with translation.override(_language(request)):
        answered = await _guard(parts, request)
    if answered.status_code != 200:
        LOOK_UPS.labels("refused", str(answered.status_code)).inc()
    return answered


async def _guard(parts: Parts, request: Request) -> JSONResponse:
    """Whatever goes wrong is an answer with its code."""
    wait = parts.look_ups.take(client_of(request))
    if wait:
        seconds = max(1, round(wait))
        return refuse(429, "too_many_requests", headers={"retry-after": str(seconds)}, params={"seconds": seconds})
    try:
        return await _answer(parts, request)
    except TooMuchError:
        return refuse(413, "too_large")
    except ClientDisconnect:
        return refuse(400, "not_json")
    except MalformedPayloadError as error:
        return refuse(422, error.code, params=error.params)
    except RejectedError as error:
        return refuse(409, error.code, params=error.params)
    except (psycopg.Error, PoolTimeout, OSError) as error:
        log.warning("look_up.failed", error=type(error).__name__)
        return refuse(503, "database_away", headers={"retry-after": "5"})


def _language(request: Request) -> str:
    return "en" if request.headers.get("accept-language", "").strip().lower().startswith("en") else "ja"


async def _answer(parts: Parts, request: Request) -> JSONResponse:
    text = _key_text(request)
    if text is None:
        return _who_are_you()
    # Nothing that may wait for others stands between the borrowing of a connection and its return.
    body, plan = await read_body(request, LONGEST_BODY), await parts.plans.current()
    async with parts.pool.connection() as connection:
        key = await find_key(connection, text)
        if key is None:
            return _who_are_you()
        if not key.may(RIGHT):
            return refuse(403, "forbidden")
        question = read_question(body)
        if question.arrived_at is not None and question.arrived_at > clock.now() + FAST_CLOCK:
            raise MalformedPayloadError("arrived_in_future", field="arrived_at")
        ivr = plan.ivrs.get(question.ivr)
        if ivr is None or ivr.linkage is None:
            return refuse(404, "unknown_ivr")
        if question.mode == "stored":
            return await _by_what_is_stored(connection, key, question, plan, ivr.linkage)
    return await _in_full(parts, key, question, plan, ivr, ivr.linkage)


def _key_text(request: Request) -> str | None:
    """The key that was sent; None for what cannot be one, which nobody has to be asked about."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    text = text.strip()
    return text if scheme.lower() == "bearer" and read_key(text) is not None else None


def _who_are_you() -> JSONResponse:
    return refuse(401, "api_key_required", headers={"www-authenticate": "Bearer"})


async def _by_what_is_stored(
    connection: psycopg.AsyncConnection[Any], key: KeyReader, question: Question, plan: LinePlan, linkage: Linkage
) -> JSONResponse:
    looked_up = _refused(question, plan, linkage) or LookedUp(Outcome.ANSWERED)
    asking = _asking(None, question, plan, linkage, question.arrived_at or key.asked_at)
    decision = await decide(connection, asking, looked_up)
    result = LinkResult.of(decision, window=plan.window)
    lines = await _transcript(connection, key, result, call_id=None)
    LOOK_UPS.labels("stored", result.reason.value).inc()
    return _show(result, lines, call_id=None)


async def _in_full(
    parts: Parts, key: KeyReader, question: Question, plan: LinePlan, ivr: IvrPlan, linkage: Linkage
) -> JSONResponse:
    """As the calls worker does it. No connection is held while the provider is waited for. A question that was
    answered before gets the same answer, and nobody is asked again."""
    asked_ivr = AskedIvr(ivr.id, ivr.name)
    async with parts.pool.connection() as connection:
        begun = await begin_look_up(connection, _call(key, question, plan), ivr=asked_ivr)
        if begun.told is not None:
            lines = await _transcript(connection, key, begun.told, call_id=begun.id)
            LOOK_UPS.labels("repeated", begun.told.reason.value).inc()
            return _show(begun.told, lines, call_id=begun.id)
    began = clock.now()
    told = await _ask(parts, question, plan, linkage)
    if told.bug is not None:
        log.error("look_up.connector_failed", connector=linkage.connector, exc_info=told.bug)
    async with parts.pool.connection() as connection:
        result = await finish_look_up(
            connection,
            begun,
            ivr=asked_ivr,
            asking=_asking(begun.id, question, plan, linkage, begun.arrived_at, ivr_id=ivr.id),
            looked_up=told.looked_up,
            conversations=told.conversations,
            exchanges=tuple(date_exchange(each, began=began) for each in told.exchanges),
        )
        lines = await _transcript(connection, key, result, call_id=begun.id)
    LOOK_UPS.labels("full", result.reason.value).inc()
    return _show(result, lines, call_id=begun.id)


async def _ask(parts: Parts, question: Question, plan: LinePlan, linkage: Linkage) -> ToldByProvider:
    refused = _refused(question, plan, linkage)
    if refused is not None or not isinstance(question.caller, Telephone):
        return ToldByProvider(refused or LookedUp(Outcome.NO_CALLER))
    return await parts.providers.ask(linkage, question.caller.e164, seconds=plan.budget_seconds)


def _refused(question: Question, plan: LinePlan, linkage: Linkage) -> LookedUp | None:
    return refuse_to_ask(question.caller, settings_problem=linkage.problem or None, is_on=plan.linkage_is_on)


def _call(key: KeyReader, question: Question, plan: LinePlan) -> AskedCall:
    number = plan.find_number(question.dialled)
    return AskedCall(
        line_id=f"api-{key.id}-{question.call_id or secrets.token_urlsafe(12)}",
        caller=question.caller,
        caller_raw=question.caller_raw,
        caller_name=question.caller_name,
        dialled_raw=question.dialled,
        number_id=number.id if number else None,
        arrived_at=question.arrived_at,
    )


def _asking(
    call_id: int | None,
    question: Question,
    plan: LinePlan,
    linkage: Linkage,
    arrived_at: datetime,
    *,
    ivr_id: int | None = None,
) -> Asking:
    attempt = Attempt(
        caller=question.caller,
        channel_id=linkage.channel_id,
        arrived_at=arrived_at,
        window=plan.window,
        project_id=linkage.project_id,
    )
    return Asking(call_id=call_id, ivr_id=ivr_id, connector=linkage.connector, attempt=attempt)


async def _transcript(
    connection: psycopg.AsyncConnection[Any], key: KeyReader, result: LinkResult, *, call_id: int | None
) -> tuple[Line, ...] | None:
    """The lines, their reading written down; None for a key that may not read chats, or where none was linked."""
    if result.conversation_id is None or not key.may(CHAT_RIGHT):
        return None
    return await read_chat(connection, key.id, conversation_id=result.conversation_id, call_id=call_id)


def _show(result: LinkResult, lines: tuple[Line, ...] | None, *, call_id: int | None) -> JSONResponse:
    message = None
    if result.message is not None:
        code, params = result.message
        message = {"code": code.value, "text": sentence(code.value, params)}
    content: dict[str, Any] = {
        "call": call_id,
        "linked": result.reason is Reason.LINKED,
        "reason": result.reason.value,
        "why": explain_reason(result.reason),
        "branch": result.branch.value,
        "source": None if result.source is None else result.source.value,
        "message": message,
        "claimed_by": result.claimed_by,
        "hint": sentence("caller_is_a_hint"),
    }
    if lines is not None:
        speakers = {label: sentence(label) for label in Label}
        content["transcript"] = [_line(line, speakers[line.label]) for line in lines]
    return answer(content)


def _line(line: Line, speaker: str) -> dict[str, Any]:
    return {
        "number": line.number,
        "side": line.side.value,
        "speaker": speaker,
        "text": line.text,
        "link": None if line.link is None else line.link.href,
        "sent_at": line.sent_at.isoformat(),
    }

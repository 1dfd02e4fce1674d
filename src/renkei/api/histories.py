"""Call history and the chat of a call, for other systems."""

from datetime import datetime
from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import AwareDatetime, ConfigDict, Field

from renkei.actions.chats import open_chat
from renkei.api import examples
from renkei.api.keys import holder_of, may
from renkei.api.refusals import refusals
from renkei.domain.transcript import Side
from renkei.messages import sentence
from renkei.queries.calls.detail import CallShown, read_call
from renkei.queries.calls.history import CallFilter, CallRow, list_calls
from renkei.queries.paging import LARGEST_PAGE, PAGE_SIZE

router = Router(tags=["histories"])


class CallAnswer(Schema):
    """One call. ``caller`` is null where there is no number; ``absence`` then tells why."""

    id: int
    direction: str
    state: str
    outcome: str
    caller: str | None
    absence: str | None
    dialled: str
    agent: str
    arrived_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    link_reason: str | None
    labels: list[str]


class StepAnswer(Schema):
    """One step of the call through an IVR."""

    kind: str
    ivr: str
    at: datetime


class CallDetailAnswer(CallAnswer):
    """A call with its steps."""

    model_config = ConfigDict(json_schema_extra={"example": examples.CALL})

    steps: list[StepAnswer]


class CallsAnswer(Schema):
    """One page, newest first; ``count`` stops at 10,000. Ask for the next page with ``next_cursor``."""

    model_config = ConfigDict(json_schema_extra={"example": examples.CALLS})

    calls: list[CallAnswer]
    count: int
    has_more_than_count: bool
    next_cursor: str | None


class ChatLineAnswer(Schema):
    """One message."""

    speaker: Literal["customer", "chat_service"]
    kind: str
    content: str
    sent_at: datetime


class ChatAnswer(Schema):
    """The newest link attempt. ``reason`` null: still looking. ``message`` is null when a chat was linked."""

    model_config = ConfigDict(json_schema_extra={"example": examples.CHAT})

    call_id: int
    reason: str | None
    message: str | None
    lines: list[ChatLineAnswer]


class CallsQuery(Schema):
    """Times carry a zone. ``size`` is at most 200."""

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    who: Annotated[str, Field(max_length=80)] = ""
    outcome: Annotated[str, Field(max_length=10)] = ""
    cursor: Annotated[str | None, Field(max_length=500)] = None
    size: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = PAGE_SIZE


@router.get("/calls", response={200: CallsAnswer, **refusals(400)}, summary="Call history")
@may("call_history.view")
def calls(request: HttpRequest, asked: Annotated[CallsQuery, Query()]) -> CallsAnswer:
    """One page of calls, newest first."""
    wanted = CallFilter(since=asked.since, until=asked.until, who=asked.who, outcome=asked.outcome)
    page = list_calls(holder_of(request), wanted, cursor=asked.cursor, size=asked.size)
    return CallsAnswer(
        calls=[_call(row) for row in page.rows],
        count=page.count,
        has_more_than_count=page.has_more_than_count,
        next_cursor=page.next_cursor,
    )


@router.get("/calls/{int:call_id}", response={200: CallDetailAnswer, **refusals(404)}, summary="One call")
@may("call_history.view")
def call(request: HttpRequest, call_id: int) -> CallDetailAnswer:
    """One call with its steps."""
    shown: CallShown = read_call(holder_of(request), call_id)
    steps = [StepAnswer(kind=step.kind, ivr=step.ivr_name, at=step.at) for step in shown.steps]
    return CallDetailAnswer(**_call(shown.row).dict(), steps=steps)


@router.get("/calls/{int:call_id}/chat", response={200: ChatAnswer, **refusals(404)}, summary="The chat of a call")
@may("chat_content.view")
def chat(request: HttpRequest, call_id: int) -> ChatAnswer:
    """The chat, under its own right; the reading is written down."""
    shown = open_chat(holder_of(request), call_id, via="api")
    return ChatAnswer(
        call_id=shown.call_id,
        reason=shown.reason,
        message=sentence(shown.message, shown.message_params) if shown.message else None,
        lines=[
            ChatLineAnswer(
                speaker="customer" if line.side is Side.LEFT else "chat_service",
                kind=line.kind,
                content=line.content,
                sent_at=line.sent_at,
            )
            for line in shown.lines
        ],
    )


def _call(row: CallRow) -> CallAnswer:
    return CallAnswer(
        id=row.id,
        direction=row.direction,
        state=row.state,
        outcome=row.outcome,
        caller=row.caller,
        absence=row.absence,
        dialled=row.dialled,
        agent=row.agent,
        arrived_at=row.arrived_at,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        link_reason=row.reason,
        labels=list(row.labels),
    )

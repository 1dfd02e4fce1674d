"""What an agent's desk shows: presence, the calls that are up, one call's notice and route, the calls of today."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from renkei import clock
from renkei.domain.lengths import count_seconds
from renkei.domain.phone import NoNumber, Telephone
from renkei.domain.popup import NoPopup, PopupConditions, why_no_popup
from renkei.errors import RejectedError
from renkei.models import Agent, Call, CallRing, CtiPreference, IvrStep, PhoneNumber, Presence, User
from renkei.permissions import holds
from renkei.queries.settings.installation import Feature, InstallationShown

Person = User
"""Who signs in; the desk's views take it from here, for pages never import the tables."""

MOST_AFTER_CALLS = 5
MOST_TODAY = 50


class Stage(StrEnum):
    """Where a call stands, seen from one agent's desk."""

    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"
    AFTER_CALL = "after_call"
    OVER = "over"
    """Taken back, declined, or wrapped up: its windows close."""


@dataclass(frozen=True, slots=True)
class PresenceShown:
    """The agent's status and since when; ``next_state`` is what was chosen for after the contact, perhaps empty."""

    state: str
    since: datetime
    next_state: str


@dataclass(frozen=True, slots=True)
class DeskCall:
    """A call that is up at the desk: its id, its stage, and the newest ring's row id."""

    id: int
    stage: Stage
    ring: int | None


@dataclass(frozen=True, slots=True)
class CtiShown:
    """One's own CTI settings; ``number_ids`` are the ticked numbers."""

    show_chat: bool
    show_times_and_copy: bool
    play_tone: bool
    number_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that is up, by ids; the page loads the rest by them."""

    agent_id: int
    extension: str
    presence: PresenceShown
    calls: tuple[DeskCall, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """着信通知 of one call. ``caller`` is a number or the named ignorance; ``written`` is the raw text where there is
    no number and it was not withheld. ``rang_at`` is when the newest ring at this desk began, or the arrival where it
    never rang. Times are aware."""

    call_id: int
    line_id: str
    stage: Stage
    caller: Telephone | NoNumber
    written: str
    caller_name: str
    dialled: str
    number_name: str
    business_group: str
    arrived_at: datetime
    rang_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    missed_why: str
    no_popup: NoPopup | None


@dataclass(frozen=True, slots=True)
class RouteStep:
    """One step of a call's route; ``kind`` and ``detail`` as IVR履歴 keeps them."""

    kind: str
    ivr_name: str
    detail: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Route:
    """経路 of one call: the number dialled, the labels received, the steps in order."""

    call_id: int
    dialled: str
    number_name: str
    labels: tuple[str, ...]
    steps: tuple[RouteStep, ...]


@dataclass(frozen=True, slots=True)
class TodayCall:
    """A line of one's own calls of today."""

    id: int
    caller: Telephone | NoNumber
    arrived_at: datetime
    stage: Stage
    answered: bool
    seconds: int | None
    labels: tuple[str, ...]


def read_desk(viewer: User) -> Desk:
    """The desk of whoever looks; RejectedError("no_agent") for people who take no calls."""
    agent = own_agent(viewer)
    presence = Presence.objects.filter(agent=agent).first() or Presence(agent=agent, since=clock.now())
    return Desk(
        agent_id=agent.pk,
        extension=agent.extension,
        presence=PresenceShown(presence.state, presence.since, presence.next_state),
        calls=tuple(_standing(agent)),
    )


def own_agent(viewer: User) -> Agent:
    """The agent this account is; RejectedError("no_agent") when it is none."""
    agent = Agent.objects.filter(user_id=viewer.pk).first()
    if agent is None:
        raise RejectedError("no_agent")
    return agent


def read_notice(viewer: User, call_id: int, *, installation: InstallationShown) -> Notice:
    """One's own call; RejectedError("not_found") for any other."""
    agent = own_agent(viewer)
    call = _own_call(agent, call_id)
    ring = CallRing.objects.filter(call=call, agent=agent).order_by("-id").first()
    return Notice(
        call_id=call.pk,
        line_id=call.line_id,
        stage=_stage(call, agent, ring),
        caller=caller_of(call),
        written=call.caller_raw if call.caller_unknown not in ("", NoNumber.WITHHELD) else "",
        caller_name="" if call.caller_unknown == NoNumber.WITHHELD else call.caller_name,
        dialled=call.number.e164 if call.number else call.dialled_raw,
        number_name=call.number.name if call.number else "",
        business_group=call.business_group.name if call.business_group else "",
        arrived_at=call.arrived_at,
        rang_at=ring.rang_at if ring else call.arrived_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        missed_why=ring.ended_why if ring else "",
        no_popup=why_no_popup(_conditions(viewer, agent, call, installation)),
    )


def read_route(viewer: User, call_id: int) -> Route:
    """The route of one's own call; RejectedError("not_found") for any other."""
    call = _own_call(own_agent(viewer), call_id)
    steps = IvrStep.objects.filter(call=call).order_by("position")
    return Route(
        call_id=call.pk,
        dialled=call.number.e164 if call.number else call.dialled_raw,
        number_name=call.number.name if call.number else "",
        labels=tuple(call.call_labels.order_by("at", "id").values_list("label__name", flat=True)),
        steps=tuple(RouteStep(step.kind, step.ivr_name, step.detail, step.at) for step in steps),
    )


def why_no_chat_window(viewer: User, call_id: int, *, installation: InstallationShown) -> NoPopup | None:
    """Whether the chat window of one's own call opens by itself, or why it does not (R84)."""
    agent = own_agent(viewer)
    return why_no_popup(_conditions(viewer, agent, _own_call(agent, call_id), installation))


def newest_look_up(viewer: User, call_id: int) -> int | None:
    """The step of IVR履歴 in which the chat of one's own call was last looked up (R132)."""
    call = _own_call(own_agent(viewer), call_id)
    steps = IvrStep.objects.filter(call=call, kind="looked_up").order_by("-position")
    return steps.values_list("id", flat=True).first()


def list_today(viewer: User, *, zone: ZoneInfo) -> tuple[TodayCall, ...]:
    """One's own calls since midnight in the centre's zone, newest first; at most 50."""
    agent = own_agent(viewer)
    today = clock.now().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    calls = _of(agent).filter(arrived_at__gte=today).prefetch_related("labels").distinct()
    ringing = CallRing.objects.filter(agent=agent, ended_at__isnull=True).order_by("id")
    rings = {ring.call_id: ring for ring in ringing.filter(call__arrived_at__gte=today)}
    return tuple(_line(call, agent, rings.get(call.pk)) for call in calls.order_by("-arrived_at", "-id")[:MOST_TODAY])


def read_cti(viewer: User) -> CtiShown:
    """One's own CTI settings; nothing is ticked before somebody ticks it (R82, R83)."""
    return _cti(own_agent(viewer))


def list_numbers() -> tuple[tuple[int, str, str], ...]:
    """Every number of the centre, for ticking: id, E.164, name."""
    return tuple(PhoneNumber.objects.order_by("e164").values_list("id", "e164", "name"))


def caller_of(call: Call) -> Telephone | NoNumber:
    """Who called: a number, or why there is none. A withheld number is never told, even where a trunk delivered it."""
    if call.caller_e164 and not call.caller_unknown:
        return Telephone(call.caller_e164)
    return next((absence for absence in NoNumber if absence == call.caller_unknown), NoNumber.UNKNOWN)


def _cti(agent: Agent) -> CtiShown:
    preference = CtiPreference.objects.filter(agent=agent).first()
    if preference is None:
        return CtiShown(show_chat=False, show_times_and_copy=False, play_tone=True, number_ids=frozenset())
    return CtiShown(
        show_chat=preference.show_chat,
        show_times_and_copy=preference.show_times_and_copy,
        play_tone=preference.play_tone,
        number_ids=frozenset(preference.numbers.values_list("id", flat=True)),
    )


def _conditions(viewer: User, agent: Agent, call: Call, installation: InstallationShown) -> PopupConditions:
    cti = _cti(agent)
    return PopupConditions(
        has_chatbot=installation.has_chatbot,
        has_crm=installation.has(Feature.CRM_LINKAGE),
        may_read=holds(viewer, "chat_content.view"),
        is_enabled=cti.show_chat,
        is_number_ticked=call.number_id in cti.number_ids,
        passed_linkage=call.passed_linkage,
    )


def _of(agent: Agent) -> QuerySet[Call]:
    """The desk is narrower than the histories: only calls this very agent was rung for or answered (P6)."""
    rung = CallRing.objects.filter(agent=agent).values("call_id")
    return Call.objects.filter(Q(answered_by=agent) | Q(pk__in=rung))


def _own_call(agent: Agent, call_id: int) -> Call:
    call = _of(agent).select_related("number", "business_group").filter(pk=call_id).first()
    if call is None:
        raise RejectedError("not_found")
    return call


def _standing(agent: Agent) -> list[DeskCall]:
    ringing = CallRing.objects.filter(agent=agent, ended_at__isnull=True).exclude(call__state=Call.State.ENDED)
    up = {ring.call_id: DeskCall(ring.call_id, Stage.RINGING, ring.pk) for ring in ringing.order_by("id")}
    for call in Call.objects.filter(answered_by=agent).exclude(state=Call.State.ENDED).order_by("id"):
        up[call.pk] = DeskCall(call.pk, Stage.HELD if call.state == Call.State.HELD else Stage.TALKING, None)
    recent = clock.now() - timedelta(hours=12)
    # However old: the call whose after-call work the agent's status stands for must be there to be finished.
    held = Presence.objects.filter(agent=agent, state=Presence.State.AFTER_CALL).values("call_id")
    over = Call.objects.filter(answered_by=agent, ended_at__isnull=False, wrapped_up_at__isnull=True)
    over = over.filter(Q(ended_at__gte=recent) | Q(pk__in=held))
    for call in over.order_by("-ended_at")[:MOST_AFTER_CALLS]:
        up[call.pk] = DeskCall(call.pk, Stage.AFTER_CALL, None)
    return list(up.values())


def _stage(call: Call, agent: Agent, ring: CallRing | None) -> Stage:
    if call.answered_by_id == agent.pk:
        if call.state != Call.State.ENDED:
            return Stage.HELD if call.state == Call.State.HELD else Stage.TALKING
        return Stage.OVER if call.wrapped_up_at else Stage.AFTER_CALL
    is_ringing = ring is not None and ring.ended_at is None and call.state != Call.State.ENDED
    return Stage.RINGING if is_ringing else Stage.OVER


def _line(call: Call, agent: Agent, ring: CallRing | None) -> TodayCall:
    answered = call.answered_by_id == agent.pk
    return TodayCall(
        id=call.pk,
        caller=caller_of(call),
        arrived_at=call.arrived_at,
        stage=_stage(call, agent, ring),
        answered=answered,
        seconds=_talked(call) if answered else None,
        labels=tuple(label.name for label in call.labels.all()),
    )


def _talked(call: Call) -> int | None:
    return count_seconds(call.answered_at, call.ended_at) if call.answered_at and call.ended_at else None

"""How the desk words what the queries found: statuses, callers, steps of a route, what the scripts say."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from renkei.domain.phone import NoNumber, Telephone, read_number, show_number
from renkei.domain.transcript import Line, Side, show_inert
from renkei.messages import name_absence, sentence
from renkei.queries.desk import PresenceShown, Route, RouteStep, Stage, TodayCall

_PRESENCE: dict[str, tuple[Promise, str]] = {
    "available": (pgettext_lazy("presence", "Available"), "good"),
    "away": (pgettext_lazy("presence", "Away"), "warn"),
    "ringing": (pgettext_lazy("presence", "Ringing"), "note"),
    "talking": (pgettext_lazy("presence", "Talking"), "note"),
    "after_call": (pgettext_lazy("presence", "After-call work"), "note"),
    "offline": (pgettext_lazy("presence", "Absent"), "bad"),
}
_ENGAGED = ("ringing", "talking", "after_call")


@dataclass(frozen=True, slots=True)
class PresenceWords:
    """A status for the bar; ``choices`` are what can be chosen: value, word, whether it is the present or next one."""

    state: str
    label: str
    colour: str
    since: datetime
    is_engaged: bool
    choices: tuple[tuple[str, str, bool], ...]


def shown_presence(presence: PresenceShown) -> PresenceWords:
    """The presence bar's words."""
    label, colour = _PRESENCE[presence.state]
    is_engaged = presence.state in _ENGAGED
    chosen = (presence.next_state or "available") if is_engaged else presence.state
    return PresenceWords(
        state=presence.state,
        label=str(label),
        colour=colour,
        since=presence.since,
        is_engaged=is_engaged,
        choices=tuple((state, str(_PRESENCE[state][0]), state == chosen) for state in ("available", "away")),
    )


def shown_caller(caller: Telephone | NoNumber, written: str = "") -> str:
    """A number as people write it, or why there is none; what the line delivered stands behind it, inert."""
    if isinstance(caller, Telephone):
        return show_number(caller)
    absence = name_absence(caller)
    return f"{absence} ({show_inert(written)})" if written and caller is NoNumber.UNPARSABLE else absence


def shown_dialled(dialled: str) -> str:
    """The number dialled, as people write it where it is one, else as the line delivered it, inert."""
    read = read_number(dialled)
    return show_number(read) if isinstance(read, Telephone) else show_inert(dialled)


@dataclass(frozen=True, slots=True)
class StepWords:
    """One step of the route: what it is, and its name where it has one."""

    icon: str
    label: str
    name: str
    at: datetime


_STEPS: dict[str, tuple[str, Promise]] = {
    "entered": ("route", gettext_lazy("IVR")),
    "looked_up": ("search", gettext_lazy("Chat looked up")),
    "branch": ("route", gettext_lazy("Response condition")),
    "label": ("file", gettext_lazy("Business label")),
    "key": ("key", gettext_lazy("Key pressed")),
    "rule": ("route", gettext_lazy("Incoming rule")),
    "guidance": ("message", gettext_lazy("Guidance")),
    "fallback": ("alert", gettext_lazy("Behaviour in case of failure")),
}


def shown_route(route: Route) -> tuple[StepWords, ...]:
    """The steps a person wants to see while a call rings; the whole list stands in IVR履歴."""
    return tuple(_route_steps(route.steps))


def _route_steps(steps: tuple[RouteStep, ...]) -> Iterator[StepWords]:
    for step in steps:
        known = _STEPS.get(step.kind)
        if known is None:
            continue
        icon, label = known
        yield StepWords(icon, str(label), _step_name(step), step.at)


def _step_name(step: RouteStep) -> str:
    detail = step.detail
    match step.kind:
        case "entered":
            return step.ivr_name
        case "looked_up" | "branch":
            return _branch_word(str(detail.get("branch") or detail.get("condition") or ""))
        case "key":
            return str(detail.get("digit", ""))
        case _:
            return str(detail.get("label") or detail.get("rule") or detail.get("name") or "")


def _branch_word(branch: str) -> str:
    words = {"success": _("Success"), "failure": _("Failure"), "request_error": _("Request error")}
    return words.get(branch, "")


@dataclass(frozen=True, slots=True)
class TodayWords:
    """A line of today's calls; ``href`` leads to its history for who may see it."""

    caller: str
    arrived_at: datetime
    result: str
    colour: str
    talked: str
    labels: tuple[str, ...]
    href: str


def shown_today(calls: tuple[TodayCall, ...], *, has_history: bool) -> tuple[TodayWords, ...]:
    """Today's calls in words."""
    return tuple(
        TodayWords(
            caller=shown_caller(call.caller),
            arrived_at=call.arrived_at,
            result=_result(call)[0],
            colour=_result(call)[1],
            talked="" if call.seconds is None else show_clock(call.seconds),
            labels=call.labels,
            href=address_of("console:call", call.id) if has_history else "",
        )
        for call in calls
    )


def _result(call: TodayCall) -> tuple[str, str]:
    """What came of a call, or where it stands now; with its colour."""
    match call.stage:
        case Stage.RINGING:
            return pgettext("presence", "Ringing"), "note"
        case Stage.TALKING:
            return pgettext("presence", "Talking"), "good"
        case Stage.HELD:
            return _("On hold"), "warn"
    return (pgettext("call", "Answered"), "good") if call.answered else (pgettext("call", "Not answered"), "bad")


def show_clock(seconds: int) -> str:
    """A length as a telephone shows it: ``3:07``, ``1:02:33``."""
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def address_of(name: str, *args: int, ending: str = "") -> str:
    """The address of a screen, empty where this installation has none of that name."""
    try:
        return reverse(name, args=args) + ending
    except NoReverseMatch:
        return ""


@dataclass(frozen=True, slots=True)
class LineWords:
    """One message of the chat window. Only what the window may show is in it: no time and no copy without D10."""

    number: int
    is_right: bool
    label: str
    text: str
    has_link: bool
    content: str
    sent_at: datetime | None


def shown_lines(lines: tuple[Line, ...], *, with_times_and_copy: bool) -> tuple[LineWords, ...]:
    """The transcript for the pop-up (R79, R90, R91)."""
    return tuple(
        LineWords(
            number=line.number,
            is_right=line.side is Side.RIGHT,
            label=sentence(line.label),
            text=line.text,
            has_link=line.link is not None,
            content=line.content if with_times_and_copy else "",
            sent_at=line.sent_at if with_times_and_copy else None,
        )
        for line in lines
    )


def script_words() -> dict[str, str]:
    """The sentences the scripts put up by themselves, in the reader's language."""
    return {
        "noticeTitle": _("Incoming call"),
        "routeTitle": pgettext("call", "Route"),
        "chatTitle": _("Chat content"),
        "loading": _("Loading..."),
        "serverConnectionFailed": sentence("server_connection_failed"),
        "seeHistories": sentence("see_histories"),
        "retry": _("Try again"),
        "close": _("Close"),
        "disconnected": _("The connection to the server is lost. It is being restored; calls under way go on."),
        "signedOut": _("You are signed out. Sign in again to take calls."),
        "signIn": _("Sign in"),
        "missed": _("You missed a call and are now set to absent. Choose a status to take calls again."),
        "notDone": _("This could not be done. Try again."),
        "phoneReady": _("Telephone ready"),
        "phoneConnecting": _("Connecting the telephone …"),
        "phoneFailed": _("The telephone is not connected. It is tried again by itself."),
        "phoneElsewhere": _("The telephone is in another tab"),
        "microphoneRefused": _(
            "The browser may not use the microphone, so the call cannot be answered. Allow the microphone for this "
            "page in the address bar, then try again."
        ),
        "microphoneMissing": _("No microphone was found. Connect one, then try again."),
        "mute": _("Mute"),
        "unmute": _("Unmute"),
        "incomingFrom": _("Incoming call"),
        "allowNotifications": _("Allow notifications"),
        "leaveDuringCall": _("A call is up. Leaving this page ends it."),
    }

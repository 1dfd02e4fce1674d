"""How the console words what the queries found: outcomes, link reasons, steps of an IVR, requests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from renkei.domain.matching import Reason
from renkei.domain.transcript import show_inert
from renkei.domain.unseen import is_unseen
from renkei.messages import explain_detail, name_absence
from renkei.queries.calls.detail import StepShown
from renkei.queries.calls.history import CallRow
from renkei.queries.calls.ivr_history import StepRow
from renkei.web.lists import join_words


@dataclass(frozen=True, slots=True)
class Badge:
    """A short word with a colour: good, bad, warn, note or plain."""

    word: str
    kind: str


UNSEEN: Mapping[str, Promise] = {
    "\u00a0": gettext_lazy("no-break space"),
    "\u00ad": gettext_lazy("soft hyphen"),
    "\u200b": gettext_lazy("zero-width space"),
    "\u200c": gettext_lazy("zero-width non-joiner"),
    "\u200d": gettext_lazy("zero-width joiner"),
    "\u200e": gettext_lazy("left-to-right mark"),
    "\u200f": gettext_lazy("right-to-left mark"),
    "\u2060": gettext_lazy("word joiner"),
    "\u3164": gettext_lazy("Hangul filler"),
    "\ufe0e": gettext_lazy("text variation selector"),
    "\ufe0f": gettext_lazy("emoji variation selector"),
    "\ufeff": gettext_lazy("byte order mark"),
}
OUTCOMES: Mapping[str, tuple[Promise, str]] = {
    "answered": (pgettext_lazy("outcome", "Answered"), "good"),
    "abandoned": (pgettext_lazy("outcome", "Abandoned"), "warn"),
    "missed": (pgettext_lazy("outcome", "No answer"), "bad"),
    "busy": (pgettext_lazy("outcome", "Busy"), "warn"),
    "guidance": (pgettext_lazy("outcome", "Guidance only"), "plain"),
    "forwarded": (pgettext_lazy("outcome", "Forwarded"), "note"),
    "fallback": (pgettext_lazy("outcome", "In case of failure"), "bad"),
}
STATES: Mapping[str, Promise] = {
    "in_ivr": pgettext_lazy("call state", "In the IVR"),
    "ringing": pgettext_lazy("call state", "Ringing"),
    "talking": pgettext_lazy("call state", "Talking"),
    "held": pgettext_lazy("call state", "On hold"),
}
DIRECTIONS: Mapping[str, Promise] = {"in": gettext_lazy("Incoming"), "out": gettext_lazy("Outgoing")}
REASONS: Mapping[Reason, tuple[Promise, str]] = {
    Reason.LINKED: (gettext_lazy("Linked"), "good"),
    Reason.CALLER_WITHHELD: (gettext_lazy("No caller number"), "plain"),
    Reason.SETTINGS_ERROR: (gettext_lazy("Settings incomplete"), "bad"),
    Reason.SWITCHED_OFF: (gettext_lazy("Switched off"), "plain"),
    Reason.REQUEST_ERROR: (gettext_lazy("Request error"), "bad"),
    Reason.BAD_PROJECT: (gettext_lazy("Wrong project ID"), "bad"),
    Reason.BAD_CHANNEL: (gettext_lazy("Wrong channel ID"), "bad"),
    Reason.PROVIDER_ERROR: (gettext_lazy("Provider error"), "bad"),
    Reason.NOT_OBTAINED: (gettext_lazy("Not obtained"), "warn"),
    Reason.EXPIRED: (gettext_lazy("Outside the window"), "warn"),
    Reason.NUMBER_MISMATCH: (gettext_lazy("Number nearly equal"), "warn"),
    Reason.NO_CHAT: (gettext_lazy("No chat"), "plain"),
}
STEPS: Mapping[str, Promise] = {
    "entered": gettext_lazy("IVR"),
    "looked_up": gettext_lazy("Chat looked up"),
    "branch": gettext_lazy("Response condition"),
    "label": gettext_lazy("Business label"),
    "guidance": gettext_lazy("Guidance"),
    "speech": gettext_lazy("Real-time speech synthesis"),
    "key": gettext_lazy("Key pressed"),
    "rule": gettext_lazy("Incoming rule"),
    "ring": pgettext_lazy("IVR step", "Ringing"),
    "ring_over": gettext_lazy("Ringing ended"),
    "nobody_free": gettext_lazy("Nobody free"),
    "answered": pgettext_lazy("outcome", "Answered"),
    "fallback": gettext_lazy("Behaviour in case of failure"),
    "unknown_number": gettext_lazy("Number not set up"),
    "taken_over": gettext_lazy("Taken over by another process"),
    "missing": gettext_lazy("A setting no longer exists"),
    "loop": gettext_lazy("Loop of IVRs stopped"),
    "left": pgettext_lazy("IVR step", "End"),
}
_BRANCHES: Mapping[str, Promise] = {
    "success": gettext_lazy("Success"),
    "failure": gettext_lazy("Failure"),
    "request_error": gettext_lazy("Request error"),
}
RING_ENDS: Mapping[str, Promise] = {
    "answered": pgettext_lazy("outcome", "Answered"),
    "no_answer": pgettext_lazy("outcome", "No answer"),
    "declined": pgettext_lazy("ring", "Declined"),
    "busy": pgettext_lazy("outcome", "Busy"),
    "unreachable": pgettext_lazy("ring", "Unreachable"),
    "taken_back": pgettext_lazy("ring", "Taken back"),
    "worker_gone": pgettext_lazy("ring", "Interrupted by a failure"),
}
_ENDED_BY: Mapping[str, Promise] = {
    "caller": gettext_lazy("ended by the caller"),
    "agent": gettext_lazy("ended by the agent"),
    "system": gettext_lazy("ended by the system"),
}


def outcome_badge(row: CallRow) -> Badge:
    """How the call ended, or where it stands now."""
    if row.state != "ended":
        return Badge(str(STATES.get(row.state, row.state)), "note")
    word, kind = OUTCOMES.get(row.outcome, (gettext_lazy("Ended"), "plain"))
    return Badge(str(word), kind)


def reason_badge(reason: Reason | None) -> Badge | None:
    """How linking the chat ended."""
    if reason is None:
        return None
    word, kind = REASONS[reason]
    return Badge(str(word), kind)


def caller_words(row: CallRow | StepRow) -> str:
    """The number, or why there is none."""
    return row.caller or (name_absence(row.absence) if row.absence else "")


def step_label(kind: str) -> str:
    """The name of a step."""
    return str(STEPS.get(kind, kind))


def step_words(step: StepShown | StepRow) -> str:
    """What happened in a step, in one line; empty when its name says it all."""
    return show_inert(_step_words(step.kind, step.ivr_name, step.detail))


def _step_words(kind: str, ivr_name: str, detail: Mapping[str, Any]) -> str:
    match kind:
        case "entered":
            return ivr_name
        case "looked_up":
            return _reason_word(str(detail.get("reason", "")))
        case "branch":
            return _word(_BRANCHES, detail.get("condition") or detail.get("branch"))
        case "ring":
            names = join_words(_list(detail.get("agents")))
            return _("%(agents)s (%(seconds)s s)") % {"agents": names, "seconds": f"{detail.get('seconds', 0):g}"}
        case "ring_over":
            return _word(RING_ENDS, detail.get("why"))
        case "answered":
            return str(detail.get("agent", ""))
        case "left":
            outcome = OUTCOMES.get(str(detail.get("outcome", "")))
            parts = (str(outcome[0]) if outcome else "", _word(_ENDED_BY, detail.get("by")))
            return " – ".join(part for part in parts if part)
        case "guidance" | "speech":
            name, words = str(detail.get("name", "")), str(detail.get("words", ""))
            if not name or not words:
                return name or words
            return pgettext("guidance", "%(name)s “%(words)s”") % {"name": name, "words": words}
        case _:
            return str(detail.get("label") or detail.get("rule") or detail.get("digit") or "")


def character_words(character: str) -> str:
    """One character so that it can be told apart: itself, or where it shows nothing ``U+200D (zero-width joiner)``."""
    if not is_unseen(character):
        return character
    code = f"U+{ord(character):04X}"
    name = UNSEEN.get(character)
    return pgettext("character", "%(code)s (%(name)s)") % {"code": code, "name": name} if name else code


def request_words(outcome: str, error: str, status: int | None) -> str:
    """What came of a request."""
    return _("Answered") if outcome == "ok" else explain_detail(error or outcome)


def _reason_word(reason: str) -> str:
    try:
        return str(REASONS[Reason(reason)][0])
    except ValueError:
        return reason


def _word(words: Mapping[str, Promise], key: object) -> str:
    return str(words.get(str(key), key or ""))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []

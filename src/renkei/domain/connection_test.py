"""What a connection test tells (D2, D16): how far it came, what a call would do now, and what to do about it.

Codes only; the words stand in the interfaces.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from renkei.domain.matching import Branch, LookedUp, Outcome
from renkei.domain.phone import Telephone

PATIENCE = timedelta(seconds=30)
"""A test that is not over after this will not be: whoever carried it out has died."""

NOBODYS_NUMBER = Telephone("+81120000000")
"""Asked for when no number is given: a freephone number calls nobody, so no chat belongs to it."""


class Stage(StrEnum):
    """The steps of a test, in order."""

    SETTINGS = "settings"
    DESTINATION = "destination"
    CONNECTION = "connection"
    ANSWER = "answer"
    CONTENT = "content"
    IDS = "ids"


class Mark(StrEnum):
    """What became of a step. UNKNOWN: it may be this step or the one that failed; NOT_REACHED: nothing is known."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_REACHED = "not_reached"


class Verdict(StrEnum):
    """CONNECTED: calls are looked up like this. UNSURE: reached, but project and channel are not proven right."""

    CONNECTED = "connected"
    UNSURE = "unsure"
    FAILED = "failed"


class Advice(StrEnum):
    """What to do next."""

    NOTHING = "nothing"
    COMPLETE_SETTINGS = "complete_settings"
    ENTER_SECRET = "enter_secret"  # noqa: S105 - the name of an advice
    ALLOW_DESTINATION = "allow_destination"
    CORRECT_ADDRESS = "correct_address"
    CHECK_NETWORK = "check_network"
    CHECK_CERTIFICATE = "check_certificate"
    ASK_WHY_SLOW = "ask_why_slow"
    CHECK_WHO_ANSWERS = "check_who_answers"
    CHECK_CREDENTIALS = "check_credentials"
    CHECK_REQUEST = "check_request"
    WAIT = "wait"
    ASK_PROVIDER = "ask_provider"
    CHECK_SPECIFICATION = "check_specification"
    CHECK_PROJECT = "check_project"
    CHECK_CHANNEL = "check_channel"
    TRY_KNOWN_NUMBER = "try_known_number"
    TELL_ADMINISTRATOR = "tell_administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result. ``detail`` is a code of messages.explain_detail, empty when all is well; ``branch`` is where a call
    from the number asked for would go; ``conversations`` were returned for it."""

    verdict: Verdict
    stage: Stage
    advice: Advice
    detail: str
    branch: Branch
    status: int | None
    conversations: int
    duration_ms: int

    def marks(self) -> tuple[tuple[Stage, Mark], ...]:
        """Each step with what became of it."""
        return tuple((stage, self._mark(stage)) for stage in Stage)

    def to_json(self) -> dict[str, Any]:
        """For the database."""
        return {
            "verdict": self.verdict.value,
            "stage": self.stage.value,
            "advice": self.advice.value,
            "detail": self.detail,
            "branch": self.branch.value,
            "status": self.status,
            "conversations": self.conversations,
            "duration_ms": self.duration_ms,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Finding":
        """What to_json wrote; raises KeyError or ValueError for anything else."""
        return cls(
            verdict=Verdict(stored["verdict"]),
            stage=Stage(stored["stage"]),
            advice=Advice(stored["advice"]),
            detail=str(stored["detail"]),
            branch=Branch(stored["branch"]),
            status=stored["status"],
            conversations=int(stored["conversations"]),
            duration_ms=int(stored["duration_ms"]),
        )

    def _mark(self, stage: Stage) -> Mark:
        order = list(Stage)
        if self.verdict is Verdict.CONNECTED or order.index(stage) < order.index(self.stage):
            # A time-out does not tell whether the connection or the answer took too long.
            return Mark.UNKNOWN if self.detail == "timed_out" and stage is Stage.CONNECTION else Mark.PASSED
        if stage is not self.stage:
            return Mark.NOT_REACHED
        return Mark.UNKNOWN if self.verdict is Verdict.UNSURE else Mark.FAILED


def is_overdue(asked_at: datetime, *, now: datetime) -> bool:
    """Whether a test that is still open has died."""
    return now - asked_at > PATIENCE


def mask_number(e164: str) -> str:
    """What is kept of the number asked for: its last four digits."""
    return "*" * max(0, len(e164) - 4) + e164[-4:]


def judge(looked_up: LookedUp, *, conversations: int = 0, duration_ms: int = 0) -> Finding:
    """Put into codes what came of asking. ``conversations`` counts those returned for the number asked for."""
    verdict, stage, advice = _place(looked_up)
    return Finding(
        verdict=verdict,
        stage=stage,
        advice=advice,
        detail=looked_up.detail,
        branch=_branch(looked_up.outcome, conversations),
        status=looked_up.status,
        conversations=conversations,
        duration_ms=max(0, duration_ms),
    )


_BY_DETAIL: Mapping[str, tuple[Stage, Advice]] = {
    "unreadable_secret": (Stage.SETTINGS, Advice.ENTER_SECRET),
    "field_keys_missing": (Stage.SETTINGS, Advice.TELL_ADMINISTRATOR),
    "unknown_connector": (Stage.SETTINGS, Advice.TELL_ADMINISTRATOR),
    "no_look_up": (Stage.SETTINGS, Advice.TELL_ADMINISTRATOR),
    "bad_address": (Stage.DESTINATION, Advice.CORRECT_ADDRESS),
    "bad_url": (Stage.DESTINATION, Advice.CORRECT_ADDRESS),
    "userinfo_in_url": (Stage.DESTINATION, Advice.CORRECT_ADDRESS),
    "bad_request": (Stage.DESTINATION, Advice.CORRECT_ADDRESS),
    "address_never_allowed": (Stage.DESTINATION, Advice.CORRECT_ADDRESS),
    "address_refused": (Stage.DESTINATION, Advice.ALLOW_DESTINATION),
    "address_not_public": (Stage.DESTINATION, Advice.ALLOW_DESTINATION),
    "port_not_allowed": (Stage.DESTINATION, Advice.ALLOW_DESTINATION),
    "scheme_not_allowed": (Stage.DESTINATION, Advice.ALLOW_DESTINATION),
    "name_not_found": (Stage.CONNECTION, Advice.CORRECT_ADDRESS),
    "connect_failed": (Stage.CONNECTION, Advice.CHECK_NETWORK),
    "tls_failed": (Stage.CONNECTION, Advice.CHECK_CERTIFICATE),
    "timed_out": (Stage.ANSWER, Advice.ASK_WHY_SLOW),
    "connection_reset": (Stage.ANSWER, Advice.ASK_PROVIDER),
    "not_http": (Stage.ANSWER, Advice.CHECK_WHO_ANSWERS),
    "redirect_refused": (Stage.ANSWER, Advice.CORRECT_ADDRESS),
    "http_401": (Stage.ANSWER, Advice.CHECK_CREDENTIALS),
    "http_403": (Stage.ANSWER, Advice.CHECK_CREDENTIALS),
    "http_429": (Stage.ANSWER, Advice.WAIT),
    "http_503": (Stage.ANSWER, Advice.WAIT),
    "circuit_open": (Stage.ANSWER, Advice.WAIT),
    "connector_failed": (Stage.ANSWER, Advice.TELL_ADMINISTRATOR),
    "not_json": (Stage.CONTENT, Advice.CHECK_WHO_ANSWERS),
    "too_large": (Stage.CONTENT, Advice.CHECK_WHO_ANSWERS),
    "provider_error_answer": (Stage.CONTENT, Advice.ASK_PROVIDER),
}
_BY_OUTCOME: Mapping[Outcome, tuple[Stage, Advice]] = {
    Outcome.ANSWERED: (Stage.IDS, Advice.NOTHING),
    Outcome.NOT_OBTAINED: (Stage.IDS, Advice.TRY_KNOWN_NUMBER),
    Outcome.BAD_PROJECT: (Stage.IDS, Advice.CHECK_PROJECT),
    Outcome.BAD_CHANNEL: (Stage.IDS, Advice.CHECK_CHANNEL),
    Outcome.PROVIDER_ERROR: (Stage.CONTENT, Advice.CHECK_SPECIFICATION),
    Outcome.REQUEST_ERROR: (Stage.ANSWER, Advice.CHECK_REQUEST),
    Outcome.SETTINGS_ERROR: (Stage.SETTINGS, Advice.COMPLETE_SETTINGS),
    Outcome.SWITCHED_OFF: (Stage.SETTINGS, Advice.TELL_ADMINISTRATOR),
    Outcome.NO_CALLER: (Stage.SETTINGS, Advice.TELL_ADMINISTRATOR),
}
_VERDICTS = {Outcome.ANSWERED: Verdict.CONNECTED, Outcome.NOT_OBTAINED: Verdict.UNSURE}


def _place(looked_up: LookedUp) -> tuple[Verdict, Stage, Advice]:
    """The verdict, the step it was decided at, and the advice. Where the provider spoke of project or channel, that
    counts more than its status."""
    by_outcome = _BY_OUTCOME[looked_up.outcome]
    if by_outcome[0] is Stage.IDS:
        return (_VERDICTS.get(looked_up.outcome, Verdict.FAILED), *by_outcome)
    if looked_up.detail in _BY_DETAIL:
        return (Verdict.FAILED, *_BY_DETAIL[looked_up.detail])
    if looked_up.outcome is Outcome.REQUEST_ERROR and (looked_up.status or 0) >= 500:
        return Verdict.FAILED, Stage.ANSWER, Advice.ASK_PROVIDER
    return (Verdict.FAILED, *by_outcome)


def _branch(outcome: Outcome, conversations: int) -> Branch:
    if outcome in (Outcome.REQUEST_ERROR, Outcome.SWITCHED_OFF):
        return Branch.REQUEST_ERROR
    return Branch.SUCCESS if outcome is Outcome.ANSWERED and conversations else Branch.FAILURE

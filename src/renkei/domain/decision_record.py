"""What a link attempt knew when it was decided, kept so that "why was there no chat?" has an answer (B2)."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from renkei.domain.extraction import FailureKind

RECORDED_CANDIDATES = 20


class Outcome(StrEnum):
    """What became of asking the provider."""

    ANSWERED = "answered"
    """A usable answer for this project and channel: the conversations in ``fetched``, perhaps none."""
    NOT_OBTAINED = "not_obtained"
    """A bare "not found" that tells neither project, channel nor number wrong."""
    BAD_PROJECT = "bad_project"
    BAD_CHANNEL = "bad_channel"
    PROVIDER_ERROR = "provider_error"
    REQUEST_ERROR = "request_error"
    SETTINGS_ERROR = "settings_error"
    SWITCHED_OFF = "switched_off"
    NO_CALLER = "no_caller"
    """Nothing was sent, for the caller has no number."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The provider's part of a decision.

    ``fetched`` are the ids under which the conversations returned in answer to this call are stored; ``status`` is
    the HTTP status where there was one; ``detail`` is a short code for people who search for the cause
    (``timeout``, ``tls``, ``open_circuit``, ``empty_channel_id`` …), never a sentence and never a body.
    """

    outcome: Outcome
    fetched: frozenset[int] = frozenset()
    status: int | None = None
    detail: str = ""

    @classmethod
    def failed(cls, kind: FailureKind, *, detail: str = "", status: int | None = None) -> Self:
        """A connector's LookupFailure, field by field; its "not found" is D2's not_obtained."""
        outcome = Outcome.NOT_OBTAINED if kind is FailureKind.NOT_FOUND else Outcome(kind.value)
        return cls(outcome, status=status, detail=detail)


class Verdict(StrEnum):
    """What a candidate was worth."""

    CHOSEN = "chosen"
    FARTHER = "farther"
    """Inside the window, but another one is nearer."""
    TOO_OLD = "too_old"
    AFTER_ARRIVAL = "after_arrival"
    NO_TIME = "no_time"
    NEAR_NUMBER = "near_number"
    """Another number, one slip away, inside the window and not linked to any call."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """One candidate of the decision record. ``age_seconds`` is negative after the arrival; ``over_seconds`` is how
    much too old it was (0 when it was not)."""

    conversation_id: int
    verdict: Verdict
    age_seconds: float | None
    over_seconds: float
    fetched: bool
    linked: bool


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """Why a link attempt ended as it did, in numbers and codes (B2). Holds no whole telephone number."""

    outcome: Outcome
    status: int | None
    detail: str
    caller: str
    """A NoNumber value, or ``number``."""
    window_seconds: float
    candidates: tuple[Weighed, ...] = ()
    left_out: int = 0
    """Candidates weighed beyond the RECORDED_CANDIDATES nearest."""
    caller_last_four: str | None = None
    nearest_last_four: str | None = None
    """Of the nearest mistyped number, with caller_last_four: "1234 / 1243"."""

    def to_json(self) -> dict[str, Any]:
        """Plain values for a jsonb column."""
        return asdict(self) | {"candidates": [asdict(candidate) for candidate in self.candidates]}

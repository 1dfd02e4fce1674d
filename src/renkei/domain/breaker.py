"""When to stop asking a provider that does not answer: the rule of the circuit breaker.

Pure: the caller passes monotonic seconds and keeps the state. Five transport errors, 5xx answers or time-outs within
30 s open the circuit; after a rest one probe at a time goes through, and its success closes it again.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

FAILURES_TO_OPEN = 5
WINDOW_SECONDS = 30.0
REST_SECONDS = 10.0
PROBE_SECONDS = 10.0


class Phase(StrEnum):
    """Closed lets everything through, open nothing, half-open one probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state of one circuit. Times are monotonic seconds.

    ``failures`` are the times of the newest failures, oldest first, never more than FAILURES_TO_OPEN.
    ``opened_at`` is when it opened; ``probe_at`` is when the probe under way was let through.
    """

    failures: tuple[float, ...] = ()
    opened_at: float | None = None
    probe_at: float | None = None


def phase(breaker: Breaker, now: float) -> Phase:
    """Tell the phase at ``now``."""
    if breaker.opened_at is None:
        return Phase.CLOSED
    return Phase.HALF_OPEN if now - breaker.opened_at >= REST_SECONDS else Phase.OPEN


def admit(breaker: Breaker, now: float) -> tuple[Breaker, bool]:
    """Say whether a request may go out now, and the state after that decision.

    A probe that never reported back (its worker died) is forgotten after PROBE_SECONDS.
    """
    match phase(breaker, now):
        case Phase.CLOSED:
            return breaker, True
        case Phase.OPEN:
            return breaker, False
        case Phase.HALF_OPEN:
            is_probing = breaker.probe_at is not None and now - breaker.probe_at < PROBE_SECONDS
            return (breaker, False) if is_probing else (replace(breaker, probe_at=now), True)


def succeed(breaker: Breaker, now: float) -> Breaker:
    """Note an answer. A late answer to a request from before the opening does not close an open circuit."""
    match phase(breaker, now):
        case Phase.HALF_OPEN if breaker.probe_at is not None:
            return Breaker()
        case _:
            return breaker


def fail(breaker: Breaker, now: float) -> Breaker:
    """Note a transport error, a 5xx answer or a time-out. A failed probe opens the circuit anew."""
    if phase(breaker, now) is Phase.HALF_OPEN and breaker.probe_at is not None:
        return Breaker(opened_at=now)
    if breaker.opened_at is not None:
        return breaker
    recent = tuple(at for at in breaker.failures if now - at < WINDOW_SECONDS)[-(FAILURES_TO_OPEN - 1) :]
    failures = (*recent, now)
    return Breaker(opened_at=now) if len(failures) >= FAILURES_TO_OPEN else Breaker(failures=failures)

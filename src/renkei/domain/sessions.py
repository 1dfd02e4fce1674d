"""When a signed-in session is over: idle too long, or too old; never while a call or its after-call work is up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Engagement(StrEnum):
    """What keeps a session alive besides its pages."""

    NONE = "none"
    PRESENT = "present"
    """An open stream with presence: counts as activity."""
    ON_CALL = "on_call"
    """Ringing, talking or after-call work: no limit ends the session now."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lives."""

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)

    @classmethod
    def of(cls, *, idle_minutes: int, absolute_hours: int) -> "Limits":
        """As settings say them."""
        return cls(timedelta(minutes=idle_minutes), timedelta(hours=absolute_hours))


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When a session began and when one of its pages was last used; aware times."""

    began: datetime
    seen: datetime


def read_lifetime(stored: Mapping[str, object], *, now: datetime) -> Lifetime:
    """From a session's ``began`` and ``seen`` (ISO 8601); what is missing or unreadable counts as now."""
    return Lifetime(_read_time(stored.get("began"), now), _read_time(stored.get("seen"), now))


def _read_time(written: object, otherwise: datetime) -> datetime:
    try:
        read = datetime.fromisoformat(written) if isinstance(written, str) else otherwise
    except ValueError:
        return otherwise
    return read if read.tzinfo else otherwise


def is_session_over(
    *, began: datetime, seen: datetime, now: datetime, engagement: Engagement, limits: Limits = DEFAULT_LIMITS
) -> bool:
    """Whether the person must sign in again. All times are aware; ``seen`` is the last activity of a page."""
    if engagement is Engagement.ON_CALL:
        return False
    if now - began >= limits.absolute:
        return True
    return engagement is Engagement.NONE and now - seen >= limits.idle

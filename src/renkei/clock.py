"""The only place that asks the machine for the time; everything else is told, so that tests can tell another."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_standing_at: ContextVar[datetime | None] = ContextVar("standing_at", default=None)


def now() -> datetime:
    """This moment, aware, in UTC."""
    return _standing_at.get() or datetime.now(UTC)


def today(zone: ZoneInfo) -> date:
    """The calendar day it is in `zone`, for periods and holidays."""
    return now().astimezone(zone).date()


@contextmanager
def standing_at(moment: datetime) -> Iterator[None]:
    """Let it be ``moment`` (aware) inside the block, for this task only: a sample's past is made by today's actions."""
    token = _standing_at.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _standing_at.reset(token)

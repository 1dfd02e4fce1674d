"""The only place that asks the machine for the time; everything else is told, so that tests can tell another."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


def today(zone: ZoneInfo) -> date:
    """The calendar day it is in `zone`, for periods and holidays."""
    return datetime.now(zone).date()

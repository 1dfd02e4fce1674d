"""When a contact centre's telephones ring: busy Mondays, a morning peak, quiet Sundays, and nothing while it is closed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

OPENS, CLOSES = 9, 20
"""Hours of the centre's day; the guidance says them to callers."""
WEEKDAYS = (1.35, 1.1, 1.0, 0.95, 1.05, 0.6, 0.4)
"""Monday first."""
HOURS = {9: 7, 10: 11, 11: 10, 12: 6, 13: 8, 14: 9, 15: 8, 16: 7, 17: 6, 18: 5, 19: 3}
"""Calls in each hour from OPENS to CLOSES, relative to each other."""
assert list(HOURS) == list(range(OPENS, CLOSES))

BURST = 11
"""Calls in one outage: a dead shop makes people telephone."""
_OUTAGES_BACK = ((5, 14), (26, 40))
"""Each outage lies between so many days back."""


@dataclass(frozen=True, slots=True)
class Outage:
    """The chatbot's provider answered nobody from ``began_at`` until ``ended_at``."""

    began_at: datetime
    ended_at: datetime

    def covers(self, moment: datetime) -> bool:
        """Whether the provider was away then."""
        return self.began_at <= moment < self.ended_at


def choose_arrivals(chance: Random, *, now: datetime, days: int, count: int, zone: ZoneInfo) -> list[datetime]:
    """About ``count`` moments in the last ``days`` days before ``now``, oldest first, none nearer than ten minutes."""
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    mornings = [today - timedelta(days=back) for back in range(days, -1, -1)]
    weights = [WEEKDAYS[morning.weekday()] * chance.uniform(0.85, 1.15) for morning in mornings]
    latest = now - timedelta(minutes=10)
    moments = []
    for morning, weight in zip(mornings, weights, strict=True):
        wanted = round(count * weight / sum(weights))
        for hour in chance.choices(list(HOURS), list(HOURS.values()), k=wanted):
            moment = morning + timedelta(hours=hour, seconds=chance.uniform(0, 3600))
            if moment < latest:
                moments.append(moment)
    return sorted(moments)


def choose_outages(chance: Random, *, now: datetime, zone: ZoneInfo) -> list[Outage]:
    """The provider's outages, a few minutes each, in busy hours, oldest first."""
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    outages = []
    for nearest, farthest in _OUTAGES_BACK:
        day = today - timedelta(days=chance.randint(nearest, farthest))
        began_at = day + timedelta(hours=chance.randint(10, 16), seconds=chance.uniform(0, 3000))
        outages.append(Outage(began_at, began_at + timedelta(minutes=chance.uniform(3, 8))))
    return sorted(outages, key=lambda outage: outage.began_at)


def choose_burst(chance: Random, outage: Outage) -> list[datetime]:
    """The calls that came on top of the usual ones at the outage's beginning, seconds apart."""
    moments, moment = [], outage.began_at
    for _ in range(BURST):
        moment += timedelta(seconds=chance.uniform(1.5, 4.5))
        moments.append(moment)
    return moments

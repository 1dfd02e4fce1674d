"""When a contact centre's telephones ring: busy Mondays, a morning peak, quiet Sundays."""

from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

WEEKDAYS = (1.35, 1.1, 1.0, 0.95, 1.05, 0.6, 0.4)
"""Monday first."""
HOURS = {8: 1, 9: 7, 10: 11, 11: 10, 12: 6, 13: 8, 14: 9, 15: 8, 16: 7, 17: 6, 18: 5, 19: 3, 20: 1}
"""Calls in each hour of the centre's day, relative to each other."""


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

"""The nightly comparison with a chat system (B5): when it is due, and what differs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

AT_NIGHT = time(3, 0)
LOOKED_BACK = timedelta(days=7)
MOST_NAMED = 500
"""Ids a report names; the counts beside them are whole."""


@dataclass(slots=True)
class Comparison:
    """What a listing showed, page after page. ``stored`` maps the keys that were new or changed to their revision."""

    since: datetime
    theirs: set[str] = field(default_factory=set)
    stored: dict[str, int] = field(default_factory=dict)

    def add(self, keys: Collection[str], stored: Mapping[str, int]) -> None:
        """Count one page; a chat shown twice counts once."""
        self.theirs.update(keys)
        for key, revision in stored.items():
            # What was missing stays missing, though a later page of the same listing had a newer content of it.
            self.stored[key] = min(revision, self.stored.get(key, revision))


@dataclass(frozen=True, slots=True)
class Differences:
    """The report: how many chats each side has, and their ids where they differ, sorted."""

    theirs: int
    ours: int
    missing: tuple[str, ...]
    differing: tuple[str, ...]
    unknown: tuple[str, ...]


def tell_differences(comparison: Comparison, ours: Collection[str]) -> Differences:
    """Compare with our chats of the same days, ``ours`` being those known after the listing was stored."""
    missing = sorted(key for key, revision in comparison.stored.items() if revision == 1)
    differing = sorted(key for key, revision in comparison.stored.items() if revision > 1)
    had = set(ours) - set(missing)
    return Differences(
        theirs=len(comparison.theirs),
        ours=len(had),
        missing=tuple(missing),
        differing=tuple(differing),
        unknown=tuple(sorted(had - comparison.theirs)),
    )


def is_due(last: datetime | None, *, now: datetime, zone: ZoneInfo) -> bool:
    """Whether three o'clock at night has passed in the centre since the last comparison, or since the service began."""
    if last is None:
        return False
    local = now.astimezone(zone)
    night = datetime.combine(local.date(), AT_NIGHT, tzinfo=zone)
    return last < (night if night <= local else night - timedelta(days=1))

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
    """What a listing showed, page after page. ``stored`` maps the keys that were new or changed to their revision.

    ``reached`` is how far the runs have come, in the chat system's time. What appeared or changed over there later is
    the next run's: it is queued too, but nothing was missed. Those that appeared stand in ``appeared``.
    """

    since: datetime
    reached: datetime | None = None
    theirs: set[str] = field(default_factory=set)
    stored: dict[str, int] = field(default_factory=dict)
    appeared: set[str] = field(default_factory=set)

    def add(self, shown: Mapping[str, datetime | None], stored: Mapping[str, int]) -> None:
        """Count one page: each chat's version, None where it tells none. A chat shown twice counts once."""
        self.theirs.update(shown)
        for key, revision in stored.items():
            version = shown.get(key)
            if self.reached is not None and version is not None and version > self.reached:
                if revision == 1 and key not in self.stored:
                    self.appeared.add(key)
                continue
            # What was missing stays missing, though a later page of the same listing had a newer content of it.
            self.stored[key] = min(revision, self.stored.get(key, revision))
            self.appeared.discard(key)


@dataclass(frozen=True, slots=True)
class Differences:
    """The report: how many chats each side has, and their ids where they differ, sorted."""

    theirs: int
    ours: int
    missing: tuple[str, ...]
    differing: tuple[str, ...]
    unknown: tuple[str, ...]


def tell_differences(comparison: Comparison, ours: Collection[str]) -> Differences:
    """Compare with our chats of the same days, ``ours`` being those that are imported.

    What they show and what was neither new nor changed is known here, imported or set aside.
    """
    had = set(ours)
    missing = sorted(key for key, revision in comparison.stored.items() if revision == 1 and key not in had)
    differing = sorted(comparison.stored.keys() - set(missing))
    known = (had | comparison.theirs) - set(missing) - comparison.appeared
    return Differences(
        theirs=len(comparison.theirs - comparison.appeared),
        ours=len(known),
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

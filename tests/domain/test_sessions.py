"""When a session is over."""

from datetime import UTC, datetime, timedelta

import pytest

from renkei.domain.sessions import Engagement, Lifetime, Limits, is_session_over, read_lifetime

NOW = datetime(2025, 1, 31, 12, tzinfo=UTC)
NONE, PRESENT, ON_CALL = Engagement.NONE, Engagement.PRESENT, Engagement.ON_CALL


@pytest.mark.parametrize(
    ("idle_s", "age_s", "engagement", "is_over"),
    [
        (1799, 1799, NONE, False),
        (1800, 1800, NONE, True),
        (1800, 1800, PRESENT, False),
        (0, 43199, NONE, False),
        (0, 43200, NONE, True),
        (0, 43200, PRESENT, True),
        (43200, 43200, ON_CALL, False),
    ],
)
def test_a_session_ends_when_idle_or_old_and_never_during_a_call(
    idle_s: int, age_s: int, engagement: Engagement, is_over: bool
) -> None:
    began, seen = NOW - timedelta(seconds=age_s), NOW - timedelta(seconds=idle_s)
    assert is_session_over(began=began, seen=seen, now=NOW, engagement=engagement) is is_over


@pytest.mark.parametrize("hostile", [None, 7, "", "yesterday", "2025-01-31T11:00:00", {"at": 1}])
def test_an_unreadable_time_of_a_session_counts_as_now(hostile: object) -> None:
    assert read_lifetime({"began": hostile, "seen": hostile}, now=NOW) == Lifetime(NOW, NOW)


def test_the_times_of_a_session_are_read_as_they_were_written() -> None:
    began, seen = NOW - timedelta(hours=3), NOW - timedelta(minutes=2)
    stored = {"began": began.isoformat(), "seen": seen.isoformat()}
    assert read_lifetime(stored, now=NOW) == Lifetime(began, seen)


def test_limits_are_said_in_minutes_and_hours() -> None:
    assert Limits.of(idle_minutes=5, absolute_hours=2) == Limits(timedelta(seconds=300), timedelta(seconds=7200))

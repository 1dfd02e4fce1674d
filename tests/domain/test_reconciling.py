"""The nightly comparison: due once a night, and true about what differs."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.reconciling import Comparison, is_due, tell_differences

TOKYO = ZoneInfo("Asia/Tokyo")
SINCE = datetime(2025, 1, 24, tzinfo=UTC)
keys = st.sets(st.sampled_from("abcdefgh"))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2025, 1, day, hour, minute, tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        (at(30, 2, 59), at(30, 3, 0), True),
        (at(30, 2, 59), at(30, 2, 59), False),
        (at(30, 3, 0), at(30, 23, 0), False),
        (at(30, 3, 0), at(31, 2, 59), False),
        (at(30, 3, 0), at(31, 3, 0), True),
        (at(28, 3, 0), at(31, 1, 0), True),
    ],
)
def test_it_is_due_when_three_in_the_night_has_passed(last: datetime, now: datetime, due: bool) -> None:
    """In the centre's zone, to the minute; a centre that was away catches up."""
    assert is_due(last.astimezone(UTC), now=now.astimezone(UTC), zone=TOKYO) is due


def test_before_a_service_has_begun_nothing_is_due() -> None:
    """There is nothing to compare yet."""
    assert not is_due(None, now=at(31, 12), zone=TOKYO)


@given(theirs=keys, had=keys, changed=keys)
def test_the_report_names_what_was_missing_what_differs_and_what_they_do_not_show(
    theirs: set[str], had: set[str], changed: set[str]
) -> None:
    """Both counts are of before the comparison queued anything."""
    comparison = Comparison(SINCE)
    changed &= theirs & had
    stored = dict.fromkeys(theirs - had, 1) | dict.fromkeys(changed, 2)
    comparison.add(dict.fromkeys(theirs), stored)
    comparison.add(dict.fromkeys(theirs), {})
    found = tell_differences(comparison, had)
    assert set(found.missing) == theirs - had
    assert set(found.differing) == changed
    assert set(found.unknown) == had - theirs
    assert (found.theirs, found.ours) == (len(theirs), len(had))


def test_a_missing_chat_shown_again_with_newer_content_is_still_missing() -> None:
    """The second page of the same listing does not turn it into a difference."""
    comparison = Comparison(SINCE)
    comparison.add({"a": None}, {"a": 1})
    comparison.add({"a": None}, {"a": 2})
    found = tell_differences(comparison, set())
    assert (found.missing, found.differing) == (("a",), ())
    assert comparison.since + timedelta(days=7) == datetime(2025, 1, 31, tzinfo=UTC)


@given(theirs=keys, had=keys, later=keys)
def test_what_appeared_or_changed_since_the_last_run_was_not_missed(
    theirs: set[str], had: set[str], later: set[str]
) -> None:
    """It is the next run's. Neither count knows of what appeared, so that both sides still agree."""
    comparison = Comparison(SINCE, reached=SINCE + timedelta(days=6))
    versions = {key: SINCE + timedelta(days=6, seconds=1 if key in later else 0) for key in theirs}
    comparison.add(versions, {key: 2 if key in had else 1 for key in theirs})
    found = tell_differences(comparison, had)
    assert set(found.missing) == theirs - had - later
    assert set(found.differing) == (theirs & had) - later
    assert set(found.unknown) == had - theirs
    assert found.theirs - len(found.missing) == found.ours - len(found.unknown)


def test_an_unreadable_record_of_a_chat_of_ours_is_a_difference_and_the_chat_is_not_unknown() -> None:
    """They still show it; what they show of it cannot be read."""
    comparison = Comparison(SINCE)
    comparison.add({"a": None, "raw:b": None}, {"a": 1, "raw:b": 1})
    found = tell_differences(comparison, {"a"})
    assert (found.missing, found.differing, found.unknown) == (("raw:b",), ("a",), ())
    assert (found.theirs, found.ours) == (2, 1)

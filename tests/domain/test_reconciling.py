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
    comparison.add(theirs, stored)
    comparison.add(theirs, {})
    found = tell_differences(comparison, had | theirs)
    assert set(found.missing) == theirs - had
    assert set(found.differing) == changed
    assert set(found.unknown) == had - theirs
    assert (found.theirs, found.ours) == (len(theirs), len(had))


def test_a_missing_chat_shown_again_with_newer_content_is_still_missing() -> None:
    """The second page of the same listing does not turn it into a difference."""
    comparison = Comparison(SINCE)
    comparison.add({"a"}, {"a": 1})
    comparison.add({"a"}, {"a": 2})
    found = tell_differences(comparison, {"a"})
    assert (found.missing, found.differing) == (("a",), ())
    assert comparison.since + timedelta(days=7) == datetime(2025, 1, 31, tzinfo=UTC)

"""Lengths agree with the times that stand beside them."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.lengths import count_seconds

MIDNIGHT = datetime(2025, 1, 31, tzinfo=UTC)
MOMENTS = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=700)).map(lambda since: MIDNIGHT + since)


def shown_second(at: datetime) -> int:
    """The second that people read in a time, counted from midnight."""
    return (at - MIDNIGHT).days * 86400 + at.hour * 3600 + at.minute * 60 + at.second


@given(began=MOMENTS, lasted=st.timedeltas(min_value=timedelta(), max_value=timedelta(days=2)))
def test_a_length_is_what_subtracting_the_shown_times_gives(began: datetime, lasted: timedelta) -> None:
    seconds = count_seconds(began, began + lasted)
    assert seconds == shown_second(began + lasted) - shown_second(began)
    assert abs(seconds - lasted.total_seconds()) < 1


@given(began=MOMENTS, lasted=st.timedeltas(max_value=timedelta(), min_value=timedelta(days=-2)))
def test_a_clock_that_went_back_gives_no_negative_length(began: datetime, lasted: timedelta) -> None:
    assert count_seconds(began, began + lasted) == 0

"""Moments as people type them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from renkei.domain.periods import read_moment
from renkei.errors import RejectedError

TOKYO, BERLIN = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("typed", "is_end", "expected"),
    [
        ("2025/01/31", False, datetime(2025, 1, 30, 15, tzinfo=UTC)),
        ("2025/01/31", True, datetime(2025, 1, 31, 15, tzinfo=UTC)),
        ("2025/1/31 9:05", False, datetime(2025, 1, 31, 0, 5, tzinfo=UTC)),
        ("2025-01-31T09:05:07", False, datetime(2025, 1, 31, 0, 5, 7, tzinfo=UTC)),
        ("2025/01/31 24:00", True, datetime(2025, 1, 31, 15, tzinfo=UTC)),
        ("２０２５／０１／３１　９：０５", False, datetime(2025, 1, 31, 0, 5, tzinfo=UTC)),
        ("2025/12/31 24:00", False, datetime(2025, 12, 31, 15, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_in_the_centres_zone(typed: str, is_end: bool, expected: datetime) -> None:
    """Proves D19."""
    assert read_moment(typed, zone=TOKYO, is_end=is_end) == expected


def test_a_day_that_is_an_hour_shorter_ends_at_its_own_midnight() -> None:
    assert read_moment("2025/03/30", zone=BERLIN, is_end=True) == datetime(2025, 3, 30, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    "typed", ["", "x", "2025/02/30", "2025/01/31 25:00", "2025/01/31 24:01", "0000/01/01", "9999/12/31 24:00", "1/2/3"]
)
def test_anything_else_is_refused(typed: str) -> None:
    with pytest.raises(RejectedError) as refused:
        read_moment(typed, zone=TOKYO)
    assert refused.value.code == "bad_moment"

"""Turning pages."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renkei.errors import RejectedError
from renkei.models import Call
from renkei.queries.paging import COUNT_LIMIT, Keyset, turn_to
from tests.sample_centre import make_call

pytestmark = pytest.mark.django_db

KEYSET = Keyset("calls", "arrived_at")
BEGIN = datetime(2025, 1, 31, tzinfo=UTC)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=25)
@given(moments=st.lists(st.integers(0, 5), max_size=14), size=st.integers(1, 6))
def test_turning_all_pages_shows_each_row_once_newest_first(moments: list[int], size: int) -> None:
    """Also when many rows share one moment, forwards and all the way back."""
    Call.objects.all().delete()
    for moment in moments:
        make_call(arrived_at=BEGIN + timedelta(seconds=moment))
    expected = list(Call.objects.order_by("-arrived_at", "-id").values_list("id", flat=True))
    seen, cursor, pages = [], None, []
    while True:
        page = turn_to(Call.objects.all(), KEYSET, cursor=cursor, size=size)
        assert page.count == len(expected)
        seen += [row.pk for row in page.rows]
        pages.append(page)
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert seen == expected
    for earlier, later in zip(reversed(pages[:-1]), reversed(pages[1:]), strict=True):
        assert later.previous_cursor is not None
        back = turn_to(Call.objects.all(), KEYSET, cursor=later.previous_cursor, size=size)
        assert [row.pk for row in back.rows] == [row.pk for row in earlier.rows]
    assert pages[0].previous_cursor is None


def test_a_row_that_arrives_while_turning_is_neither_skipped_to_nor_shown_twice() -> None:
    for second in range(4):
        make_call(arrived_at=BEGIN + timedelta(seconds=second))
    first = turn_to(Call.objects.all(), KEYSET, size=2)
    make_call(arrived_at=BEGIN + timedelta(hours=1))
    second_page = turn_to(Call.objects.all(), KEYSET, cursor=first.next_cursor, size=2)
    assert not {row.pk for row in first.rows} & {row.pk for row in second_page.rows}
    assert [row.arrived_at for row in second_page.rows] == [BEGIN + timedelta(seconds=1), BEGIN]


@pytest.mark.parametrize("cursor", ["x", "-1", "a" * 500, "é", "eyJhIjoxfQ:1abc:zzzz", "\x00", "' OR 1=1 --"])
def test_a_tampered_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(RejectedError) as refused:
        turn_to(Call.objects.all(), KEYSET, cursor=cursor)
    assert refused.value.code == "bad_cursor"


def test_a_cursor_of_another_list_is_refused() -> None:
    make_call(), make_call()
    cursor = turn_to(Call.objects.all(), KEYSET, size=1).next_cursor
    with pytest.raises(RejectedError):
        turn_to(Call.objects.all(), Keyset("other", "arrived_at"), cursor=cursor)


@pytest.mark.parametrize("size", [-1, 0, 10**6])
def test_a_page_has_a_sensible_size_whatever_is_asked(size: int) -> None:
    make_call(), make_call()
    assert 1 <= len(turn_to(Call.objects.all(), KEYSET, size=size).rows) <= 2
    assert COUNT_LIMIT == 10_000

"""Records that cannot be read: they never hide a readable chat, and no older one hides them (P2)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.actions.imports.store_page import store_page
from renkei.domain.inbox import ShownChat
from renkei.domain.listing import Listing
from renkei.models import InboxItem
from tests.actions.imports.source import AT, Importing, make_importing, record, show
from tests.actions.imports.undone import undone

pytestmark = pytest.mark.django_db


def shown(version: int, *, is_broken: bool) -> ShownChat:
    """A content of the chat c-1; an unreadable one still tells its version."""
    made = show(record("c-1", version=version, is_broken=is_broken))
    return replace(made, version_at=AT + timedelta(minutes=30 + version)) if is_broken else made


def store(importing: Importing, *pages: ShownChat) -> None:
    for page in pages:
        store_page(
            importing.lease(), Listing(since=None), shown=[page], next_page=None, is_steady=True,
            now=AT + timedelta(days=1),
        )  # fmt: skip


def aside(importing: Importing) -> list[int]:
    """The versions of c-1 that stand aside, in minutes after its closing."""
    rows = InboxItem.objects.filter(setting=importing.setting, state="quarantined")
    return sorted(int((row.version_at - AT).total_seconds() / 60) - 30 for row in rows)


@pytest.fixture
def importing() -> Importing:
    return make_importing()


def test_an_older_content_shown_late_does_not_take_a_newer_unreadable_one_away(importing: Importing) -> None:
    """Otherwise nobody would learn that the chat has changed and cannot be read."""
    store(importing, shown(1, is_broken=False), shown(5, is_broken=True), shown(1, is_broken=False))
    assert aside(importing) == [5]
    store(importing, shown(6, is_broken=False))
    assert aside(importing) == []


@given(
    contents=st.lists(st.tuples(st.integers(0, 4), st.booleans()), unique_by=lambda each: each[0], max_size=5),
    data=st.data(),
)
def test_whatever_the_order_only_what_is_newer_than_every_readable_content_stays_aside(
    contents: list[tuple[int, bool]], data: st.DataObject
) -> None:
    """Proves R147."""
    with undone():
        importing = make_importing("順不同")
        every: list[Any] = [shown(version, is_broken=is_broken) for version, is_broken in contents]
        store(importing, *data.draw(st.permutations(every)), *data.draw(st.permutations(every)))
        newest = max((version for version, is_broken in contents if not is_broken), default=-1)
        assert aside(importing) == sorted(version for version, is_broken in contents if is_broken and version > newest)

"""What holds of the import whatever happens (P2), found by chance on a real PostgreSQL; the oracle judges."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.actions.imports.fence import Lease
from renkei.actions.imports.store_page import store_page
from renkei.domain.closed_chat import key_of
from renkei.domain.listing import Finished, begin_listing, read_listing
from renkei.models import Customer, ImportService, InboxItem, SnsCustomer
from tests.actions.imports.merges import merge
from tests.actions.imports.oracle import broken
from tests.actions.imports.source import AT, Importing, make_importing, parse, record, show
from tests.actions.imports.undone import undone

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]

OVERLAP = timedelta(hours=2)
NOW = AT + timedelta(days=30)
RECORDS = st.builds(
    record,
    st.sampled_from(["c-1", "c-2", "c-3", "c-4", "c-5", "c-6"]),
    texts=st.lists(st.sampled_from(["一", "二", "解約", "🈶"]), min_size=1, max_size=3),
    version=st.integers(0, 400),
    agent=st.sampled_from(["", "A-1", "A-9"]),
    customer=st.sampled_from(["", "K-1", "K-2", "K-3"]),
)


class Walk:
    """One listing after the other over a chat system that changes meanwhile, as a run walks them."""

    def __init__(self, importing: Importing, data: st.DataObject) -> None:
        self.importing, self.data = importing, data
        self.fetched: list[dict[str, Any]] = []

    def walk(self, shown: list[dict[str, Any]], *, size: int, is_steady: bool) -> None:
        """Walk one listing to its end, under as many leases as chance wants."""
        lease = self.importing.lease()
        most = 3 * (len(shown) // size + 2)
        for _ in range(most):
            if self._turn(lease, shown, size=size, is_steady=is_steady):
                return
            if self.data.draw(st.booleans(), "applied between the pages"):
                self.importing.apply(lease)
            if self.data.draw(st.booleans(), "another process takes over"):
                lease = self.importing.lease()
        pytest.fail(f"not through after {most} pages")

    def _turn(self, lease: Lease, shown: list[dict[str, Any]], *, size: int, is_steady: bool) -> bool:
        before = self.service()
        listing = begin_listing(before.cursor_at, OVERLAP) if before.bookmark is None else read_listing(before.bookmark)
        place = int(listing.page or 0)
        listed = [each for each in shown if listing.since is None or version_of(each) >= listing.since]
        page = listed[place : place + size]
        following = str(place + size) if place + size < len(listed) else None
        done = store_page(
            lease, listing, shown=[show(each) for each in page], next_page=following, is_steady=is_steady, now=NOW
        )
        self.fetched += page
        after = self.service().cursor_at
        assert {each.external_id for each in InboxItem.objects.all()} == self._keys(self.fetched)
        if not isinstance(done.next, Finished):
            assert after == before.cursor_at, "the cursor has moved with pages to come"
            return False
        assert before.cursor_at is None or (after is not None and after >= before.cursor_at), "the cursor went back"
        assert self._keys(listed) <= self._keys(self.fetched)
        newest = max((version_of(each) for each in self.fetched), default=None)
        assert after is None or (newest is not None and after <= newest), "the cursor is beyond what was stored"
        return True

    def service(self) -> ImportService:
        """The service's row as it is now."""
        return ImportService.objects.get(pk=self.importing.setting.pk)

    def _keys(self, shown: list[dict[str, Any]]) -> set[str]:
        return {key_of(chat, self.importing.setting.pk) for each in shown if (chat := parse(each)) is not None}


def version_of(each: dict[str, Any]) -> Any:
    """When a record's content is from."""
    chat = parse(each)
    assert chat is not None
    return chat.version_at


@given(
    first=st.lists(RECORDS, max_size=7),
    later=st.lists(RECORDS, max_size=4),
    size=st.integers(1, 4),
    is_steady=st.booleans(),
    data=st.data(),
)
def test_the_cursor_never_passes_an_unstored_page_and_nothing_fetched_is_lost(
    first: list[dict[str, Any]], later: list[dict[str, Any]], size: int, is_steady: bool, data: st.DataObject
) -> None:
    """Proves R147, R148. However pages are cut, whoever takes over between two: the cursor moves with the last page
    alone, never back, never beyond what was stored; what was fetched stands in the inbox, and in the end all of it is
    imported."""
    with undone():
        walk = Walk(make_importing("歩み"), data)
        walk.walk(first, size=size, is_steady=is_steady)
        walk.walk([*first, *later], size=size, is_steady=is_steady)
        assert broken(walk.importing, walk.fetched, is_settled=False) == []
        walk.importing.apply(walk.importing.lease())
        assert broken(walk.importing, walk.fetched) == []
        assert not InboxItem.objects.exclude(state="done").exists()


@given(pages=st.lists(st.lists(RECORDS, max_size=4), min_size=1, max_size=4), data=st.data())
def test_equal_outside_ids_are_one_customer_whoever_is_merged_between(
    pages: list[list[dict[str, Any]]], data: st.DataObject
) -> None:
    """Proves R161, R162, R164. Imports and merges in any order: one id leads to one root, merges have no circle, and
    every chat is its root's."""
    with undone():
        importing = make_importing("名寄せ")
        for page in pages:
            importing.take(page)
            roots = sorted(Customer.objects.filter(merged_into=None).values_list("pk", flat=True))
            if len(roots) > 1 and data.draw(st.booleans(), "a merge"):
                survivor, merged = data.draw(st.permutations(roots), "who")[:2]
                merge(survivor, merged)
        shown = [each for page in pages for each in page]
        assert broken(importing, shown) == []
        numbers = {each["customer"] for each in shown} - {""}
        assert set(SnsCustomer.objects.values_list("registration_number", flat=True)) <= numbers

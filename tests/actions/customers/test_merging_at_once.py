"""Merges that meet each other or an import, each on a connection of its own (B4)."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Queue
from typing import Any

import pytest
from django.db import connection, transaction

from renkei.actions.customers.merge import merge_customers, undo_merge
from renkei.actions.imports import apply
from renkei.errors import RejectedError
from renkei.models import Case, Customer, CustomerMerge, SnsCustomer, User
from renkei.permissions import ADMINISTRATOR
from renkei.queries.customers.merging import preview_merge
from tests.actions.imports.source import Importing, make_importing, record
from tests.sample_centre import make_person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


@pytest.fixture
def importing() -> Importing:
    made = make_importing()
    made.take([record("c-1", customer="K-1"), record("c-2", customer="K-2"), record("c-3", customer="K-3")])
    return made


@pytest.fixture
def actor() -> User:
    return make_person(ADMINISTRATOR)


def who(number: str) -> int:
    return SnsCustomer.objects.get(registration_number=number).customer_id


def owner(chat: str) -> int:
    return Case.objects.get(interactions__external_id=chat).customer_id


def merge(actor: User, merged: int, survivor: int, seen: str | None = None) -> CustomerMerge:
    seen = seen or preview_merge(actor, survivor_id=survivor, merged_id=merged).seen
    return merge_customers(actor, survivor_id=survivor, merged_id=merged, winners={}, seen=seen)


def begin_beside(deed: Callable[[], Any]) -> Future[Any]:
    """Begin the deed on another connection and go on when it waits for one of our locks."""
    told: Queue[int] = Queue()

    def do() -> Any:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                told.put(cursor.fetchone()[0])
            return deed()
        finally:
            connection.close()

    doing = ThreadPoolExecutor(1).submit(do)
    until_it_waits(told.get(timeout=30))
    return doing


def until_it_waits(pid: int) -> None:
    deadline = time.monotonic() + 30
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            # The statistics are kept for a transaction, and ours stands open.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute("SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", [pid])
            if cursor.fetchone() == ("Lock",):
                return
            time.sleep(0.02)
    raise AssertionError("it does not wait")


def test_an_import_that_meets_a_merge_ends_at_the_survivor(importing: Importing, actor: User) -> None:
    """Proves R162, B4. The merge is not committed yet when the import looks for its customer."""
    one, two = who("K-1"), who("K-2")
    lease = importing.lease()
    importing.store(lease, [record("c-4", customer="K-2"), record("c-2", customer="K-2", version=3, texts=["訂正"])])
    with transaction.atomic():
        merge(actor, two, one)
        doing = begin_beside(lambda: importing.apply(lease))
    assert (doing.result(60).created, doing.result().revised) == (1, 1)
    assert (owner("c-4"), owner("c-2")) == (one, one)


def test_a_merge_that_meets_an_import_takes_its_cases_along(importing: Importing, actor: User) -> None:
    """Proves B4. The import is not committed yet when the merge looks for what there is to move."""
    one, two = who("K-1"), who("K-2")
    lease = importing.lease()
    importing.store(lease, [record("c-4", customer="K-2")])
    with transaction.atomic():
        importing.apply(lease)
        doing = begin_beside(lambda: merge(actor, two, one))
    assert len(doing.result(60).cases_moved) == 2
    assert (owner("c-2"), owner("c-4")) == (one, one)


def test_an_import_that_meets_an_undo_ends_at_the_one_that_comes_back(importing: Importing, actor: User) -> None:
    """Proves B4."""
    done = merge(actor, who("K-2"), who("K-1"))
    lease = importing.lease()
    importing.store(lease, [record("c-4", customer="K-2")])
    with transaction.atomic():
        undo_merge(actor, done.survivor_id, done.pk)
        doing = begin_beside(lambda: importing.apply(lease))
    assert doing.result(60).created == 1
    assert owner("c-4") == done.merged_id


def test_of_two_opposite_merges_one_wins_and_the_other_is_told(importing: Importing, actor: User) -> None:
    """Proves B4. A→B and B→A at once; and a merge into somebody who is just being merged away."""
    one, two, three = who("K-1"), who("K-2"), who("K-3")
    back = preview_merge(actor, survivor_id=two, merged_id=one).seen
    on = preview_merge(actor, survivor_id=two, merged_id=three).seen
    with transaction.atomic():
        merge(actor, two, one)
        opposite = begin_beside(lambda: merge(actor, one, two, back))
        onto_merged = begin_beside(lambda: merge(actor, three, two, on))
    for doing in (opposite, onto_merged):
        with pytest.raises(RejectedError, match="merged_already"):
            doing.result(60)
    assert dict(Customer.objects.values_list("pk", "merged_into")) == {one: None, two: one, three: None}


def test_a_merge_undone_twice_at_once_is_undone_once(importing: Importing, actor: User) -> None:
    """The second press of the button hears it."""
    done = merge(actor, who("K-2"), who("K-1"))
    with transaction.atomic():
        undo_merge(actor, done.survivor_id, done.pk)
        again = begin_beside(lambda: undo_merge(actor, done.survivor_id, done.pk))
    with pytest.raises(RejectedError, match="merge_undone_already"):
        again.result(60)


def test_an_import_that_asks_in_several_steps_and_a_merge_never_block_each_other(
    importing: Importing, actor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch holds one customer and is about to ask for another, the merge wants both, the other one first."""
    importing.take([record("c-0"), record("c-9", customer="K-9")])
    lower, higher = owner("c-0"), who("K-9")
    assert lower < higher
    lease = importing.lease()
    importing.store(lease, [record("c-0", version=4, texts=["訂正"]), record("c-4", customer="K-9")])
    merging: list[Future[Any]] = []
    find = apply._find_roots

    def find_and_let_a_merge_begin(statement: str, count: str, params: Any) -> dict[str, int]:
        found: dict[str, int] = find(statement, count, params)
        if not merging:
            merging.append(begin_beside(lambda: merge(actor, lower, higher)))
        return found

    # By number first, which is the higher one here; then by natural key, against the order in which a merge locks.
    monkeypatch.setattr(apply, "_find_roots", find_and_let_a_merge_begin)
    assert importing.apply(lease).created == 1
    assert merging[0].result(60).survivor_id == higher
    assert owner("c-4") == higher

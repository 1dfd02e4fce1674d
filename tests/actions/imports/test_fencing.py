"""Whoever lost the lease changes nothing, whatever they do; and a merge beside an import ends at the survivor."""

import importlib
import inspect
import pkgutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.db import connection, connections, transaction

from renkei import clock
from renkei.actions import imports
from renkei.actions.imports import apply
from renkei.actions.imports.fence import Lease, StaleLeaseError
from renkei.actions.imports.runs import Tally, begin_run
from renkei.domain.importing import Arriving
from renkei.domain.inbox import write_payload
from renkei.domain.listing import Finished, Listing
from renkei.domain.reconciling import Comparison
from renkei.domain.setbacks import Setback
from renkei.models import Case, Customer, InboxItem, SnsCustomer
from tests.actions.imports.merges import merge
from tests.actions.imports.oracle import broken
from tests.actions.imports.source import AT, Importing, make_importing, parse, record, show
from tests.conftest import DatabaseUrls

HARMLESS = {"fenced", "read_duty", "read_pending", "beat"}
"""Deeds that write nothing themselves: asking, the fence itself, and the beat, which is tried by its own test."""
TABLES = (
    "importservice", "importrun", "reconciliation", "inboxitem", "interaction", "interactionmessage", "customer",
    "case", "outboxevent",
)  # fmt: skip
SHOWN = [record("c-0", customer="K-1"), record("d-0", customer="K-2"), record("c-1", customer="K-1", version=1)]
PATIENCE_SECONDS = 60.0
_SOMEBODY_WAITS = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1"
)


def deeds() -> dict[str, Callable[..., Any]]:
    """Every public deed of the import that is done under a lease."""
    found: dict[str, Callable[..., Any]] = {}
    for module_info in pkgutil.iter_modules(imports.__path__):
        module = importlib.import_module(f"{imports.__name__}.{module_info.name}")
        for name, deed in inspect.getmembers(module, inspect.isfunction):
            parameters = list(inspect.signature(deed).parameters.values())
            is_own = deed.__module__ == module.__name__ and not name.startswith("_")
            if is_own and parameters and parameters[0].annotation in {Lease, "Lease"}:
                found[name] = deed
    return found


DEEDS = deeds()


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A service with chats in every state, and the lease of somebody who was overtaken."""

    importing: Importing
    lease: Lease
    given: dict[str, Any]


@pytest.fixture
def overtaken() -> Overtaken:
    importing = make_importing()
    importing.take([record("done", customer="K-1"), record("aside", is_broken=True)])
    lease = importing.lease()
    importing.store(lease, [record("waiting"), record("done", texts=["新しい"], version=9, customer="K-1")])
    run_id = begin_run(lease, "timer")
    item = InboxItem.objects.get(external_id="waiting")
    chat = parse(record("waiting"))
    assert chat is not None
    importing.lease()
    given = {
        "arriving": [Arriving(item.pk, item.revision, "waiting", chat)],
        "began": clock.now(), "chat": parse(record("other")), "comparison": Comparison(since=AT), "error": "x",
        "interval_seconds": 1.0, "is_halted": True, "is_steady": True, "item_id": item.pk,
        "listing": Listing(since=None), "next_page": None, "now": clock.now(), "params": {},
        "payload": write_payload(record("other")), "position": Finished(clock.now()), "problem": "x",
        "revision": item.revision, "rules": importing.rules, "run_id": run_id, "seconds": 1.0,
        "setback": Setback(1.0, True), "shown": [show(record("late"))], "tally": Tally(pages=1, applied=1),
        "trigger": "timer",
    }  # fmt: skip
    return Overtaken(importing, lease, given)


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(set(DEEDS) - HARMLESS))
def test_who_was_overtaken_changes_no_row(overtaken: Overtaken, name: str) -> None:
    """Proves R147. Every deed of the import under a lease is tried with an older one."""
    before = rows()
    parameters = list(inspect.signature(DEEDS[name]).parameters.values())[1:]
    positional = [overtaken.given[each.name] for each in parameters if each.kind is not each.KEYWORD_ONLY]
    named = {each.name: overtaken.given[each.name] for each in parameters if each.kind is each.KEYWORD_ONLY}
    try:
        with transaction.atomic():
            DEEDS[name](overtaken.lease, *positional, **named)
    except StaleLeaseError:
        pass
    assert rows() == before


@pytest.mark.django_db
def test_a_beat_prolongs_nobody_elses_lease(overtaken: Overtaken) -> None:
    """The other one's lease stays as it was."""
    before = rows()
    with pytest.raises(StaleLeaseError), transaction.atomic():
        DEEDS["beat"](overtaken.lease)
    assert rows() == before
    assert set(DEEDS) >= HARMLESS


def rows() -> list[Any]:
    """Everything the import writes."""
    found = []
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT row::text FROM renkei_{table} row ORDER BY 1")
            found.append(cursor.fetchall())
    return found


@pytest.fixture
def pair() -> tuple[Importing, int, int]:
    """Two customers with a chat each, and a further chat of K-1 that waits; the ids of K-2 (survives) and K-1."""
    importing = make_importing()
    importing.take(SHOWN[:2])
    importing.store(importing.lease(), SHOWN[2:])
    entries = dict(SnsCustomer.objects.values_list("registration_number", "customer"))
    return importing, entries["K-2"], entries["K-1"]


@pytest.fixture
def watcher(database_urls: DatabaseUrls) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_urls.app, autocommit=True) as watching:
        yield watching


@pytest.mark.django_db(transaction=True)
def test_a_merge_that_comes_into_an_import_waits_and_takes_the_new_chat_along(
    pair: tuple[Importing, int, int], watcher: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves R162, R164. The import knows its customer already and has not written yet."""
    importing, survivor, merged = pair
    other = Beside(lambda: merge(survivor, merged))
    write = apply._write

    def write_later(*told: Any) -> Any:
        other.meet(watcher)
        return write(*told)

    monkeypatch.setattr(apply, "_write", write_later)
    assert importing.apply(importing.lease()).created == 1
    other.end()
    expect_all_at(importing, survivor)


@pytest.mark.django_db(transaction=True)
def test_an_import_that_comes_into_a_merge_waits_and_ends_at_the_survivor(
    pair: tuple[Importing, int, int], watcher: psycopg.Connection
) -> None:
    """Proves R162, R164. The merge has moved everything and has not committed yet."""
    importing, survivor, merged = pair
    lease = importing.lease()
    other = Beside(lambda: importing.apply(lease))
    merge(survivor, merged, before_commit=lambda: other.meet(watcher))
    other.end()
    expect_all_at(importing, survivor)


def expect_all_at(importing: Importing, survivor: int) -> None:
    """All chats, the id and whoever was merged lead to the survivor."""
    assert set(Case.objects.values_list("customer", flat=True)) == {survivor}
    assert set(SnsCustomer.objects.values_list("customer", flat=True)) == {survivor}
    assert list(Customer.objects.filter(merged_into=None).values_list("pk", flat=True)) == [survivor]
    assert broken(importing, SHOWN) == []


class Beside:
    """Something done in a thread and on a connection of its own, while this one holds its transaction open."""

    def __init__(self, doing: Callable[[], Any]) -> None:
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._do, args=(doing,))

    def meet(self, watcher: psycopg.Connection) -> None:
        """Begin it, and wait until it waits for us, or is through without having waited."""
        self._thread.start()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._thread.is_alive() and not watcher.execute(_SOMEBODY_WAITS).fetchone():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def end(self) -> None:
        """Wait for its end, which must be a good one."""
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive()
        assert self._fault is None

    def _do(self, doing: Callable[[], Any]) -> None:
        try:
            doing()
        except BaseException as error:
            self._fault = error
        finally:
            connections.close_all()

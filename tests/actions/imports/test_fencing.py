"""Whoever lost the lease changes nothing, whatever they do; and a merge beside an import ends at the survivor."""

import importlib
import inspect
import pkgutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, connections, transaction

from renkei import clock
from renkei.actions import imports
from renkei.actions.imports.fence import Lease, StaleLeaseError
from renkei.actions.imports.runs import Tally, begin_run
from renkei.domain.importing import Arriving
from renkei.domain.inbox import write_payload
from renkei.domain.listing import Finished, Listing
from renkei.domain.reconciling import Comparison
from renkei.domain.setbacks import Setback
from renkei.models import Case, Customer, InboxItem, Interaction, SnsCustomer
from tests.actions.imports.merges import merge
from tests.actions.imports.oracle import broken
from tests.actions.imports.source import AT, Importing, make_importing, parse, record, show

HARMLESS = {"fenced", "read_duty", "read_pending", "beat"}
"""Deeds that write nothing themselves: asking, the fence itself, and the beat, which is tried by its own test."""
TABLES = (
    "importservice", "importrun", "reconciliation", "inboxitem", "interaction", "interactionmessage", "customer",
    "case", "outboxevent",
)  # fmt: skip
ROUNDS = 12


def deeds() -> dict[str, Callable[..., Any]]:
    """Every public deed of the import that is done under a lease."""
    found = {}
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


@pytest.mark.django_db(transaction=True)
def test_a_merge_beside_an_import_ends_at_the_survivor() -> None:
    """Proves R162, R164. Two connections at once, again and again: no chat of the merged customer's id is left with
    the merged one, none is lost, and merges have no circle."""
    importing = make_importing(batch=1)
    shown = [record("c-0", customer="K-0")]
    importing.take(shown)
    for number in range(1, ROUNDS):
        chats = [record(f"c-{number}-{place}", customer=f"K-{number % 3}", version=number) for place in range(3)]
        shown += chats
        lease = importing.lease()
        importing.store(lease, chats)
        roots = list(Customer.objects.filter(merged_into=None).order_by("-pk").values_list("pk", flat=True)[:2])
        pair = roots if number % 2 else roots[::-1]
        meet(lambda lease=lease: importing.apply(lease), lambda pair=pair: len(pair) == 2 and merge(*pair))
    assert broken(importing, shown) == []
    assert not Case.objects.filter(customer__merged_into__isnull=False).exists()
    assert not SnsCustomer.objects.filter(customer__merged_into__isnull=False).exists()
    assert Interaction.objects.count() == len(shown)
    assert Customer.objects.filter(merged_into__isnull=False).exists()


def meet(*doings: Callable[[], Any]) -> None:
    """Do them in threads that begin at the same moment, each on its own connection."""
    faults: list[BaseException] = []
    gate = threading.Barrier(len(doings))

    def do(doing: Callable[[], Any]) -> None:
        try:
            gate.wait(30)
            doing()
        except BaseException as error:
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=do, args=(each,)) for each in doings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []

"""After 履歴保持期間 nothing of an imported conversation is left, and nothing brings it back (R110, R111, P7)."""

import hashlib
import threading
import time
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from asgiref.sync import async_to_sync
from django.db import connection, connections

from renkei import clock
from renkei.actions.imports.quarantine import discard_item, rename_item
from renkei.actions.imports.reconcile import compare_page, write_report
from renkei.actions.privacy.retention import purge_histories
from renkei.actions.realtime.closed_chats import receive_closed
from renkei.domain.inbox import write_payload
from renkei.domain.reconciling import Comparison
from renkei.models import (
    Case,
    ChatTombstone,
    Customer,
    InboxItem,
    Installation,
    Interaction,
    InteractionRevision,
    OutboxEvent,
    Reconciliation,
)
from renkei.models.crm import InteractionMessage
from renkei.models.statements import imports
from renkei.permissions import ADMINISTRATOR
from tests.actions.imports.source import AT, Importing, make_importing, parse, record, show
from tests.sample_centre import make_person

pytestmark = pytest.mark.django_db(transaction=True)

DAYS = 30
CANARY = "canary7781"


@pytest.fixture
def importing() -> Importing:
    Installation.objects.update(history_retention_days=DAYS)
    return make_importing()


def grow_old(minutes: int = 1, **chosen: Any) -> None:
    """What was imported came so many minutes before the days that are kept."""
    at = clock.now() - timedelta(days=DAYS, minutes=minutes)
    Interaction.objects.filter(**chosen).update(started_at=at, closed_at=at, registered_at=at)
    if not chosen:
        InboxItem.objects.update(first_seen_at=at, changed_at=at)


def where_the_canary_is() -> list[str]:
    """Every table and column that still holds it, those of bytes and lists too."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " JOIN information_schema.tables USING (table_schema, table_name)"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
            " AND data_type IN ('text', 'character varying', 'jsonb', 'json', 'bytea', 'ARRAY')"
        )
        for table, column, kind in cursor.fetchall():
            told = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            cursor.execute(f'SELECT 1 FROM "{table}" WHERE {told} LIKE %s LIMIT 1', [f"%{CANARY}%"])
            if cursor.fetchone():
                found.append(f"{table}.{column}")
    return found


def plant(importing: Importing) -> Interaction:
    """A conversation with a later content, an unreadable record, words by hand, and a night's report about it."""
    name = f"chat-{CANARY}"
    importing.take([record(name, texts=[CANARY, "はい"])])
    importing.take([record(name, texts=[CANARY, "はい", CANARY], version=3)])
    importing.take([record(name, texts=[CANARY], version=9, is_broken=True)])
    row = Interaction.objects.get()
    Interaction.objects.update(edited={"memo": CANARY})
    Case.objects.update(title=CANARY)
    Reconciliation.objects.create(
        setting=importing.setting, since=AT, missing=[name, "other"], differing=[name], unknown=[name]
    )
    return row


def test_an_imported_conversation_is_gone_with_everything_made_of_it(importing: Importing) -> None:
    """Proves R110, R111. A canary in its words, its id, its contents before and what people wrote is found nowhere;
    the customer stays, and no longer says which chat it was made for."""
    plant(importing)
    assert len(where_the_canary_is()) >= 12
    grow_old()
    assert purge_histories().interactions == 1
    assert where_the_canary_is() == []
    assert not Case.objects.exists()
    assert not OutboxEvent.objects.exists()
    assert Customer.objects.get().natural_key is None
    assert Reconciliation.objects.get().missing == ["other"]
    assert purge_histories().interactions == 0


def test_the_tombstone_tells_nobody_which_chat_it_was(importing: Importing) -> None:
    """Proves R111. A keyed digest: without our key not even somebody who guesses the id can tell."""
    importing.take([record("c-1")])
    grow_old()
    purge_histories()
    stones = set(ChatTombstone.objects.values_list("digest", flat=True))
    assert stones
    for guess in ("c-1", f"{importing.setting.pk}:c-1"):
        assert not stones & {guess, hashlib.sha256(guess.encode()).hexdigest()}


def test_nothing_brings_a_purged_conversation_back(importing: Importing) -> None:
    """Proves R111. Neither a listing, nor a newer content, a push, the nightly comparison, or a repaired record."""
    plant(importing)
    name = f"chat-{CANARY}"
    grow_old()
    purge_histories()
    shown = [record(name, texts=[CANARY]), record(name, texts=[CANARY, "新"], version=99)]
    assert importing.take(shown).created == 0
    importing.take([record(name, texts=[CANARY], version=120, is_broken=True)])
    push(importing, record(name, texts=[CANARY], version=200))
    lease = importing.lease()
    comparison = Comparison(AT - timedelta(days=1))
    compare_page(lease, comparison, [show(each) for each in shown])
    found = write_report(lease, comparison)
    assert (found.missing, found.differing) == ((), ())
    unnamed = InboxItem.objects.create(
        setting=importing.setting, external_id="raw:x", version_at=AT, payload=b"{}", payload_sha256="0" * 64
    )
    repaired = record(name, texts=[CANARY])
    chat = parse(repaired)
    assert chat is not None
    rename_item(lease, unnamed.pk, chat=chat, payload=write_payload(repaired))
    assert importing.apply(lease).created == 0
    assert where_the_canary_is() == []
    assert not Interaction.objects.exists()


def push(importing: Importing, payload: dict[str, Any]) -> None:
    async def deliver() -> None:
        async with await psycopg.AsyncConnection.connect(database_of_this_test(), autocommit=True) as conn:
            await receive_closed(conn, importing.setting.pk, "standard", delivery_id="d", shown=[show(payload)])

    async_to_sync(deliver)()


def database_of_this_test() -> str:
    told = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    return psycopg.conninfo.make_conninfo(**{name: told[name] for name in names if name in told})


def test_what_is_younger_or_still_worked_on_stays_whole(importing: Importing) -> None:
    """Proves R110. The days count from the latest of its times; an open case keeps what is about it."""
    importing.take([record("old"), record("young"), record("worked-on"), record("backfilled")])
    grow_old(external_id="old")
    grow_old(external_id="worked-on")
    grow_old(minutes=-60, external_id="young")
    old = clock.now() - timedelta(days=DAYS + 300)
    Interaction.objects.filter(external_id="backfilled").update(started_at=old, closed_at=old)
    Case.objects.filter(interactions__external_id="worked-on").update(state="open")
    assert purge_histories().interactions == 1
    assert set(importing.contents()) == {"young", "worked-on", "backfilled"}
    assert InboxItem.objects.filter(state="done").count() == 3
    assert all(len(texts) == 2 for texts in importing.contents().values())


def test_a_record_set_aside_goes_too_and_its_readable_chat_stays(importing: Importing) -> None:
    """Proves R111. A broken record of a chat that lives on does not bury the chat."""
    importing.take([record("lives", texts=["前"]), record("lost", texts=[CANARY], is_broken=True)])
    importing.take([record("lives", texts=[CANARY], version=1, is_broken=True)])
    at = clock.now() - timedelta(days=DAYS, minutes=1)
    InboxItem.objects.filter(state="quarantined").update(first_seen_at=at, changed_at=at, version_at=at)
    purge_histories()
    assert where_the_canary_is() == []
    importing.take([record("lives", texts=["後"], version=2), record("lost", texts=["読める"])])
    assert importing.contents() == {"lives": ("後",)}


@pytest.mark.parametrize("deed", ["purge", "discard"])
def test_a_chat_pushed_while_it_is_being_buried_does_not_come_back(importing: Importing, deed: str) -> None:
    """Proves R111. Whoever buries waits for the pushes under way, and takes away what they stored."""
    importing.take([record("c-1")])
    grow_old()
    person = make_person(ADMINISTRATOR)
    if deed == "discard":
        InboxItem.objects.update(state="quarantined", error="import_failed")
    item = InboxItem.objects.get().pk

    def bury() -> None:
        try:
            if deed == "purge":
                purge_histories()
            else:
                discard_item(person, item, reason="要らない")
        finally:
            connections.close_all()

    with psycopg.connect(database_of_this_test()) as pushing:
        pushing.execute(imports.GATE_IN, {"setting": importing.setting.pk})
        burying = threading.Thread(target=bury)
        burying.start()
        until_somebody_waits(pushing)
        assert burying.is_alive()
        pushing.commit()
        burying.join(timeout=30)
    assert not burying.is_alive()
    assert not InboxItem.objects.exists()
    push(importing, record("c-1", version=3))
    assert not InboxItem.objects.exists()


def until_somebody_waits(pushing: psycopg.Connection) -> None:
    for _ in range(600):
        row = pushing.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone()
        if row is not None and row[0]:
            return
        time.sleep(0.05)
    pytest.fail("nobody waits at the gate")


def test_no_message_or_content_is_left_without_its_interaction(importing: Importing) -> None:
    """Several at once, one of them in a case with another that stays."""
    importing.take([record(f"c-{place}") for place in range(5)])
    importing.take([record(f"c-{place}", texts=["別"], version=2) for place in range(5)])
    grow_old()
    keeping = Interaction.objects.get(external_id="c-0")
    Interaction.objects.filter(external_id="c-1").update(registered_at=clock.now(), case=keeping.case, parent=keeping)
    assert purge_histories().interactions == 4
    left = Interaction.objects.get()
    assert (left.external_id, left.parent_id, left.case_id) == ("c-1", None, keeping.case_id)
    assert set(InteractionMessage.objects.values_list("interaction", flat=True)) == {left.pk}
    assert set(InteractionRevision.objects.values_list("interaction", flat=True)) == {left.pk}

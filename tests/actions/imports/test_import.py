"""Closed chats become interactions exactly once (P2): the invariants, on a real PostgreSQL."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from renkei.actions.imports.fence import StaleLeaseError
from renkei.models import (
    Case,
    Customer,
    ImportService,
    InboxItem,
    Interaction,
    InteractionRevision,
    OutboxEvent,
    SnsCustomer,
)
from tests.actions.imports.oracle import broken
from tests.actions.imports.source import Importing, make_importing, record
from tests.actions.imports.undone import undone

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]


@pytest.fixture
def importing() -> Importing:
    return make_importing()


def test_a_closed_chat_becomes_one_closed_interaction_of_a_case(importing: Importing) -> None:
    """Proves R136, R140, D11."""
    shown = [record("c-1", agent="A-1", customer="K-1")]
    importing.take(shown)
    row = Interaction.objects.select_related("case").get(setting=importing.setting)
    assert (row.state, row.channel, row.case.state) == ("closed", "chat", "closed")
    assert (row.registered_agent_id, row.current_agent_id) == (importing.other_agent.pk,) * 2
    assert (row.registered_group_id, row.current_group_id) == (importing.setting.business_group_id,) * 2
    assert importing.contents() == {"c-1": ("解約したいです", "承知しました")}
    assert broken(importing, shown) == []


def test_an_open_chat_waits_over_there(importing: Importing) -> None:
    """Proves R138."""
    importing.take([record("c-1", is_open=True), record("c-2")])
    assert set(importing.contents()) == {"c-2"}


def test_the_agent_is_the_one_whose_number_matches_or_the_default(importing: Importing) -> None:
    """Proves R155, R156."""
    importing.take([record("known", agent="A-1"), record("unknown", agent="A-9"), record("none")])
    agents = dict(Interaction.objects.values_list("external_id", "registered_agent"))
    default = importing.default_agent.pk
    assert agents == {"known": importing.other_agent.pk, "unknown": default, "none": default}
    flags = dict(Interaction.objects.values_list("external_id", "is_default_agent"))
    assert flags == {"known": False, "unknown": True, "none": True}


def test_a_known_customer_id_finds_its_customer_again(importing: Importing) -> None:
    """Proves R160, R161, R162."""
    importing.take([record("c-1", customer="K-1"), record("c-2", customer="K-1"), record("c-3", customer="K-2")])
    importing.take([record("c-4", customer="K-1")])
    entries = dict(SnsCustomer.objects.values_list("registration_number", "customer"))
    owners = dict(Case.objects.values_list("interactions__external_id", "customer"))
    assert owners == {"c-1": entries["K-1"], "c-2": entries["K-1"], "c-3": entries["K-2"], "c-4": entries["K-1"]}
    assert Customer.objects.count() == 2


def test_without_an_id_a_customer_is_made_from_number_and_address(importing: Importing) -> None:
    """Proves R163, D8. Even an equal number makes another customer, unless the setting says otherwise."""
    contact: dict[str, Any] = {"phone": "090-1111-2222", "email": "Hanako@Example.JP"}
    importing.take([record("c-1", **contact)])
    importing.take([record("c-2", **contact), record("c-1", texts=["訂正"], version=1, **contact)])
    rows = Customer.objects.values_list("name", "phone", "e164", "email", "email_key")
    assert list(rows) == [("山田花子", "090-1111-2222", "+819011112222", "Hanako@Example.JP", "hanako@example.jp")] * 2


def test_a_customer_is_reused_only_when_nobody_else_could_be_meant() -> None:
    """Proves D8."""
    importing = make_importing(reuses_customers=True)
    importing.take([record("c-1", phone="090-1111-2222"), record("c-2", phone="+81 90 1111 2222")])
    assert Customer.objects.count() == 1
    Customer.objects.create(name="同じ番号の人", e164="+819011112222")
    importing.take([record("c-3", phone="09011112222")])
    assert Customer.objects.count() == 3


def test_a_customer_merged_away_leads_to_the_survivor(importing: Importing) -> None:
    """Proves R164."""
    importing.take([record("c-1", customer="K-1")])
    survivor = Customer.objects.create(name="残る人")
    Customer.objects.filter(sns_entries__registration_number="K-1").update(merged_into=survivor)
    importing.take([record("c-2", customer="K-1")])
    assert Case.objects.get(interactions__external_id="c-2").customer_id == survivor.pk


def test_running_again_over_an_unchanged_source_changes_no_row(importing: Importing) -> None:
    """Proves R147."""
    pages = [record("c-1", customer="K-1"), record("c-2"), record(None)], [record("c-3", is_broken=True)]
    importing.take(*pages)
    before = _rows()
    applied = importing.take(*pages)
    assert (applied.created, applied.revised) == (0, 0)
    assert _rows() == before


def test_a_chat_that_changed_becomes_a_new_revision_with_its_history(importing: Importing) -> None:
    """The earlier content stays to be read; the announcement says revised."""
    importing.take([record("c-1", texts=["一", "二"], customer="K-1")])
    importing.take([record("c-1", texts=["一", "二", "三"], version=5, customer="K-2", agent="A-1")])
    row = Interaction.objects.get()
    assert (row.revision, row.registered_agent_id) == (2, importing.other_agent.pk)
    assert importing.contents() == {"c-1": ("一", "二", "三")}
    assert [each["text"] for each in InteractionRevision.objects.get().messages] == ["一", "二"]
    assert row.case.customer_id == SnsCustomer.objects.get(registration_number="K-2").customer_id
    kinds = sorted(OutboxEvent.objects.values_list("kind", flat=True))
    assert kinds == ["interaction.imported", "interaction.revised"]


def test_what_people_have_changed_survives_a_revision(importing: Importing) -> None:
    """A title, an item and a current agent set by hand are not the chat system's."""
    importing.take([record("c-1")])
    row = Interaction.objects.get()
    Case.objects.update(title="手で直した件名")
    Interaction.objects.update(edited={"memo": "折り返し済み"}, current_agent=importing.other_agent)
    importing.take([record("c-1", texts=["別"], version=9)])
    row.refresh_from_db()
    assert (row.case.title, row.edited, row.current_agent_id) == (
        "手で直した件名",
        {"memo": "折り返し済み"},
        importing.other_agent.pk,
    )


def test_an_older_lease_changes_nothing(importing: Importing) -> None:
    """Fencing: whoever was overtaken writes no row, in the inbox or behind it."""
    old = importing.lease()
    importing.store(old, [record("c-1")])
    new = importing.lease()
    before = _rows()
    for deed in (lambda: importing.store(old, [record("c-2")]), lambda: importing.apply(old)):
        with pytest.raises(StaleLeaseError), transaction.atomic():
            deed()
    assert _rows() == before
    assert importing.apply(new).created == 1


def test_a_record_that_cannot_be_read_stands_aside_and_harms_nobody(importing: Importing) -> None:
    """It has its own row, and gives way to a readable one of the same chat."""
    importing.take([record("c-1"), record("c-2", is_broken=True), record("c-3")])
    assert set(importing.contents()) == {"c-1", "c-3"}
    aside = InboxItem.objects.get(state="quarantined")
    assert (aside.error, aside.source_id) == ("wrong_type", "c-2")
    importing.take([record("c-2", version=1)])
    assert set(importing.contents()) == {"c-1", "c-2", "c-3"}
    assert not InboxItem.objects.filter(state="quarantined").exists()


def test_the_cursor_waits_for_the_last_page(importing: Importing) -> None:
    """Proves R148. A run that is cut off after a page begins again at that page, not behind it."""
    lease = importing.lease()
    pages = [record("c-1")], [record("c-2", version=3)]
    importing.store(lease, pages[0], [])  # the second page is the empty last one
    with_cursor = ImportService.objects.get(pk=importing.setting.pk)
    assert with_cursor.bookmark is None
    assert with_cursor.cursor_at is not None


RECORDS = st.builds(
    record,
    st.sampled_from(["c-1", "c-2", "c-3", "c-4", None]),
    texts=st.lists(st.sampled_from(["一", "二", "解約", "🈶"]), min_size=1, max_size=3),
    version=st.integers(0, 3),
    agent=st.sampled_from(["", "A-1", "A-9"]),
    customer=st.sampled_from(["", "K-1", "K-2"]),
    is_open=st.booleans(),
    is_broken=st.sampled_from([False, False, False, True]),
)


@given(shown=st.lists(RECORDS, max_size=8), data=st.data())
def test_order_repetition_and_batches_change_nothing(shown: list[dict[str, Any]], data: st.DataObject) -> None:
    """Proves R147. Any order, any repetition, any cut into pages and batches ends in the same interactions, and they
    are what the oracle says."""
    with undone():
        first = make_importing("一つ目")
        first.take(shown)
        second = make_importing("二つ目", batch=data.draw(st.integers(1, 5)))
        mixed = data.draw(
            st.permutations(shown + data.draw(st.lists(st.sampled_from(shown), max_size=4) if shown else st.just([])))
        )
        cut = data.draw(st.integers(0, len(mixed)))
        lease = second.lease()
        second.store(lease, mixed[:cut], mixed[cut:])
        if data.draw(st.booleans()):
            second.apply(lease)
        second.take(mixed)
        for each in (first, second):
            assert broken(each, shown) == []
        strong = {key: state[-1] for key, state in first.state().items() if not key.startswith("weak:")}
        assert strong == {key: state[-1] for key, state in second.state().items() if not key.startswith("weak:")}


def _rows() -> list[list[str]]:
    tables = (Interaction, Case, Customer, SnsCustomer, InboxItem, OutboxEvent, InteractionRevision)
    return [sorted(map(repr, table.objects.values_list())) for table in tables]

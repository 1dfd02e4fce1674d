"""Customers are merged, and a merge is taken back (B4), on a real PostgreSQL."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renkei.actions.customers.edit import CustomerEntered, delete_customer, save_customer
from renkei.actions.customers.merge import merge_customers, undo_merge
from renkei.errors import RejectedError
from renkei.models import AuditEntry, Case, Customer, CustomerMerge, Interaction, SnsCustomer, User
from renkei.permissions import ADMINISTRATOR, AGENT
from renkei.queries.customers.merges import preview_undo
from renkei.queries.customers.merging import find_alike, preview_merge
from renkei.queries.customers.people import list_customers
from tests.actions.imports.source import Importing, make_importing, record
from tests.sample_centre import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def importing() -> Importing:
    return make_importing()


@pytest.fixture
def actor() -> User:
    return make_person(AGENT, group="東")


def take(importing: Importing, *chats: tuple[str, str], **options: Any) -> None:
    """Import chats, each with its customer's id over there."""
    importing.take([record(chat, customer=customer, **options) for chat, customer in chats])


def who(number: str) -> int:
    """The customer behind an id of the chat system."""
    return SnsCustomer.objects.get(registration_number=number).customer_id


def owner(chat: str) -> int:
    """The customer of an imported chat."""
    return Case.objects.get(interactions__external_id=chat).customer_id


def merge(actor: User, merged: int, survivor: int, **winners: str) -> CustomerMerge:
    """The whole way: a dry run, then what was chosen."""
    seen = preview_merge(actor, survivor_id=survivor, merged_id=merged).seen
    return merge_customers(actor, survivor_id=survivor, merged_id=merged, winners=winners, seen=seen)


def undo(actor: User, done: CustomerMerge) -> CustomerMerge:
    return undo_merge(actor, done.survivor_id, done.pk)


def state() -> dict[str, list[Any]]:
    """All customers, entries and cases, as they are."""
    return {
        "customers": list(Customer.objects.order_by("pk").values()),
        "entries": list(SnsCustomer.objects.order_by("pk").values()),
        "cases": list(Case.objects.order_by("pk").values()),
    }


def entered(**changed: str) -> CustomerEntered:
    return CustomerEntered(**{"name": "", "name_kana": "", "phone": "", "email": "", "note": "", **changed})


def test_everything_the_merged_one_has_moves_to_the_survivor(importing: Importing, actor: User) -> None:
    """Proves R164, B4. The survivor takes what was chosen, the dry run said how much would move, the audit says who."""
    take(importing, ("c-1", "K-1"), ("c-2", "K-2"), ("c-3", "K-2"))
    one, two = who("K-1"), who("K-2")
    save_customer(actor, one, entered(name="山田花子", phone="090-1111-2222", note="一"))
    save_customer(actor, two, entered(name="山田はな", name_kana="ヤマダハナ", email="h@example.jp", note="二"))
    shown = preview_merge(actor, survivor_id=one, merged_id=two)
    assert (shown.merged.cases, shown.merged.interactions, len(shown.merged.entries)) == (2, 2, 1)
    done = merge(actor, two, one, name="merged", name_kana="merged", note="both")
    assert {owner(chat) for chat in ("c-1", "c-2", "c-3")} == {one}
    assert who("K-2") == one
    left = Customer.objects.get(pk=one)
    assert (left.name, left.phone, left.e164) == ("山田はな", "090-1111-2222", "+819011112222")
    assert (left.email_key, left.note, left.sort_key) == ("h@example.jp", "一\n二", "やまだはな")
    assert Customer.objects.get(pk=two).merged_into_id == one
    entry = AuditEntry.objects.get(action="customer.merged")
    assert (entry.user_id, entry.object_id, entry.detail) == (actor.pk, str(one), {"merge": done.pk, "merged": two})


def test_merge_then_undo_is_as_if_nothing_had_been(importing: Importing, actor: User) -> None:
    """Proves B4. Row by row."""
    take(importing, ("c-1", "K-1"), ("c-2", "K-2"), ("c-3", ""), phone="090-1111-2222")
    save_customer(actor, who("K-2"), entered(name="別の名", name_kana="ベツ", note="二"))
    before = state()
    undo(actor, merge(actor, who("K-2"), who("K-1"), name="merged", name_kana="merged"))
    assert state() == before
    undo(actor, merge(actor, owner("c-3"), who("K-1")))
    assert state() == before
    assert AuditEntry.objects.filter(action="customer.merge_undone").count() == 2


def test_a_chain_of_merges_leads_straight_to_the_root_and_back(importing: Importing, actor: User) -> None:
    """Proves R162, R164, B4. Chats of anybody merged arrive at the root; undone from the end, each gets their own."""
    take(importing, ("c-1", "K-1"), ("c-2", "K-2"), ("c-3", "K-3"))
    one, two, three = (who(f"K-{place}") for place in (1, 2, 3))
    before = state()
    first, second = merge(actor, one, two), merge(actor, two, three)
    assert set(Customer.objects.filter(pk__in=(one, two)).values_list("merged_into", flat=True)) == {three}
    with pytest.raises(RejectedError, match="undo_later_merge_first"):
        undo(actor, first)
    take(importing, ("c-4", "K-1"), ("c-5", "K-2"), ("c-6", "K-3"))
    assert {owner(f"c-{place}") for place in range(1, 7)} == {three}
    undo(actor, second)
    assert [owner(f"c-{place}") for place in range(1, 7)] == [two, two, three, two, two, three]
    undo(actor, first)
    assert [owner(f"c-{place}") for place in range(1, 7)] == [one, two, three, one, two, three]
    assert state()["customers"] == before["customers"]
    assert state()["entries"] == before["entries"]


def test_what_came_after_the_merge_goes_back_by_the_id_it_came_under(importing: Importing, actor: User) -> None:
    """Proves B4. A chat of the one that comes back goes with them, the survivor's stay; the dry run says so."""
    take(importing, ("c-1", "K-1"), ("c-2", "K-2"))
    one, two = who("K-1"), who("K-2")
    done = merge(actor, two, one)
    take(importing, ("c-3", "K-1"), ("c-4", "K-2"))
    mixed = Case.objects.get(interactions__external_id="c-3")
    Case.objects.create(customer_id=one, business_group=mixed.business_group, title="電話の件")
    shown = preview_undo(actor, one, done.pk)
    assert (shown.cases, shown.new_cases, shown.staying_cases, shown.entries) == (2, 1, 3, ("K-2",))
    undo(actor, done)
    assert [owner(f"c-{place}") for place in (1, 2, 3, 4)] == [one, two, one, two]
    assert Case.objects.get(title="電話の件").customer_id == one


def test_a_chat_that_was_readdressed_meanwhile_stays_with_whom_it_names_now(importing: Importing, actor: User) -> None:
    """Proves B4. The chat system corrects whose chat it was."""
    take(importing, ("c-1", "K-1"), ("c-2", "K-2"))
    one, two = who("K-1"), who("K-2")
    done = merge(actor, two, one)
    take(importing, ("c-1", "K-2"), ("c-2", "K-1"), version=5, texts=["訂正"])
    undo(actor, done)
    assert (owner("c-1"), owner("c-2")) == (two, one)


def test_a_customer_without_an_id_gets_the_chat_back_it_was_made_for(importing: Importing, actor: User) -> None:
    """Proves R163, B4."""
    take(importing, ("c-1", "K-1"), ("c-2", ""))
    done = merge(actor, owner("c-2"), who("K-1"))
    take(importing, ("c-2", ""), version=9, texts=["続き"])
    assert owner("c-2") == done.survivor_id
    undo(actor, done)
    assert owner("c-2") == done.merged_id


def test_fields_written_after_the_merge_stay_with_the_survivor_and_are_shown(importing: Importing, actor: User) -> None:
    """Proves B4."""
    take(importing, ("c-1", "K-1"), ("c-2", "K-2"))
    one, two = who("K-1"), who("K-2")
    save_customer(actor, one, entered(name="山田", note=""))
    save_customer(actor, two, entered(name="山田", phone="090-1111-2222", email="h@example.jp"))
    done = merge(actor, two, one)
    save_customer(actor, one, entered(name="山田", phone="03-1234-5678", email="h@example.jp"))
    shown = {each.field: (each.now, each.then, each.is_kept) for each in preview_undo(actor, one, done.pk).fields}
    assert shown == {"phone": ("03-1234-5678", "03-1234-5678", True), "email": ("h@example.jp", "", False)}
    assert undo(actor, done).undone["kept"] == ["phone"]
    left, back = Customer.objects.get(pk=one), Customer.objects.get(pk=two)
    assert (left.phone, left.e164, left.email, left.email_key) == ("03-1234-5678", "+81312345678", "", "")
    assert (back.phone, back.email) == ("090-1111-2222", "h@example.jp")


def test_an_entry_taken_away_or_entered_again_meanwhile_does_not_collide(importing: Importing, actor: User) -> None:
    """Proves B4. Whoever the chat system's id belongs to by now keeps it."""
    take(importing, ("c-1", "K-1"), ("c-2", "K-2"), ("c-3", "K-3"))
    one, two, three = (who(f"K-{place}") for place in (1, 2, 3))
    first, second = merge(actor, two, one), merge(actor, three, one)
    SnsCustomer.objects.filter(registration_number="K-2").delete()
    take(importing, ("c-4", "K-2"))
    stranger = who("K-2")
    assert stranger not in (one, two)
    SnsCustomer.objects.filter(registration_number="K-3").delete()
    SnsCustomer.objects.create(customer_id=one, setting=importing.setting, registration_number="K-3")
    undo(actor, first)
    undo(actor, second)
    assert (who("K-2"), who("K-3")) == (stranger, three)
    assert [owner(f"c-{place}") for place in (1, 2, 3, 4)] == [one, two, three, stranger]


def test_two_accounts_in_one_chat_system_both_stay_the_survivors(importing: Importing, actor: User) -> None:
    """Proves R162. And the same id in two chat systems: neither is lost."""
    other = make_importing("別の窓口")
    take(importing, ("c-1", "K-1"), ("c-2", "K-2"))
    take(other, ("c-1", "K-1"))
    numbers = SnsCustomer.objects.order_by("pk")
    one, two, three = (each.customer_id for each in numbers)
    assert "two_accounts" in preview_merge(actor, survivor_id=one, merged_id=two).weighed.against
    merge(actor, two, one)
    merge(actor, three, one)
    assert set(numbers.values_list("customer_id", flat=True)) == {one}
    take(other, ("c-9", "K-1"))
    assert owner("c-9") == one


def test_what_the_merged_one_was_known_by_finds_the_survivor(importing: Importing, actor: User) -> None:
    """Proves D8. The list and the import, until it is taken back."""
    importing.reuses_customers = True
    one = save_customer(actor, None, entered(name="山田花子", phone="090-1111-2222"))
    two = save_customer(actor, None, entered(name="旧姓佐藤", phone="03-1234-5678", email="old@example.jp"))
    done = merge(actor, two, one)
    for words in ("旧姓", "0312345678", "old@example"):
        assert [row.id for row in list_customers(actor, words).rows] == [one]
    take(importing, ("c-1", ""), phone="03-1234-5678")
    assert owner("c-1") == one
    undo(actor, done)
    assert [row.id for row in list_customers(actor, "0312345678").rows] == [two]


def test_who_is_proposed(actor: User) -> None:
    """Proves B4. Likely ones first; with a telephone number alone nobody is likely; what was taken back is not proposed
    again; nobody merged away appears."""
    names = {
        "me": entered(name="山田花子", phone="090-1111-2222", email="h@example.jp"),
        "family": entered(name="山田太郎", phone="09011112222"),
        "nameless": entered(phone="+81 90 1111 2222"),
        "same": entered(name="山田花子", email="H@example.jp"),
        "namesake": entered(name="山田 花子"),
        "nobody": entered(name="佐藤", phone="03-1234-5678"),
    }
    ids = {name: save_customer(actor, None, each) for name, each in names.items()}
    found = {each.row.id: each.weighed.is_likely for each in find_alike(actor, ids["me"])}
    assert found == {ids["same"]: True, ids["nameless"]: False, ids["family"]: False}
    assert next(iter(found)) == ids["same"]
    done = merge(actor, ids["same"], ids["me"])
    assert ids["same"] not in {each.row.id for each in find_alike(actor, ids["me"])}
    undo(actor, done)
    assert not any(each.weighed.is_likely for each in find_alike(actor, ids["me"]))


def test_a_decision_upon_old_values_is_refused(importing: Importing, actor: User) -> None:
    """Whoever confirms has seen what is merged; nothing was changed."""
    take(importing, ("c-1", "K-1"), ("c-2", "K-2"))
    one, two = who("K-1"), who("K-2")
    seen = preview_merge(actor, survivor_id=one, merged_id=two).seen
    save_customer(actor, two, entered(name="変わった"))
    before = state()
    with pytest.raises(RejectedError, match="merge_changed_meanwhile"):
        merge_customers(actor, survivor_id=one, merged_id=two, winners={}, seen=seen)
    with pytest.raises(RejectedError, match="merge_with_itself"):
        merge_customers(actor, survivor_id=one, merged_id=one, winners={}, seen=seen)
    with pytest.raises(RejectedError, match="not_found"):
        merge_customers(actor, survivor_id=one, merged_id=10**9, winners={}, seen=seen)
    assert state() == before


def test_merging_has_a_right_of_its_own(importing: Importing) -> None:
    """Proves P6. Who may only edit customers may not merge them, nor take a merge back."""
    take(importing, ("c-1", "K-1"), ("c-2", "K-2"))
    boss, editor = make_person(ADMINISTRATOR), make_person(None, group="東", rights=["customer.view", "customer.edit"])
    done = merge(boss, who("K-2"), who("K-1"))
    for deed in (
        lambda: undo(editor, done),
        lambda: preview_merge(editor, survivor_id=done.survivor_id, merged_id=done.merged_id),
        lambda: merge_customers(editor, survivor_id=1, merged_id=2, winners={}, seen=""),
        lambda: preview_undo(editor, done.survivor_id, done.pk),
    ):
        with pytest.raises(RejectedError, match="forbidden"):
            deed()
    with pytest.raises(RejectedError, match="not_found"):
        undo_merge(boss, done.merged_id, done.pk)


def test_whoever_was_merged_is_neither_changed_nor_deleted_nor_merged(importing: Importing) -> None:
    """The merge could not be taken back otherwise."""
    boss = make_person(ADMINISTRATOR)
    take(importing, ("c-1", "K-1"), ("c-2", "K-2"), ("c-3", "K-3"))
    done = merge(boss, who("K-2"), who("K-1"))
    for deed in (
        lambda: save_customer(boss, done.merged_id, entered(name="x")),
        lambda: delete_customer(boss, done.merged_id),
    ):
        with pytest.raises(RejectedError, match="merged_away"):
            deed()
    for one, other in ((done.merged_id, who("K-3")), (who("K-3"), done.merged_id)):
        with pytest.raises(RejectedError, match="merged_already"):
            merge_customers(boss, survivor_id=one, merged_id=other, winners={}, seen="")
    undo(boss, done)
    with pytest.raises(RejectedError, match="merge_undone_already"):
        undo(boss, done)


def test_a_deleted_customer_takes_its_merges_along() -> None:
    """What they hold is personal data."""
    boss = make_person(ADMINISTRATOR)
    one, two = (save_customer(boss, None, entered(name=name)) for name in ("山田", "やまだ"))
    undo(boss, merge(boss, two, one))
    delete_customer(boss, two)
    assert not CustomerMerge.objects.exists()


def test_the_database_itself_keeps_merges_flat() -> None:
    """Proves B4. Neither a chain nor a circle, whatever code does."""
    one, two, three = (Customer.objects.create(name=name, sort_key=name) for name in ("一", "二", "三"))
    Customer.objects.filter(pk=one.pk).update(merged_into=two)
    for customer, root in ((two, three), (three, one), (two, one)):
        with pytest.raises(IntegrityError, match="merges_are_flat"), transaction.atomic():
            Customer.objects.filter(pk=customer.pk).update(merged_into=root)
    Customer.objects.filter(pk=three.pk).update(merged_into=two)


deeds = st.lists(
    st.tuples(st.sampled_from(["merge", "merge", "undo", "take"]), st.integers(0, 3), st.integers(0, 3)), max_size=8
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=deeds, order=st.randoms(use_true_random=False))
def test_when_all_merges_are_taken_back_everybody_has_their_own(
    importing: Importing, actor: User, story: list[tuple[str, int, int]], order: Any
) -> None:
    """Proves B4. Whatever was merged, imported and undone in whatever order: chats belong to whom the ids name, and
    the customers are as they were. While merges stand, chats arrive at roots."""
    with transaction.atomic():
        take(importing, *((f"c-{place}", f"K-{place}") for place in range(4)))
        people = [who(f"K-{place}") for place in range(4)]
        for place, customer in enumerate(people):
            phone = f"090-1111-222{place}" if place % 2 else ""
            save_customer(actor, customer, entered(name=f"名{place}", phone=phone, note=f"{place}"))
        before = state()
        for count, (deed, one, other) in enumerate(story):
            if deed == "take":
                take(importing, (f"d-{count}-{one}", f"K-{one}"))
            elif deed == "undo":
                undo_some(actor, order)
            elif one != other and not Customer.objects.filter(
                pk__in=(people[one], people[other]), merged_into__isnull=False
            ):
                merge(actor, people[one], people[other], name=order.choice(["survivor", "merged"]))
            assert not Case.objects.filter(customer__merged_into__isnull=False).exists()
        while undo_some(actor, order):
            pass
        after = state()
        assert (after["customers"], after["entries"]) == (before["customers"], before["entries"])
        for chat in Interaction.objects.values_list("external_id", flat=True):
            assert owner(str(chat)) == people[int(str(chat)[-1])]
        transaction.set_rollback(True)


def undo_some(actor: User, order: Any) -> bool:
    """Take any merge back that can be; whether there was one."""
    standing = CustomerMerge.objects.filter(undone_at__isnull=True, survivor__merged_into__isnull=True)
    if not standing:
        return False
    undo(actor, order.choice(list(standing.order_by("pk"))))
    return True

"""名寄せ: who might be the same person as a customer, and the dry run of a merge (R164, R165, B4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from renkei.domain.merging import Evidence, Facts, FieldChoice, Weighed, compare_fields, fingerprint, weigh
from renkei.domain.people import sort_key
from renkei.errors import RejectedError
from renkei.models import Customer, CustomerMerge, SnsCustomer
from renkei.models.statements import merging
from renkei.permissions import require
from renkei.queries.customers.people import CustomerRow, SnsCustomerShown, read_customer
from renkei.queries.scope import Viewer, visible_customers

MOST_ALIKE = 200
"""So many who share a number, an address or a name are weighed; the newest come first."""
MOST_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """A customer who might be the same person, and why."""

    row: CustomerRow
    weighed: Weighed


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One of the two. ``followers`` is how many customers were merged into this one before."""

    row: CustomerRow
    note: str
    entries: tuple[SnsCustomerShown, ...]
    cases: int
    interactions: int
    followers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePreview:
    """The dry run. Everything ``merged`` has moves to ``survivor``; ``seen`` is handed back when it is confirmed."""

    survivor: Party
    merged: Party
    fields: tuple[FieldChoice, ...]
    weighed: Weighed
    seen: str


def find_alike(viewer: Viewer, customer_id: int) -> tuple[Alike, ...]:
    """Who shares the customer's number, address or name: those likely to be the same first, then by how much speaks for
    it. RejectedError: ``forbidden``, ``not_found``, ``merged_already``."""
    customer = read_mergeable(viewer, customer_id)
    facts = facts_of(customer)
    params = {
        "customer": customer_id,
        "e164": facts.e164,
        "email_key": facts.email_key,
        "sort_keys": _places(facts),
        "most": MOST_ALIKE,
    }
    ids = [found for (found,) in ask_all(merging.ALIKE, params)]
    doubts = _read_doubts(customer_id, ids)
    found = [
        Alike(row=_row(each), weighed=_weigh(facts, facts_of(each), doubts.get(each.pk, ())))
        for each in visible_customers(viewer).filter(pk__in=ids)
    ]
    found.sort(key=_rank)
    return tuple(each for each in found if each.weighed.speaks_for)[:MOST_SHOWN]


def preview_merge(viewer: Viewer, *, survivor_id: int, merged_id: int) -> MergePreview:
    """What a merge would do; nothing is changed.

    RejectedError: ``forbidden``, ``not_found``, ``merge_with_itself``, ``merged_already``.
    """
    if survivor_id == merged_id:
        raise RejectedError("merge_with_itself")
    survivor, merged = read_mergeable(viewer, survivor_id), read_mergeable(viewer, merged_id)
    ours, theirs = facts_of(survivor), facts_of(merged)
    doubts = _read_doubts(survivor_id, [merged_id])
    return MergePreview(
        survivor=_read_party(viewer, survivor_id),
        merged=_read_party(viewer, merged_id),
        fields=compare_fields(ours, theirs),
        weighed=_weigh(ours, theirs, doubts.get(merged_id, ())),
        seen=fingerprint(ours, theirs),
    )


def read_mergeable(viewer: Viewer, customer_id: int) -> Customer:
    """A customer who may be merged. RejectedError: ``forbidden``, ``not_found``, ``merged_already``."""
    require(viewer, "customer.view")
    require(viewer, "customer_merge.edit")
    customer = visible_customers(viewer).filter(pk=customer_id).first()
    if customer is None:
        raise RejectedError("not_found")
    if customer.merged_into_id is not None:
        raise RejectedError("merged_already", customer=customer_id)
    return customer


def facts_of(customer: Customer) -> Facts:
    """The row's values as the rules compare them."""
    return Facts(
        name=customer.name,
        name_kana=customer.name_kana,
        sort_key=customer.sort_key,
        phone=customer.phone,
        e164=customer.e164,
        email=customer.email,
        email_key=customer.email_key,
        note=customer.note,
        updated_at=customer.updated_at.isoformat(),
    )


def values_of(facts: Facts) -> dict[str, Any]:
    """The columns that hold these facts."""
    return {**facts.to_json(), "updated_at": datetime.fromisoformat(facts.updated_at)}


def ask_all(statement: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [tuple(row) for row in cursor.fetchall()]


def _places(facts: Facts) -> list[str]:
    """Where in the lists somebody of this name stands, with and without the reading."""
    both = ((facts.name, ""), ("", facts.name_kana))
    return [sort_key(name, kana) for name, kana in both if name or kana]


def _read_doubts(customer_id: int, others: Iterable[int]) -> dict[int, set[Evidence]]:
    """What our own records hold against somebody being the customer."""
    ids, doubts = list(others), dict[int, set[Evidence]]()
    settings = set(SnsCustomer.objects.filter(customer=customer_id).values_list("setting_id", flat=True))
    entries = SnsCustomer.objects.filter(customer__in=ids, setting__in=settings).values_list("customer_id", flat=True)
    for other in entries:
        doubts.setdefault(other, set()).add(Evidence.TWO_ACCOUNTS)
    undone = CustomerMerge.objects.filter(undone_at__isnull=False).filter(
        Q(survivor=customer_id, merged__in=ids) | Q(merged=customer_id, survivor__in=ids)
    )
    for pair in undone.values_list("survivor_id", "merged_id"):
        doubts.setdefault(next(each for each in pair if each != customer_id), set()).add(Evidence.UNDONE_BEFORE)
    return doubts


def _weigh(one: Facts, other: Facts, doubts: Iterable[Evidence]) -> Weighed:
    held = set(doubts)
    return weigh(one, other, has_two_accounts=Evidence.TWO_ACCOUNTS in held, was_undone=Evidence.UNDONE_BEFORE in held)


def _read_party(viewer: Viewer, customer_id: int) -> Party:
    shown = read_customer(viewer, customer_id)
    ((cases, interactions, followers),) = ask_all(merging.COUNT_MOVES, {"customer": customer_id})
    return Party(
        row=shown.row,
        note=shown.note,
        entries=shown.entries,
        cases=cases,
        interactions=interactions,
        followers=followers,
    )


def _rank(alike: Alike) -> tuple[bool, bool, int, int]:
    speaks_for = alike.weighed.speaks_for
    return not alike.weighed.is_likely, speaks_for == (Evidence.SAME_NUMBER,), -len(speaks_for), -alike.row.id


def _row(customer: Customer) -> CustomerRow:
    return CustomerRow(
        id=customer.pk,
        name=customer.name,
        name_kana=customer.name_kana,
        phone=customer.phone,
        email=customer.email,
        created_at=customer.created_at,
    )

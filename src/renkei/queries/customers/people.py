"""顧客: the list in the order of kana, and one customer with SNS entries and cases (R160 to R168)."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from renkei.domain.marks import mark_of
from renkei.domain.phone import Telephone, digits_of, read_number
from renkei.errors import RejectedError
from renkei.models import Customer, SnsCustomer
from renkei.permissions import require
from renkei.queries.paging import PAGE_SIZE, Page
from renkei.queries.paging_by_name import NameKeyset, turn_by_name
from renkei.queries.scope import Viewer, visible_cases, visible_customers

KEYSET = NameKeyset("customers", "sort_key")
MOST_CASES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRow:
    """One customer as a list shows it."""

    id: int
    name: str
    name_kana: str
    phone: str
    email: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SnsCustomerShown:
    """One line of SNS顧客詳細. ``connector`` is the SNS種別."""

    id: int
    setting_id: int
    setting: str
    connector: str
    registration_number: str
    display_name: str
    image_url: str
    status_message: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case of a customer."""

    id: int
    title: str
    state: str
    group: str
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerShown:
    """A customer in full. ``survivor_id`` is set when this one was merged into another."""

    row: CustomerRow
    note: str
    entries: tuple[SnsCustomerShown, ...]
    cases: tuple[CaseLine, ...]
    has_more_cases: bool
    survivor_id: int | None
    mark: str


def list_customers(
    viewer: Viewer, who: str = "", *, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[CustomerRow]:
    """One page by kana, merged ones left out; what those were known by finds the customer they were merged into.
    ``who`` is a name, kana, number or address, or part of one.

    RejectedError: ``forbidden``, ``bad_cursor``.
    """
    require(viewer, "customer.view")
    rows = visible_customers(viewer).filter(merged_into=None)
    if who.strip():
        merged = visible_customers(viewer).filter(_named(who), merged_into__isnull=False)
        rows = rows.filter(_named(who) | Q(pk__in=merged.values("merged_into")))
    return turn_by_name(rows, KEYSET, cursor=cursor, size=size).convert(_row)


def read_customer(viewer: Viewer, customer_id: int) -> CustomerShown:
    """RejectedError: ``forbidden``, ``not_found``."""
    require(viewer, "customer.view")
    found = visible_customers(viewer).filter(pk=customer_id).first()
    if found is None:
        raise RejectedError("not_found")
    cases = list(
        visible_cases(viewer)
        .filter(customer=customer_id)
        .select_related("business_group")
        .order_by("-updated_at", "-pk")[: MOST_CASES + 1]
    )
    return CustomerShown(
        row=_row(found),
        note=found.note,
        entries=_entries(customer_id),
        cases=tuple(
            CaseLine(
                id=case.pk,
                title=case.title,
                state=case.state,
                group=case.business_group.name,
                updated_at=case.updated_at,
            )
            for case in cases[:MOST_CASES]
        ),
        has_more_cases=len(cases) > MOST_CASES,
        survivor_id=found.merged_into_id,
        mark=mark_customer(found),
    )


def mark_customer(row: Customer) -> str:
    """What an editor of the customer was shown."""
    return mark_of(row.name, row.name_kana, row.phone, row.email, row.note, row.merged_into_id)


def mark_entry(row: SnsCustomer) -> str:
    """What an editor of an SNS entry was shown."""
    return mark_of(row.setting_id, row.registration_number, row.display_name, row.image_url, row.status_message)


def _entries(customer_id: int) -> tuple[SnsCustomerShown, ...]:
    rows = SnsCustomer.objects.filter(customer=customer_id).select_related("setting")
    return tuple(
        SnsCustomerShown(
            id=row.pk,
            setting_id=row.setting_id,
            setting=row.setting.name,
            connector=row.setting.connector,
            registration_number=row.registration_number,
            display_name=row.display_name,
            image_url=row.image_url,
            status_message=row.status_message,
            mark=mark_entry(row),
        )
        for row in rows.order_by("setting__name", "registration_number")
    )


def _row(customer: Customer) -> CustomerRow:
    return CustomerRow(
        id=customer.pk,
        name=customer.name,
        name_kana=customer.name_kana,
        phone=customer.phone,
        email=customer.email,
        created_at=customer.created_at,
    )


def _named(who: str) -> Q:
    who = who.strip().replace("\x00", "")
    number = read_number(who)
    if isinstance(number, Telephone):
        return Q(e164=number.e164)
    named = Q(name__icontains=who) | Q(name_kana__icontains=who) | Q(email_key__contains=who.casefold())
    named |= Q(pk__in=SnsCustomer.objects.filter(registration_number=who).values("customer"))
    digits = digits_of(who).lstrip("+").lstrip("0")
    return named | Q(e164__contains=digits) if len(digits) >= 4 else named

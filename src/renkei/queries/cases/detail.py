"""ケースメイン: a case with its customer and interactions, one of them in full (R139). The conversation itself:
actions.cases.conversation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from renkei.domain.interaction_items import ITEMS
from renkei.domain.marks import mark_of
from renkei.errors import RejectedError
from renkei.models import Case, Customer, Interaction
from renkei.permissions import require
from renkei.queries.cases.search import InteractionRow, show_row, with_names
from renkei.queries.scope import Viewer, visible_cases, visible_interactions


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerBrief:
    """The customer beside a case; empty texts where nothing is known."""

    id: int
    name: str
    name_kana: str
    phone: str
    email: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionShown:
    """コール詳細. ``items`` are the values people see, ``edited`` names those somebody has changed; ``mark`` changes
    with what can be edited."""

    row: InteractionRow
    current_agent_id: int
    registered_agent: str
    registered_group: str
    items: Mapping[str, str]
    edited: frozenset[str]
    chat_agent_number: str
    external_id: str
    is_weak_key: bool
    registered_at: datetime
    updated_at: datetime
    has_conversation: bool
    revisions: tuple[tuple[int, datetime], ...]
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseShown:
    """A case. ``chosen`` is None for a case without interactions that this viewer sees; ``mark`` changes with
    what can be edited of it."""

    id: int
    title: str
    state: str
    group: str
    created_at: datetime
    updated_at: datetime
    customer: CustomerBrief
    interactions: tuple[InteractionRow, ...]
    chosen: InteractionShown | None
    mark: str


def read_case(viewer: Viewer, case_id: int, *, interaction_id: int | None = None) -> CaseShown:
    """One case; the newest interaction is chosen where none is named. RejectedError: ``forbidden``, ``not_found``."""
    require(viewer, "case.view")
    case = visible_cases(viewer).select_related("customer", "business_group").filter(pk=case_id).first()
    if case is None:
        raise RejectedError("not_found")
    rows = list(with_names(visible_interactions(viewer).filter(case=case_id)).order_by("-started_at", "-pk")[:200])
    chosen = next((row for row in rows if row.pk == interaction_id), None) if interaction_id else next(iter(rows), None)
    if interaction_id and chosen is None:
        raise RejectedError("not_found")
    return CaseShown(
        id=case.pk,
        title=case.title,
        state=case.state,
        group=case.business_group.name,
        created_at=case.created_at,
        updated_at=case.updated_at,
        customer=brief_of(case.customer),
        interactions=tuple(show_row(row) for row in rows),
        chosen=None if chosen is None else _show(chosen),
        mark=mark_case(case),
    )


def brief_of(customer: Customer) -> CustomerBrief:
    """What stands beside a case."""
    return CustomerBrief(
        id=customer.pk,
        name=customer.name,
        name_kana=customer.name_kana,
        phone=customer.phone,
        email=customer.email,
        note=customer.note,
    )


def items_of(row: Interaction) -> dict[str, str]:
    """The items people see: what they changed stands before what was imported."""
    both = {**row.values, **row.edited}
    return {item: str(both.get(item, "")) for item in ITEMS}


def mark_case(case: Case) -> str:
    """What an editor of the case was shown."""
    return mark_of(case.title, case.state)


def mark_interaction(row: Interaction) -> str:
    """What an editor of the interaction was shown."""
    return mark_of(row.current_agent_id, items_of(row))


def _show(row: Interaction) -> InteractionShown:
    revisions = row.revisions.order_by("-revision").values_list("revision", "replaced_at")
    return InteractionShown(
        row=show_row(row),
        current_agent_id=row.current_agent_id,
        registered_agent=row.registered_agent.user.display_name,
        registered_group=row.registered_group.name,
        items=items_of(row),
        edited=frozenset(row.edited),
        chat_agent_number=row.chat_agent_number,
        external_id=row.external_id or "",
        is_weak_key=row.is_weak_key,
        registered_at=row.registered_at,
        updated_at=row.updated_at,
        has_conversation=row.setting_id is not None,
        revisions=tuple(revisions),
        mark=mark_interaction(row),
    )

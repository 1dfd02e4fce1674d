"""People work on a case: its title and state, the items of コール詳細, who has it now."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from renkei import clock
from renkei.actions.audit import write_audit
from renkei.actions.conflicts import refuse_stale
from renkei.domain.interaction_items import ITEMS
from renkei.domain.searched import pairs_in, renew_searched
from renkei.errors import RejectedError
from renkei.models import Agent, Case, Interaction
from renkei.permissions import require
from renkei.queries.cases.detail import items_of, mark_case, mark_interaction
from renkei.queries.scope import Viewer, visible_cases, visible_interactions


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionEdit:
    """The form. ``agent_id`` is the current agent (現担当者)."""

    items: Mapping[str, str]
    agent_id: int


@transaction.atomic
def edit_interaction(actor: Viewer, interaction_id: int, entered: InteractionEdit, *, seen: str = "") -> None:
    """Store items and current agent; an item equal to what was imported is no change of a person's. Search finds the
    new words at once. ``seen`` is the mark of what the editor was shown.

    RejectedError: ``forbidden``, ``not_found``, ``item_too_long``, ``changed_meanwhile``.
    """
    require(actor, "case.edit")
    row = visible_interactions(actor).select_for_update(of=("self",)).filter(pk=interaction_id).first()
    if row is None or not Agent.objects.filter(pk=entered.agent_id).exists():
        raise RejectedError("not_found")
    refuse_stale(seen, mark_interaction(row))
    edited = _changed(row, entered.items)
    fields = sorted({*edited, *row.edited} - {name for name in edited if row.edited.get(name) == edited[name]})
    if row.current_agent_id != entered.agent_id:
        fields.append("current_agent")
    if not fields:
        return
    row.edited, row.current_agent_id, row.updated_at = edited, entered.agent_id, clock.now()
    _search_again(row, row.case.title)
    row.save(update_fields=["edited", "current_agent", "updated_at", "search_text", "grams"])
    Case.objects.filter(pk=row.case_id).update(updated_at=row.updated_at)
    write_audit(actor, "interaction.edited", resource="interaction", object_id=row.pk, detail={"fields": fields})


@transaction.atomic
def edit_case(actor: Viewer, case_id: int, *, title: str, state: str, seen: str = "") -> None:
    """Store a case's title and state; its interactions are found by the title. ``seen`` is the mark of what the editor
    was shown. RejectedError: ``forbidden``, ``not_found``, ``required``, ``changed_meanwhile``."""
    require(actor, "case.edit")
    case = visible_cases(actor).select_for_update(of=("self",)).filter(pk=case_id).first()
    if case is None:
        raise RejectedError("not_found")
    if state not in Case.State.values:
        raise RejectedError("required")
    refuse_stale(seen, mark_case(case))
    case.title, case.state, case.updated_at = title.strip()[:200], state, clock.now()
    case.save(update_fields=["title", "state", "updated_at"])
    for row in case.interactions.select_for_update().order_by("pk"):
        _search_again(row, case.title)
        row.save(update_fields=["search_text", "grams"])
    write_audit(actor, "case.edited", resource="case", object_id=case_id, detail={"fields": ["title", "state"]})


def _search_again(row: Interaction, title: str) -> None:
    row.search_text = renew_searched(row.search_text, [title, *items_of(row).values()])
    row.grams = pairs_in(row.search_text)


def _changed(row: Interaction, items: Mapping[str, str]) -> dict[str, str]:
    changed: dict[str, str] = {}
    for item, most in ITEMS.items():
        text = items.get(item, "").replace("\r\n", "\n").strip()
        if len(text) > most:
            raise RejectedError("item_too_long", item=item, most=most)
        if text != str(row.values.get(item, "")):
            changed[item] = text
    return changed

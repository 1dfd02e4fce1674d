"""Two customers become one, and two again (名寄せ, R164, R165, B4): one transaction each, one after the other."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import connection, transaction

from renkei import clock
from renkei.actions.audit import write_audit
from renkei.domain.merging import Facts, choose, fingerprint, join_trees
from renkei.errors import RejectedError
from renkei.models import Customer, CustomerMerge, SnsCustomer, User
from renkei.models.statements import merging
from renkei.permissions import require
from renkei.queries.customers.merges import find_merge, plan_undo, refuse_undo
from renkei.queries.customers.merging import ask_all, facts_of, values_of
from renkei.queries.scope import Viewer, visible_customers


@transaction.atomic
def merge_customers(
    actor: Viewer, *, survivor_id: int, merged_id: int, winners: Mapping[str, str], seen: str
) -> CustomerMerge:
    """Move everything the one has to the other, which takes the chosen values.

    ``winners`` names a side for each field in conflict (domain/merging.py Side); ``seen`` is the dry run's.
    RejectedError: ``forbidden``, ``not_found``, ``merge_with_itself``, ``merged_already``, ``unknown_choice``, and
    ``merge_changed_meanwhile`` when either is not any more what was seen.
    """
    _require(actor)
    _run(merging.ONE_AT_A_TIME)
    pair = {"ids": [survivor_id, merged_id]}
    pointing = join_trees(dict(ask_all(merging.LOCK_CUSTOMERS, pair)), merged=merged_id, survivor=survivor_id)
    found = {each.pk: each for each in visible_customers(actor).filter(pk__in=pair["ids"])}
    if len(found) < 2:
        raise RejectedError("not_found")
    before, theirs = facts_of(found[survivor_id]), facts_of(found[merged_id])
    if fingerprint(before, theirs) != seen:
        raise RejectedError("merge_changed_meanwhile")
    after = replace(choose(before, theirs, winners), updated_at=clock.now().isoformat())
    merge = _keep(actor, (survivor_id, before, after), (merged_id, theirs), followers=list(pointing)[:-1])
    _move(merged_id, survivor_id, cases=list(merge.cases_moved), entries=[entry for entry, *_ in merge.entries])
    # Whoever was merged into the merged one goes first: nobody may ever point at somebody who is no root.
    _point(merge.followers, survivor_id, before=merged_id)
    _point([merged_id], survivor_id, before=None)
    _write(survivor_id, after)
    _note(actor, "merged", merge)
    return merge


@transaction.atomic
def undo_merge(actor: Viewer, survivor_id: int, merge_id: int) -> CustomerMerge:
    """Let the merged customer come back, with what was theirs and what came later under their ids.

    RejectedError: ``forbidden``, ``not_found``, ``merge_undone_already``, ``undo_later_merge_first``.
    """
    _require(actor)
    _run(merging.ONE_AT_A_TIME)
    merge = find_merge(actor, survivor_id, merge_id)
    ask_all(merging.LOCK_CUSTOMERS, {"ids": [survivor_id]})
    merge = find_merge(actor, survivor_id, merge_id)
    if refused := refuse_undo(merge):
        raise RejectedError(refused)
    plan = plan_undo(merge)
    _point([merge.merged_id], None, before=survivor_id)
    _point(merge.followers, merge.merged_id, before=survivor_id)
    _move(survivor_id, merge.merged_id, cases=list(plan.cases), entries=list(plan.entries))
    _write(survivor_id, plan.taken.current)
    for later in plan.later:
        later.save(update_fields=["survivor_before", "survivor_after"])
    merge.undone_at, merge.undone_by = clock.now(), _user(actor)
    merge.undone = {"kept": list(plan.taken.kept), "cases": len(plan.cases), "entries": len(plan.entries)}
    merge.save(update_fields=["undone_at", "undone_by", "undone"])
    _note(actor, "merge_undone", merge)
    return merge


def _require(actor: Viewer) -> None:
    require(actor, "customer.view")
    require(actor, "customer_merge.edit")


def _keep(
    actor: Viewer, survivor: tuple[int, Facts, Facts], merged: tuple[int, Facts], *, followers: list[int]
) -> CustomerMerge:
    """Write down what is where, so that it can be undone."""
    survivor_id, before, after = survivor
    merged_id, theirs = merged
    ((_cases, interactions, _followers),) = ask_all(merging.COUNT_MOVES, {"customer": merged_id})
    entries = SnsCustomer.objects.filter(customer=merged_id).order_by("pk")
    return CustomerMerge.objects.create(
        survivor_id=survivor_id,
        merged_id=merged_id,
        survivor_before=before.to_json(),
        survivor_after=after.to_json(),
        merged_before=theirs.to_json(),
        entries=[list(each) for each in entries.values_list("pk", "setting_id", "registration_number")],
        cases_moved=dict(ask_all(merging.KEYS_OF_CASES, {"customer": merged_id})),
        cases_kept=dict(ask_all(merging.KEYS_OF_CASES, {"customer": survivor_id})),
        followers=followers,
        interactions_moved=interactions,
        made_by=_user(actor),
        made_at=clock.now(),
    )


def _move(giving: int, taking: int, *, cases: list[int], entries: list[int]) -> None:
    _run(merging.MOVE_CASES, **{"from": giving, "to": taking, "ids": cases})
    _run(merging.MOVE_ENTRIES, **{"from": giving, "to": taking, "ids": entries})


def _point(customers: list[int], root: int | None, *, before: int | None) -> None:
    if customers:
        _run(merging.POINT, ids=customers, root=root, before=before)


def _write(customer_id: int, facts: Facts) -> None:
    Customer.objects.filter(pk=customer_id).update(**values_of(facts))


def _note(actor: Viewer, deed: str, merge: CustomerMerge) -> None:
    detail = {"merge": merge.pk, "merged": merge.merged_id}
    write_audit(actor, f"customer.{deed}", resource="customer", object_id=merge.survivor_id, detail=detail)


def _user(actor: Viewer) -> User | None:
    return actor if isinstance(actor, User) else None


def _run(statement: str, **params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)

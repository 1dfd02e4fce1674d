"""The merges of a customer, standing and taken back, and the dry run of taking one back (B4)."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from renkei.domain.merging import Facts, Side, Step, TakenOut, chat_key, entry_key, place_case, take_out
from renkei.errors import RejectedError
from renkei.models import Customer, CustomerMerge, SnsCustomer
from renkei.models.statements import merging
from renkei.permissions import require
from renkei.queries.customers.merging import ask_all, facts_of
from renkei.queries.scope import Viewer, visible_customers

MOST_MERGES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRow:
    """One merge. ``undone_at`` is None while it stands; ``kept`` names the fields that stayed when it was undone."""

    id: int
    survivor_id: int
    merged_id: int
    survivor: str
    merged: str
    made_at: datetime
    made_by: str
    cases: int
    entries: int
    undone_at: datetime | None
    undone_by: str
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPlan:
    """What taking a merge back does. ``later`` are the later merges of the survivor with their steps rewritten."""

    taken: TakenOut
    later: tuple[CustomerMerge, ...]
    cases: tuple[int, ...]
    new_cases: int
    """How many of ``cases`` came after the merge."""
    staying_cases: int
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldBack:
    """A field of the survivor now and afterwards; ``is_kept``: somebody has written it since, so it stays."""

    field: str
    now: str
    then: str
    is_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPreview:
    """The dry run of taking a merge back; nothing is changed. ``refused`` is the code of what stands against it."""

    merge: MergeRow
    merged: Facts
    fields: tuple[FieldBack, ...]
    cases: int
    new_cases: int
    staying_cases: int
    entries: tuple[str, ...]
    followers: int
    refused: str


def list_merges(viewer: Viewer, customer_id: int) -> tuple[MergeRow, ...]:
    """The newest merges a customer took part in, on either side. RejectedError: ``forbidden``."""
    require(viewer, "customer.view")
    rows = _with_people().filter(Q(survivor=customer_id) | Q(merged=customer_id)).order_by("-pk")
    return tuple(_row(each) for each in rows[:MOST_MERGES])


def preview_undo(viewer: Viewer, survivor_id: int, merge_id: int) -> UndoPreview:
    """What taking the merge back would do. RejectedError: ``forbidden``, ``not_found``."""
    require(viewer, "customer.view")
    require(viewer, "customer_merge.edit")
    merge = find_merge(viewer, survivor_id, merge_id)
    refused = refuse_undo(merge)
    if refused:
        plan = UndoPlan(
            taken=TakenOut(current=facts_of(merge.survivor), later=(), kept=()),
            later=(), cases=(), new_cases=0, staying_cases=0, entries=(),
        )  # fmt: skip
    else:
        plan = plan_undo(merge)
    now = facts_of(merge.survivor)
    return UndoPreview(
        merge=_row(merge),
        merged=facts_of(merge.merged),
        fields=_compare(now, plan.taken),
        cases=len(plan.cases),
        new_cases=plan.new_cases,
        staying_cases=plan.staying_cases,
        entries=tuple(
            SnsCustomer.objects.filter(pk__in=plan.entries)
            .order_by("setting__name", "registration_number")
            .values_list("registration_number", flat=True)
        ),
        followers=len(merge.followers),
        refused=refused,
    )


def find_merge(viewer: Viewer, survivor_id: int, merge_id: int) -> CustomerMerge:
    """A merge into this customer. RejectedError ``not_found``."""
    merge = _with_people().filter(pk=merge_id, survivor__in=visible_customers(viewer), survivor=survivor_id).first()
    if merge is None:
        raise RejectedError("not_found")
    return merge


def refuse_undo(merge: CustomerMerge) -> str:
    """The code of what stands against taking it back; empty where nothing does."""
    if merge.undone_at is not None:
        return "merge_undone_already"
    return "undo_later_merge_first" if merge.survivor.merged_into_id is not None else ""


def plan_undo(merge: CustomerMerge) -> UndoPlan:
    """Decide what goes back; the caller holds the lock, or merely looks."""
    others = list(
        CustomerMerge.objects.filter(survivor=merge.survivor_id, undone_at__isnull=True)
        .exclude(pk=merge.pk)
        .order_by("pk")
    )
    later = [each for each in others if each.pk > merge.pk]
    taken = take_out(_step(merge), [_step(each) for each in later], facts_of(merge.survivor))
    for each, step in zip(later, taken.later, strict=True):
        each.survivor_before, each.survivor_after = step.before.to_json(), step.after.to_json()
    entries, returning, staying = _part_entries(merge)
    now = {case: frozenset(keys) for case, keys in ask_all(merging.KEYS_OF_CASES, {"customer": merge.survivor_id})}
    before = _cases_before(merge, others)
    back = tuple(
        case for case, keys in now.items() if place_case(keys, returning, staying, before.get(case)) is Side.MERGED
    )
    return UndoPlan(
        taken=taken,
        later=tuple(later),
        cases=back,
        new_cases=sum(case not in before for case in back),
        staying_cases=len(now) - len(back),
        entries=entries,
    )


def _step(merge: CustomerMerge) -> Step:
    return Step(before=Facts(**merge.survivor_before), after=Facts(**merge.survivor_after))


def _part_entries(merge: CustomerMerge) -> tuple[tuple[int, ...], frozenset[str], frozenset[str]]:
    """The entries that go back, and the keys of either customer. An entry taken away and entered again under the
    survivor is still the merged one's: the chat system's id says so."""
    ids = {entry for entry, _setting, _number in merge.entries}
    keys = {entry_key(setting, number) for _entry, setting, number in merge.entries}
    rows = SnsCustomer.objects.filter(customer=merge.survivor_id).values_list("pk", "setting_id", "registration_number")
    now = {pk: entry_key(setting, number) for pk, setting, number in rows}
    back = {pk for pk, key in now.items() if pk in ids or key in keys}
    staying = {key for pk, key in now.items() if pk not in back} | _chat_keys([merge.survivor_id])
    returning = keys | {now[pk] for pk in back} | _chat_keys([merge.merged_id, *merge.followers])
    return tuple(sorted(back)), frozenset(returning - staying), frozenset(staying)


def _chat_keys(customers: list[int]) -> set[str]:
    keys = Customer.objects.filter(pk__in=customers, natural_key__isnull=False).values_list("natural_key", flat=True)
    return {chat_key(str(key)) for key in keys}


def _cases_before(merge: CustomerMerge, others: list[CustomerMerge]) -> dict[int, tuple[Side, frozenset[str]]]:
    """Whose each case was at the merge; what came with other merges is the survivor's."""
    before = {}
    for cases, side in [
        *((each.cases_moved, Side.SURVIVOR) for each in others),
        (merge.cases_kept, Side.SURVIVOR),
        (merge.cases_moved, Side.MERGED),
    ]:
        before.update({int(case): (side, frozenset(keys)) for case, keys in cases.items()})
    return before


def _compare(now: Facts, taken: TakenOut) -> tuple[FieldBack, ...]:
    names = ("name", "name_kana", "phone", "email", "note")
    both = [(name, str(getattr(now, name)), str(getattr(taken.current, name))) for name in names]
    return tuple(
        FieldBack(field=name, now=here, then=then, is_kept=name in taken.kept)
        for name, here, then in both
        if here != then or name in taken.kept
    )


def _with_people() -> QuerySet[CustomerMerge]:
    return CustomerMerge.objects.select_related("survivor", "merged", "made_by", "undone_by")


def _row(merge: CustomerMerge) -> MergeRow:
    return MergeRow(
        id=merge.pk,
        survivor_id=merge.survivor_id,
        merged_id=merge.merged_id,
        survivor=str(merge.survivor),
        merged=str(merge.merged),
        made_at=merge.made_at,
        made_by=merge.made_by.display_name if merge.made_by else "",
        cases=len(merge.cases_moved),
        entries=len(merge.entries),
        undone_at=merge.undone_at,
        undone_by=merge.undone_by.display_name if merge.undone_by else "",
        kept=tuple(merge.undone.get("kept", ())),
    )

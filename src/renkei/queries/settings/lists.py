"""Labels, guidance, rules and numbers as their lists and forms show them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from renkei.domain.marks import mark_of
from renkei.errors import RejectedError
from renkei.models import BusinessLabel, Guidance, IncomingRule, PhoneNumber
from renkei.permissions import require
from renkei.queries.scope import Viewer


@dataclass(frozen=True, slots=True)
class LabelShown:
    """業務ラベル."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class GuidanceShown:
    """ガイダンス; ``ivr`` is empty for common guidance. ``seconds`` is its length."""

    id: int
    name: str
    words: str
    ivr_id: int | None
    ivr: str
    seconds: float
    is_builtin: bool


@dataclass(frozen=True, slots=True)
class RuleShown:
    """着信ルール; ``steps`` as stored (models.IncomingRule), ``mark`` to tell whether it was changed meanwhile."""

    id: int
    name: str
    is_builtin: bool
    steps: Sequence[Mapping[str, Any]]
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberShown:
    """電話番号 with its entry and its 障害時の動作."""

    id: int
    e164: str
    name: str
    group_id: int
    group: str
    ivr_id: int | None
    rule_id: int | None
    entry: str
    fallback_rule_id: int
    fallback_rule: str


Shown = TypeVar("Shown", LabelShown, GuidanceShown, RuleShown, NumberShown)


def list_labels(viewer: Viewer) -> tuple[LabelShown, ...]:
    """By name. RejectedError ``forbidden``."""
    require(viewer, "business_label.view")
    return tuple(LabelShown(row.pk, row.name) for row in BusinessLabel.objects.order_by("name"))


def list_guidances(viewer: Viewer) -> tuple[GuidanceShown, ...]:
    """Common ones first. RejectedError ``forbidden``."""
    require(viewer, "guidance.view")
    rows = Guidance.objects.select_related("ivr").order_by("ivr__name", "id")
    shown = [
        GuidanceShown(
            row.pk, row.name, row.words, row.ivr_id, row.ivr.name if row.ivr else "", row.seconds, bool(row.builtin)
        )
        for row in rows
    ]
    return tuple(sorted(shown, key=lambda each: (bool(each.ivr), each.ivr, each.id)))


def list_rules(viewer: Viewer) -> tuple[RuleShown, ...]:
    """The built-in one first. RejectedError ``forbidden``."""
    require(viewer, "incoming_rule.view")
    rows = IncomingRule.objects.order_by("id")
    return tuple(RuleShown(row.pk, row.name, bool(row.builtin), row.steps, mark_rule(row)) for row in rows)


def mark_rule(row: IncomingRule) -> str:
    """The mark of a rule's name and steps, in their order."""
    return mark_of(row.name, json.dumps(row.steps))


def list_numbers(viewer: Viewer) -> tuple[NumberShown, ...]:
    """By number. RejectedError ``forbidden``."""
    require(viewer, "phone_number.view")
    rows = PhoneNumber.objects.select_related("business_group", "entry_ivr", "entry_rule", "fallback_rule")
    return tuple(
        NumberShown(
            id=row.pk,
            e164=row.e164,
            name=row.name,
            group_id=row.business_group_id,
            group=row.business_group.name,
            ivr_id=row.entry_ivr_id,
            rule_id=row.entry_rule_id,
            entry=str(row.entry_ivr or row.entry_rule or ""),
            fallback_rule_id=row.fallback_rule_id,
            fallback_rule=row.fallback_rule.name,
        )
        for row in rows.order_by("e164")
    )


def pick(rows: Sequence[Shown], row_id: int) -> Shown:
    """One of a list by its id, or RejectedError ``not_found``."""
    for row in rows:
        if row.id == row_id:
            return row
    raise RejectedError("not_found")

"""The settings of the line as screens show them and choose from: IVRs, rules, guidance, labels, numbers."""

from renkei.models import BusinessLabel, Guidance, IncomingRule, Ivr
from renkei.queries.agents.directory import Choice


def list_ivr_choices() -> tuple[Choice, ...]:
    """Every IVR by name."""
    return tuple(Choice(row.pk, row.name) for row in Ivr.objects.order_by("name"))


def list_rule_choices() -> tuple[Choice, ...]:
    """Every incoming rule; the built-in one first."""
    return tuple(Choice(row.pk, row.name) for row in IncomingRule.objects.order_by("id"))


def list_label_choices() -> tuple[Choice, ...]:
    """Every business label by name."""
    return tuple(Choice(row.pk, row.name) for row in BusinessLabel.objects.order_by("name"))


def list_guidance_choices(ivr_id: int | None = None) -> tuple[Choice, ...]:
    """The common guidance, and the individual guidance of one IVR (R48)."""
    rows = Guidance.objects.filter(ivr=None) | Guidance.objects.filter(ivr=ivr_id)
    return tuple(Choice(row.pk, row.name) for row in rows.order_by("id"))

"""The settings of the line as screens show them and choose from: IVRs, rules, guidance, labels, numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

from renkei.models import Agent, BusinessLabel, Guidance, IncomingRule, Ivr
from renkei.queries.agents.directory import Choice


@dataclass(frozen=True, slots=True)
class StepNames:
    """What the steps of rules name, by id: every guidance (an IVR's own with the IVR's name) and every agent with the
    extension, in the order of kana (D19); ``offered_`` is what a new step may name: common guidance, enabled agents."""

    guidances: Mapping[int, str]
    agents: Mapping[int, str]
    offered_guidances: frozenset[int]
    offered_agents: frozenset[int]


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


def read_step_names() -> StepNames:
    """The names that rules are shown with: a rule keeps naming what it is given, disabled agents included."""
    guidances = Guidance.objects.select_related("ivr").order_by("id")
    agents = Agent.objects.select_related("user").order_by("user__display_name_kana", "user__username")
    return StepNames(
        {row.pk: f"{row.name} ({row.ivr.name})" if row.ivr else row.name for row in guidances},
        {agent.pk: f"{agent.user.display_name} ({agent.extension})" for agent in agents},
        frozenset(row.pk for row in guidances if row.ivr is None),
        frozenset(agent.pk for agent in agents if agent.user.is_active),
    )

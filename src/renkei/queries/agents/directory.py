"""Agents and business groups as other screens need them: to choose from and to name."""

from dataclasses import dataclass

from renkei.models import Agent, BusinessGroup


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose from a list."""

    id: int
    name: str


def is_agent(user_id: int) -> bool:
    """Whether the person has an agent's desk."""
    return Agent.objects.filter(user_id=user_id).exists()


def list_agent_choices() -> tuple[Choice, ...]:
    """Every enabled agent with the extension, in the order of kana (D19)."""
    agents = Agent.objects.select_related("user").filter(user__is_active=True)
    ordered = agents.order_by("user__display_name_kana", "user__username")
    return tuple(Choice(agent.pk, f"{agent.user.display_name} ({agent.extension})") for agent in ordered)


def list_group_choices() -> tuple[Choice, ...]:
    """Every business group by name."""
    return tuple(Choice(group.pk, group.name) for group in BusinessGroup.objects.order_by("name"))

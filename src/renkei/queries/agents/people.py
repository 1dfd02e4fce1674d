"""担当者 and 権限: people with their roles and extensions, and what each role may do."""

from dataclasses import dataclass

from django.contrib.auth.models import Group

from renkei.errors import RejectedError
from renkei.models import Agent, User
from renkei.permissions import BUILT_IN_ROLES, require
from renkei.queries.scope import Viewer, visible_people


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonShown:
    """An account; ``extension`` is empty for who takes no calls, ``role`` for who has none."""

    id: int
    username: str
    display_name: str
    display_name_kana: str
    role: str
    extension: str
    group: str
    is_enabled: bool


def list_people(viewer: Viewer) -> tuple[PersonShown, ...]:
    """In the order of kana (D19); who is bound to a business group sees that group. RejectedError ``forbidden``."""
    require(viewer, "agent.view")
    people = visible_people(viewer).prefetch_related("groups").order_by("display_name_kana", "username")
    agents = {agent.user_id: agent for agent in Agent.objects.select_related("business_group")}
    return tuple(_show(user, agents.get(user.pk)) for user in people)


def read_person(viewer: Viewer, user_id: int) -> PersonShown:
    """One of them. RejectedError ``forbidden``, ``not_found``."""
    for person in list_people(viewer):
        if person.id == user_id:
            return person
    raise RejectedError("not_found")


def list_roles() -> tuple[tuple[str, frozenset[str]], ...]:
    """Each built-in role with its rights as they are now."""
    groups = {group.name: group for group in Group.objects.prefetch_related("permissions")}
    return tuple(
        (role, frozenset(permission.codename for permission in groups[role].permissions.all()))
        for role in BUILT_IN_ROLES
        if role in groups
    )


def _show(user: User, agent: Agent | None) -> PersonShown:
    roles = [group.name for group in user.groups.all()]
    return PersonShown(
        id=user.pk,
        username=user.username,
        display_name=user.display_name,
        display_name_kana=user.display_name_kana,
        role=next((role for role in BUILT_IN_ROLES if role in roles), ""),
        extension=agent.extension if agent else "",
        group=agent.business_group.name if agent else "",
        is_enabled=user.is_active,
    )

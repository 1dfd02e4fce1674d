"""The demonstration's short cut: to be another person of the sample office without a password."""

from dataclasses import dataclass

from django.db import transaction

from renkei.actions.audit import write_audit
from renkei.errors import RejectedError
from renkei.models import Agent, User
from renkei.permissions import ADMINISTRATOR, require
from renkei.settings import Mode, config


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody of the sample office whom one may be."""

    username: str
    name: str
    extension: str
    group: str


def list_demo_people(viewer: User) -> tuple[DemoPerson, ...]:
    """The agents without a password of their own, by kana (D19); none outside the demonstration."""
    require(viewer, "rehearsal.view")
    if config.mode is Mode.EMPTY:
        return ()
    agents = Agent.objects.select_related("user", "business_group").filter(user__is_active=True)
    agents = agents.exclude(user__groups__name=ADMINISTRATOR).order_by("user__display_name_kana")
    return tuple(
        DemoPerson(agent.user.username, agent.user.display_name, agent.extension, agent.business_group.name)
        for agent in agents
        if not agent.user.has_usable_password()
    )


@transaction.atomic
def become(actor: User, username: str) -> User:
    """The person to sign in as; written down. Only who has no password of their own: nobody is impersonated who
    signs in by themselves, and no administrator. RejectedError ``not_found``."""
    require(actor, "rehearsal.create")
    wanted = next((person for person in list_demo_people(actor) if person.username == username), None)
    if wanted is None:
        raise RejectedError("not_found")
    user = User.objects.get(username=wanted.username)
    write_audit(actor, "account.became", resource="user", object_id=user.pk)
    return user

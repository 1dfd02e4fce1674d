"""Which rows a person or an API key may see or change; decided here and nowhere else (P6).

Administrators reach every call; supervisors those of their business group, or every call when they belong to none;
everybody else the calls they were rung for or answered. A row outside is "not found", never "forbidden".
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from django.db.models import Exists, OuterRef, Q, QuerySet

from renkei.errors import RejectedError
from renkei.models import (
    Agent,
    Call,
    CallRing,
    Case,
    Customer,
    ExternalApiCall,
    ImportService,
    InboxItem,
    Interaction,
    IvrStep,
    User,
)
from renkei.permissions import ADMINISTRATOR, SUPERVISOR


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Another system, signed in with an API key: reaches every row its rights allow."""

    key_id: int
    name: str
    rights: frozenset[str]

    @property
    def is_active(self) -> bool:
        """A revoked key never becomes a KeyHolder."""
        return True

    def has_perm(self, perm: str, /) -> bool:
        """As a user's: ``perm`` is ``renkei.<right>``."""
        return perm.removeprefix("renkei.") in self.rights


Person: TypeAlias = User
Viewer = User | KeyHolder


class Reach(StrEnum):
    """How far a viewer sees."""

    ALL = "all"
    GROUP = "group"
    OWN = "own"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Scope:
    """A viewer's reach, with the ids it is bound to."""

    reach: Reach
    agent_id: int | None = None
    group_id: int | None = None


def scope_of(viewer: Viewer) -> Scope:
    """The reach of a viewer; two small queries for a person."""
    if isinstance(viewer, KeyHolder):
        return Scope(Reach.ALL)
    if not viewer.is_active:
        return Scope(Reach.NOTHING)
    roles = set(viewer.groups.values_list("name", flat=True))
    agent = Agent.objects.filter(user_id=viewer.pk).values_list("id", "business_group_id").first()
    if ADMINISTRATOR in roles or (SUPERVISOR in roles and agent is None):
        return Scope(Reach.ALL)
    if agent is None:
        return Scope(Reach.NOTHING)
    agent_id, group_id = agent
    return Scope(Reach.GROUP if SUPERVISOR in roles else Reach.OWN, agent_id=agent_id, group_id=group_id)


def visible_calls(viewer: Viewer) -> QuerySet[Call]:
    """The calls this viewer may see or change."""
    scope = scope_of(viewer)
    match scope.reach:
        case Reach.ALL:
            return Call.objects.all()
        case Reach.NOTHING:
            return Call.objects.none()
    was_rung = Exists(CallRing.objects.filter(call=OuterRef("pk"), agent=scope.agent_id))
    own = Q(answered_by=scope.agent_id) | Q(was_rung)
    if scope.reach is Reach.GROUP:
        return Call.objects.filter(Q(business_group_id=scope.group_id) | own)
    return Call.objects.filter(own)


def visible_call(viewer: Viewer, call_id: int) -> Call:
    """One call; RejectedError("not_found") when it does not exist or lies outside the viewer's rows."""
    call = visible_calls(viewer).filter(pk=call_id).first()
    if call is None:
        raise RejectedError("not_found")
    return call


def visible_steps(viewer: Viewer) -> QuerySet[IvrStep]:
    """IVR history follows its call."""
    if scope_of(viewer).reach is Reach.ALL:
        return IvrStep.objects.all()
    return IvrStep.objects.filter(call__in=visible_calls(viewer))


def visible_api_calls(viewer: Viewer) -> QuerySet[ExternalApiCall]:
    """External-API history follows its call; a row without a call (a connection test) is for those who reach all."""
    if scope_of(viewer).reach is Reach.ALL:
        return ExternalApiCall.objects.all()
    return ExternalApiCall.objects.filter(call__in=visible_calls(viewer))


def visible_people(viewer: Viewer) -> QuerySet[User]:
    """The accounts this viewer may see or change: who is bound to a business group, that group's agents."""
    scope = scope_of(viewer)
    match scope.reach:
        case Reach.ALL:
            return User.objects.all()
        case Reach.NOTHING:
            return User.objects.none()
    return User.objects.filter(agent__business_group=scope.group_id)


def visible_inbox(viewer: Viewer) -> QuerySet[InboxItem]:
    """Chats on their way in follow the business group of their chat setting: they have no agent yet."""
    scope = scope_of(viewer)
    match scope.reach:
        case Reach.ALL:
            return InboxItem.objects.all()
        case Reach.GROUP:
            return InboxItem.objects.filter(setting__business_group_id=scope.group_id)
        case _:
            return InboxItem.objects.none()


def visible_services(viewer: Viewer) -> QuerySet[ImportService]:
    """A service follows the business group of its chat setting."""
    scope = scope_of(viewer)
    match scope.reach:
        case Reach.ALL:
            return ImportService.objects.all()
        case Reach.GROUP:
            return ImportService.objects.filter(setting__business_group_id=scope.group_id)
        case _:
            return ImportService.objects.none()


def visible_interactions(viewer: Viewer) -> QuerySet[Interaction]:
    """Imported or not, an interaction follows the rule of calls (R143): its group's supervisors, its own agents."""
    scope = scope_of(viewer)
    match scope.reach:
        case Reach.ALL:
            return Interaction.objects.all()
        case Reach.NOTHING:
            return Interaction.objects.none()
    own = Q(registered_agent=scope.agent_id) | Q(current_agent=scope.agent_id)
    if scope.reach is Reach.GROUP:
        return Interaction.objects.filter(Q(current_group=scope.group_id) | Q(registered_group=scope.group_id) | own)
    return Interaction.objects.filter(own)


def visible_interaction(viewer: Viewer, interaction_id: int) -> Interaction:
    """One interaction; RejectedError("not_found") when it does not exist or lies outside the viewer's rows."""
    found = visible_interactions(viewer).filter(pk=interaction_id).first()
    if found is None:
        raise RejectedError("not_found")
    return found


def visible_cases(viewer: Viewer) -> QuerySet[Case]:
    """A case is seen by whoever sees one of its interactions; a new one without any, by its business group."""
    scope = scope_of(viewer)
    match scope.reach:
        case Reach.ALL:
            return Case.objects.all()
        case Reach.NOTHING:
            return Case.objects.none()
    seen = Exists(visible_interactions(viewer).filter(case=OuterRef("pk")))
    if scope.reach is Reach.GROUP:
        return Case.objects.filter(Q(business_group=scope.group_id) | Q(seen))
    return Case.objects.filter(seen)


def visible_customers(viewer: Viewer) -> QuerySet[Customer]:
    """Customers belong to the whole centre: whoever may see customers must find the one who calls. What happened with
    them follows its own rule (visible_cases)."""
    return Customer.objects.none() if scope_of(viewer).reach is Reach.NOTHING else Customer.objects.all()

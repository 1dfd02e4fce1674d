"""担当者: an account with its role and, for who takes calls, an extension and a business group."""

from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import ProtectedError

from renkei.actions.accounts.sessions import end_sessions
from renkei.actions.audit import write_audit
from renkei.actions.conflicts import refusing_conflicts
from renkei.errors import RejectedError
from renkei.models import Agent, BusinessGroup, CtiPreference, Presence, User
from renkei.permissions import ADMINISTRATOR, BUILT_IN_ROLES, require
from renkei.queries.scope import visible_people


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """The form of a person. Without an extension the person takes no calls. ``password`` empty: unchanged."""

    username: str
    display_name: str
    display_name_kana: str
    role: str
    extension: str
    group: str
    is_enabled: bool
    password: str = ""


def save_agent(actor: User, user_id: int | None, entered: AgentSettings) -> int:
    """Make or change a person. Disabling, another role or another password ends the person's sessions and streams.

    RejectedError: ``forbidden``, ``not_found``, ``already_exists``, ``group_missing``, ``last_administrator``.
    ValidationError (Django's) for a weak password.
    """
    require(actor, f"agent.{'create' if user_id is None else 'edit'}")
    if entered.role not in BUILT_IN_ROLES:
        raise RejectedError("not_found")
    if user_id is None and not entered.password:
        raise RejectedError("required")
    with refusing_conflicts():
        user = _load(actor, user_id)
        had_role = user.groups.values_list("name", flat=True).first() if user_id is not None else None
        _forbid_reaching_up(actor, had_role, entered.role)
        ends = user_id is not None and (
            bool(entered.password) or had_role != entered.role or (user.is_active and not entered.is_enabled)
        )
        user.username = User.normalize_username(entered.username)
        user.display_name, user.display_name_kana = entered.display_name, entered.display_name_kana
        user.is_active = entered.is_enabled
        if entered.password:
            validate_password(entered.password, user)
            user.set_password(entered.password)
        user.save()
        user.groups.set([Group.objects.get(name=entered.role)])
        _save_extension(user, entered)
        if had_role == ADMINISTRATOR and not _has_administrator():
            raise RejectedError("last_administrator")
        if ends:
            end_sessions(user)
        write_audit(actor, "agent.created" if user_id is None else "agent.edited", resource="user", object_id=user.pk)
    return user.pk


def _forbid_reaching_up(actor: User, *roles: str | None) -> None:
    """Only an administrator makes, changes or unmakes an administrator."""
    if ADMINISTRATOR in roles and not actor.groups.filter(name=ADMINISTRATOR).exists():
        raise RejectedError("forbidden")


def _load(actor: User, user_id: int | None) -> User:
    if user_id is None:
        return User()
    user = visible_people(actor).select_for_update(of=("self",)).filter(pk=user_id).first()
    if user is None:
        raise RejectedError("not_found")
    return user


def _save_extension(user: User, entered: AgentSettings) -> None:
    agent = Agent.objects.filter(user=user).first()
    if not entered.extension:
        if agent is not None:
            _take_extension(agent)
        return
    if not entered.group:
        raise RejectedError("group_missing")
    group, _ = BusinessGroup.objects.get_or_create(name=entered.group)
    if agent is None:
        agent = Agent.objects.create(user=user, extension=entered.extension, business_group=group)
        Presence.objects.create(agent=agent)
        CtiPreference.objects.create(agent=agent)
    else:
        agent.extension, agent.business_group = entered.extension, group
        agent.save()


def _take_extension(agent: Agent) -> None:
    try:
        with transaction.atomic():
            agent.delete()
    except ProtectedError:
        raise RejectedError("extension_has_calls") from None


def _has_administrator() -> bool:
    return any(user.has_usable_password() for user in User.objects.filter(groups__name=ADMINISTRATOR, is_active=True))

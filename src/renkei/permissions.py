"""One table: who may do what. A view names its right from here; an unknown name fails at import.

A right is ``resource.deed``; deeds are view, create, edit, delete, export. The labels are the screens' own words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from renkei.errors import RejectedError


@dataclass(frozen=True, slots=True)
class Resource:
    """Something rights are given on. ``label`` is shown on the roles screen; ``deeds`` are those that exist."""

    label: Promise
    deeds: tuple[str, ...]


_ALL = ("view", "create", "edit", "delete")

RESOURCES: Mapping[str, Resource] = {
    "desk": Resource(_("Agent's desk (softphone)"), ("view",)),
    "call_history": Resource(_("Call history"), ("view", "export")),
    "call_centre_history": Resource(_("Call-centre history"), ("view", "export")),
    "chat_content": Resource(_("Chat content"), ("view", "export")),
    "chat_link": Resource(_("Link between call and chat"), ("edit",)),
    "ivr_history": Resource(_("IVR history"), ("view", "export")),
    "external_api_history": Resource(_("External-API history"), ("view", "export")),
    "ivr": Resource(_("IVR"), _ALL),
    "incoming_rule": Resource(_("Incoming rules"), _ALL),
    "guidance": Resource(_("Guidance"), _ALL),
    "business_label": Resource(_("Business labels"), _ALL),
    "phone_number": Resource(_("Telephone numbers"), _ALL),
    "agent": Resource(_("Agents"), _ALL),
    "role": Resource(_("Roles"), _ALL),
    "business_group": Resource(_("Business groups"), _ALL),
    "interaction_template": Resource(_("Interaction templates"), _ALL),
    "customer": Resource(_("Customers"), ("view", "create", "edit", "delete", "export")),
    "customer_merge": Resource(_("Merging of customers"), ("edit",)),
    "case": Resource(_("Cases and interactions"), ("view", "create", "edit", "delete", "export")),
    "chat_setting": Resource(_("System role > SNS management > Chat settings"), _ALL),
    "service": Resource(_("Service management"), ("view", "edit")),
    "system_settings": Resource(_("System settings"), ("view", "edit")),
    "api_key": Resource(_("API keys"), _ALL),
    "audit": Resource(_("Audit"), ("view", "export")),
    "rehearsal": Resource(_("Simulated line"), ("view", "create")),
    "look_up": Resource(_("Look-up API"), ("view",)),
}

RIGHTS: frozenset[str] = frozenset(f"{name}.{deed}" for name, what in RESOURCES.items() for deed in what.deeds)

ADMINISTRATOR, SUPERVISOR, AGENT = "administrator", "supervisor", "agent"

ROLE_LABELS: Mapping[str, Promise] = {
    ADMINISTRATOR: _("Administrator"),
    SUPERVISOR: _("Supervisor"),
    AGENT: _("Agent"),
}

BUILT_IN_ROLES: Mapping[str, frozenset[str]] = {
    ADMINISTRATOR: RIGHTS,
    SUPERVISOR: frozenset(
        {
            "desk.view",
            "call_history.view",
            "call_history.export",
            "call_centre_history.view",
            "call_centre_history.export",
            "chat_content.view",
            "chat_content.export",
            "chat_link.edit",
            "ivr_history.view",
            "ivr_history.export",
            "external_api_history.view",
            "ivr.view",
            "incoming_rule.view",
            "guidance.view",
            "business_label.view",
            "phone_number.view",
            "agent.view",
            "business_group.view",
            "interaction_template.view",
            "customer.view",
            "customer.create",
            "customer.edit",
            "customer_merge.edit",
            "case.view",
            "case.create",
            "case.edit",
            "case.export",
            "chat_setting.view",
            "service.view",
            "rehearsal.view",
            "rehearsal.create",
        }
    ),
    AGENT: frozenset(
        {
            "desk.view",
            "call_history.view",
            "chat_content.view",
            "customer.view",
            "customer.create",
            "customer.edit",
            "customer_merge.edit",
            "case.view",
            "case.edit",
        }
    ),
}


def known(right: str) -> str:
    """The right itself; raises KeyError for a name the table does not have, so that a typing error fails at import."""
    if right not in RIGHTS:
        raise KeyError(f"unknown right: {right}")
    return right


class Holder(Protocol):
    """Whoever may hold rights: a person, or an API key (queries/scope.py)."""

    @property
    def is_active(self) -> bool:
        """Whether the account or key is in use."""
        ...

    def has_perm(self, perm: str, /) -> bool:
        """Django's question; ``perm`` is ``renkei.<right>``."""
        ...


def holds(holder: Holder, right: str) -> bool:
    """Whether this person or key holds the right now; KeyError for a right the table does not have."""
    return holder.is_active and holder.has_perm(f"renkei.{known(right)}")


def require(holder: Holder, right: str) -> None:
    """Go on, or RejectedError("forbidden")."""
    if not holds(holder, right):
        raise RejectedError("forbidden", right=right)

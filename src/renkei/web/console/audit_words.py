"""How the audit words what has no sentence of its own: the deed, what it was done to, what was changed by it."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from renkei.permissions import RESOURCES
from renkei.queries.audit import AuditShown
from renkei.web.console.api_keys import right_words
from renkei.web.console.branches import CONDITIONS
from renkei.web.console.cases import ITEM_LABELS
from renkei.web.console.service_words import FIELDS as SETTING_FIELDS
from renkei.web.console.settings import FEATURES
from renkei.web.lists import join_words

_DEEDS: Mapping[str, Promise] = {
    "created": pgettext_lazy("deed", "%(what)s: made"),
    "edited": pgettext_lazy("deed", "%(what)s: changed"),
    "deleted": pgettext_lazy("deed", "%(what)s: deleted"),
    "exported": pgettext_lazy("deed", "%(what)s: exported"),
}
_OTHER_OBJECTS: Mapping[str, Promise] = {
    "user": _("Account"),
    "call": _("Call"),
    "conversation": _("Chat"),
    "interaction": _("Interactions"),
    "inbox_item": _("Chat set aside"),
    "case": _("Case"),
    "customer": _("Customer"),
    "service": _("Service"),
    "chat_setting": pgettext_lazy("audit", "Chat setting"),
}
_FIELDS: Mapping[str, Promise] = {
    **SETTING_FIELDS,
    **ITEM_LABELS,
    "template_id": _("Interaction template"),
    "connector_settings": _("Connection settings"),
    "base_url": _("API address"),
    "api_key": _("API key"),
    "token": _("API token"),
    "signing_keys": _("Signing keys"),
    "state": _("State"),
    "name": _("Name"),
    "project_id": _("Project ID"),
    "channel_id": _("Channel ID"),
    "request_error_rule": _("Behaviour on request error"),
    **{feature.value: word for feature, word in FEATURES.items()},
    "centre_name": _("Contact centre name"),
    "zone": _("Time zone"),
    "history_retention_days": _("History retention (days)"),
    "link_window_minutes": _("Window for linking a chat (minutes)"),
    "lookup_budget_ms": _("Time limit of a look-up (ms)"),
}


def deed_words(action: str) -> str:
    """A deed without words of its own, from the kind of thing and what was done to it (``guidance.edited``)."""
    resource, _dot, deed = action.rpartition(".")
    if resource in RESOURCES and deed in _DEEDS:
        return str(_DEEDS[deed]) % {"what": RESOURCES[resource].label}
    return action


def object_words(row: AuditShown) -> str:
    """What the deed was done to, with its number where it has one; empty where the deed says it all."""
    if not row.object_id:
        return ""
    label = _OTHER_OBJECTS.get(row.resource) or (RESOURCES[row.resource].label if row.resource in RESOURCES else None)
    return f"{label} {row.object_id}" if label else row.object_id


def change_words(row: AuditShown) -> tuple[str, ...]:
    """In which part, which fields, which rights."""
    detail, told = row.detail, []
    if "condition" in detail:
        told.append(str(CONDITIONS.get(str(detail["condition"]), (detail["condition"],))[0]))
    if isinstance(detail.get("fields"), list):
        told.append(join_words(_FIELDS.get(str(name), name) for name in detail["fields"]))
    if isinstance(detail.get("rights"), list):
        told.append(join_words(right_words(str(right)) for right in detail["rights"]))
    return tuple(each for each in told if each)

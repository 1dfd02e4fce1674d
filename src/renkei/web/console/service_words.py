"""How サービス管理 words what the queries found: states, runs, what a restart would change (R185, R186)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from renkei.domain.services import Changed, ServiceState
from renkei.messages import sentence
from renkei.queries.services.services import RunShown, ServiceShown
from renkei.web.connector_forms import name_setting, sns_label
from renkei.web.console.interaction_templates import ITEM_LABELS
from renkei.web.console.words import Badge

STATES: Mapping[ServiceState, tuple[Promise, str]] = {
    ServiceState.STOPPED: (pgettext_lazy("service", "Stopped"), "plain"),
    ServiceState.STOPPING: (pgettext_lazy("service", "Stopping"), "note"),
    ServiceState.DISABLED: (pgettext_lazy("service", "Stopped (setting not enabled)"), "warn"),
    ServiceState.STARTING: (pgettext_lazy("service", "Starting"), "note"),
    ServiceState.RUNNING: (pgettext_lazy("service", "Running"), "good"),
    ServiceState.BROKEN: (pgettext_lazy("service", "Stopped (abnormal)"), "bad"),
}
TRIGGERS: Mapping[str, Promise] = {
    "timer": pgettext_lazy("run", "By the clock"),
    "push": pgettext_lazy("run", "Push"),
    "button": pgettext_lazy("run", "Button"),
    "night": pgettext_lazy("run", "Nightly comparison"),
    "backfill": pgettext_lazy("run", "Backfill"),
}
FIELDS: Mapping[str, Promise] = {
    "name": gettext_lazy("Chat setting name"),
    "connector": gettext_lazy("SNS type"),
    "business_group_id": gettext_lazy("Business group"),
    "call_url": gettext_lazy("Call URL"),
    "default_agent_id": gettext_lazy("Default agent"),
    "template_values": gettext_lazy("Interaction template"),
    "is_enabled": gettext_lazy("Enabled state"),
    "interval_seconds": gettext_lazy("Interval (seconds)"),
    "overlap_minutes": gettext_lazy("Overlap (minutes)"),
    "reuses_customers": gettext_lazy(
        "Reuse a customer whose telephone number or e-mail matches exactly and unambiguously"
    ),
    "sealed_secrets": gettext_lazy("Secrets"),
}


@dataclass(frozen=True, slots=True)
class ChangeWords:
    """One line of what a restart would change; without values where they may not be shown."""

    label: str
    running: str
    setting: str
    is_secret: bool


@dataclass(frozen=True, slots=True)
class ServiceWords:
    """One service as it is read. ``problem`` is the sentence of what went wrong last; ``mark`` changes with it all."""

    service: ServiceShown
    kind: str
    state: Badge
    problem: str
    mark: str


def word_service(service: ServiceShown) -> ServiceWords:
    """Put a service into words."""
    word, kind = STATES[service.state]
    problem = sentence(service.problem, service.problem_params) if service.problem else ""
    return ServiceWords(service, sns_label(service.connector), Badge(str(word), kind), problem, mark_of(service))


def mark_of(shown: object) -> str:
    """Changes when and only when what is shown changes."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def deeds_mark(service: ServiceShown) -> str:
    """Changes when and only when other buttons or banners are to be shown."""
    loud = service.failures if service.is_loud else 0  # the banner counts them
    parts = (service.is_wanted, service.is_enabled, service.is_halted, service.needs_restart, service.problem, loud)
    return "-".join(str(part) for part in parts)


def word_change(changed: Changed, connector: str) -> ChangeWords:
    """Put one difference into words."""
    name, _dot, part = changed.name.partition(".")
    label = str(FIELDS.get(name, name))
    if name == "template_values":
        label = f"{label} › {ITEM_LABELS.get(part, part)}"
    if name == "connector_settings":
        label = name_setting(connector, part)
    is_secret = name == "sealed_secrets"
    return ChangeWords(label, _value(changed.running), _value(changed.setting), is_secret)


def trigger_words(run: RunShown) -> str:
    """What set a run off."""
    return str(TRIGGERS.get(run.trigger, run.trigger))


def run_badge(run: RunShown) -> Badge:
    """How a run ended."""
    if run.error:
        return Badge(_("Failed"), "bad")
    if run.ended_at is None:
        return Badge(_("Under way"), "note")
    return Badge(_("OK"), "good")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("On") if value else _("Off")
    return "–" if value in (None, "") else str(value)

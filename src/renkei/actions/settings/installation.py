"""システム設定: optional capabilities, retention, the window and the time limit of linking (D12, R110, D3, D14)."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ValidationError

from renkei.actions.audit import write_audit
from renkei.actions.conflicts import refusing_conflicts
from renkei.errors import RejectedError
from renkei.models import Installation
from renkei.permissions import require
from renkei.queries.scope import Viewer
from renkei.queries.settings.installation import Feature


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationSettings:
    """The whole form; ``features`` are those switched on."""

    centre_name: str
    zone: str
    features: frozenset[Feature]
    history_retention_days: int
    link_window_minutes: int
    lookup_budget_ms: int


def edit_installation(actor: Viewer, entered: InstallationSettings) -> None:
    """Store the settings; nothing else is changed by a switch. RejectedError: ``forbidden``, ``bad_zone``,
    ``out_of_range``."""
    require(actor, "system_settings.edit")
    try:
        ZoneInfo(entered.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise RejectedError("bad_zone") from error
    with refusing_conflicts():
        row = Installation.objects.select_for_update().get(id=1)
        before = {field.attname: getattr(row, field.attname) for field in Installation._meta.concrete_fields}
        row.centre_name, row.zone = entered.centre_name, entered.zone
        for feature in Feature:
            setattr(row, feature.value, feature in entered.features)
        row.history_retention_days = entered.history_retention_days
        row.link_window_minutes = entered.link_window_minutes
        row.lookup_budget_ms = entered.lookup_budget_ms
        try:
            row.full_clean(validate_constraints=False)
        except ValidationError as error:
            raise RejectedError("out_of_range") from error
        row.save()
        changed = [name for name, value in before.items() if getattr(row, name) != value]
        write_audit(actor, "system_settings.edited", resource="system_settings", detail={"fields": changed})

"""What a service stands on: its default agent, its business group, the option that allows it (D12)."""

from zoneinfo import ZoneInfo

from renkei.actions.imports.fence import run_one
from renkei.domain.importing import ImportRules
from renkei.domain.services import SettingSnapshot
from renkei.errors import MisconfiguredError
from renkei.models.secrets import open_fields
from renkei.models.statements import imports


def find_ground(snapshot: SettingSnapshot) -> ImportRules:
    """The rules of a run. MisconfiguredError ``default_agent_gone`` or ``business_group_gone``."""
    row = run_one(imports.GROUND, agent=snapshot.default_agent_id, group=snapshot.business_group_id)
    assert row is not None
    has_agent, has_group, zone = row
    if not has_agent:
        raise MisconfiguredError("default_agent_gone")
    if not has_group:
        raise MisconfiguredError("business_group_gone")
    return ImportRules(
        setting_id=snapshot.setting_id,
        setting_name=snapshot.name,
        group_id=snapshot.business_group_id,
        default_agent_id=snapshot.default_agent_id,
        template=snapshot.template_values,
        reuses_customers=snapshot.reuses_customers,
        zone=ZoneInfo(zone or "Asia/Tokyo"),
    )


def open_settings(snapshot: SettingSnapshot) -> dict[str, str]:
    """The connector's fields with the secrets opened, the setting's 呼び出しURL as ``call_url`` (R173).

    MisconfiguredError ``unreadable_secret``.
    """
    sealed = snapshot.sealed_secrets
    secrets = {} if sealed is None else open_fields(sealed.encode("ascii"))
    return {**snapshot.connector_settings, **secrets, "call_url": snapshot.call_url}


def read_zone() -> ZoneInfo:
    """The centre's time zone, in which it is night."""
    row = run_one(imports.ZONE)
    return ZoneInfo(row[0] if row is not None and row[0] else "Asia/Tokyo")

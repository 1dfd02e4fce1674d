"""A chat setting as a value: what a service runs on, or would run on after a restart (R185)."""

from typing import Any

from renkei.domain.services import SettingSnapshot
from renkei.models import ChatSetting


def freeze(setting: ChatSetting) -> SettingSnapshot:
    """The setting as it is now. Secrets stay sealed; the values of its コール作成設定 are copied."""
    return SettingSnapshot(
        setting_id=setting.pk,
        name=setting.name,
        connector=setting.connector,
        business_group_id=setting.business_group_id,
        call_url=setting.call_url,
        default_agent_id=setting.default_agent_id,
        template_values={} if setting.template is None else _texts(setting.template.values),
        is_enabled=setting.is_enabled,
        interval_seconds=setting.interval_seconds,
        overlap_minutes=setting.overlap_minutes,
        reuses_customers=setting.reuses_customers,
        connector_settings=_texts(setting.connector_settings),
        sealed_secrets=None if setting.secrets is None else bytes(setting.secrets).decode("ascii", "ignore"),
        version=setting.version,
    )


def _texts(stored: dict[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in stored.items()}

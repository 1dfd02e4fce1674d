"""Freezes a chat setting for the service that will run on it (R184, R185)."""

from typing import Any

from renkei.models import ChatSetting
from renkei.queries.services.snapshot import freeze


def take_snapshot(setting: ChatSetting) -> dict[str, Any]:
    """The setting as ``ImportService.snapshot`` holds it (SettingSnapshot.to_json). Secrets stay sealed; the values
    of its コール作成設定 are copied, so that a template edited later waits for the restart too."""
    return freeze(setting).to_json()

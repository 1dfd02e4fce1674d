"""The installation's own settings, as frozen values."""

from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from renkei.errors import RejectedError
from renkei.models import Installation


class Feature(StrEnum):
    """Optional capabilities (D12); the value is the column's name."""

    API_LINKED_IVR = "api_linked_ivr"
    CHATBOT_LINKAGE = "chatbot_linkage"
    CRM_LINKAGE = "crm_linkage"
    REALTIME_SPEECH = "realtime_speech"
    CHAT_IMPORT = "chat_import"


@dataclass(frozen=True, slots=True)
class InstallationShown:
    """System settings; durations in the unit their name says."""

    centre_name: str
    zone: ZoneInfo
    features: frozenset[Feature]
    history_retention_days: int
    link_window_minutes: int
    lookup_budget_ms: int

    def has(self, feature: Feature) -> bool:
        """Whether the capability is switched on."""
        return feature in self.features

    @property
    def has_chatbot(self) -> bool:
        """Whether a chatbot-linkage IVR can work: it needs both capabilities (R6, R7)."""
        return {Feature.API_LINKED_IVR, Feature.CHATBOT_LINKAGE} <= self.features


def read_installation() -> InstallationShown:
    """The one row, as it is now."""
    row = Installation.objects.get(id=1)
    return InstallationShown(
        centre_name=row.centre_name,
        zone=ZoneInfo(row.zone),
        features=frozenset(feature for feature in Feature if getattr(row, feature.value)),
        history_retention_days=row.history_retention_days,
        link_window_minutes=row.link_window_minutes,
        lookup_budget_ms=row.lookup_budget_ms,
    )


def require_chatbot() -> InstallationShown:
    """The settings, or RejectedError("feature_off") while chatbot linkage or API-linked IVRs are off (R6, R7, D12)."""
    installation = read_installation()
    if not installation.has_chatbot:
        raise RejectedError("feature_off")
    return installation


def require_chat_import() -> InstallationShown:
    """The settings, or RejectedError("feature_off") while チャット連係 is off (D12)."""
    installation = read_installation()
    if not installation.has(Feature.CHAT_IMPORT):
        raise RejectedError("feature_off")
    return installation

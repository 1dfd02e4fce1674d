"""API keys as their list shows them; a secret is never kept, so it cannot be shown."""

from dataclasses import dataclass
from datetime import datetime

from renkei.models import ApiKey
from renkei.permissions import require
from renkei.queries.scope import Viewer


@dataclass(frozen=True, slots=True)
class ApiKeyShown:
    """One key; ``prefix`` tells keys apart."""

    id: int
    name: str
    prefix: str
    rights: tuple[str, ...]
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def list_api_keys(viewer: Viewer) -> tuple[ApiKeyShown, ...]:
    """Living ones first, newest first. RejectedError ``forbidden``."""
    require(viewer, "api_key.view")
    rows = ApiKey.objects.select_related("created_by").order_by("revoked_at", "-id")
    shown = (
        ApiKeyShown(
            row.pk, row.name, row.prefix, tuple(row.permissions), row.created_by.display_name, row.created_at,
            row.last_used_at, row.revoked_at,
        )
        for row in rows
    )  # fmt: skip
    return tuple(sorted(shown, key=lambda key: key.revoked_at is not None))

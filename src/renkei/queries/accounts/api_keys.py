"""API keys as their list shows them; a secret is never kept, so it cannot be shown."""

from dataclasses import dataclass
from datetime import datetime

from renkei.domain.api_key import KeyState, Maker, Standing, judge_key
from renkei.models import ApiKey
from renkei.permissions import require
from renkei.queries.scope import Reach, Viewer, scope_of


@dataclass(frozen=True, slots=True)
class ApiKeyShown:
    """One key; ``prefix`` tells keys apart. ``sleeping`` are those of its rights that its maker has no longer."""

    id: int
    name: str
    prefix: str
    rights: tuple[str, ...]
    sleeping: frozenset[str]
    state: KeyState
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def list_api_keys(viewer: Viewer) -> tuple[ApiKeyShown, ...]:
    """Living ones first, newest first. RejectedError ``forbidden``."""
    require(viewer, "api_key.view")
    rows = ApiKey.objects.select_related("created_by").order_by("revoked_at", "-id")
    return tuple(sorted((_show(row) for row in rows), key=lambda key: key.revoked_at is not None))


def standing_of(key: ApiKey) -> Standing:
    """What the key may do now, by what its maker may do now."""
    user = key.created_by
    rights = frozenset(right.removeprefix("renkei.") for right in user.get_all_permissions())
    maker = Maker(is_active=user.is_active, reaches_all=scope_of(user).reach is Reach.ALL, rights=rights)
    return judge_key(frozenset(key.permissions), maker, is_revoked=key.revoked_at is not None)


def _show(row: ApiKey) -> ApiKeyShown:
    standing = standing_of(row)
    is_awake = standing.opens
    return ApiKeyShown(
        row.pk, row.name, row.prefix, tuple(row.permissions),
        frozenset(row.permissions) - standing.rights if is_awake else frozenset(),
        standing.state, row.created_by.display_name, row.created_at, row.last_used_at, row.revoked_at,
    )  # fmt: skip

"""A chat setting as a push needs it: whose key must have signed, and how its records are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncConnection

from renkei.models.secrets import open_fields
from renkei.models.statements import imports


@dataclass(frozen=True, slots=True)
class PushSetting:
    """The connector's name and its fields, secrets opened."""

    connector: str
    is_enabled: bool
    fields: Mapping[str, str] = field(repr=False)


async def read_push_setting(conn: AsyncConnection[Any], setting_id: int) -> PushSetting | None:
    """The setting, None where there is none or the option is off (D12). MisconfiguredError ``unreadable_secret``."""
    row = await (await conn.execute(imports.PUSH_SETTING, {"setting": setting_id}, prepare=True)).fetchone()
    if row is None:
        return None
    connector, is_enabled, call_url, stored, secrets = row
    fields = {str(name): str(value) for name, value in stored.items()}
    return PushSetting(connector, is_enabled, {**fields, **open_fields(secrets), "call_url": call_url})

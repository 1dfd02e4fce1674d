"""Who asks the look-up API (R76, B13)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from renkei.domain.api_key import Maker, is_same_secret, judge_key, read_key
from renkei.models.statements import look_up as sql
from renkei.permissions import known


@dataclass(frozen=True, slots=True)
class KeyReader:
    """Another system, signed in with its key, the rights it was given, and when it asked by the database's clock."""

    id: int
    name: str
    rights: frozenset[str]
    asked_at: datetime

    def may(self, right: str) -> bool:
        """Whether the key has this right; KeyError for a right that does not exist."""
        return known(right) in self.rights


async def find_key(conn: AsyncConnection[Any], text: str) -> KeyReader | None:
    """The holder of an API key with the rights its maker still has, or None for whatever opens nothing. Notes that the
    key was used."""
    key = read_key(text)
    if key is None:
        return None
    row = await (await conn.execute(sql.KEY, {"prefix": key.prefix}, prepare=True)).fetchone()
    if row is None or not is_same_secret(key, row[2]):
        return None
    key_id, name, _digest, given, is_revoked, is_active, reaches_all, rights, is_use_unnoted, asked_at = row
    maker = Maker(is_active=is_active, reaches_all=reaches_all, rights=frozenset(rights))
    standing = judge_key(frozenset(given), maker, is_revoked=is_revoked)
    if not standing.opens:
        return None
    if is_use_unnoted:
        await conn.execute(sql.KEY_USED, {"key": key_id}, prepare=True)
    return KeyReader(key_id, name, standing.rights, asked_at)

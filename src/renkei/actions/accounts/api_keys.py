"""API keys: shown once, kept as a digest, revoked for ever."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from renkei import clock
from renkei.actions.audit import write_audit
from renkei.domain.api_key import PREFIX_LENGTH, is_same_secret, read_key, write_key
from renkei.errors import RejectedError
from renkei.models import ApiKey, User
from renkei.permissions import RIGHTS, holds, require
from renkei.queries.accounts.api_keys import standing_of
from renkei.queries.scope import KeyHolder, Reach, scope_of

GRANTABLE = frozenset(
    {
        "call_history.view",
        "chat_content.view",
        "chat_content.export",
        "ivr_history.view",
        "external_api_history.view",
        "look_up.view",
    }
)
"""The rights that the interfaces for other systems ask for."""
_NOTE_USE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewKey:
    """``secret`` is the whole key ``rk_<prefix>_<secret>``; it cannot be shown again."""

    id: int
    secret: str


@transaction.atomic
def create_api_key(actor: User, *, name: str, rights: Iterable[str]) -> NewKey:
    """A key with some of its maker's own rights. RejectedError: ``forbidden``, ``required`` without any right.

    A key reaches every row, so only who reaches every row may make one (P6).
    """
    require(actor, "api_key.create")
    chosen = frozenset(rights)
    if not chosen:
        raise RejectedError("required")
    if scope_of(actor).reach is not Reach.ALL:
        raise RejectedError("forbidden")
    if not chosen <= GRANTABLE & RIGHTS or not all(holds(actor, right) for right in chosen):
        raise RejectedError("forbidden")
    prefix = secrets.token_hex(PREFIX_LENGTH // 2)
    text = write_key(prefix, secrets.token_urlsafe(32))
    digest = read_key(text)
    assert digest is not None
    row = ApiKey.objects.create(
        name=name, prefix=prefix, secret_sha256=digest.sha256, permissions=sorted(chosen), created_by=actor
    )
    write_audit(actor, "api_key.created", resource="api_key", object_id=row.pk, detail={"rights": sorted(chosen)})
    return NewKey(row.pk, text)


@transaction.atomic
def revoke_api_key(actor: User, key_id: int) -> None:
    """From now on the key opens nothing; doing it twice is harmless."""
    require(actor, "api_key.delete")
    row = ApiKey.objects.select_for_update().filter(pk=key_id).first()
    if row is None:
        raise RejectedError("not_found")
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        row.save(update_fields=["revoked_at"])
        write_audit(actor, "api_key.revoked", resource="api_key", object_id=key_id)


def take_api_key(presented: str) -> KeyHolder | None:
    """Who presents this key, with the rights its maker still has; None for one that is unknown, revoked, or whose
    maker is disabled or bound to fewer rows. In constant time for the secret."""
    key = read_key(presented)
    row = ApiKey.objects.select_related("created_by").filter(prefix=key.prefix).first() if key else None
    if key is None or row is None or not is_same_secret(key, row.secret_sha256):
        return None
    standing = standing_of(row)
    if not standing.opens:
        return None
    now = clock.now()
    if row.last_used_at is None or now - row.last_used_at >= _NOTE_USE_EVERY:
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
    return KeyHolder(key_id=row.pk, name=row.name, rights=standing.rights)

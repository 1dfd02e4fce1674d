"""How the first administrator comes in: a one-time sign-in printed by the set-up. There is no default account."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction

from renkei import clock
from renkei.actions.audit import write_audit
from renkei.errors import RejectedError
from renkei.models import OneTimeSignIn, User
from renkei.permissions import ADMINISTRATOR

LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class FirstSignIn:
    """The token is told once and kept only as a digest; ``path`` is the page it opens."""

    token: str
    path: str
    expires_at: datetime


@transaction.atomic
def issue_first_sign_in() -> FirstSignIn | None:
    """A fresh one-time sign-in; earlier unused ones stop working. None once an administrator can sign in."""
    administrators = User.objects.filter(groups__name=ADMINISTRATOR)
    if any(user.has_usable_password() for user in administrators.filter(is_active=True)):
        return None
    OneTimeSignIn.objects.filter(used_at=None).delete()
    user = administrators.order_by("pk").first() or _make_administrator()
    token = secrets.token_urlsafe(24)
    expires_at = clock.now() + LIFETIME
    OneTimeSignIn.objects.create(user=user, token_sha256=_digest(token), expires_at=expires_at)
    write_audit(None, "sign_in.issued", resource="user", object_id=user.pk)
    return FirstSignIn(token=token, path=f"/accounts/first/{token}/", expires_at=expires_at)


def is_first_sign_in_open(token: str) -> bool:
    """Whether the token still works."""
    return OneTimeSignIn.objects.filter(token_sha256=_digest(token), used_at=None, expires_at__gt=clock.now()).exists()


@transaction.atomic
def take_first_sign_in(token: str, *, username: str, display_name: str, password: str) -> User:
    """Name the first administrator and set the password; the token is used up.

    RejectedError: ``sign_in_failed`` for a token that is unknown, old or used, ``already_exists`` for a taken user
    name. ValidationError (Django's) for a password that is too weak.
    """
    row = OneTimeSignIn.objects.select_for_update().filter(token_sha256=_digest(token)).first()
    if row is None or row.used_at is not None or row.expires_at <= clock.now():
        raise RejectedError("first_sign_in_over")
    user = row.user
    user.username = User.normalize_username(username)
    user.display_name = display_name
    validate_password(password, user)
    user.set_password(password)
    user.is_active = True
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise RejectedError("already_exists") from error
    row.used_at = clock.now()
    row.save(update_fields=["used_at"])
    write_audit(user, "sign_in.first", resource="user", object_id=user.pk)
    return user


def _make_administrator() -> User:
    user = User.objects.create_user(f"first-{secrets.token_hex(6)}", display_name="Administrator", is_active=False)
    user.groups.add(Group.objects.get(name=ADMINISTRATOR))
    return user


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

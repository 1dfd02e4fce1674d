"""Ending a person's sessions, and telling the open streams to close."""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection

from renkei.domain.stream import SESSIONS_CHANNEL
from renkei.models import User


def end_sessions(user: User, *, keep: str | None = None) -> int:
    """End every session of this person but ``keep`` (a session key), and their streams; returns how many ended.

    Called inside the transaction that gave the reason: signed out, disabled, role or password changed.
    """
    rows = UserSession.objects.filter(user=user).exclude(session_key=keep or "")
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    rows.delete()
    tell_sessions_ended(user.pk)
    return len(keys)


def tell_sessions_ended(user_id: int) -> None:
    """NOTIFY those who keep this person's streams open; they ask again who may stay."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [SESSIONS_CHANNEL, f"user:{user_id}"])

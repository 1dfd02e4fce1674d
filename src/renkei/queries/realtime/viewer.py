"""Who reads a stream: settled once a connection by Django's own session, looked at again for all of them at once."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import close_old_connections
from django.http import HttpRequest
from psycopg import AsyncConnection

from renkei import clock
from renkei.domain.sessions import Engagement, Lifetime, Limits, is_session_over, read_lifetime
from renkei.models import Agent, User
from renkei.models.statements import stream as sql
from renkei.permissions import holds, known
from renkei.queries.accounts.engagement import engagement_in, engagement_of


@dataclass(frozen=True, slots=True)
class StreamReader:
    """Somebody signed in, as far as a stream must know. ``agent_id`` is None for people who take no calls;
    ``password_digest`` changes with the password, which ends the sessions of before.
    ``life`` is as it was when the stream was opened."""

    session_key: str
    user_id: int
    agent_id: int | None
    password_digest: str
    may: bool
    life: Lifetime


def read_session(session_key: str, right: str, *, limits: Limits) -> StreamReader | None:
    """The person behind a session cookie, or None, also when the session's time is over.

    Synchronous, for a thread: it is Django's own road (hash of the password, expiry, disabled accounts included).
    """
    close_old_connections()
    try:
        request = HttpRequest()
        request.session = SessionStore(session_key)
        user = get_user(request)
        if not isinstance(user, User) or not user.is_active:
            return None
        now = clock.now()
        life = read_lifetime(dict(request.session.items()), now=now)
        if _is_over(life, engagement_of(user.pk), now=now, limits=limits):
            return None
        agent_id = Agent.objects.filter(user_id=user.pk).values_list("id", flat=True).first()
        return StreamReader(session_key, user.pk, agent_id, _digest(user.password), holds(user, right), life)
    finally:
        close_old_connections()


async def still_signed_in(
    connection: AsyncConnection[Any], readers: Iterable[StreamReader], right: str, *, limits: Limits
) -> frozenset[str]:
    """Of these readers the session keys that may go on; one statement, however many, and a second for those whose
    time seems over."""
    readers = list(readers)
    params = {
        "keys": [reader.session_key for reader in readers],
        "users": [reader.user_id for reader in readers],
        "passwords": [reader.password_digest for reader in readers],
        "right": known(right),
    }
    rows = await (await connection.execute(sql.STILL_SIGNED_IN, params, prepare=True)).fetchall()
    engaged = {key: engagement_in(state) for key, state in rows}
    now = clock.now()
    doubtful = [
        reader.session_key
        for reader in readers
        if reader.session_key in engaged and _is_over(reader.life, engaged[reader.session_key], now=now, limits=limits)
    ]
    if not doubtful:
        return frozenset(engaged)
    # Another tab may have used the session since this stream was opened.
    lives = await _read_lives(connection, doubtful, now=now)
    over = {key for key in doubtful if key not in lives or _is_over(lives[key], engaged[key], now=now, limits=limits)}
    return frozenset(engaged.keys() - over)


async def _read_lives(connection: AsyncConnection[Any], keys: list[str], *, now: datetime) -> dict[str, Lifetime]:
    rows = await (await connection.execute(sql.SESSION_DATA, {"keys": keys}, prepare=True)).fetchall()
    store = SessionStore()
    return {key: read_lifetime(store.decode(written), now=now) for key, written in rows}


def _is_over(life: Lifetime, engagement: Engagement, *, now: datetime, limits: Limits) -> bool:
    return is_session_over(began=life.began, seen=life.seen, now=now, engagement=engagement, limits=limits)


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()

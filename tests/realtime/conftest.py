"""A small office whose rows are committed, and a server in front of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group
from django.contrib.sessions.backends.db import SessionStore
from pytest_django.plugin import DjangoDbBlocker

from renkei.models import Agent, BusinessGroup, Presence, User
from renkei.permissions import AGENT
from tests.conftest import DatabaseUrls
from tests.realtime.serving import Serving, serve


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the office, signed in."""

    user: User
    agent: Agent
    session_key: str


def sign_in(user: User) -> str:
    """A session as signing in makes it; returns its key."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    assert session.session_key
    return session.session_key


def join(name: str, extension: str, *, role: str = AGENT) -> Member:
    """A new agent, signed in."""
    group, _ = BusinessGroup.objects.get_or_create(name="受付")
    user = User.objects.create_user(name, "correct horse battery", display_name=name)
    user.groups.add(Group.objects.get(name=role))
    agent = Agent.objects.create(user=user, extension=extension, business_group=group)
    Presence.objects.create(agent=agent)
    return Member(user, agent, sign_in(user))


@pytest.fixture
def office(
    emptied_database: DatabaseUrls, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[tuple[Member, Member]]:
    """Two agents; whatever is written here is committed and gone afterwards."""
    with django_db_blocker.unblock():
        yield join("hanako", "201"), join("taro", "202")


@pytest.fixture
def serving(office: tuple[Member, Member], tmp_path: Path) -> Iterator[Serving]:
    """The server, in front of the office."""
    with serve(tmp_path) as server:
        yield server

"""A small contact centre for tests that need rows: people of each role, calls, chats."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.test import Client

from renkei import clock
from renkei.domain.chat import Kind, Message, Speaker
from renkei.models import (
    Agent,
    BusinessGroup,
    Call,
    CallRing,
    ChatConversation,
    ChatLink,
    ChatMessage,
    User,
)

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PASSWORD = "a-long-passphrase-9"
_serial = count(1)


def make_person(role: str | None, *, group: str = "", rights: Sequence[str] = ()) -> User:
    """Somebody with a role, or with exactly these rights; with an agent's desk when a business group is named."""
    number = next(_serial)
    person = User.objects.create_user(
        f"person-{number}", PASSWORD, display_name=f"人 {number}", display_name_kana=f"ヒト {number:04}"
    )
    if role:
        person.groups.add(Group.objects.get(name=role))
    person.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    if group:
        business_group, _ = BusinessGroup.objects.get_or_create(name=group)
        Agent.objects.create(user=person, extension=f"{1000 + number}", business_group=business_group)
    return person


def sign_in(person: User | None, *, language: str = "ja") -> Client:
    """A browser in which this person is signed in; nobody for None."""
    client = Client(headers={"Accept-Language": language})
    if person is not None:
        User.objects.filter(pk=person.pk).update(language=language)
        client.force_login(User.objects.get(pk=person.pk), backend=BACKEND)
    return client


def make_call(**fields: Any) -> Call:
    """An ended, answered call from a Japanese mobile."""
    at = fields.pop("arrived_at", None) or clock.now() - timedelta(minutes=5)
    given = {
        "line_id": f"sim-{next(_serial)}",
        "state": "ended",
        "outcome": "answered",
        "caller_raw": "09012345678",
        "caller_e164": "+819012345678",
        "arrived_at": at,
        "answered_at": at + timedelta(seconds=9),
        "ended_at": at + timedelta(seconds=69),
    }
    return Call.objects.create(**{**given, **fields})


def ring(call: Call, person: User) -> None:
    """The person's telephone rang for this call."""
    agent = Agent.objects.get(user=person)
    CallRing.objects.create(call=call, agent=agent, ring_id=f"ring-{next(_serial)}", ended_why="no_answer")


def make_chat(messages: Sequence[Message]) -> ChatConversation:
    """A stored conversation."""
    chat = ChatConversation.objects.create(
        connector="dec_support",
        project_id="P",
        channel_id="C",
        external_id=f"S-{next(_serial)}",
        typed_number="090-1234-5678",
        e164="+819012345678",
        content_sha256="0" * 64,
    )
    ChatMessage.objects.bulk_create(
        ChatMessage(
            conversation=chat, position=number, speaker=each.speaker, kind=each.kind, text=each.text, url=each.url,
            sent_at=each.sent_at,
        )
        for number, each in enumerate(messages)
    )  # fmt: skip
    return chat


def say(text: str, at: datetime, *, speaker: Speaker = Speaker.CUSTOMER, url: str | None = None) -> Message:
    """One message; with an address it is an uploaded picture."""
    return Message(speaker=speaker, kind=Kind.IMAGE if url else Kind.TEXT, text=text, sent_at=at, url=url)


@dataclass(frozen=True, slots=True)
class LinkedCall:
    """A call with its chat."""

    call: Call
    chat: ChatConversation


def make_linked_call(messages: Sequence[Message], **fields: Any) -> LinkedCall:
    """A call that passed the linkage IVR and was linked to a chat with these messages."""
    call, chat = make_call(passed_linkage=True, **fields), make_chat(messages)
    ChatLink.objects.create(call=call, conversation=chat, reason="linked", source="fetched")
    return LinkedCall(call, chat)


def make_unlinked_call(reason: str, **fields: Any) -> Call:
    """A call that passed the linkage IVR and was linked to none, for this reason."""
    call = make_call(passed_linkage=True, **fields)
    ChatLink.objects.create(call=call, reason=reason)
    return call

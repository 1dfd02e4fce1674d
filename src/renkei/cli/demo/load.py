"""Loads the sample office and its history, once; loading again changes nothing that is there."""

import gc
import secrets
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from renkei import clock
from renkei.cli.demo.chat_imports import join_chat_desk
from renkei.cli.demo.deeds import do_deeds
from renkei.cli.demo.history import CALLS, Historian
from renkei.cli.demo.line_plan import read_plan
from renkei.cli.demo.office import Office, furnish
from renkei.cli.demo.people import ADMINISTRATOR_NAME
from renkei.cli.demo.store import store
from renkei.cli.demo.tables import reserve_ids
from renkei.models import Call, ChatConversation, Installation, User

_LOCK = 7_365_117
"""Any number that no other advisory lock has."""


@dataclass(frozen=True, slots=True)
class FirstSignIn:
    """The demonstration's administrator; told once, for only a digest is kept."""

    username: str
    password: str


_ON_TOP = 100  # however few calls are asked for, the outages' bursts come on top


def load_demonstration(*, calls: int = CALLS) -> FirstSignIn | None:
    """Load what is missing, with about ``calls`` calls. Returns the first sign-in when this made it, None when it was
    there before."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        office = furnish()
        if not Call.objects.filter(line_id__startswith="demo-").exists():
            _load_history(office, calls)
            do_deeds(office, now=clock.now())
        join_chat_desk(office)
        return _open_the_door()


def _load_history(office: Office, calls: int) -> None:
    plan = read_plan(office)
    zone = ZoneInfo(Installation.objects.get().zone)
    historian = Historian(office, plan, now=clock.now(), zone=zone)
    call_ids = dict(enumerate(reserve_ids(Call, calls * 2 + _ON_TOP)))
    chat_ids = reserve_ids(ChatConversation, calls + _ON_TOP)
    gc.disable()  # hundreds of thousands of small objects that all stay: collecting them in between is half the time
    try:
        store(historian.write(call_ids, chat_ids, calls=calls), office, plan)
    finally:
        gc.enable()


def _open_the_door() -> FirstSignIn | None:
    user = User.objects.get(username=ADMINISTRATOR_NAME)
    if user.has_usable_password():
        return None
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    user.set_password(password)
    user.save(update_fields=["password"])
    return FirstSignIn(user.username, password)

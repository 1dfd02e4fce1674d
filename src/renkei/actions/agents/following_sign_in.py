"""What follows signing in and out, whichever door it came through: the telephone's password and the presence."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out

from renkei.actions.agents.browser_phone import renew_phone_password
from renkei.actions.agents.presence import begin_presence, end_presence
from renkei.models import Agent, User
from renkei.permissions import holds


def connect() -> None:
    """Listen; called once when Django is ready."""
    user_logged_in.connect(_signed_in, dispatch_uid="agent_signed_in")
    user_logged_out.connect(_signed_out, dispatch_uid="agent_signed_out")


def _signed_in(sender: object, user: User, **_: Any) -> None:
    if holds(user, "desk.view") and Agent.objects.filter(user=user).exists():
        renew_phone_password(user)
        begin_presence(user)


def _signed_out(sender: object, user: User | None, **_: Any) -> None:
    if user is not None:
        end_presence(user)

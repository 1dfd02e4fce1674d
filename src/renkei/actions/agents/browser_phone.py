"""The browser's telephone of an agent: its password is ours, random, and new at each sign-in."""

import secrets
from dataclasses import dataclass

from django.db import transaction

from renkei.errors import MisconfiguredError, RejectedError
from renkei.models import Agent, User
from renkei.models.secrets import open_text, seal_text
from renkei.permissions import require

PASSWORD_BYTES = 24


@dataclass(frozen=True, slots=True)
class BrowserPhone:
    """What the page registers with; ``user`` is the endpoint's name on the telephone system."""

    extension: str
    user: str
    password: str
    display_name: str


@transaction.atomic
def renew_phone_password(actor: User) -> None:
    """Give the agent's browser telephone a new password; the line hears of it by the change of the row."""
    Agent.objects.filter(user=actor).update(sip_password=_new_password())


@transaction.atomic
def read_phone(actor: User) -> BrowserPhone:
    """The agent's own credentials; made where there are none yet. RejectedError: ``no_agent``."""
    require(actor, "desk.view")
    agent = Agent.objects.select_for_update().filter(user=actor).first()
    if agent is None:
        raise RejectedError("no_agent")
    return BrowserPhone(agent.extension, f"{agent.extension}-web", _password_of(agent), actor.display_name)


def _password_of(agent: Agent) -> str:
    if agent.sip_password is not None:
        try:
            return open_text(agent.sip_password)
        except MisconfiguredError:
            pass  # sealed with a key that is gone: a new one does as well
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    agent.sip_password = seal_text(password)
    agent.save(update_fields=["sip_password"])
    return password


def _new_password() -> bytes:
    return seal_text(secrets.token_urlsafe(PASSWORD_BYTES))

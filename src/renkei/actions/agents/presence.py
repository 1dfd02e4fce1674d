"""An agent's presence: 受付可, 離席, 後処理 and what lies between. The calls worker changes it too, row by row."""

from django.db import transaction

from renkei import clock
from renkei.actions.announcing import announce
from renkei.domain.stream import EventKind
from renkei.errors import RejectedError
from renkei.models import Agent, Call, Presence, User
from renkei.permissions import require

State = Presence.State
CHOOSABLE = (State.AVAILABLE, State.AWAY)
"""What an agent may choose; everything else follows from calls and signing in."""
_ENGAGED = (State.RINGING, State.TALKING, State.AFTER_CALL)


@transaction.atomic
def set_presence(actor: User, state: str) -> None:
    """Take this status now, or, while a contact is up, when it is over.

    RejectedError: ``bad_presence``, ``no_agent``.
    """
    require(actor, "desk.view")
    if state not in CHOOSABLE:
        raise RejectedError("bad_presence")
    presence = _lock(actor)
    if presence.state in _ENGAGED:
        presence.next_state = state
    elif presence.state == state:
        return
    else:
        presence.state, presence.since, presence.call, presence.next_state = state, clock.now(), None, ""
    presence.save()
    announce([presence.agent_id], EventKind.PRESENCE)


@transaction.atomic
def begin_presence(actor: User) -> None:
    """Signed in: an agent who was out, or whose last contact is gone from the history, is now away; a contact that is
    up goes on, and its end makes them available again."""
    _go(actor, from_states=(State.OFFLINE,), to=State.AWAY, afterwards="")


@transaction.atomic
def end_presence(actor: User) -> None:
    """Signed out: nobody is rung who is not there, not even when a contact that is up has come to its end."""
    _go(actor, from_states=(State.AVAILABLE, State.AWAY), to=State.OFFLINE, afterwards=State.OFFLINE)


def leave_after_call(agent: Agent, call: Call) -> None:
    """After-call work of this call is done: the status chosen for afterwards, else available. In a transaction."""
    presence = Presence.objects.select_for_update().get(agent=agent)
    if presence.state != State.AFTER_CALL or presence.call_id not in (None, call.pk):
        return
    presence.state, presence.since = presence.next_state or State.AVAILABLE, clock.now()
    presence.call, presence.next_state = None, ""
    presence.save()


def _go(actor: User, *, from_states: tuple[str, ...], to: str, afterwards: str) -> None:
    """Change to ``to`` from these states; during a contact keep ``afterwards`` for its end."""
    if not Agent.objects.filter(user=actor).exists():
        return
    presence = _lock(actor)
    is_orphaned = presence.state == State.AFTER_CALL and presence.call_id is None
    if presence.state in from_states or is_orphaned:
        presence.state, presence.since, presence.next_state = to, clock.now(), ""
    elif presence.state in _ENGAGED and State.OFFLINE in (afterwards, presence.next_state):
        presence.next_state = afterwards
    else:
        return
    presence.save()
    announce([presence.agent_id], EventKind.PRESENCE)


def _lock(actor: User) -> Presence:
    agent = Agent.objects.filter(user=actor).first()
    if agent is None:
        raise RejectedError("no_agent")
    Presence.objects.get_or_create(agent=agent)
    return Presence.objects.select_for_update().get(agent=agent)

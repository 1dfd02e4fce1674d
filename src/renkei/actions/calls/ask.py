"""What an agent asks of a call from the browser; the worker that owns the call carries it out."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from renkei.actions.announcing import tell_calls_worker
from renkei.errors import RejectedError
from renkei.models import Agent, Call, CallCommand, CallRing, User, Worker
from renkei.permissions import require


class CommandKind(StrEnum):
    """What can be asked."""

    ACCEPT = "accept"
    DECLINE = "decline"
    HANG_UP = "hang_up"
    HOLD = "hold"
    UNHOLD = "unhold"


_OF_A_RING = (CommandKind.ACCEPT, CommandKind.DECLINE)
_TALKING = (Call.State.TALKING, Call.State.HELD)


@transaction.atomic
def ask(actor: User, call_id: int, *, kind: str, args: Mapping[str, Any] | None = None) -> int:
    """Ask it of the call and return the command's id; asking again while it is still open returns the same one.

    RejectedError: ``not_found`` for a call that is not one's own, ``call_gone`` when the ring or the conversation is
    over, ``worker_gone`` when nobody serves the call now, ``bad_command`` for an unknown kind.
    """
    require(actor, "desk.view")
    wanted = next((known for known in CommandKind if known == kind), None)
    if wanted is None:
        raise RejectedError("bad_command")
    agent = Agent.objects.filter(user=actor).first()
    # The lock keeps the call from ending, and from changing hands, between this look and our row.
    call = Call.objects.select_for_update().filter(pk=call_id).first()
    if agent is None or call is None or not _is_own(agent, call):
        raise RejectedError("not_found")
    if not _is_open(agent, call, wanted):
        raise RejectedError("call_gone")
    if not Worker.objects.filter(name=call.owner, lease_until__gt=Now()).exists():
        raise RejectedError("worker_gone")
    return _write(agent, call, wanted, args or {})


def _is_own(agent: Agent, call: Call) -> bool:
    return call.answered_by_id == agent.pk or CallRing.objects.filter(call=call, agent=agent).exists()


def _is_open(agent: Agent, call: Call, kind: CommandKind) -> bool:
    if kind in _OF_A_RING:
        is_ringing = CallRing.objects.filter(call=call, agent=agent, ended_at__isnull=True).exists()
        return is_ringing and call.state != Call.State.ENDED
    return call.answered_by_id == agent.pk and call.state in _TALKING


def _write(agent: Agent, call: Call, kind: CommandKind, args: Mapping[str, Any]) -> int:
    asked = CallCommand.objects.filter(call=call, agent=agent, kind=kind, done_at__isnull=True).first()
    if asked is not None:
        return asked.pk
    command = CallCommand.objects.create(call=call, agent=agent, kind=kind, args=dict(args))
    tell_calls_worker("command", command.pk)
    return command.pk

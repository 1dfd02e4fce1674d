"""The end of a call's after-call work (後処理 → 完了)."""

from django.db import transaction

from renkei import clock
from renkei.actions.agents.presence import leave_after_call
from renkei.actions.announcing import announce
from renkei.domain.stream import EventKind
from renkei.errors import RejectedError
from renkei.models import Agent, Call, User
from renkei.permissions import require


@transaction.atomic
def finish_after_call(actor: User, call_id: int) -> None:
    """Mark the call as done with; the agent takes the status chosen for afterwards. Doing it twice is harmless.

    RejectedError: ``not_found`` for a call one did not answer, ``call_not_over`` while it goes on.
    """
    require(actor, "desk.view")
    agent = Agent.objects.filter(user=actor).first()
    call = Call.objects.select_for_update().filter(pk=call_id, answered_by=agent).first() if agent else None
    if agent is None or call is None:
        raise RejectedError("not_found")
    if call.ended_at is None:
        raise RejectedError("call_not_over")
    if call.wrapped_up_at is not None:
        return
    call.wrapped_up_at = clock.now()
    call.save(update_fields=["wrapped_up_at"])
    leave_after_call(agent, call)
    announce([agent.pk], EventKind.PRESENCE)

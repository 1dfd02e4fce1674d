"""What keeps a person's session alive besides the pages they open."""

from renkei.domain.sessions import Engagement
from renkei.models import Presence

_ON_CALL = (Presence.State.RINGING, Presence.State.TALKING, Presence.State.AFTER_CALL)


def engagement_of(user_id: int) -> Engagement:
    """From the presence of the person's agent; NONE for somebody who is no agent."""
    return engagement_in(Presence.objects.filter(agent__user_id=user_id).values_list("state", flat=True).first())


def engagement_in(state: str | None) -> Engagement:
    """From a presence as stored; None or empty for somebody who is no agent."""
    if state in _ON_CALL:
        return Engagement.ON_CALL
    return Engagement.NONE if state in (None, "", Presence.State.OFFLINE) else Engagement.PRESENT

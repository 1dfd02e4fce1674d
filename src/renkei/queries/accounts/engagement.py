"""What keeps a person's session alive besides the pages they open."""

from datetime import timedelta

from renkei import clock
from renkei.domain.sessions import Engagement
from renkei.models import Presence

_ON_CALL = (Presence.State.RINGING, Presence.State.TALKING, Presence.State.AFTER_CALL)
_DESK_OPEN_FOR = timedelta(minutes=2)
"""How long a desk counts as open after realtime has last noted its stream: four of its rounds."""


def engagement_of(user_id: int) -> Engagement:
    """From the presence of the person's agent; NONE for somebody who is no agent, and for a status left standing
    after the desk was closed."""
    row = Presence.objects.filter(agent__user_id=user_id).values_list("state", "stream_at").first()
    state, stream_at = row or (None, None)
    engagement = engagement_in(state)
    is_open = stream_at is not None and clock.now() - stream_at < _DESK_OPEN_FOR
    return Engagement.NONE if engagement is Engagement.PRESENT and not is_open else engagement


def engagement_in(state: str | None) -> Engagement:
    """From a presence as stored, of somebody whose desk is open; None or empty for somebody who is no agent."""
    if state in _ON_CALL:
        return Engagement.ON_CALL
    return Engagement.NONE if state in (None, "", Presence.State.OFFLINE) else Engagement.PRESENT

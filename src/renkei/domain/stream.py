"""What an agent's stream tells: kinds and ids, never text. The browser loads what it needs by the ids."""

from enum import StrEnum


class EventKind(StrEnum):
    """Every kind of event in an agent's stream; ``refs`` carry the ids named behind it."""

    CALL_RINGING = "call.ringing"
    """{call, ring}: the agent's phone begins to ring: notice and route windows open together (R86)."""
    CALL_TAKEN_BACK = "call.taken_back"
    """{call, ring, why}: this agent's ring is over without an answer by them: the windows close."""
    CALL_ROUTE = "call.route"
    """{call}: the call's route (labels, IVRs, keys) changed."""
    CALL_CHAT = "call.chat"
    """{call, link}: a link attempt of the call is stored (chat or reason), or its chat grew."""
    CALL_ANSWERED = "call.answered"
    """{call}: this agent answered."""
    CALL_HELD = "call.held"
    """{call}: the call was put on hold or taken back."""
    CALL_ENDED = "call.ended"
    """{call}: the call this agent had is over; after-call work begins."""
    COMMAND_DONE = "command.done"
    """{command, call, error?}: what the agent asked was done or refused (error is a message code)."""
    PRESENCE = "presence"
    """{}: the agent's presence changed."""


CALLS_CHANNEL = "renkei_calls"
"""NOTIFY channel the calls workers listen on; payload ``command:<id>`` or ``simulated:<id>``."""
SETTINGS_CHANNEL = "renkei_settings"
"""NOTIFY channel raised by triggers when a setting of the line changed; payload is the table's name."""
STREAM_CHANNEL = "renkei_stream"
"""NOTIFY channel of announce(); payload is agent ids separated by commas, or ``*``."""
SESSIONS_CHANNEL = "renkei_sessions"
"""NOTIFY channel raised when sessions ended (sign-out, disabled, role changed); payload ``user:<id>``."""

"""Whether the chat window of a call opens by itself at an agent's desk (R4, R8, R76, R82 to R84, R109)."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class PopupConditions:
    """Everything the pop-up depends on, and nothing else.

    ``has_chatbot`` and ``has_crm`` are the installation's switches (R6 to R8), ``may_read`` the right to chat content,
    ``is_enabled`` and ``is_number_ticked`` the agent's two ticks (R82, R83), ``passed_linkage`` whether the call has
    entered a chatbot-linkage IVR (R76).
    """

    has_chatbot: bool
    has_crm: bool
    may_read: bool
    is_enabled: bool
    is_number_ticked: bool
    passed_linkage: bool


class NoPopup(StrEnum):
    """Why the chat window stays closed; the first that holds, from the installation down to the call."""

    CHATBOT_OFF = "chatbot_off"
    CRM_OFF = "crm_off"
    NO_RIGHT = "no_right"
    DISPLAY_OFF = "display_off"
    NUMBER_NOT_TICKED = "number_not_ticked"
    NOT_THROUGH_LINKAGE = "not_through_linkage"


def why_no_popup(conditions: PopupConditions) -> NoPopup | None:
    """The reason why the chat window stays closed, or None: it opens."""
    kept_closed_by = (
        (NoPopup.CHATBOT_OFF, not conditions.has_chatbot),
        (NoPopup.CRM_OFF, not conditions.has_crm),
        (NoPopup.NO_RIGHT, not conditions.may_read),
        (NoPopup.DISPLAY_OFF, not conditions.is_enabled),
        (NoPopup.NUMBER_NOT_TICKED, not conditions.is_number_ticked),
        (NoPopup.NOT_THROUGH_LINKAGE, not conditions.passed_linkage),
    )
    return next((why for why, holds in kept_closed_by if holds), None)

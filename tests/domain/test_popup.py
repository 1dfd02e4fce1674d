"""When the chat window opens by itself: only when everything holds."""

from dataclasses import fields, replace
from itertools import product

import pytest

from renkei.domain.popup import NoPopup, PopupConditions, why_no_popup

ALL_HOLD = PopupConditions(
    has_chatbot=True, has_crm=True, may_read=True, is_enabled=True, is_number_ticked=True, passed_linkage=True
)
NAMES = [each.name for each in fields(PopupConditions)]


def test_the_window_opens_when_switches_ticks_right_and_path_all_hold() -> None:
    """Proves R84."""
    assert why_no_popup(ALL_HOLD) is None


@pytest.mark.parametrize(
    ("missing", "why"),
    [
        ("has_chatbot", NoPopup.CHATBOT_OFF),
        ("has_crm", NoPopup.CRM_OFF),
        ("may_read", NoPopup.NO_RIGHT),
        ("is_enabled", NoPopup.DISPLAY_OFF),
        ("is_number_ticked", NoPopup.NUMBER_NOT_TICKED),
        ("passed_linkage", NoPopup.NOT_THROUGH_LINKAGE),
    ],
)
def test_one_missing_condition_keeps_the_window_closed_and_is_named(missing: str, why: NoPopup) -> None:
    """Proves R8, R76, R82, R83."""
    assert why_no_popup(replace(ALL_HOLD, **{missing: False})) is why


def test_of_several_missing_conditions_the_first_in_order_is_named() -> None:
    """Whatever else is missing, the reason is the one an administrator can act on first."""
    for held in product([True, False], repeat=len(NAMES)):
        conditions = PopupConditions(**dict(zip(NAMES, held, strict=True)))
        why = why_no_popup(conditions)
        assert (why is None) is all(held)
        if why is not None:
            assert list(NoPopup).index(why) == held.index(False)

"""A service that fails goes on trying where it may pass by itself, and stops where only a person can mend it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.patience import LONGEST_SECONDS
from renkei.domain.setbacks import BANNER_AFTER, Setback, is_loud, settle

REFUSALS = st.sampled_from(["chat_system_refuses", "call_url_unknown", "settings_error_answer"])
WRONG = st.sampled_from(["unreadable_secret", "default_agent_gone", "bad_address", "unknown_connector"])


@given(code=REFUSALS, failures=st.integers(0, 10_000))
def test_a_refusal_is_tried_again_and_waits_longer_each_time(code: str, failures: int) -> None:
    """However often: a token may be renewed over there, and nobody must come here for it."""
    now, then = (settle(code, count, is_settings_fault=True) for count in (failures, failures + 1))
    assert not now.is_halted
    assert 60 <= now.seconds <= then.seconds <= LONGEST_SECONDS
    assert now.seconds == LONGEST_SECONDS or now.seconds < then.seconds


@given(code=WRONG, failures=st.integers(0, 10_000))
def test_what_is_wrong_here_waits_for_a_person(code: str, failures: int) -> None:
    assert settle(code, failures, is_settings_fault=True) == Setback(0.0, True)


@given(code=st.one_of(WRONG, REFUSALS, st.just("http_status")), failures=st.integers(0, 50), asked=st.floats(0, 1e6))
def test_a_tired_chat_system_never_stops_a_service(code: str, failures: int, asked: float) -> None:
    """And is given the time it asks for, up to a limit."""
    found = settle(code, failures, is_settings_fault=False, asked=asked)
    assert not found.is_halted
    assert min(asked, LONGEST_SECONDS) <= found.seconds <= LONGEST_SECONDS


@pytest.mark.parametrize(("failures", "loud"), [(0, False), (BANNER_AFTER - 1, False), (BANNER_AFTER, True)])
def test_a_banner_waits_for_the_third_failure(failures: int, loud: bool) -> None:
    assert is_loud(failures) is loud

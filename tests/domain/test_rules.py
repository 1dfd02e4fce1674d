"""Incoming rules: written as they are read, and what no call would come to is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.rules import (
    LONGEST_RING,
    MOST_STEPS,
    SHORTEST_RING,
    BusyStep,
    HangUpStep,
    PlayStep,
    RingStep,
    RuleStep,
    find_unreached,
    read_steps,
    refuse_unfit,
    write_steps,
)
from renkei.errors import RejectedError

IDS = st.integers(min_value=1, max_value=9)
PLAYS = IDS.map(PlayStep)
RINGS = st.builds(
    RingStep,
    st.lists(IDS, min_size=1, max_size=5, unique=True).map(tuple),
    st.floats(min_value=SHORTEST_RING, max_value=LONGEST_RING),
)
ENDS = st.sampled_from([BusyStep(), HangUpStep()])
STEPS: st.SearchStrategy[RuleStep] = st.one_of(PLAYS, RINGS, ENDS)


@given(steps=st.lists(STEPS, max_size=MOST_STEPS))
def test_every_step_is_read_as_it_was_written(steps: list[RuleStep]) -> None:
    """In its place, of whatever kind."""
    assert read_steps(write_steps(steps)) == tuple(steps)


@given(before=st.lists(st.one_of(PLAYS, RINGS), max_size=6), end=ENDS, after=st.lists(STEPS, max_size=6))
def test_the_first_step_behind_an_end_is_found(before: list[RuleStep], end: RuleStep, after: list[RuleStep]) -> None:
    """And no other: a procedure whose end stands last, or that has none, is reached everywhere."""
    assert find_unreached(before) is None
    assert find_unreached([*before, end, *after]) == (len(before) + 2 if after else None)


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([], "rule_empty"),
        ([PlayStep(1)] * (MOST_STEPS + 1), "rule_too_long"),
        ([BusyStep(), PlayStep(1)], "step_after_end"),
        ([RingStep((1,), 301.0)], "bad_rule_step"),
        ([RingStep((), 20.0)], "bad_rule_step"),
        ([PlayStep(1)] * MOST_STEPS, None),
        ([HangUpStep()], None),
    ],
)
def test_a_procedure_that_would_not_run_as_it_reads_is_refused(steps: list[RuleStep], code: str | None) -> None:
    """Empty, longer than can be read again, with steps behind the end, or with a ring that is none."""
    if code is None:
        refuse_unfit(steps)
        return
    with pytest.raises(RejectedError, match=code):
        refuse_unfit(steps)

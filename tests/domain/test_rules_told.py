"""The screen says 反映済み only when every telephone system has what was saved last."""

from datetime import UTC, datetime, timedelta

import pytest

from renkei.domain.rules_told import RulesProblem, RulesStage, Told, judge_rules

SAVED = datetime(2026, 11, 21, 12, tzinfo=UTC)
BEFORE, AFTER = SAVED - timedelta(minutes=1), SAVED + timedelta(seconds=1)
FINE, OLD, BAD = (
    Told(AFTER, RulesProblem.NONE), Told(BEFORE, RulesProblem.NONE), Told(AFTER, RulesProblem.NOT_WRITTEN)
)  # fmt: skip


@pytest.mark.parametrize(
    ("living", "stage"),
    [
        ([], RulesStage.NOBODY),
        ([None], RulesStage.PENDING),
        ([OLD], RulesStage.PENDING),
        ([FINE], RulesStage.APPLIED),
        ([FINE, FINE], RulesStage.APPLIED),
        ([FINE, OLD], RulesStage.PENDING),
        ([FINE, None], RulesStage.PENDING),
        ([BAD], RulesStage.FAILED),
        ([FINE, BAD], RulesStage.FAILED),
        ([None, BAD], RulesStage.FAILED),
    ],
)
def test_the_worst_of_all_living_workers_is_said(living: list[Told | None], stage: RulesStage) -> None:
    assert judge_rules(living, changed_at=SAVED).stage is stage


def test_where_nothing_was_ever_changed_what_was_told_is_applied() -> None:
    state = judge_rules([OLD], changed_at=None)
    assert (state.stage, state.at) == (RulesStage.APPLIED, BEFORE)


def test_a_failure_says_why_and_since_when() -> None:
    state = judge_rules([BAD, FINE], changed_at=SAVED)
    assert (state.problem, state.at) == (RulesProblem.NOT_WRITTEN, AFTER)

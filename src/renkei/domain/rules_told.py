"""Whether the telephone system has the rules that were saved last, so that it can run them without us (P1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RulesProblem(StrEnum):
    """Why the telephone system does not have the rules."""

    NONE = ""
    AWAY = "away"
    """It cannot be reached."""
    NOT_WRITTEN = "not_written"
    """Their file could not be written."""
    REFUSED = "refused"
    """It would not read them."""


class RulesStage(StrEnum):
    """What there is to say about them."""

    APPLIED = "applied"
    PENDING = "pending"
    FAILED = "failed"
    NOBODY = "nobody"
    """No worker lives that could tell."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one worker told last; ``read_at`` is when it read the settings."""

    read_at: datetime
    problem: RulesProblem


@dataclass(frozen=True, slots=True)
class RulesState:
    """What there is to say, and since when; ``at`` is None when nobody ever told anything."""

    stage: RulesStage
    at: datetime | None
    problem: RulesProblem = RulesProblem.NONE


def judge_rules(living: Sequence[Told | None], *, changed_at: datetime | None) -> RulesState:
    """One entry for each living worker, None for one that has told nothing yet. The worst one counts: a call may come
    to any of their telephone systems."""
    told = [each for each in living if each is not None]
    at = min((each.read_at for each in told), default=None)
    if not living:
        return RulesState(RulesStage.NOBODY, None)
    failed = next((each for each in told if each.problem), None)
    if failed is not None:
        return RulesState(RulesStage.FAILED, failed.read_at, failed.problem)
    if at is None or len(told) < len(living) or (changed_at is not None and at < changed_at):
        return RulesState(RulesStage.PENDING, at)
    return RulesState(RulesStage.APPLIED, at)

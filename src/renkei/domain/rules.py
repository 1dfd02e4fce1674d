"""Incoming rules (着信ルール): a shared, ordered procedure for a call, read from what is stored (R55, R56).

Stored as JSON: ``{"do": "guidance", "guidance": 3}``, ``{"do": "ring", "agents": [1, 2], "seconds": 20}``,
``{"do": "busy"}``, ``{"do": "hang_up"}``. When the steps run out the call is ended, so every rule is a defined action.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from renkei.errors import RejectedError

SHORTEST_RING, LONGEST_RING = 1.0, 300.0
MOST_STEPS = 50


@dataclass(frozen=True, slots=True)
class PlayStep:
    """Play a guidance."""

    guidance_id: int


@dataclass(frozen=True, slots=True)
class RingStep:
    """Ring these agents at once for ``seconds``; those who are not free are left out."""

    agent_ids: tuple[int, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class BusyStep:
    """End the call as busy."""


@dataclass(frozen=True, slots=True)
class HangUpStep:
    """End the call."""


RuleStep = PlayStep | RingStep | BusyStep | HangUpStep


def read_steps(stored: object) -> tuple[RuleStep, ...]:
    """Read a rule's stored steps; raises RejectedError ``bad_rule_step`` (``position`` counts from 1)."""
    if not isinstance(stored, list) or len(stored) > MOST_STEPS:
        raise RejectedError("bad_rule_step", position=0)
    return tuple(read_step(step, position) for position, step in enumerate(stored, start=1))


def write_steps(steps: Sequence[RuleStep]) -> list[dict[str, Any]]:
    """Write steps as they are stored: ``read_steps`` reads the same ones again."""
    return [_write_step(step) for step in steps]


def find_unreached(steps: Sequence[RuleStep]) -> int | None:
    """The first step (counted from 1) that no call comes to, because the one before it ends the call; None without."""
    for position, step in enumerate(steps[:-1], start=1):
        if isinstance(step, BusyStep | HangUpStep):
            return position + 1
    return None


def refuse_unfit(steps: Sequence[RuleStep]) -> None:
    """RejectedError ``rule_empty``, ``rule_too_long`` (``most``), ``step_after_end`` (``position`` from 1), or
    ``bad_rule_step`` for what could not be read again."""
    if not steps:
        raise RejectedError("rule_empty")
    if len(steps) > MOST_STEPS:
        raise RejectedError("rule_too_long", most=MOST_STEPS)
    unreached = find_unreached(steps)
    if unreached is not None:
        raise RejectedError("step_after_end", position=unreached)
    read_steps(write_steps(steps))


def read_step(stored: object, position: int) -> RuleStep:
    """Read one stored step; raises RejectedError ``bad_rule_step`` with this ``position``."""
    match stored:
        case {"do": "guidance", "guidance": int(guidance)}:
            return PlayStep(guidance)
        case {"do": "ring", "agents": list(agents), "seconds": int() | float() as seconds} if _is_ring(agents, seconds):
            return RingStep(tuple(dict.fromkeys(agents)), float(seconds))
        case {"do": "busy"}:
            return BusyStep()
        case {"do": "hang_up"}:
            return HangUpStep()
    raise RejectedError("bad_rule_step", position=position)


def _write_step(step: RuleStep) -> dict[str, Any]:
    match step:
        case PlayStep(guidance_id):
            return {"do": "guidance", "guidance": guidance_id}
        case RingStep(agent_ids, seconds):
            whole = int(seconds) if seconds == int(seconds) else seconds
            return {"do": "ring", "agents": list(agent_ids), "seconds": whole}
        case BusyStep():
            return {"do": "busy"}
        case HangUpStep():
            return {"do": "hang_up"}


def _is_ring(agents: list[object], seconds: float) -> bool:
    are_ids = bool(agents) and all(isinstance(agent, int) for agent in agents)
    return are_ids and SHORTEST_RING <= seconds <= LONGEST_RING


def compiled_name(rule_id: int) -> str:
    """The name under which the telephone system knows the rule when it must run it without us (P1)."""
    return f"rule-{rule_id}"


def find_uncompilable(steps: Sequence[RuleStep], *, extensions: Mapping[int, str]) -> str | None:
    """Say why a rule cannot run in the telephone system alone (P1), as a message code; None when it can.

    ``extensions`` are the agents' fixed extensions: a ring of nobody known cannot be compiled.
    """
    for step in steps:
        if isinstance(step, RingStep) and not any(agent in extensions for agent in step.agent_ids):
            return "rule_rings_nobody"
    return None

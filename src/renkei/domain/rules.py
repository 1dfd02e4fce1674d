"""Incoming rules (着信ルール): a shared, ordered procedure for a call, read from what is stored (R55, R56).

Stored as JSON: ``{"do": "guidance", "guidance": 3}``, ``{"do": "ring", "agents": [1, 2], "seconds": 20}``,
``{"do": "busy"}``, ``{"do": "hang_up"}``. When the steps run out the call is ended, so every rule is a defined action.
"""

from collections.abc import Mapping
from dataclasses import dataclass

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
    return tuple(_read_step(step, position) for position, step in enumerate(stored, start=1))


def _read_step(stored: object, position: int) -> RuleStep:
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


def _is_ring(agents: list[object], seconds: float) -> bool:
    are_ids = bool(agents) and all(isinstance(agent, int) for agent in agents)
    return are_ids and SHORTEST_RING <= seconds <= LONGEST_RING


def compiled_name(rule_id: int) -> str:
    """The name under which the telephone system knows the rule when it must run it without us (P1)."""
    return f"rule-{rule_id}"


def find_uncompilable(steps: tuple[RuleStep, ...], *, extensions: Mapping[int, str]) -> str | None:
    """Say why a rule cannot run in the telephone system alone (P1), as a message code; None when it can.

    ``extensions`` are the agents' fixed extensions: a ring of nobody known cannot be compiled.
    """
    for step in steps:
        if isinstance(step, RingStep) and not any(agent in extensions for agent in step.agent_ids):
            return "rule_rings_nobody"
    return None

"""Compiles the incoming rules and the numbers' 障害時の動作 into dialplan, so that Asterisk runs them without us (P1).

The file is written whole and put in place at once; the worker then asks Asterisk to read it again (``reload_rules``).
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from renkei.domain.plan import LinePlan, NumberPlan, RulePlan
from renkei.domain.rules import BusyStep, HangUpStep, PlayStep, RingStep, RuleStep, compiled_name, find_uncompilable
from renkei.telephony.asterisk.names import (
    BUSY,
    FALLBACK,
    NUMBERS,
    UnsafeValueError,
    endpoint_of,
    rule_context,
    safe_media,
)

RULES_FILE = "rules.conf"
"""Below the data folder's ``asterisk``; the generated extensions.conf includes it."""


def compile_rules(plan: LinePlan, *, media_dir: str) -> str:
    """The dialplan of every rule that can be compiled, and each number's own behaviour in case of failure.

    A rule that cannot be (domain.rules.find_uncompilable, or a value that is not safe) is left out: its name then leads
    to busy. ``media_dir`` is the absolute folder of the media, as Asterisk sees it.
    """
    lines = ["; Made by Renkei from its incoming rules; written anew at every change of them.", ""]
    for rule in plan.rules.values():
        with contextlib.suppress(UnsafeValueError):
            lines += _rule_lines(rule, plan, media_dir)
    lines += [f"[{NUMBERS}]"]
    for number in plan.numbers.values():
        lines += _number_lines(number)
    return "\n".join(lines) + "\n"


def write_rules(path: Path, plan: LinePlan, *, media_dir: str) -> bool:
    """Put the compiled rules in place; False when nothing changed. Raises OSError."""
    text = compile_rules(plan, media_dir=media_dir)
    with contextlib.suppress(FileNotFoundError):
        if path.read_text(encoding="utf-8") == text:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(scratch).chmod(0o644)  # Asterisk may run as another account
    Path(scratch).replace(path)
    return True


def spellings(e164: str) -> tuple[str, ...]:
    """How a trunk may spell one of our numbers in the request: ``+81312345678``, ``81312345678``, ``0312345678``."""
    digits = e164.removeprefix("+")
    if not digits.isascii() or not digits.isdigit():
        raise UnsafeValueError("number", e164[:20])
    national = ("0" + digits.removeprefix("81"),) if digits.startswith("81") else ()
    return (f"+{digits}", digits, *national)


def _rule_lines(rule: RulePlan, plan: LinePlan, media_dir: str) -> list[str]:
    extensions = {agent.id: agent.extension for agent in plan.agents.values()}
    if find_uncompilable(rule.steps, extensions=extensions) is not None:
        return []
    context = rule_context(compiled_name(rule.id))
    steps = [line for step in rule.steps for line in _step_lines(step, plan, media_dir)]
    first, *rest = [*steps, f"Goto({rule_context('end')},s,1)"]
    return [f"[{context}]", f"exten => s,1,{first}", *(f" same => n,{line}" for line in rest), ""]


def _step_lines(step: RuleStep, plan: LinePlan, media_dir: str) -> Iterator[str]:
    match step:
        case PlayStep(guidance_id):
            guidance = plan.guidances.get(guidance_id)
            if guidance is not None:
                yield "Answer()"
                yield f"Playback({media_dir}/{safe_media(guidance.media)})"
        case RingStep(agent_ids, seconds):
            agents = [plan.agents[agent] for agent in agent_ids if agent in plan.agents]
            devices = "&".join(f"PJSIP/{endpoint_of(agent.extension)}" for agent in agents)
            yield f"Dial({devices},{max(1, round(seconds))})"
        case BusyStep():
            yield f"Goto({rule_context(BUSY)},s,1)"
        case HangUpStep():
            yield "Hangup(16)"


def _number_lines(number: NumberPlan) -> list[str]:
    behaviour = f"Set({FALLBACK}={compiled_name(number.fallback_rule)})"
    with contextlib.suppress(UnsafeValueError):
        return [
            line
            for spelling in spellings(number.e164)
            for line in (f"exten => {spelling},1,{behaviour}", " same => n,Return()")
        ]
    return []

"""How the line is set up at one moment: numbers, IVRs, rules, guidance. A call keeps the plan it arrived under."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from renkei.domain.matching import DEFAULT_WINDOW, Branch
from renkei.domain.phone import Telephone, read_dialled
from renkei.domain.rules import RuleStep

DEFAULT_BUDGET_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class RingAgent:
    """Transfer to an agent's extension (R54)."""

    agent_id: int


@dataclass(frozen=True, slots=True)
class EnterIvr:
    """Go into an IVR (R15)."""

    ivr_id: int


@dataclass(frozen=True, slots=True)
class RunRule:
    """Run a shared incoming rule (R55)."""

    rule_id: int


Way = RingAgent | EnterIvr | RunRule


@dataclass(frozen=True, slots=True)
class GuidancePlan:
    """A guidance: its words, the media key the line plays, and its length in seconds."""

    id: int
    name: str
    words: str
    media: str
    seconds: float


@dataclass(frozen=True, slots=True)
class AgentPlan:
    """Whom we can ring."""

    id: int
    extension: str
    name: str


@dataclass(frozen=True, slots=True)
class RulePlan:
    """A rule with its steps; no steps means: end the call."""

    id: int
    name: str
    steps: tuple[RuleStep, ...]


@dataclass(frozen=True, slots=True)
class Linkage:
    """Whom an API-linked IVR asks. ``settings`` are the connector's own fields, secrets decrypted; ``problem`` is a
    detail code when they cannot be used (D2 settings_error)."""

    connector: str
    project_id: str
    channel_id: str
    request_error_rule: int
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class BranchPlan:
    """What a response condition does: label, guidance or synthesised words, way (R45 to R61). ``way`` None means that
    no usable destination is set."""

    label_id: int | None = None
    guidance_id: int | None = None
    speech: str = ""
    way: Way | None = None


@dataclass(frozen=True, slots=True)
class IvrPlan:
    """An IVR; ``linkage`` is None for a standard one."""

    id: int
    name: str
    linkage: Linkage | None = None
    branches: Mapping[Branch, BranchPlan] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NumberPlan:
    """A telephone number of ours and where its calls go."""

    id: int
    e164: str
    name: str
    business_group_id: int
    entry: Way
    fallback_rule: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePlan:
    """Everything a call may meet. ``budget_seconds`` is the look-up's total time (D14)."""

    numbers: Mapping[str, NumberPlan] = field(default_factory=dict)
    """By E.164."""
    ivrs: Mapping[int, IvrPlan] = field(default_factory=dict)
    rules: Mapping[int, RulePlan] = field(default_factory=dict)
    guidances: Mapping[int, GuidancePlan] = field(default_factory=dict)
    labels: Mapping[int, str] = field(default_factory=dict)
    agents: Mapping[int, AgentPlan] = field(default_factory=dict)
    busy_rule: int | None = None
    """The built-in ビジー (R56)."""
    window: timedelta = DEFAULT_WINDOW
    budget_seconds: float = DEFAULT_BUDGET_SECONDS
    linkage_is_on: bool = True
    speech_is_on: bool = True
    speech_seconds: Mapping[str, float] = field(default_factory=dict)
    """The length of synthesised words by media key, where it is known."""

    def find_number(self, dialled: str) -> NumberPlan | None:
        """The number of ours that was dialled, in whatever notation the line delivers."""
        read = read_dialled(dialled)
        return self.numbers.get(read.e164) if isinstance(read, Telephone) else None


def choose_way(action: str, *, agent_id: int | None, ivr_id: int | None, rule_id: int | None) -> Way | None:
    """What a stored action means; a field that the screen hides for this action has no effect (R65)."""
    match action:
        case "rule" if rule_id is not None:
            return RunRule(rule_id)
        case "transfer" if agent_id is not None:
            return RingAgent(agent_id)
        case "transfer" if ivr_id is not None:
            return EnterIvr(ivr_id)
    return None


def choose_words(form: str, *, guidance_id: int | None, speech: str, speech_is_on: bool) -> tuple[int | None, str]:
    """The guidance or the synthesised words of a branch; without the entitlement standard guidance (R49, R50, R51)."""
    if form == "speech" and speech_is_on:
        return None, speech.strip()
    return guidance_id, ""

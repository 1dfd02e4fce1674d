"""A small office for the IVR machine's tests, and a reader of what it says."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from renkei.domain import ivr
from renkei.domain.ivr_words import CallState, IvrCommand, IvrEvent, LookUp, LookUpDone, Reserve, Reserved
from renkei.domain.matching import Branch
from renkei.domain.plan import (
    AgentPlan,
    BranchPlan,
    EnterIvr,
    GuidancePlan,
    IvrPlan,
    LinePlan,
    Linkage,
    NumberPlan,
    RingAgent,
    RulePlan,
    RunRule,
    Way,
)
from renkei.domain.rules import BusyStep, HangUpStep, PlayStep, RingStep, RuleStep

NUMBER = "+81312340001"
BUSY, BOTH, ONE_BY_ONE, TALK_AND_END, ERROR, FALLBACK, EMPTY = range(1, 8)
T = TypeVar("T")

RULES: Mapping[int, tuple[RuleStep, ...]] = {
    BUSY: (BusyStep(),),
    BOTH: (RingStep((1, 2), 20), HangUpStep()),
    ONE_BY_ONE: (RingStep((1,), 10), PlayStep(1), RingStep((2, 99), 10), BusyStep()),
    TALK_AND_END: (PlayStep(1), PlayStep(77)),
    ERROR: (PlayStep(2), RingStep((2,), 15)),
    FALLBACK: (PlayStep(2), BusyStep()),
    EMPTY: (),
}


LINKED = EnterIvr(1)
FIRST_AGENT = RingAgent(1)
IN_ORDER = RunRule(ONE_BY_ONE)


def make_plan(entry: Way, success: Way | None = FIRST_AGENT, failure: Way | None = IN_ORDER) -> LinePlan:
    """One number, two linkage IVRs, a standard one, three rules and two agents."""
    linkage = Linkage("standard", "p", "c", ERROR)
    branches = {
        Branch.SUCCESS: BranchPlan(1, 1, "", success),
        Branch.FAILURE: BranchPlan(None, None, "合成します", failure),
    }
    return LinePlan(
        numbers={NUMBER: NumberPlan(1, NUMBER, "代表", 1, entry, FALLBACK)},
        ivrs={
            1: IvrPlan(1, "連携", linkage, branches),
            2: IvrPlan(2, "連携2", linkage, branches),
            3: IvrPlan(3, "標準"),
        },
        rules={key: RulePlan(key, f"rule {key}", steps) for key, steps in RULES.items()},
        guidances={
            1: GuidancePlan(1, "一", "おつなぎします", "g/1", 4),
            2: GuidancePlan(2, "二", "障害です", "g/2", 6),
        },
        labels={1: "解約"},
        agents={1: AgentPlan(1, "101", "一子"), 2: AgentPlan(2, "102", "二郎")},
        busy_rule=BUSY,
    )


class Told:
    """A call under test: its state, everything said so far, and what was said last."""

    def __init__(self, entry: Way = LINKED, *, plan: LinePlan | None = None, dialled: str = NUMBER) -> None:
        made = plan or make_plan(entry)
        self.all: list[IvrCommand] = []
        self._take(ivr.begin(made, "sim-1", dialled=dialled, shown_number="090-1234-5678", tag="t"))

    def hear(self, event: IvrEvent) -> "Told":
        """Something happens."""
        self._take(ivr.decide(self.state, event))
        return self

    def looked_up(self, branch: Branch) -> "Told":
        """The running look-up comes back."""
        return self.hear(LookUpDone(self.last_of(LookUp).look_up_id, branch, "linked"))

    def reserved(self, *agents: int) -> "Told":
        """These agents are free."""
        return self.hear(Reserved(self.last_of(Reserve).ring_id, agents))

    def _take(self, result: tuple[CallState, tuple[IvrCommand, ...]]) -> None:
        self.state, self.said = result
        self.all += self.said

    def of(self, kind: type[T]) -> list[T]:
        """What was said last, of one kind."""
        return [each for each in self.said if isinstance(each, kind)]

    def all_of(self, kind: type[T]) -> list[T]:
        """Everything said, of one kind."""
        return [each for each in self.all if isinstance(each, kind)]

    def last_of(self, kind: type[T]) -> T:
        """The newest of one kind."""
        return self.all_of(kind)[-1]


def kinds(commands: Iterable[object]) -> list[str]:
    """The names of what was said."""
    return [type(command).__name__ for command in commands]

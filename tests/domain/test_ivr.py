"""The IVR machine: each branch by example, and whatever happens, a call ends once and is never mistreated."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain import ivr
from renkei.domain.ivr_words import (
    Asked,
    CallOutcome,
    CallState,
    CloseCommand,
    CommandFailed,
    Connected,
    IvrEvent,
    LookUp,
    LookUpDone,
    NoteAnswered,
    NoteEnded,
    NoteLabel,
    NoteRingOver,
    NoteStep,
    Phase,
    Reserve,
    Reserved,
    StartTimer,
    TimerFired,
)
from renkei.domain.line import (
    AgentAnswered,
    AgentRefused,
    AgentRinging,
    Answer,
    Arrived,
    Caller,
    Connect,
    Continue,
    Ended,
    EndedBy,
    HangUp,
    HangUpCause,
    Hold,
    LineCommand,
    Play,
    Played,
    Pressed,
    Ring,
    RingEnded,
    RingFailure,
    SetFallback,
    SetNet,
    StopPlaying,
    StopRinging,
    Unhold,
)
from renkei.domain.matching import Branch
from renkei.domain.plan import EnterIvr, RingAgent, RunRule, Way, choose_way, choose_words
from tests.domain.ivr_office import BOTH, BUSY, EMPTY, ERROR, FALLBACK, ONE_BY_ONE, TALK_AND_END, Told, kinds, make_plan

LINE_COMMANDS = (
    Answer, Play, StopPlaying, Ring, StopRinging, Connect, Hold, Unhold, SetNet, SetFallback, Continue, HangUp,
)  # fmt: skip


def ended(told: Told) -> CallOutcome:
    return told.last_of(NoteEnded).outcome


# ── by example ──


def test_a_linkage_ivr_looks_up_under_a_net_that_outlasts_the_budget() -> None:
    """Proves D14. The request-error rule is the fallback from then on (P1)."""
    told = Told()
    assert told.of(SetNet) == [SetNet(3.5)]
    assert told.last_of(LookUp).seconds == 3.0
    assert told.last_of(SetFallback).rule == f"rule-{ERROR}"


def test_success_labels_speaks_and_rings_the_chosen_agent() -> None:
    """Proves R45, R47, R54."""
    told = Told().looked_up(Branch.SUCCESS)
    assert told.of(NoteLabel) == [NoteLabel(1)]
    assert kinds(told.said).index("SetNet") < kinds(told.said).index("Play"), "a net that is armed late cuts a play"
    assert told.of(SetNet) == [SetNet(14)]
    told.hear(Played("sim-1", told.last_of(Play).play_id, True)).reserved(1)
    assert told.last_of(Ring).extensions == ("101",)
    told.hear(AgentAnswered("sim-1", told.last_of(Ring).ring_id, "101"))
    assert told.said[-1] == Connect(told.last_of(Ring).ring_id)
    told.hear(Connected(told.last_of(Ring).ring_id))
    assert told.last_of(SetNet) == SetNet(4 * 3600)
    told.hear(Ended("sim-1", EndedBy.CALLER))
    assert ended(told) is CallOutcome.ANSWERED


def test_failure_takes_its_own_branch_with_its_own_settings() -> None:
    """Proves R40, R55, R64."""
    told = Told().looked_up(Branch.FAILURE)
    assert told.all_of(NoteLabel) == []
    assert told.last_of(Play).sounds[0].words == "合成します"


def test_a_request_error_runs_its_incoming_rule_without_label_or_branch_guidance() -> None:
    """Proves R34, R35."""
    told = Told().looked_up(Branch.REQUEST_ERROR)
    assert told.last_of(Play).sounds[0].words == "障害です"
    assert told.all_of(NoteLabel) == []


def test_a_look_up_that_never_comes_back_is_a_request_error() -> None:
    """Proves D14."""
    told = Told()
    told.hear(TimerFired(told.last_of(LookUp).look_up_id))
    assert told.last_of(Play).sounds[0].words == "障害です"
    told.hear(LookUpDone(told.last_of(LookUp).look_up_id, Branch.SUCCESS, "linked"))
    assert told.said == (), "what comes late changes nothing"


def test_a_branch_without_a_usable_destination_is_busy() -> None:
    """Proves R56."""
    told = Told(plan=make_plan(EnterIvr(1), failure=None)).looked_up(Branch.FAILURE)
    told.hear(Played("sim-1", told.last_of(Play).play_id, True))
    assert told.of(HangUp) == [HangUp(HangUpCause.NORMAL)]
    assert Told(RunRule(BUSY)).of(HangUp) == [HangUp(HangUpCause.BUSY)], "never answered: a busy signal costs nothing"


@pytest.mark.parametrize(("action", "expected"), [("rule", RunRule(3)), ("transfer", RingAgent(1)), ("other", None)])
def test_a_field_that_the_screen_hides_has_no_effect(action: str, expected: Way | None) -> None:
    """Proves R53, R65."""
    assert choose_way(action, agent_id=1, ivr_id=None, rule_id=3) == expected


@pytest.mark.parametrize(
    ("form", "is_on", "expected"),
    [("standard", True, (5, "")), ("speech", True, (None, "話す")), ("speech", False, (5, ""))],
)
def test_speech_needs_its_entitlement(form: str, is_on: bool, expected: tuple[int | None, str]) -> None:
    """Proves R46, R49."""
    assert choose_words(form, guidance_id=5, speech="話す", speech_is_on=is_on) == expected


def test_ivrs_chain_and_a_circle_ends_in_the_numbers_own_behaviour() -> None:
    """Proves R15."""
    told = Told(plan=make_plan(EnterIvr(1), success=EnterIvr(2)))
    told.looked_up(Branch.SUCCESS).hear(Played("sim-1", told.last_of(Play).play_id, True))
    assert told.last_of(LookUp).ivr_id == 2
    told.looked_up(Branch.SUCCESS).hear(Played("sim-1", told.last_of(Play).play_id, True))
    assert [step.kind for step in told.all_of(NoteStep) if step.kind in ("loop", "fallback")] == ["loop", "fallback"]
    assert told.last_of(Play).sounds[0].words == "障害です"


def test_nobody_free_goes_on_at_once_and_a_decline_goes_to_the_next_agent() -> None:
    """A rule's steps, one after the other."""
    told = Told(RunRule(ONE_BY_ONE)).reserved()
    assert told.last_of(Play).sounds[0].words == "おつなぎします"
    told = Told(RunRule(ONE_BY_ONE)).reserved(1)
    told.hear(RingEnded("sim-1", told.last_of(Ring).ring_id, RingFailure.DECLINED))
    assert told.last_of(NoteRingOver).why == "declined"
    told.hear(Played("sim-1", told.last_of(Play).play_id, True)).reserved(2)
    assert told.last_of(Ring).extensions == ("102",)
    told.hear(RingEnded("sim-1", told.last_of(Ring).ring_id, RingFailure.NO_ANSWER))
    told.hear(Ended("sim-1", EndedBy.SYSTEM))
    assert ended(told) is CallOutcome.MISSED


def test_when_nobody_can_say_who_is_free_everybody_is_rung() -> None:
    """P1: routing fails open."""
    told = Told(RunRule(BOTH))
    told.hear(TimerFired(told.last_of(Reserve).ring_id))
    assert told.last_of(Ring).extensions == ("101", "102")


def test_one_of_a_group_who_declines_leaves_the_others_ringing() -> None:
    """The ring goes on for those who are left."""
    told = Told(RunRule(BOTH)).reserved(1, 2)
    told.hear(AgentRefused("sim-1", told.last_of(Ring).ring_id, "101", RingFailure.DECLINED))
    assert told.said == (NoteRingOver(told.last_of(Ring).ring_id, "declined", 1),)
    told.hear(AgentAnswered("sim-1", told.last_of(Ring).ring_id, "102"))
    assert told.state.agent_id == 2


def test_an_agent_who_could_not_be_put_through_does_not_end_the_call() -> None:
    """Connect failed: the next step."""
    told = Told(RunRule(ONE_BY_ONE)).reserved(1)
    told.hear(AgentAnswered("sim-1", told.last_of(Ring).ring_id, "101"))
    told.hear(CommandFailed(told.last_of(Connect), is_gone=False))
    assert told.of(StopRinging) == [StopRinging(told.last_of(Ring).ring_id)]
    assert told.state.phase is Phase.PLAYING


def talking() -> Told:
    told = Told(RingAgent(1)).reserved(1)
    told.hear(AgentAnswered("sim-1", told.last_of(Ring).ring_id, "101"))
    return told.hear(Connected(told.last_of(Ring).ring_id))


def test_no_timer_ever_ends_a_conversation() -> None:
    """P1: a conversation between people is never cut; its net is renewed for as long as it lasts."""
    told = talking()
    timers = {command.timer for command in told.all_of(StartTimer)}
    for _ in range(30):
        for timer in timers:
            told.hear(TimerFired(timer))
            assert told.state.phase is Phase.TALKING
            assert told.of(HangUp) == []
    assert told.all_of(SetNet)[-1] == SetNet(4 * 3600)


@pytest.mark.parametrize(("kind", "command"), [("hold", Hold()), ("unhold", Unhold()), ("hang_up", HangUp())])
def test_only_the_agent_who_talks_may_ask(kind: str, command: LineCommand) -> None:
    """What others ask is refused with a code, in every phase."""
    told = talking()
    if kind == "unhold":
        told.hear(Asked(1, 1, "hold"))
    assert told.hear(Asked(7, 2, kind)).said == (CloseCommand(7, "not_your_call"),)
    assert command in told.hear(Asked(8, 1, kind)).said
    assert told.said[-1] == CloseCommand(8)
    assert Told().hear(Asked(9, 1, kind)).said == (CloseCommand(9, "not_your_call"),)
    told.hear(Ended("sim-1", EndedBy.AGENT))
    assert told.hear(Asked(10, 1, kind)).said == (CloseCommand(10, "call_gone"),)


@pytest.mark.parametrize(("by", "told_by"), [(EndedBy.SYSTEM, EndedBy.AGENT), (EndedBy.CALLER, EndedBy.CALLER)])
def test_a_call_that_its_agent_ends_is_the_agents_unless_the_caller_was_faster(by: EndedBy, told_by: EndedBy) -> None:
    """The history tells who ended a call (R133)."""
    told = talking()
    told.hear(Asked(8, 1, "hang_up"))
    told.hear(Ended("sim-1", by))
    assert told.last_of(NoteEnded) == NoteEnded(CallOutcome.ANSWERED, told_by)


def test_a_call_caught_by_the_net_ends_as_fallback_and_nothing_more_is_said_to_the_line() -> None:
    """P1."""
    told = Told().hear(CommandFailed(told_last_net(), is_gone=True))
    assert not any(isinstance(command, LINE_COMMANDS) for command in told.said)
    told.hear(Ended("sim-1", EndedBy.NET))
    assert ended(told) is CallOutcome.FALLBACK


def told_last_net() -> SetNet:
    return SetNet(3.5)


def test_a_machine_that_failed_hands_the_call_to_its_fallback_with_the_net_taken_off() -> None:
    """P1: an armed net would cut the rule; people who talk are left alone."""
    assert ivr.give_up(Told().state) == (SetNet(None), Continue(f"rule-{FALLBACK}"))
    assert ivr.give_up(talking().state) == ()


def test_who_takes_a_conversation_over_leaves_it_alone() -> None:
    """P1: its controls return, it is not cut; a waiting call starts its entry again."""
    plan = make_plan(RunRule(BOTH))
    given = {"dialled": "+81312340001", "shown_number": "", "tag": "t", "steps": 4}
    state, said = ivr.take_over(plan, "sim-1", talking_agent=1, **given)  # type: ignore[arg-type]  # a test's shorthand
    assert state.phase is Phase.TALKING
    assert kinds(said) == ["NoteStep", "SetNet", "StartTimer"]
    state, said = ivr.take_over(plan, "sim-1", talking_agent=None, **given)  # type: ignore[arg-type]
    assert state.phase is Phase.RESERVING


def test_who_takes_a_call_over_notes_what_its_worker_could_not() -> None:
    """The rings of a dead worker are over; an answer that it did not live to note is one all the same."""
    plan = make_plan(RunRule(BOTH))
    given = {"dialled": "+81312340001", "shown_number": "", "tag": "t", "steps": 4}
    _, said = ivr.take_over(plan, "sim-1", talking_agent=None, **given)  # type: ignore[arg-type]  # a test's shorthand
    assert kinds(said)[:2] == ["NoteStep", "NoteRingsLost"]
    _, said = ivr.take_over(plan, "sim-1", talking_agent=1, ring_id="r1", **given)  # type: ignore[arg-type]
    assert NoteAnswered("r1", 1) in said
    assert "NoteRingsLost" not in kinds(said)


# ── whatever happens ──

ENTRIES = st.sampled_from(
    [EnterIvr(1), EnterIvr(3), EnterIvr(9), RingAgent(2), RingAgent(9)]
    + [RunRule(rule) for rule in (BUSY, BOTH, ONE_BY_ONE, TALK_AND_END, ERROR, EMPTY, 55)]
)
WAYS = st.none() | ENTRIES | st.just(EnterIvr(2))
MOST_EVENTS = 60


def _answers(told: Told) -> list[IvrEvent]:
    """What a line and a worker may honestly answer now."""
    state, name = told.state, told.state.waiting
    honest: list[IvrEvent] = [Ended("sim-1", by) for by in EndedBy]
    match state.phase:
        case Phase.LOOKING_UP:
            honest += [LookUpDone(name, branch, "x") for branch in Branch]
        case Phase.PLAYING:
            honest += [Played("sim-1", name, True), Played("sim-1", name, False)]
        case Phase.RESERVING:
            honest += [Reserved(name, agents) for agents in ((), (1,), (2,), (1, 2))]
        case Phase.RINGING:
            honest += [AgentAnswered("sim-1", name, extension) for extension in ("101", "102", "999")]
            honest += [AgentRefused("sim-1", name, "101", RingFailure.BUSY)]
            honest += [RingEnded("sim-1", name, why) for why in RingFailure]
        case Phase.CONNECTING:
            honest += [Connected(name), CommandFailed(Connect(name), is_gone=False)]
        case Phase.TALKING:
            honest += [Asked(1, state.agent_id or 0, kind) for kind in ("hold", "unhold", "hang_up")]
    return [*honest, TimerFired(name), TimerFired(ivr.NET)]


def _strange(data: st.DataObject) -> IvrEvent:
    """What nobody should say now: stale ids, repeats, failures, strangers' wishes."""
    name = data.draw(st.sampled_from(["", "x", "ring-t-0", "ring-t-1", "play-t-1", "look-t-0", "end-t-2"]))
    commands: list[LineCommand] = [Answer(), Play(name, ()), Ring(name, (), 1, "", ""), Connect(name)]
    commands += [Hold(), HangUp(), SetNet(1)]
    last = data.draw(st.sampled_from(commands))
    strange: list[IvrEvent] = [
        Arrived("sim-1", Caller("1"), "2"), Pressed("sim-1", "1"), Played("sim-1", name, True),
        AgentRinging("sim-1", name, "101"), AgentAnswered("sim-1", name, "101"),
        AgentRefused("sim-1", name, "102", RingFailure.DECLINED),
        RingEnded("sim-1", name, RingFailure.BUSY), Ended("sim-1", EndedBy.CALLER), Connected(name),
        LookUpDone(name, Branch.SUCCESS, "linked"), Reserved(name, (1, 2, 99)), TimerFired(name),
        CommandFailed(last, is_gone=False), CommandFailed(last, is_gone=True),
        Asked(3, 2, "hang_up"), Asked(4, 1, "hold"), Asked(5, 1, "dance"),
    ]  # fmt: skip
    return data.draw(st.sampled_from(strange))


@given(st.data(), ENTRIES, WAYS, WAYS)
def test_whatever_happens_a_call_is_never_mistreated(
    data: st.DataObject, entry: Way, success: Way | None, failure: Way | None
) -> None:
    """Nothing is commanded after the end, one outcome, one ring at a time, steps counted without a gap."""
    told = Told(plan=make_plan(entry, success, failure))
    check_turn(told, before=None)
    for _ in range(data.draw(st.integers(0, MOST_EVENTS))):
        before = told.state
        is_strange = data.draw(st.booleans())
        told.hear(_strange(data) if is_strange else data.draw(st.sampled_from(_answers(told))))
        check_turn(told, before=before)
    check_story(told)


def check_turn(told: Told, *, before: CallState | None) -> None:
    """What must hold after each event."""
    if before is not None and before.phase is Phase.GONE:
        assert not any(isinstance(command, (*LINE_COMMANDS, NoteEnded, StartTimer)) for command in told.said)
    if told.of(NoteEnded):
        assert not any(isinstance(command, LINE_COMMANDS) for command in told.said)
    if told.state.phase not in (Phase.TALKING, Phase.GONE):
        assert told.state.waiting, "whatever is waited for has a name"
        timers = {command.timer for command in told.all_of(StartTimer)}
        assert told.state.waiting in timers, "and a timer behind it: no wait is for ever"


def check_story(told: Told) -> None:
    """What must hold for the whole call."""
    assert len(told.all_of(NoteEnded)) == (1 if told.state.phase is Phase.GONE else 0)
    assert [step.position for step in told.all_of(NoteStep)] == list(range(len(told.all_of(NoteStep))))
    ringing: str | None = None
    for command in told.all:
        match command:
            case Ring(ring_id):
                assert ringing is None, "two rings at once"
                assert set(command.extensions) <= {"101", "102"}
                ringing = ring_id
            case NoteRingOver(ring_id, _, None) | NoteAnswered(ring_id):
                assert ringing == ring_id
                ringing = None


@given(st.data(), ENTRIES, WAYS, WAYS)
def test_a_call_in_which_only_timers_fire_comes_to_its_end(
    data: st.DataObject, entry: Way, success: Way | None, failure: Way | None
) -> None:
    """A line, a provider and a database that never answer: the call still ends in a defined action, and soon."""
    told = Told(plan=make_plan(entry, success, failure))
    for _ in range(40):
        if told.state.phase is Phase.GONE:
            break
        if data.draw(st.booleans()):
            told.hear(TimerFired(ivr.NET))
        told.hear(TimerFired(told.state.waiting))
    assert told.state.phase is Phase.GONE
    assert told.all_of(HangUp), "the line was told"


@given(st.data(), ENTRIES, WAYS, WAYS)
def test_whatever_the_line_answers_a_call_comes_to_its_end(
    data: st.DataObject, entry: Way, success: Way | None, failure: Way | None
) -> None:
    """Honest answers in any order, nobody talks for ever: at most forty of them lead to the end."""
    told = Told(plan=make_plan(entry, success, failure))
    for _ in range(40):
        if told.state.phase in (Phase.GONE, Phase.TALKING):
            break
        answers = [each for each in _answers(told) if each != TimerFired(ivr.NET)]
        told.hear(data.draw(st.sampled_from([each for each in answers if not isinstance(each, AgentRefused)])))
    if told.state.phase is Phase.TALKING:
        told.hear(Ended("sim-1", EndedBy.CALLER))
        assert ended(told) is CallOutcome.ANSWERED
    assert told.state.phase is Phase.GONE


def test_the_machine_keeps_no_secret_state() -> None:
    """The same state and event always say the same: nothing hides outside the state."""
    told = Told()
    event = LookUpDone(told.last_of(LookUp).look_up_id, Branch.SUCCESS, "linked")
    assert ivr.decide(told.state, event) == ivr.decide(replace(told.state), event)

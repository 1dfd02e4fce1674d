"""What every telephone line promises: one suite for the simulator and for Asterisk, so that the twins cannot drift."""

import asyncio

import pytest

from renkei.domain.rules import compiled_name
from renkei.telephony.port import (
    AgentAnswered,
    AgentRefused,
    AgentRinging,
    Answer,
    Arrived,
    CallGoneError,
    Connect,
    Continue,
    Ended,
    EndedBy,
    HangUp,
    HangUpCause,
    Hold,
    LineCommand,
    LineError,
    LineUp,
    Play,
    Played,
    Pressed,
    Ring,
    RingEnded,
    RingFailure,
    SetFallback,
    SetNet,
    Sound,
    Stage,
    StopPlaying,
    StopRinging,
    Unhold,
)
from tests.telephony.offices import BUSY_RULE, CALLER, DIALLED, LONG, Ear, Manner, Office, is_last

SOUND = Sound("guidance/short", 0.4, "お電話ありがとうございます。")
LONG_SOUND = Sound("guidance/long", 8.0, "長い案内")


async def take(office: Office, ear: Ear) -> str:
    """Take the call that arrives, with a net that does not disturb; its line id."""
    arrived = await ear.next(Arrived)
    await office.line.do(arrived.line_id, SetNet(LONG))
    return arrived.line_id


async def answer(office: Office, ear: Ear) -> str:
    """Take the call and pick it up."""
    line_id = await take(office, ear)
    await office.line.do(line_id, Answer())
    return line_id


def ring(*extensions: str, seconds: float = LONG, ring_id: str = "r1") -> Ring:
    return Ring(ring_id, extensions, seconds, CALLER, "山田")


async def talk(office: Office, ear: Ear) -> str:
    """Answer the call and connect it to 101, who answers."""
    line_id = await answer(office, ear)
    await office.line.do(line_id, ring("101"))
    await ear.next(AgentAnswered)
    await office.line.do(line_id, Connect("r1"))
    return line_id


async def nothing_stands(office: Office) -> bool:
    """Wait until no call stands: a telephone system tells an end a moment before the channel has left its lists."""
    async with asyncio.timeout(5):
        while await office.line.standing_calls():
            await asyncio.sleep(0.01)
    return True


async def test_a_call_is_told_first_as_it_came(office: Office, ear: Ear) -> None:
    await office.dial()
    arrived = await ear.next(Arrived)
    assert (arrived.caller.number, arrived.dialled, arrived.caller.withheld) == (CALLER, DIALLED, False)
    assert ear.of(arrived.line_id) == [arrived]


async def test_a_withheld_number_is_told_as_withheld(office: Office, ear: Ear) -> None:
    await office.dial(withheld=True)
    assert (await ear.next(Arrived)).caller.withheld


async def test_answering_twice_is_harmless(office: Office, ear: Ear) -> None:
    await office.dial()
    line_id = await answer(office, ear)
    await office.line.do(line_id, Answer())
    assert [call.line_id for call in await office.line.standing_calls()] == [line_id]


async def test_a_guidance_ends_with_played(office: Office, ear: Ear) -> None:
    await office.dial()
    line_id = await answer(office, ear)
    await office.line.do(line_id, Play("p1", (SOUND,)))
    assert await ear.next(Played) == Played(line_id, "p1", True)


async def test_several_sounds_are_one_guidance(office: Office, ear: Ear) -> None:
    await office.dial()
    line_id = await answer(office, ear)
    began = asyncio.get_running_loop().time()
    await office.line.do(line_id, Play("p1", (SOUND, SOUND)))
    assert await ear.next(Played) == Played(line_id, "p1", True)
    assert asyncio.get_running_loop().time() - began > 2 * SOUND.seconds - 0.1


async def test_a_stopped_guidance_was_not_played(office: Office, ear: Ear) -> None:
    await office.dial()
    line_id = await answer(office, ear)
    await office.line.do(line_id, Play("p1", (LONG_SOUND,)))
    await office.line.do(line_id, StopPlaying("p1"))
    assert await ear.next(Played, seconds=2) == Played(line_id, "p1", False)
    await office.line.do(line_id, StopPlaying("p1"))


async def test_a_new_guidance_takes_the_place_of_the_running_one(office: Office, ear: Ear) -> None:
    await office.dial()
    line_id = await answer(office, ear)
    await office.line.do(line_id, Play("p1", (LONG_SOUND,)))
    await office.line.do(line_id, Play("p2", (SOUND,)))
    assert await ear.next(Played, seconds=2) == Played(line_id, "p1", False)
    assert await ear.next(Played, seconds=3) == Played(line_id, "p2", True)


async def test_nothing_is_played_to_an_unanswered_call(office: Office, ear: Ear) -> None:
    await office.dial()
    line_id = await take(office, ear)
    with pytest.raises(LineError):
        await office.line.do(line_id, Play("p1", (SOUND,)))


async def test_a_net_can_be_armed_while_a_guidance_plays(office: Office, ear: Ear) -> None:
    await office.dial()
    line_id = await answer(office, ear)
    await office.line.do(line_id, Play("p1", (LONG_SOUND,)))
    async with asyncio.timeout(LONG_SOUND.seconds / 2):
        await office.line.do(line_id, SetNet(LONG))
    await office.line.do(line_id, StopPlaying("p1"))
    assert (await ear.next(Played)).play_id == "p1"


async def test_keys_are_told_in_the_order_pressed_while_a_guidance_plays(office: Office, ear: Ear) -> None:
    customer = await office.dial("5#0")
    line_id = await answer(office, ear)
    await office.line.do(line_id, Play("p1", (LONG_SOUND,)))
    for digit in "5#0":
        customer.press(digit)
        assert await ear.next(Pressed) == Pressed(line_id, digit)


async def test_an_agent_rings_answers_and_is_connected(office: Office, ear: Ear) -> None:
    await office.phone("101", Manner.ANSWERS)
    await office.dial()
    line_id = await answer(office, ear)
    await office.line.do(line_id, ring("101"))
    assert await ear.next(AgentRinging) == AgentRinging(line_id, "r1", "101")
    assert await ear.next(AgentAnswered) == AgentAnswered(line_id, "r1", "101")
    await office.line.do(line_id, Connect("r1"))
    (call,) = await office.line.standing_calls()
    assert (call.stage, call.agent_extension, call.is_held) == (Stage.TALKING, "101", False)


async def test_an_unanswered_call_can_ring_and_be_connected(office: Office, ear: Ear) -> None:
    await office.phone("101", Manner.ANSWERS)
    customer = await office.dial()
    line_id = await take(office, ear)
    await office.line.do(line_id, ring("101"))
    await ear.next(AgentAnswered)
    await office.line.do(line_id, Answer())
    await office.line.do(line_id, Connect("r1"))
    customer.hang_up()
    assert (await ear.next(Ended)).by is EndedBy.CALLER


async def test_a_declined_ring_ends_as_declined(office: Office, ear: Ear) -> None:
    await office.phone("101", Manner.DECLINES)
    await office.dial()
    line_id = await answer(office, ear)
    await office.line.do(line_id, ring("101"))
    assert await ear.next(RingEnded) == RingEnded(line_id, "r1", RingFailure.DECLINED)


async def test_a_ring_that_nobody_answers_ends_with_its_seconds(office: Office, ear: Ear) -> None:
    await office.phone("101", Manner.IGNORES)
    await office.dial()
    line_id = await answer(office, ear)
    await office.line.do(line_id, ring("101", seconds=1))
    assert await ear.next(RingEnded, seconds=2.5) == RingEnded(line_id, "r1", RingFailure.NO_ANSWER)
    assert await office.phones_are_free()


async def test_the_first_of_several_agents_wins_and_the_others_stop_ringing(office: Office, ear: Ear) -> None:
    await office.phone("101", Manner.IGNORES)
    await office.phone("102", Manner.ANSWERS)
    customer = await office.dial()
    line_id = await answer(office, ear)
    await office.line.do(line_id, ring("101", "102"))
    assert await ear.next(AgentAnswered) == AgentAnswered(line_id, "r1", "102")
    await office.line.do(line_id, Connect("r1"))
    customer.hang_up()
    await ear.next(Ended)
    assert await office.phones_are_free()
    assert not [event for event in ear.of(line_id) if isinstance(event, RingEnded)]


async def test_one_refusal_among_several_lets_the_others_ring(office: Office, ear: Ear) -> None:
    await office.phone("101", Manner.DECLINES)
    await office.phone("102", Manner.IGNORES)
    await office.dial()
    line_id = await answer(office, ear)
    await office.line.do(line_id, ring("101", "102", seconds=2))
    assert await ear.next(AgentRefused) == AgentRefused(line_id, "r1", "101", RingFailure.DECLINED)
    assert (await ear.next(RingEnded)).why is RingFailure.NO_ANSWER


async def test_a_ring_taken_back_says_nothing_more(office: Office, ear: Ear) -> None:
    await office.phone("101", Manner.IGNORES)
    await office.dial()
    line_id = await answer(office, ear)
    await office.line.do(line_id, ring("101"))
    await ear.next(AgentRinging)
    await office.line.do(line_id, StopRinging("r1"))
    await office.line.do(line_id, StopRinging("r1"))
    assert await office.phones_are_free()
    assert isinstance(ear.of(line_id)[-1], AgentRinging)


async def test_an_answer_that_is_not_wanted_any_more_is_sent_away(office: Office, ear: Ear) -> None:
    await office.phone("101", Manner.ANSWERS)
    await office.dial()
    line_id = await answer(office, ear)
    await office.line.do(line_id, ring("101"))
    await ear.next(AgentAnswered)
    await office.line.do(line_id, StopRinging("r1"))
    assert await office.phones_are_free()
    assert [call.stage for call in await office.line.standing_calls()] == [Stage.WAITING]


async def test_nobody_is_connected_who_has_not_answered(office: Office, ear: Ear) -> None:
    await office.phone("101", Manner.IGNORES)
    await office.dial()
    line_id = await answer(office, ear)
    await office.line.do(line_id, ring("101"))
    with pytest.raises(LineError):
        await office.line.do(line_id, Connect("r1"))


async def test_hold_and_back(office: Office, ear: Ear) -> None:
    await office.phone("101", Manner.ANSWERS)
    customer = await office.dial()
    line_id = await talk(office, ear)
    for command, is_held in ((Hold(), True), (Hold(), True), (Unhold(), False), (Unhold(), False)):
        await office.line.do(line_id, command)
        (call,) = await office.line.standing_calls()
        assert (call.stage, call.is_held) == (Stage.TALKING, is_held)
    customer.hang_up()
    assert (await ear.next(Ended)).by is EndedBy.CALLER


@pytest.mark.parametrize("phase", ["waiting", "playing", "ringing", "talking", "held"])
async def test_the_end_is_the_last_word_when_the_caller_hangs_up(office: Office, ear: Ear, phase: str) -> None:
    await office.phone("101", Manner.ANSWERS if phase in ("talking", "held") else Manner.IGNORES)
    customer = await office.dial()
    line_id = await (talk(office, ear) if phase in ("talking", "held") else answer(office, ear))
    if phase == "playing":
        await office.line.do(line_id, Play("p1", (LONG_SOUND,)))
    elif phase == "ringing":
        await office.line.do(line_id, ring("101"))
        await ear.next(AgentRinging)
    elif phase == "held":
        await office.line.do(line_id, Hold())
    customer.hang_up()
    assert (await ear.next(Ended)).by is EndedBy.CALLER
    if phase not in ("waiting", "playing"):
        assert await office.phones_are_free()
    assert await nothing_stands(office)
    assert is_last(ear.of(line_id), Ended)


async def test_a_caller_who_gives_up_before_the_answer_has_ended(office: Office, ear: Ear) -> None:
    customer = await office.dial(expects="cancel")
    line_id = await take(office, ear)
    customer.hang_up()
    assert (await ear.next(Ended)).by is EndedBy.CALLER
    assert is_last(ear.of(line_id), Ended)


async def test_the_end_is_the_agents_when_the_agent_hangs_up(office: Office, ear: Ear) -> None:
    await office.phone("101", Manner.HANGS_UP_SOON)
    await office.dial()
    line_id = await talk(office, ear)
    assert (await ear.next(Ended)).by is EndedBy.AGENT
    assert is_last(ear.of(line_id), Ended)


async def test_our_own_hanging_up_ends_the_conversation_on_both_sides(office: Office, ear: Ear) -> None:
    await office.phone("101", Manner.ANSWERS)
    await office.dial()
    line_id = await talk(office, ear)
    await office.line.do(line_id, HangUp())
    assert (await ear.next(Ended)).by is EndedBy.SYSTEM
    assert await office.phones_are_free()


async def test_an_unanswered_call_is_refused_as_busy(office: Office, ear: Ear) -> None:
    customer = await office.dial(expects="busy")
    line_id = await take(office, ear)
    await office.line.do(line_id, HangUp(HangUpCause.BUSY))
    assert (await ear.next(Ended)).by is EndedBy.SYSTEM
    assert await customer.was_refused_busy()


COMMANDS: tuple[LineCommand, ...] = (
    Answer(), Play("p1", (SOUND,)), StopPlaying("p1"), ring("101"), StopRinging("r1"), Connect("r1"), Hold(), Unhold(),
    SetNet(5), SetNet(None), SetFallback(compiled_name(BUSY_RULE)), Continue(compiled_name(BUSY_RULE)), HangUp(),
)  # fmt: skip


async def test_every_command_to_a_call_that_is_gone_says_so(office: Office, ear: Ear) -> None:
    customer = await office.dial()
    line_id = await answer(office, ear)
    customer.hang_up()
    await ear.next(Ended)
    for command in COMMANDS:
        with pytest.raises(CallGoneError):
            await office.line.do(line_id, command)
        with pytest.raises(CallGoneError):
            await office.line.do("never-was", command)
    with pytest.raises(CallGoneError):
        await office.line.adopt(line_id)


async def test_the_net_catches_a_call_that_nobody_renews_and_not_before(office: Office, ear: Ear) -> None:
    """P1: what is not renewed is caught when its seconds are over."""
    customer = await office.dial(expects="busy")
    line_id = await take(office, ear)
    began = asyncio.get_running_loop().time()
    await office.line.do(line_id, SetNet(1))
    ended = await ear.next(Ended, seconds=3)
    assert ended.by is EndedBy.NET
    assert 0.8 < asyncio.get_running_loop().time() - began < 1.8
    assert is_last(ear.of(line_id), Ended)
    with pytest.raises(CallGoneError):
        await office.line.do(line_id, SetNet(5))
    assert await customer.was_refused_busy()


async def test_the_lines_own_first_net_is_three_seconds(office: Office, ear: Ear) -> None:
    await office.dial(expects="busy")
    await ear.next(Arrived)
    began = asyncio.get_running_loop().time()
    assert (await ear.next(Ended)).by is EndedBy.NET
    assert 2.5 < asyncio.get_running_loop().time() - began < 3.5


async def test_a_net_that_is_renewed_or_taken_away_does_not_catch(office: Office, ear: Ear) -> None:
    customer = await office.dial()
    line_id = await take(office, ear)
    await office.line.do(line_id, SetNet(1))
    await office.line.do(line_id, Answer())
    for net in (SetNet(1), SetNet(1), SetNet(None)):
        await office.line.do(line_id, net)
        await office.line.do(line_id, Play(f"p{id(net)}", (SOUND, SOUND)))
        assert (await ear.next(Played)).ok
    customer.hang_up()
    assert (await ear.next(Ended)).by is EndedBy.CALLER


async def test_a_call_given_to_a_compiled_rule_has_left_our_hands(office: Office, ear: Ear) -> None:
    customer = await office.dial(expects="busy")
    line_id = await take(office, ear)
    await office.line.do(line_id, Continue(compiled_name(BUSY_RULE)))
    assert (await ear.next(Ended)).by is EndedBy.SYSTEM
    with pytest.raises(CallGoneError):
        await office.line.do(line_id, Answer())
    assert await customer.was_refused_busy()


async def test_what_stands_is_found_again_by_whoever_listens_next(office: Office, ear: Ear) -> None:
    await office.phone("101", Manner.ANSWERS)
    customer = await office.dial()
    line_id = await talk(office, ear)
    await ear.stop()
    later = Ear(office.line)
    await later.next(LineUp)
    (call,) = await office.line.standing_calls()
    assert (call.line_id, call.stage, call.agent_extension, call.mine) == (line_id, Stage.TALKING, "101", True)
    customer.hang_up()
    assert (await later.next(Ended)).line_id == line_id
    await later.stop()

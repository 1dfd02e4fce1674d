"""What only a real Asterisk can show: lost connections, taken names, dead fellows, rules that run without us."""

import asyncio
import contextlib
import csv
import re
from collections.abc import AsyncIterator, Iterator

import pytest

from renkei.domain.asterisk_versions import judge_asterisk
from renkei.domain.ivr_words import CallOutcome
from renkei.domain.rules import compiled_name
from renkei.telephony.asterisk.book import bridge_name
from renkei.telephony.asterisk.line import AsteriskLine
from renkei.telephony.port import (
    AgentAnswered,
    Answer,
    Arrived,
    CallGoneError,
    Connect,
    Continue,
    Ended,
    EndedBy,
    Line,
    LineDown,
    LineTakenError,
    LineUp,
    Phone,
    Play,
    Played,
    Ring,
    SetFallback,
    SetNet,
    Sound,
    Stage,
)
from tests import sipp
from tests.asterisk_rig import TRUNK, AsteriskRig, is_there, running
from tests.sipp import HANG_UP, SPEAK, WAIT, WAIT_FOR_END, Sipp, place_call
from tests.telephony.offices import BUSY_RULE, CALLER, DIALLED, LONG, PLAN, RINGING_RULE, SPOKEN_RULE, Ear

pytestmark = pytest.mark.asterisk


@pytest.fixture
async def line(rig: AsteriskRig) -> AsyncIterator[AsteriskLine]:
    opened = rig.line()
    yield opened
    await opened.close()
    await rig.clear()


@pytest.fixture
async def ear(line: AsteriskLine) -> AsyncIterator[Ear]:
    listening = Ear(line)
    await listening.next(LineUp)
    await line.push_plan(PLAN)
    yield listening
    await listening.stop()


@pytest.fixture
def people() -> Iterator[list[Sipp]]:
    """Callers and telephones of a test, gone after it."""
    around: list[Sipp] = []
    yield around
    for person in around:
        person.close()


async def talk(rig: AsteriskRig, line: Line, ear: Ear, people: list[Sipp]) -> str:
    """A call that is connected to 101; its caller speaks."""
    people.append(Sipp(sipp.phone_scenario(), host="127.0.0.1"))
    await rig.add_plain_phone("101", people[-1].port)
    people.append(place_call(rig.sip_port, DIALLED, SPEAK, WAIT, HANG_UP))
    line_id = (await ear.next(Arrived)).line_id
    await line.do(line_id, Answer())
    await line.do(line_id, Ring("r1", ("101",), LONG, CALLER, ""))
    await ear.next(AgentAnswered)
    await line.do(line_id, Connect("r1"))
    return line_id


async def packets(rig: AsteriskRig, line_id: str) -> int:
    """Sound packets received from the caller so far."""
    async with rig.ari() as ari:
        return int((await ari.statistics(line_id))["rxcount"])


async def test_an_asterisk_that_freezes_without_a_word_is_noticed_within_ten_seconds(
    rig: AsteriskRig, line: AsteriskLine, ear: Ear, people: list[Sipp]
) -> None:
    """P1: and when it goes on, so does the conversation, still in our hands."""
    line_id = await talk(rig, line, ear, people)
    rig.freeze()
    try:
        await ear.next(LineDown, seconds=10)
    finally:
        rig.thaw()
    await ear.next(LineUp)
    assert [(call.line_id, call.stage) for call in await line.standing_calls()] == [(line_id, Stage.TALKING)]
    people[-1].go_on()
    assert (await ear.next(Ended)).by is EndedBy.CALLER


async def test_calls_that_ended_while_we_were_away_are_told_on_return(
    rig: AsteriskRig, line: AsteriskLine, ear: Ear, people: list[Sipp]
) -> None:
    """A restarted Asterisk has forgotten every call; nobody waits for an end that cannot come any more."""
    line_id = await talk(rig, line, ear, people)
    rig.kill()
    await ear.next(LineDown)
    rig.start()
    assert (await ear.next(Ended)).line_id == line_id
    await ear.next(LineUp)


async def test_an_asterisk_says_which_one_it_is(line: AsteriskLine) -> None:
    """And what it says can be judged: the one of the tests is neither too old nor known to be open to attack."""
    said = await line.system()
    assert re.match(r"Asterisk \d+\.\d+\.\d+", said)
    assert judge_asterisk(said) is None


async def test_a_second_worker_of_our_name_ends_the_first_one_loudly(rig: AsteriskRig, line: AsteriskLine) -> None:
    """It would sit there mute otherwise, while every call goes to the other."""
    events = line.events()
    assert isinstance(await anext(events), LineUp)
    twin = rig.line()
    twins = twin.events()
    assert isinstance(await anext(twins), LineUp)
    with pytest.raises(LineTakenError):
        await asyncio.wait_for(anext(events), 20)
    await twin.close()


async def test_a_sound_that_is_not_there_ends_as_not_played(
    rig: AsteriskRig, line: AsteriskLine, ear: Ear, people: list[Sipp]
) -> None:
    people.append(place_call(rig.sip_port, DIALLED, WAIT_FOR_END))
    line_id = (await ear.next(Arrived)).line_id
    await line.do(line_id, Answer())
    for play_id, media in (("p1", "guidance/missing"), ("p2", "../../etc/passwd"), ("p3", "")):
        await line.do(line_id, Play(play_id, (Sound(media, 1.0),)))
        assert await ear.next(Played, seconds=3) == Played(line_id, play_id, False)


async def test_a_rule_that_rings_works_without_any_worker(
    rig: AsteriskRig, line: AsteriskLine, ear: Ear, people: list[Sipp]
) -> None:
    """P1: compiled into the dialplan; the agent's telephone rings and the two talk."""
    people.append(Sipp(sipp.phone_scenario(), host="127.0.0.1"))
    await rig.add_plain_phone("101", people[-1].port)
    caller = place_call(rig.sip_port, DIALLED, WAIT, HANG_UP)
    people.append(caller)
    line_id = (await ear.next(Arrived)).line_id
    await line.do(line_id, SetFallback(compiled_name(RINGING_RULE)))
    await line.do(line_id, SetNet(0.5))
    assert (await ear.next(Ended)).by is EndedBy.NET
    await caller.wait_for("SIP/2.0 200 OK")
    caller.go_on()
    assert await caller.wait()
    assert await people[0].wait()


async def test_asterisk_keeps_what_it_did_without_us(
    rig: AsteriskRig, line: AsteriskLine, ear: Ear, people: list[Sipp]
) -> None:
    """Its own record of a call that a compiled rule carried: who, to where, when, by which rule."""
    people.append(place_call(rig.sip_port, DIALLED, WAIT_FOR_END))
    line_id = (await ear.next(Arrived)).line_id
    await line.do(line_id, SetFallback(compiled_name(SPOKEN_RULE)))
    await line.do(line_id, SetNet(0.2))
    await ear.next(Ended)
    assert await people[0].wait()
    records = rig.base / "log/cdr-custom/renkei.csv"
    async with asyncio.timeout(20):
        while not (records.exists() and line_id in records.read_text()):
            await asyncio.sleep(0.02)
    record = next(row for row in csv.reader(records.read_text().splitlines()) if row[0] == line_id)
    assert record[2:4] == [CALLER, DIALLED]
    assert record[7:] == ["ANSWERED", f"fallback:{compiled_name(SPOKEN_RULE)}", ""]


@pytest.mark.parametrize(("privacy", "is_hidden"), [("", False), ("id", True), ("none", False)])
async def test_a_call_that_only_asterisk_saw_is_read_back_with_its_caller_as_hidden_as_it_was(
    rig: AsteriskRig, line: AsteriskLine, people: list[Sipp], privacy: str, is_hidden: bool
) -> None:
    """No worker lives: the number's own rule (busy) has the call, and on return its record is read, once."""
    await line.push_plan(PLAN)
    place = (await line.past_calls("")).bookmark
    scenario = sipp.refused_scenario(DIALLED, sipp.CallerLooks(privacy=privacy), 486)
    people.append(Sipp(scenario, host=TRUNK, remote=f"127.0.0.1:{rig.sip_port}"))
    assert await people[0].wait()
    async with asyncio.timeout(10):
        while not (read := await line.past_calls(place)).calls:
            await asyncio.sleep(0.02)
    (call,) = read.calls
    assert (call.caller.number, call.caller.withheld, call.dialled) == (CALLER, is_hidden, DIALLED)
    assert (call.rule, call.outcome) == (compiled_name(BUSY_RULE), CallOutcome.FALLBACK)
    assert (await line.past_calls(read.bookmark)).calls == ()


async def test_a_telephone_that_is_gone_can_neither_register_nor_be_rung_and_its_call_goes_on(
    rig: AsteriskRig, line: AsteriskLine, ear: Ear, people: list[Sipp]
) -> None:
    """An agent was deleted or disabled: endpoint, login and address go, of this one only."""
    line_id = await talk(rig, line, ear, people)
    await line.push_phones([Phone("102", "鈴木", "some-password")])
    await line.keep_phones(["102"])
    async with rig.ari() as ari:
        names = {endpoint["resource"] for endpoint in await ari.endpoints()}
        assert names == {"102-web", "renkei-trunk"}
        for kind in ("auth", "aor", "endpoint"):
            with pytest.raises(CallGoneError):
                await ari.send(
                    "GET", "/asterisk/config/dynamic/{configClass}/{objectType}/{id}", "res_pjsip", kind, "101-web"
                )
    before = await packets(rig, line_id)
    async with asyncio.timeout(10):
        while await packets(rig, line_id) < before + 25:
            await asyncio.sleep(0.05)
    await line.keep_phones([])
    scenario = sipp.register_scenario("102-web", "some-password")
    people.append(Sipp(scenario, host="127.0.0.1", remote=f"127.0.0.1:{rig.sip_port}"))
    assert not await people[-1].wait()


async def test_an_unknown_rule_is_busy(rig: AsteriskRig, line: AsteriskLine, ear: Ear, people: list[Sipp]) -> None:
    scenario = sipp.refused_scenario(DIALLED, sipp.CallerLooks(), 486)
    people.append(Sipp(scenario, host=TRUNK, remote=f"127.0.0.1:{rig.sip_port}"))
    line_id = (await ear.next(Arrived)).line_id
    await line.do(line_id, Continue("rule-999"))
    assert await people[0].wait()


async def test_sixty_telephones_are_pushed_within_the_ten_seconds_of_a_return(
    rig: AsteriskRig, line: AsteriskLine, ear: Ear
) -> None:
    phones = [Phone(str(number), f"担当{number}", "p" * 32) for number in range(3000, 3060)]
    began = asyncio.get_running_loop().time()
    await line.push_phones(phones)
    assert asyncio.get_running_loop().time() - began < 10
    assert await rig.knows_phone("3059-web")


async def test_a_renewed_password_is_the_only_one_that_registers(
    rig: AsteriskRig, line: AsteriskLine, ear: Ear, people: list[Sipp]
) -> None:
    """The browser's password is new at each sign-in: who knows the old one is nobody any more."""

    async def may_register(password: str) -> bool:
        scenario = sipp.register_scenario("101-web", password)
        people.append(Sipp(scenario, host="127.0.0.1", remote=f"127.0.0.1:{rig.sip_port}"))
        return await people[-1].wait()

    await line.push_phones([Phone("101", "佐藤", "first-password")])
    assert await may_register("first-password")
    await line.push_phones([Phone("101", "佐藤", "second-password")])
    assert not await may_register("first-password")
    assert await may_register("second-password")


# ── two workers on one Asterisk ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def double_rig() -> Iterator[AsteriskRig]:
    if not is_there():
        pytest.skip("Asterisk is not in .cache/asterisk, or SIPp is not installed: ./renkei test brings them")
    with running(workers=("renkei-1", "renkei-2")) as rig:
        yield rig


@contextlib.asynccontextmanager
async def two_lines(rig: AsteriskRig) -> AsyncIterator[tuple[AsteriskLine, Ear, AsteriskLine, Ear]]:
    """Both workers' lines, connected."""
    first, second = rig.line("renkei-1"), rig.line("renkei-2")
    ears = Ear(first), Ear(second)
    for ear in ears:
        await ear.next(LineUp)
    try:
        yield first, ears[0], second, ears[1]
    finally:
        for ear in ears:
            await ear.stop()
        await first.close()
        await second.close()
        await rig.clear()


async def test_a_call_that_one_worker_leaves_lying_goes_to_the_other(
    double_rig: AsteriskRig, people: list[Sipp]
) -> None:
    """P1: three seconds for each frozen worker, and the caller is never dropped."""
    async with two_lines(double_rig) as (first, first_ear, second, second_ear):
        people.append(place_call(double_rig.sip_port, DIALLED, WAIT, HANG_UP))
        both = [asyncio.create_task(ear.next(Arrived)) for ear in (first_ear, second_ear)]
        (done,), _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        began = asyncio.get_running_loop().time()
        arrived = [await each for each in both]
        assert 2.5 < asyncio.get_running_loop().time() - began < 3.8
        assert arrived[0].line_id == arrived[1].line_id
        late = second if done is both[0] else first
        await late.do(arrived[0].line_id, SetNet(LONG))
        await late.do(arrived[0].line_id, Answer())
        people[0].go_on()
        assert await people[0].wait()


async def test_clearing_up_after_a_dead_fellow_spares_what_its_heir_is_just_making(
    double_rig: AsteriskRig, people: list[Sipp], monkeypatch: pytest.MonkeyPatch
) -> None:
    """P1: a call that comes to a second worker is cleared up after beside its first steps; at their worst moment, when
    its new bridge is there and still empty, only what the dead one made goes.

    Proves P1.
    """
    async with two_lines(double_rig) as (line, ear, fellow, _):
        await fellow.close()
        people.append(place_call(double_rig.sip_port, DIALLED, WAIT, HANG_UP))
        line_id = (await ear.next(Arrived)).line_id
        await line.do(line_id, SetNet(LONG))
        async with double_rig.ari() as ari:
            await ari.make_bridge(bridge_name(line_id) + "left")
            add = line._ari.add

            async def clear_up_and_add(bridge: str, channel: str) -> None:
                await line._commands.end_strays(line_id)
                await add(bridge, channel)

            monkeypatch.setattr(line._ari, "add", clear_up_and_add)
            await line.do(line_id, Answer())
            (bridge,) = await ari.bridges()
        assert bridge["channels"] == [line_id]
        people[0].go_on()
        assert (await ear.next(Ended)).by is EndedBy.CALLER
        assert await people[0].wait()


async def test_a_dead_workers_conversation_is_adopted_and_nobody_hears_it(
    double_rig: AsteriskRig, people: list[Sipp]
) -> None:
    """P1: the sound flows on, and the end is told to the one who adopted it."""
    async with two_lines(double_rig) as (first, first_ear, second, _):
        await second.close()
        line_id = await talk(double_rig, first, first_ear, people)
        await first.close()
        heir = double_rig.line("renkei-2")
        ear = Ear(heir)
        await ear.next(LineUp)
        (call,) = await heir.standing_calls()
        assert (call.line_id, call.mine, call.stage, call.agent_extension) == (line_id, False, Stage.TALKING, "101")
        before = await packets(double_rig, line_id)
        await heir.adopt(line_id)
        assert [each.mine for each in await heir.standing_calls()] == [True]
        async with asyncio.timeout(20):
            while await packets(double_rig, line_id) < before + 25:
                await asyncio.sleep(0.05)
        people[-1].go_on()
        ended = await ear.next(Ended)
        assert (ended.line_id, ended.by) == (line_id, EndedBy.CALLER)
        assert await people[0].wait()
        await ear.stop()
        await heir.close()


async def test_who_wakes_after_an_adoption_leaves_the_conversation_alone(
    double_rig: AsteriskRig, people: list[Sipp]
) -> None:
    """The first worker still listens; it hears that the call went, and takes nothing down."""
    async with two_lines(double_rig) as (first, first_ear, second, _):
        await second.close()
        line_id = await talk(double_rig, first, first_ear, people)
        heir = double_rig.line("renkei-2")
        ear = Ear(heir)
        await ear.next(LineUp)
        await heir.adopt(line_id)
        assert (await first_ear.next(Ended)).by is EndedBy.NET
        await asyncio.sleep(0.3)  # what the first one might do, it would do now
        (call,) = await heir.standing_calls()
        assert (call.stage, call.mine) == (Stage.TALKING, True)
        people[-1].go_on()
        assert (await ear.next(Ended)).line_id == line_id
        await ear.stop()
        await heir.close()

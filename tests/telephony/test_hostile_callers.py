"""What callers write about themselves reaches us verbatim, runs nowhere, and is a number only when it is valid."""

from collections.abc import AsyncIterator
from urllib.parse import unquote

import pytest

from renkei.domain.phone import read_caller
from renkei.telephony.port import Arrived, LineUp
from tests import sipp
from tests.asterisk_rig import TRUNK, AsteriskRig
from tests.hostile_callers import CASES, DIALLED_BADLY, Case, trusted
from tests.sipp import CallerLooks, Sipp
from tests.telephony.offices import DIALLED, Ear

pytestmark = pytest.mark.asterisk


@pytest.fixture
async def ear(rig: AsteriskRig) -> AsyncIterator[Ear]:
    line = rig.line()
    listening = Ear(line)
    await listening.next(LineUp)
    yield listening
    await listening.stop()
    await line.close()
    await rig.clear()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_caller_is_told_verbatim_and_read_without_guessing(case: Case, rig: AsteriskRig, ear: Ear) -> None:
    scenario = sipp.caller_scenario(DIALLED, case.looks, [sipp.WAIT_FOR_END])
    caller = Sipp(scenario, host=TRUNK, remote=f"127.0.0.1:{rig.sip_port}")
    try:
        arrived = await ear.next(Arrived)
        told = arrived.caller
        assert (told.number, told.name, told.withheld) == (case.number, case.display, case.withheld)
        assert read_caller(told.number, told.name, told.withheld) == case.read
        assert arrived.dialled == DIALLED
    finally:
        caller.close()


@pytest.mark.parametrize("dialled", DIALLED_BADLY)
async def test_a_hostile_number_dialled_is_told_and_leads_nowhere_else(
    dialled: str, rig: AsteriskRig, ear: Ear
) -> None:
    scenario = sipp.caller_scenario(dialled, CallerLooks(), [sipp.WAIT_FOR_END])
    caller = Sipp(scenario, host=TRUNK, remote=f"127.0.0.1:{rig.sip_port}")
    try:
        arrived = await ear.next(Arrived)
        assert arrived.dialled == unquote(dialled)
        async with rig.ari() as ari:
            assert [channel["id"] for channel in await ari.channels()] == [arrived.line_id]
    finally:
        caller.close()


@pytest.mark.parametrize("where", ["sender", "identity"])
async def test_a_name_that_is_no_utf_8_arrives_readable_and_harms_no_other_call(
    where: str, rig: AsteriskRig, ear: Ear
) -> None:
    address = '"\udcff\udcfe" <sip:09012345678@127.0.0.2>'
    broken = CallerLooks(sender=address) if where == "sender" else CallerLooks(identity=address)
    sipps = [
        Sipp(sipp.caller_scenario(DIALLED, looks, []), host=TRUNK, remote=f"127.0.0.1:{rig.sip_port}")
        for looks in (broken, trusted("0312340001"))
    ]
    try:
        callers = {caller.number: caller for caller in [(await ear.next(Arrived)).caller for _ in sipps]}
        assert set(callers) == {"09012345678", "0312340001"}
        assert callers["09012345678"].name == "\ufffd\ufffd"
    finally:
        for each in sipps:
            each.close()


async def test_who_is_not_the_trunk_gets_nowhere(rig: AsteriskRig, ear: Ear) -> None:
    """A stranger's INVITE, whatever its From claims, is asked for a password and never becomes a call."""
    scenario = sipp.refused_scenario(DIALLED, CallerLooks(), 401)
    stranger = Sipp(scenario, host="127.0.0.3", remote=f"127.0.0.1:{rig.sip_port}")
    try:
        assert await stranger.wait()
        assert not [event for event in ear.all if isinstance(event, Arrived)]
    finally:
        stranger.close()

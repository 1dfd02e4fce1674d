"""The line under test: the simulator always, Asterisk where it is."""

from collections.abc import AsyncIterator

import pytest

from tests.asterisk_rig import AsteriskRig, is_there, shared_rig
from tests.telephony.offices import PLAN, AsteriskOffice, Ear, Office, SimulatedOffice


@pytest.fixture
def rig() -> AsteriskRig:
    """A running Asterisk, cleared of what other tests left."""
    if not is_there():
        pytest.skip("Asterisk is not in .cache/asterisk, or SIPp is not installed: ./renkei test brings them")
    return shared_rig()


@pytest.fixture(params=["simulator", pytest.param("asterisk", marks=pytest.mark.asterisk)])
async def office(request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    """People on a line; its rules are pushed."""
    if request.param == "simulator":
        made: Office = SimulatedOffice()
    else:
        made = AsteriskOffice(request.getfixturevalue("rig"))
    await made.line.push_plan(PLAN)
    yield made
    await made.close()


@pytest.fixture
async def ear(office: Office) -> AsyncIterator[Ear]:
    """Somebody who listens to the line."""
    listening = Ear(office.line)
    from renkei.telephony.port import LineUp

    await listening.next(LineUp)
    yield listening
    await listening.stop()

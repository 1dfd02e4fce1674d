"""The phone never depends on us (P1): a real worker process on a real Asterisk, killed and frozen in every phase."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable

import pytest

from renkei.cli.emulate.failures import Failure
from tests import sipp
from tests.asterisk_rig import is_there, shared_rig
from tests.conftest import DatabaseUrls
from tests.sipp import Sipp
from tests.workers.conftest import Bot, Centre
from tests.workers.telephony import LOOKED_UP, PLAYED, RUNG, TALKED, Telephony, furnish

BUDGET, WAIT_NET, PLAY_NET, FIRST_NET = 3.5, 15.0, 11.0, 3.0
SLACK = 2.0
"""The caller is looked at from a busy machine; what is promised is told apart by whole nets, not by this."""

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.skipif(not is_there(), reason="no Asterisk in .cache/asterisk or no SIPp: ./renkei test brings them"),
    pytest.mark.timeout(120),
]


@pytest.fixture
async def telephony(emptied_database: DatabaseUrls, centre: Centre, bot: Bot) -> AsyncIterator[Telephony]:
    rig = shared_rig()
    (rig.data_dir / "asterisk" / "rules.conf").unlink(missing_ok=True)
    made = Telephony(rig, centre, emptied_database, bot)
    furnish(centre, bot, rig.media_dir)
    yield made
    await made.close()


async def _put_a_call_in_every_phase(telephony: Telephony, bot: Bot) -> dict[str, Sipp]:
    """Look-up, guidance, ringing and talking, all at one moment."""
    await telephony.phone("101", answer_ms=None)
    await telephony.phone("102", answer_ms=50)
    bot.provider.trouble.order(Failure.BLACK_HOLE)
    calls = {TALKED: telephony.call(TALKED, sipp.SPEAK, sipp.WAIT, sipp.HANG_UP)}
    await telephony.stage(TALKED, "talking")
    calls[RUNG] = telephony.call(RUNG)
    await telephony.stage(RUNG, "ringing")
    calls[PLAYED] = telephony.call(PLAYED)
    await telephony.answered(calls[PLAYED])
    calls[LOOKED_UP] = telephony.call(LOOKED_UP)
    await telephony.stage(LOOKED_UP, "in_ivr")
    return calls


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
async def test_whatever_phase_a_worker_dies_in_every_call_reaches_its_rule_and_nobody_is_cut_off(
    telephony: Telephony, bot: Bot, fault: signal.Signals
) -> None:
    """P1, with one worker: each call is caught by the net of its own step; the conversation goes on and ends as it
    should, under the next worker or the one that woke.

    Proves P1.
    """
    await telephony.start_worker()
    calls = await _put_a_call_in_every_phase(telephony, bot)
    before = await telephony.packets()
    telephony.signal_worker(fault)
    began = asyncio.get_running_loop().time()
    newcomer = telephony.call(RUNG)

    async def after(moment: Awaitable[float]) -> float:
        return await moment - began

    new, looked_up, rung, played = await asyncio.gather(
        after(telephony.answered(newcomer)), after(telephony.answered(calls[LOOKED_UP])),
        after(telephony.answered(calls[RUNG])), after(telephony.ended(calls[PLAYED])),
    )  # fmt: skip
    assert new < (FIRST_NET if fault is signal.SIGKILL else FIRST_NET + SLACK)
    assert looked_up < BUDGET + SLACK
    assert rung < WAIT_NET + SLACK
    assert played < PLAY_NET + 1.0 + SLACK
    after_all = await telephony.packets()
    assert len(after_all) == 2
    assert all(now[0] > then[0] + 300 and now[1] > then[1] + 300 for then, now in zip(before, after_all, strict=True))
    if fault is signal.SIGKILL:
        await telephony.start_worker()
    else:
        telephony.signal_worker(signal.SIGCONT)
    calls[TALKED].go_on()
    assert await calls[TALKED].wait()
    await telephony.stage(TALKED, "ended")
    assert telephony.row(TALKED)["outcome"] == "answered"
    for dialled in (LOOKED_UP, PLAYED, RUNG):
        await telephony.stage(dialled, "ended")


async def test_without_any_worker_a_new_call_is_at_its_numbers_rule_at_once(telephony: Telephony) -> None:
    """Nobody is connected; the number's own behaviour in case of failure was compiled before. Proves P1."""
    await telephony.start_worker()
    telephony.workers[-1].terminate()
    telephony.workers.pop().wait(15)
    began = asyncio.get_running_loop().time()
    caller = telephony.call(RUNG)
    assert await telephony.answered(caller) - began < FIRST_NET
    assert await caller.wait()


async def test_controls_return_within_ten_seconds_of_our_return(telephony: Telephony) -> None:
    """After a crash the next worker has the conversation, and its agent can end it from the screen. Proves P1."""
    await telephony.start_worker()
    await telephony.phone("102")
    caller = telephony.call(TALKED, sipp.WAIT_FOR_END)
    await telephony.stage(TALKED, "talking")
    telephony.signal_worker(signal.SIGKILL)
    await telephony.start_worker()
    began = asyncio.get_running_loop().time()
    call = telephony.row(TALKED)
    while caller.process.poll() is None:
        assert asyncio.get_running_loop().time() - began < 10
        asked = telephony.centre.insert(
            "callcommand", call_id=call["id"], agent_id=call["answered_by_id"], kind="hang_up", args="{}",
            asked_at=call["arrived_at"], error_code="",
        )  # fmt: skip
        telephony.centre.connection.execute("SELECT pg_notify('renkei_calls', %s)", (f"command:{asked}",))
        await asyncio.sleep(0.5)
    assert await caller.wait()
    await telephony.stage(TALKED, "ended")


async def test_after_a_restart_of_asterisk_telephones_and_calls_are_there_again(telephony: Telephony) -> None:
    """The endpoints are pushed again, the worker reconnects, calls that were cut are entered as ended."""
    await telephony.start_worker()
    await telephony.phone("102")
    telephony.call(TALKED, sipp.WAIT_FOR_END)
    await telephony.stage(TALKED, "talking")
    telephony.rig.kill()
    (telephony.rig.base / "lib" / "astdb.sqlite3").unlink()
    telephony.rig.start()
    await telephony.stage(TALKED, "ended")

    async def is_back() -> bool:
        return await telephony.rig.knows_phone("101-web") and await telephony.rig.knows_phone("102-web")

    await telephony.until(is_back)
    telephony.centre.rows("UPDATE renkei_presence SET state = 'available', call_id = NULL RETURNING agent_id")
    await telephony.phone("102")
    caller = telephony.call(TALKED, sipp.WAIT, sipp.HANG_UP)
    await telephony.stage(TALKED, "talking")
    caller.go_on()
    assert await caller.wait()

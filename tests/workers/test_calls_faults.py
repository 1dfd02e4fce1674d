"""The phone never depends on us: workers killed, frozen and restarted, the database away, the line lost (P1)."""

import asyncio
from typing import Any

import pytest

from renkei.cli.emulate.failures import Failure
from renkei.domain.line import Arrived, Caller, Ended, EndedBy
from renkei.messages import explain_detail
from renkei.telephony.port import Stage
from renkei.workers import calls_lease
from renkei.workers.calls_journal import Journal
from renkei.workers.database import Database, DatabaseAwayError
from tests.workers.conftest import NUMBER, PATIENCE, Bot, Centre, Desk


@pytest.fixture
def agent(centre: Centre) -> int:
    agent = centre.agent("101")
    rule = centre.rule("受付", [{"do": "ring", "agents": [agent], "seconds": 20}])
    fallback = centre.rule("障害時", [{"do": "guidance", "guidance": centre.guidance("障害です")}])
    centre.number(entry_rule_id=rule, fallback_rule_id=fallback)
    return agent


@pytest.fixture
def quick_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_lease, "BEAT_SECONDS", 0.1)
    monkeypatch.setattr(calls_lease, "LEASE_SECONDS", 1.0)


def rings(centre: Centre) -> list[str]:
    """How the rings of the only call ended, in order."""
    return [str(row["ended_why"]) for row in centre.rows("SELECT ended_why FROM renkei_callring ORDER BY id")]


async def _talk(desk: Desk, centre: Centre) -> None:
    desk.dial("sim-1")
    await desk.until(lambda: centre.call("sim-1").get("state") == "ringing")
    await desk.until_rung("sim-1", "101")
    desk.line.answer_ring("sim-1", extension="101")
    await desk.until(lambda: centre.call("sim-1")["state"] == "talking")


async def test_a_conversation_outlives_its_worker_and_is_taken_over(
    desk: Desk, centre: Centre, agent: int, quick_lease: None
) -> None:
    """P1: people who talk are never cut; their controls return with the next worker."""
    await desk.start()
    await _talk(desk, centre)
    await desk.kill()
    desk.time.advance(3600)
    assert [call.stage for call in await desk.line.standing_calls()] == [Stage.TALKING]
    worker = await desk.start()
    await desk.until(lambda: "sim-1" in worker.serving.live)
    await desk.until_step("sim-1", "taken_over")
    desk.line.hang_up("sim-1")
    ended = await desk.until_ended("sim-1")
    assert (ended["outcome"], ended["answered_by_id"]) == ("answered", agent)
    assert centre.presence(agent) == "after_call"
    assert [step["position"] for step in centre.details("sim-1")] == list(range(len(centre.steps("sim-1"))))


async def test_a_ringing_call_whose_worker_died_falls_to_its_fallback_rule(
    desk: Desk, centre: Centre, agent: int, quick_lease: None
) -> None:
    """P1: at the end of its step's net the line's own rule has the call; the history knows it after the restart."""
    await desk.start()
    desk.dial("sim-1")
    await desk.until(lambda: centre.call("sim-1").get("state") == "ringing")
    await desk.until_rung("sim-1", "101")
    await desk.kill()
    desk.time.advance(14.9)
    assert desk.line.heard("sim-1") == ()
    desk.time.advance(0.2)
    assert desk.line.heard("sim-1") == ("障害です",)
    await desk.start()
    ended = await desk.until_ended("sim-1")
    assert ended["outcome"] == "fallback"
    assert centre.presence(agent) == "available"


async def test_a_look_up_whose_worker_died_ends_with_a_reason_of_its_own(
    desk: Desk, centre: Centre, bot: Bot, quick_lease: None
) -> None:
    """Proves R107, D2. The call takes its fallback; nobody lives who could tell the answer, and the history says so."""
    fallback = centre.rule("障害時", [{"do": "guidance", "guidance": centre.guidance("障害です")}])
    ivr = centre.ivr("チャット連携", bot.url, error_rule=fallback)
    centre.number(entry_ivr_id=ivr, fallback_rule_id=fallback)
    bot.provider.trouble.order(Failure.BLACK_HOLE)
    await desk.start()
    desk.dial("sim-1")
    await desk.until(lambda: centre.call("sim-1").get("passed_linkage") is True)
    await desk.kill()
    desk.time.advance(4)
    assert desk.line.heard("sim-1") == ("障害です",)
    await desk.start()
    assert (await desk.until_ended("sim-1"))["outcome"] == "fallback"
    link = centre.link("sim-1")
    assert (link["reason"], link["record"]["detail"]) == ("request_error", "look_up_unfinished")
    assert "照会は完了していません" in explain_detail(link["record"]["detail"])


async def test_a_ringing_call_is_rung_anew_by_the_next_worker(
    desk: Desk, centre: Centre, agent: int, quick_lease: None
) -> None:
    """A caller who waits is served again from the number's entry; nobody is forgotten."""
    await desk.start()
    desk.dial("sim-1")
    await desk.until(lambda: centre.call("sim-1").get("state") == "ringing")
    await desk.until_rung("sim-1", "101")
    await desk.kill()
    await desk.start()
    await desk.until(lambda: centre.events(agent).count("call.ringing") == 2)
    await desk.until_rung("sim-1", "101")
    desk.line.answer_ring("sim-1", extension="101")
    await desk.until(lambda: centre.call("sim-1")["state"] == "talking")
    assert centre.presence(agent) == "talking"
    assert rings(centre) == ["worker_gone", "answered"]
    assert "taken_over" in centre.steps("sim-1")


async def test_an_answer_that_its_worker_did_not_live_to_note_is_in_the_history(
    desk: Desk, centre: Centre, agent: int, quick_lease: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The telephone line knows who is talking; nobody's ring is called interrupted who answered it."""
    await desk.start()
    desk.dial("sim-1")
    await desk.until_rung("sim-1", "101")
    monkeypatch.setattr(Journal, "note", lambda *_: None)
    desk.line.answer_ring("sim-1", extension="101")
    await desk.until(lambda: desk.line._calls["sim-1"].stage is Stage.TALKING)
    await desk.kill()
    monkeypatch.undo()
    assert centre.call("sim-1")["answered_by_id"] is None
    await desk.start()
    await desk.until(lambda: centre.call("sim-1")["state"] == "talking")
    assert (centre.call("sim-1")["answered_by_id"], centre.presence(agent)) == (agent, "talking")
    assert rings(centre) == ["answered"]


async def test_a_customer_whom_an_agent_left_while_no_worker_lived_is_not_rung_through_again(
    desk: Desk, centre: Centre, agent: int, quick_lease: None
) -> None:
    """The conversation was over when the agent hung up, as it would be with a worker."""
    await desk.start()
    await _talk(desk, centre)
    await desk.kill()
    desk.line._stop_ring(desk.line._calls["sim-1"])
    await desk.start()
    ended = await desk.until_ended("sim-1")
    assert (ended["outcome"], ended["answered_by_id"]) == ("answered", agent)
    await desk.until(lambda: "sim-1" not in desk.line._calls)


async def test_a_call_that_comes_to_a_second_worker_through_the_net_goes_on_in_one_history(
    desk: Desk, centre: Centre, agent: int, quick_lease: None
) -> None:
    """P1: the first worker may have entered its end already, or left its rings open; the call is not over."""
    await desk.start()
    desk.dial("sim-1")
    await desk.until_rung("sim-1", "101")
    await desk.kill()
    desk.time.advance(20)
    centre.rows("UPDATE renkei_call SET state = 'ended', outcome = 'fallback', owner = 'renkei-9' RETURNING id")
    desk.line._calls.pop("sim-1", None)
    await desk.start()
    desk.dial("sim-1")
    await desk.until_rung("sim-1", "101")
    desk.line.answer_ring("sim-1", extension="101")
    await desk.until(lambda: centre.call("sim-1")["state"] == "talking")
    assert (centre.call("sim-1")["owner"], centre.call("sim-1")["ended_at"]) == ("renkei-1", None)
    assert rings(centre) == ["worker_gone", "answered"]
    assert centre.steps("sim-1").count("taken_over") == 1
    assert [step["position"] for step in centre.details("sim-1")] == list(range(len(centre.steps("sim-1"))))


async def test_with_no_worker_a_new_call_runs_its_fallback_at_once(desk: Desk, centre: Centre, agent: int) -> None:
    """P1: nobody is connected."""
    worker = await desk.start()
    worker.stop()
    await desk.workers.pop()[1]
    desk.dial("sim-1")
    assert desk.line.heard("sim-1") == ("障害です",)


async def test_without_the_database_calls_are_served_and_their_history_follows(
    desk: Desk, centre: Centre, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P1: personal data fails closed, routing fails open: request-error branch, in time; written when it is back."""
    error_rule = centre.rule("障害", [{"do": "guidance", "guidance": centre.guidance("混み合っています")}])
    centre.number(entry_ivr_id=centre.ivr("連携", bot.url, error_rule=error_rule))
    bot.chat("こんにちは")
    await desk.start()
    healthy = Database.run

    async def away(self: Database, deed: Any, *, seconds: float) -> Any:
        raise DatabaseAwayError("gone")

    monkeypatch.setattr(Database, "run", away)
    began = asyncio.get_running_loop().time()
    desk.dial("sim-1")
    await desk.until(lambda: desk.line.heard("sim-1"))
    assert asyncio.get_running_loop().time() - began < 3.5
    assert desk.line.heard("sim-1") == ("混み合っています",)
    desk.time.advance(4)
    await desk.until(lambda: desk.line.heard("sim-1") == ())
    monkeypatch.setattr(Database, "run", healthy)
    ended = await desk.until_ended("sim-1")
    assert (ended["outcome"], ended["during_outage"]) == ("guidance", True)
    assert centre.steps("sim-1") == ["entered", "looked_up", "branch", "rule", "guidance", "left"]
    await desk.until(lambda: centre.link("sim-1"))
    assert centre.link("sim-1")["record"]["detail"] == "database_away"


async def test_a_worker_that_lost_its_name_stops(desk: Desk, centre: Centre, quick_lease: None) -> None:
    """A second process under our name has the calls now: two must never command one line."""
    await desk.start()
    centre.rows("UPDATE renkei_worker SET epoch = epoch + 1 RETURNING epoch")
    _, task = desk.workers.pop()
    assert await asyncio.wait_for(task, PATIENCE) == 1


async def test_who_woke_from_a_freeze_commands_no_call_that_it_lost(desk: Desk, centre: Centre, agent: int) -> None:
    """It asks whose the call is before its first command."""
    worker = await desk.start()
    desk.dial("sim-1")
    await desk.until(lambda: centre.call("sim-1").get("state") == "ringing")
    await desk.until_rung("sim-1", "101")
    centre.rows("UPDATE renkei_call SET owner = 'renkei-2' RETURNING id")
    worker.serving.lease._slept += 1
    desk.line.answer_ring("sim-1", extension="101")
    await desk.until(lambda: "sim-1" not in worker.serving.live)
    assert (await desk.line.standing_calls())[0].stage is not Stage.TALKING


async def test_who_lost_a_call_writes_no_more_into_its_history(desk: Desk, centre: Centre, agent: int) -> None:
    """The net gave it to a fellow worker: its end in our hands is not its end."""
    worker = await desk.start()
    desk.dial("sim-1")
    await desk.until(lambda: centre.call("sim-1").get("state") == "ringing")
    await desk.until_step("sim-1", "ring")
    steps = centre.steps("sim-1")
    centre.rows("UPDATE renkei_call SET owner = 'renkei-2' RETURNING id")
    worker.serving.tell(Ended("sim-1", EndedBy.NET))
    await desk.until(lambda: not worker.serving.live and not worker.serving.journals)
    assert (centre.call("sim-1")["state"], centre.steps("sim-1")) == ("ringing", steps)


async def test_who_woke_serves_of_the_calls_it_hears_late_only_those_that_still_wait_for_it(
    desk: Desk, centre: Centre, agent: int
) -> None:
    """P1: the others are with a fellow worker by now, or over, and stand in the history."""
    worker = await desk.start()
    worker.serving.lease._last_tick -= 3.0
    worker.serving.arrived(Arrived("sim-gone", Caller("0312345678", "", False), NUMBER))
    desk.dial("sim-1")
    await desk.until(lambda: centre.call("sim-1").get("state") == "ringing")
    await desk.until(lambda: "sim-1" in worker.serving.live)
    assert "sim-gone" not in worker.serving.live
    assert centre.call("sim-gone") == {}


async def test_a_nap_longer_than_a_net_is_noticed(desk: Desk, centre: Centre, agent: int) -> None:
    """The net gives a call away after three seconds: who slept that long must ask, though the lease still runs."""
    lease = (await desk.start()).serving.lease
    before = lease._slept
    lease._last_tick -= 3.0
    lease._notice_sleep()
    assert lease._slept == before + 1


async def test_the_line_comes_back_and_its_calls_with_it(desk: Desk, centre: Centre, agent: int) -> None:
    """A line that was lost for a while: the conversation is still ours and ends as answered."""
    await desk.start()
    await _talk(desk, centre)
    desk.line.lose()
    desk.time.advance(30)
    desk.line.regain()
    desk.line.hang_up("sim-1")
    assert (await desk.until_ended("sim-1"))["outcome"] == "answered"

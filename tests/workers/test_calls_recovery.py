"""What a calls worker makes good by itself: lost notes, slow lines, settings that failed, callers who left early."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from renkei import clock
from renkei.actions.realtime import calls as call_actions
from renkei.actions.realtime import links as link_actions
from renkei.cli.emulate.failures import Failure
from renkei.domain.ivr_words import NoteEnded
from renkei.domain.plan import LinePlan
from renkei.queries.realtime import snapshot
from renkei.telephony.port import LineError, LineEvent, LineLostError, StandingCall
from renkei.workers import calls_journal, calls_lease, calls_look_up, calls_settings, calls_system
from tests.workers.conftest import NUMBER, PATIENCE, Bot, Centre, Desk, eventually


@pytest.fixture
def agent(centre: Centre) -> int:
    agent = centre.agent("101")
    rule = centre.rule("受付", [{"do": "ring", "agents": [agent], "seconds": 20}])
    centre.number(entry_rule_id=rule)
    return agent


@pytest.fixture(autouse=True)
def quick_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_lease, "BEAT_SECONDS", 0.1)


def lease_end(centre: Centre) -> datetime:
    """Until when the worker's calls are its own."""
    [row] = centre.rows("SELECT lease_until FROM renkei_worker")
    end = row["lease_until"]
    assert isinstance(end, datetime)
    return end


DISABLE = (
    "UPDATE renkei_user SET is_active = false WHERE username = 'agent102';"
    "UPDATE renkei_agent SET extension = extension WHERE extension = '102'"  # both are saved together
)


def told(centre: Centre) -> list[str]:
    """What each worker noted of the rules that it told its line last."""
    return [str(row["problem"]) for row in centre.rows("SELECT problem FROM renkei_rulestold ORDER BY worker")]


def _caused(error: LineError, cause: Exception) -> LineError:
    error.__cause__ = cause
    return error


async def _talk(desk: Desk, centre: Centre) -> None:
    desk.dial("sim-1")
    await desk.until(lambda: centre.call("sim-1").get("state") == "ringing")
    await desk.until_rung("sim-1", "101")
    desk.line.answer_ring("sim-1", extension="101")
    await desk.until(lambda: centre.call("sim-1")["state"] == "talking")


async def test_an_end_that_could_not_be_written_is_entered_at_a_later_heartbeat(
    desk: Desk, centre: Centre, agent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in one note must not leave a call standing and its agent talking for ever."""
    await desk.start()
    await _talk(desk, centre)
    healthy = call_actions.record
    failures = iter([True])

    async def fail_once(conn: Any, call_id: int, *, notes: Sequence[Any]) -> None:
        if any(isinstance(each.note, NoteEnded) for each in notes) and next(failures, False):
            raise ValueError("a bug")
        await healthy(conn, call_id, notes=notes)

    monkeypatch.setattr(calls_journal, "record", fail_once)
    desk.line.hang_up("sim-1")
    assert (await desk.until_ended("sim-1"))["outcome"] == "answered"
    await desk.until(lambda: centre.presence(agent) == "after_call")


async def test_a_line_that_does_not_say_what_stands_costs_no_lease(
    desk: Desk, centre: Centre, agent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P1: others take our calls when our lease runs out, so nothing slow may keep it from being renewed."""
    monkeypatch.setattr(calls_lease, "LEASE_SECONDS", 1.0)
    worker = await desk.start()
    is_asked = asyncio.Event()

    async def never() -> Sequence[StandingCall]:
        is_asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(desk.line, "standing_calls", never)
    worker.standing._is_due = True
    await asyncio.wait_for(is_asked.wait(), PATIENCE)
    before, a_lease = lease_end(centre), timedelta(seconds=calls_lease.LEASE_SECONDS)
    await desk.until(lambda: lease_end(centre) > before + a_lease)
    assert lease_end(centre) > clock.now()
    assert worker.serving.is_up.is_set(), "it serves on"


async def test_a_call_that_arrives_while_we_ask_what_stands_is_served_as_a_new_one(
    desk: Desk, centre: Centre, agent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody lost it: its news was only slower than the line's answer. Taken over, it would be served twice over.

    Proves P1.
    """
    worker = await desk.start()
    healthy, is_told = desk.line.standing_calls, desk.line._tell
    late: list[LineEvent] = []

    async def say_before_the_news() -> Sequence[StandingCall]:
        monkeypatch.setattr(desk.line, "_tell", late.append)
        desk.dial("sim-1")
        monkeypatch.setattr(desk.line, "_tell", is_told)
        asyncio.get_running_loop().call_later(0.05, lambda: [is_told(news) for news in late])
        return await healthy()

    monkeypatch.setattr(desk.line, "standing_calls", say_before_the_news)
    await worker.standing.reconcile()
    await desk.until_rung("sim-1", "101")
    assert [type(news).__name__ for news in late] == ["Arrived"]
    assert centre.steps("sim-1")[0] == "rule"
    assert "taken_over" not in centre.steps("sim-1")


async def test_a_caller_who_leaves_during_the_look_up_leaves_its_result_behind(
    desk: Desk, centre: Centre, bot: Bot
) -> None:
    """Proves R133, R134, D2."""
    centre.rows("UPDATE renkei_installation SET lookup_budget_ms = 600 RETURNING id")
    error_rule = centre.rule("障害", [{"do": "busy"}])
    centre.number(entry_ivr_id=centre.ivr("連携", bot.url, error_rule=error_rule))
    bot.provider.trouble.order(Failure.BLACK_HOLE)
    await desk.start()
    desk.dial("sim-1")
    await desk.until_step("sim-1", "entered")
    desk.line.hang_up("sim-1")
    assert (await desk.until_ended("sim-1"))["outcome"] == "abandoned"
    await desk.until(lambda: centre.link("sim-1"))
    assert centre.link("sim-1")["reason"] == "request_error"
    assert centre.exchanges("sim-1")[-1]["outcome"] == "timed_out"


@pytest.mark.parametrize("is_stored", [True, False])
async def test_a_look_up_of_which_nobody_knows_whether_it_was_stored_is_stored_once(
    desk: Desk, centre: Centre, bot: Bot, monkeypatch: pytest.MonkeyPatch, *, is_stored: bool
) -> None:
    """Proves R134, D2. The database went away while the attempt was being stored."""
    error_rule = centre.rule("障害", [{"do": "busy"}])
    centre.number(entry_ivr_id=centre.ivr("連携", bot.url, error_rule=error_rule))
    await desk.start()
    healthy = link_actions.link_chat

    async def lose(conn: Any, asking: Any, **told: Any) -> None:
        if is_stored:
            await healthy(conn, asking, **told)
        raise psycopg.OperationalError

    monkeypatch.setattr(calls_look_up, "link_chat", lose)
    desk.dial("sim-1")
    await desk.until_ended("sim-1")
    await desk.until(lambda: not desk.workers[0][0].serving.journals)
    call = centre.call("sim-1")["id"]
    links = centre.rows("SELECT reason FROM renkei_chatlink WHERE call_id = %(call)s", call=call)
    assert [link["reason"] for link in links] == ["no_chat" if is_stored else "request_error"]
    assert [exchange["outcome"] for exchange in centre.exchanges("sim-1")] == ["ok"]


async def test_nothing_of_a_call_stands_in_its_history_before_its_arrival(
    desk: Desk, centre: Centre, agent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves D4. The database stamps the arrival; a worker whose clock is slow by five seconds writes the rest."""
    slow = SimpleNamespace(now=lambda: clock.now() - timedelta(seconds=5))
    monkeypatch.setattr(calls_journal, "clock", slow)
    await desk.start()
    await _talk(desk, centre)
    desk.line.hang_up("sim-1")
    call = await desk.until_ended("sim-1")
    times = [step["at"] for step in centre.details("sim-1")]
    assert len(times) == 4
    assert call["arrived_at"] <= min(times)
    assert times == sorted(times)
    assert call["arrived_at"] <= call["answered_at"] <= call["ended_at"]


async def test_settings_that_could_not_be_read_are_read_again(
    desk: Desk, centre: Centre, agent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever went wrong: without settings the worker would serve nobody."""
    healthy = snapshot.read_snapshot
    failures = iter([True, True, True])

    async def fail_at_first(conn: Any) -> snapshot.Snapshot:
        if next(failures, False):
            raise ValueError("a bug")
        return await healthy(conn)

    monkeypatch.setattr(calls_settings, "read_snapshot", fail_at_first)
    worker = await desk.start()
    assert next(failures, None) is None, "it failed each time it was told to"
    assert NUMBER in worker.serving.settings.plan.numbers


async def test_a_plan_the_line_refused_once_is_pushed_again(
    desk: Desk, centre: Centre, agent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P1: what the line runs without us must be what was saved last."""
    await desk.start()
    healthy = desk.line.push_plan
    failures = iter([True])

    async def fail_once(plan: LinePlan) -> None:
        if next(failures, False):
            raise LineError("busy")
        await healthy(plan)

    monkeypatch.setattr(desk.line, "push_plan", fail_once)
    rule = centre.rule("夜間", [{"do": "busy"}])
    await eventually(lambda: rule in desk.line._plan.rules)
    assert next(failures, None) is None, "it was refused first"
    assert desk.line._plan.rules[rule].name == "夜間"
    await eventually(lambda: told(centre) == [""])


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (LineLostError("away"), "away"),
        (LineError("no"), "refused"),
        (_caused(LineError("no"), OSError(28, "full")), "not_written"),
    ],
    ids=["away", "refused", "disk full"],
)
async def test_what_keeps_the_rules_from_the_telephone_system_is_noted_for_the_screen(
    desk: Desk, centre: Centre, agent: int, monkeypatch: pytest.MonkeyPatch, error: LineError, problem: str
) -> None:
    """P1: who changes a rule must learn that the telephone system still has the old one."""
    await desk.start()
    await eventually(lambda: told(centre) == [""])
    healthy = desk.line.push_plan

    async def fail(plan: LinePlan) -> None:
        raise error

    monkeypatch.setattr(desk.line, "push_plan", fail)
    rule = centre.rule("夜間", [{"do": "busy"}])
    await eventually(lambda: told(centre) == [problem])
    assert rule not in desk.line._plan.rules, "the telephone system has the old ones"
    monkeypatch.setattr(desk.line, "push_plan", healthy)
    await eventually(lambda: told(centre) == [""])
    assert rule in desk.line._plan.rules, "nothing is noted any more, for it has the new ones"


@pytest.mark.parametrize(
    "end",
    [
        DISABLE,
        "DELETE FROM renkei_agent WHERE extension = '102'",
    ],
)
async def test_the_telephone_of_an_agent_who_is_gone_is_taken_away_at_once_and_at_the_next_connection(
    desk: Desk, centre: Centre, agent: int, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """Deleted or disabled: nobody registers there any more."""
    centre.agent("102")
    kept: list[list[str]] = []

    async def keep(extensions: Sequence[str]) -> None:
        kept.append(list(extensions))

    monkeypatch.setattr(desk.line, "keep_phones", keep)
    await desk.start()
    await eventually(lambda: kept == [["101", "102"]])
    centre.connection.execute("DELETE FROM renkei_presence WHERE agent_id <> %s", (agent,))
    centre.connection.execute(end.encode())
    await eventually(lambda: kept[1:] == [["101"]])
    desk.line.lose()
    desk.line.regain()
    await eventually(lambda: len(kept) == 3)
    assert kept == [["101", "102"], ["101"], ["101"]]


async def test_which_telephone_system_it_is_is_noted_once_it_says_so_and_again_when_it_came_back_newer(
    desk: Desk, centre: Centre, agent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """システム設定 warns of an Asterisk that is too old; what cannot be asked now is asked the next time."""
    monkeypatch.setattr(calls_system, "ASK_SECONDS", 0.05)
    told: list[str | LineError] = [LineLostError("away"), "Asterisk 18.26.4", "Asterisk 22.10.1"]

    async def system() -> str:
        answer = told[0]
        if isinstance(answer, LineError):
            told.pop(0)
            raise answer
        return answer

    def noted() -> str:
        [row] = centre.rows("SELECT system FROM renkei_worker")
        return str(row["system"])

    monkeypatch.setattr(desk.line, "system", system)
    await desk.start()
    await eventually(lambda: noted() == "Asterisk 18.26.4")
    told.pop(0)
    await eventually(lambda: noted() == "Asterisk 22.10.1")
    assert told == ["Asterisk 22.10.1"]


async def test_a_call_that_came_after_our_sleep_is_ours_without_asking(desk: Desk, centre: Centre, agent: int) -> None:
    """Who slept once must not ask the database before the first command of every later call."""
    worker = await desk.start()
    worker.serving.lease._slept += 1
    centre.rows("UPDATE renkei_worker SET epoch = epoch RETURNING epoch")
    asked: list[object] = []
    healthy = worker.serving.database.run

    async def watch(deed: Any, *, seconds: float) -> Any:
        if seconds == calls_lease.ASK_SECONDS and "owned_calls" in deed.__code__.co_names:
            asked.append(deed)
        return await healthy(deed, seconds=seconds)

    worker.serving.database.run = watch  # type: ignore[method-assign]
    await _talk(desk, centre)
    assert asked == []

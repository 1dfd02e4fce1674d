"""What browsers ask reaches the call by its row and a NOTIFY, and everybody who asks gets an answer."""

from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from renkei import clock
from tests.workers.conftest import NUMBER, Centre, Desk


@pytest.fixture
def agent(centre: Centre) -> int:
    agent = centre.agent("101")
    rule = centre.rule("受付", [{"do": "ring", "agents": [agent], "seconds": 20}])
    centre.number(entry_rule_id=rule)
    return agent


def ask(centre: Centre, line_id: str, agent: int, kind: str) -> int:
    call = centre.call(line_id)["id"]
    command = centre.insert(
        "callcommand", call_id=call, agent_id=agent, kind=kind, args=Jsonb({}), asked_at=clock.now(),
        error_code="",
    )  # fmt: skip
    centre.connection.execute(f"NOTIFY renkei_calls, 'command:{command}'")
    return command


def simulate(centre: Centre, line_id: str, kind: str, **args: Any) -> int:
    action = centre.insert(
        "simulatedaction", line_id=line_id, kind=kind, args=Jsonb(args), asked_at=clock.now(), error_code=""
    )
    centre.connection.execute(f"NOTIFY renkei_calls, 'simulated:{action}'")
    return action


def answer_to(centre: Centre, command: int) -> str | None:
    row = centre.rows("SELECT done_at, error_code FROM renkei_callcommand WHERE id = %(id)s", id=command)[0]
    return row["error_code"] if row["done_at"] else None


async def answered(desk: Desk, centre: Centre, command: int) -> str | None:
    """The answer, once there is one; empty for done."""
    await desk.until(lambda: answer_to(centre, command) is not None)
    return answer_to(centre, command)


async def test_a_customer_dials_and_the_agent_accepts_holds_and_hangs_up(
    desk: Desk, centre: Centre, agent: int
) -> None:
    """The whole conversation by rows alone, as the demonstration's pages do it."""
    await desk.start()
    simulate(centre, "sim-1", "dial", number="09012345678", name="", withheld=False, dialled=NUMBER)
    await desk.until(lambda: centre.call("sim-1").get("state") == "ringing")
    accept = ask(centre, "sim-1", agent, "accept")
    await desk.until(lambda: centre.call("sim-1")["state"] == "talking")
    assert await answered(desk, centre, accept) == ""
    for kind, state in (("hold", "held"), ("unhold", "talking")):
        command = ask(centre, "sim-1", agent, kind)
        await desk.until(lambda state=state: centre.call("sim-1")["state"] == state)  # type: ignore[misc]
        assert await answered(desk, centre, command) == ""
    ask(centre, "sim-1", agent, "hang_up")
    assert (await desk.until_ended("sim-1"))["outcome"] == "answered"
    assert "command.done" in centre.events(agent)


async def test_keys_are_noted_before_a_conversation_only(desk: Desk, centre: Centre, agent: int) -> None:
    """What a customer keys while speaking with an agent may be a card number."""
    await desk.start()
    simulate(centre, "sim-1", "dial", number="09012345678", dialled=NUMBER)
    await desk.until(lambda: centre.call("sim-1").get("state") == "ringing")
    simulate(centre, "sim-1", "press", digit="5")
    await desk.until_step("sim-1", "key")
    ask(centre, "sim-1", agent, "accept")
    await desk.until(lambda: centre.call("sim-1")["state"] == "talking")
    simulate(centre, "sim-1", "press", digit="6")
    simulate(centre, "sim-1", "hang_up")
    await desk.until_ended("sim-1")
    assert [step["detail"] for step in centre.details("sim-1") if step["kind"] == "key"] == [{"digit": "5"}]


async def test_who_may_not_is_refused_with_a_code(desk: Desk, centre: Centre, agent: int) -> None:
    """Another agent's call, a ring that is not theirs, nonsense: each gets its own answer."""
    other = centre.agent("102")
    await desk.start()
    desk.dial("sim-1")
    await desk.until(lambda: centre.call("sim-1").get("state") == "ringing")
    stranger = ask(centre, "sim-1", other, "accept")
    assert await answered(desk, centre, stranger) == "not_ringing"
    await desk.until_rung("sim-1", "101")
    desk.line.answer_ring("sim-1", extension="101")
    await desk.until(lambda: centre.call("sim-1")["state"] == "talking")
    theirs = ask(centre, "sim-1", other, "hang_up")
    assert await answered(desk, centre, theirs) == "not_your_call"
    nonsense = ask(centre, "sim-1", agent, "fly")
    assert await answered(desk, centre, nonsense) == "bad_command"
    desk.line.hang_up("sim-1")
    await desk.until_ended("sim-1")
    late = ask(centre, "sim-1", agent, "hang_up")
    assert await answered(desk, centre, late) == "call_gone"


async def test_a_command_nobody_can_carry_out_is_refused(desk: Desk, centre: Centre, agent: int) -> None:
    """The owner is gone: any worker's sweep answers with worker_gone."""
    await desk.start()
    call = centre.insert(
        "call", line_id="sim-x", direction="in", state="ended", outcome="answered", caller_raw="", caller_name="",
        caller_unknown="unknown", dialled_raw="", owner="renkei-9", passed_linkage=False,
        arrived_at=clock.now(), during_outage=False,
    )  # fmt: skip
    command = centre.insert(
        "callcommand", call_id=call, agent_id=agent, kind="hold", args=Jsonb({}),
        asked_at=datetime(2025, 1, 31, tzinfo=UTC), error_code="",
    )  # fmt: skip
    assert await answered(desk, centre, command) == "worker_gone"


async def test_a_changed_setting_holds_for_the_next_call(desk: Desk, centre: Centre, agent: int) -> None:
    """A call under way keeps the plan it arrived under."""
    await desk.start()
    desk.dial("sim-1")
    await desk.until(lambda: centre.call("sim-1").get("state") == "ringing")
    centre.connection.execute("UPDATE renkei_phonenumber SET entry_rule_id = %s", [centre.busy])
    await desk.until(lambda: "sim-2" in desk_after_change(desk, centre))
    assert centre.call("sim-2")["outcome"] == "busy"
    assert centre.call("sim-1")["state"] == "ringing"


def desk_after_change(desk: Desk, centre: Centre) -> list[str]:
    """Dial sim-2 once the worker has the new plan; lists the ended calls."""
    plan = desk.workers[0][0].serving.settings.plan
    if any(number.entry.rule_id == centre.busy for number in plan.numbers.values()):  # type: ignore[union-attr]
        desk.dial("sim-2")
    return [str(row["line_id"]) for row in centre.rows("SELECT line_id FROM renkei_call WHERE state = 'ended'")]

"""A call from the number dialled to its histories, on the simulated line: real database, real HTTP to the emulator."""

import asyncio
from datetime import timedelta

import pytest

from renkei import clock
from renkei.cli.emulate.failures import Failure
from renkei.domain.near_numbers import in_weeks, near_keys
from tests.workers.conftest import MOBILE, Bot, Centre, Desk


@pytest.fixture
def agent(centre: Centre) -> int:
    return centre.agent("101")


@pytest.fixture
def ivr(centre: Centre, bot: Bot, agent: int) -> int:
    """A linkage IVR: success rings the agent, failure says so, a request error is busy."""
    failure_rule = centre.rule("失敗", [{"do": "guidance", "guidance": centre.guidance("担当におつなぎできません")}])
    error_rule = centre.rule("障害", [{"do": "guidance", "guidance": centre.guidance("ただいま混み合っています")}])
    ivr = centre.ivr("チャット連携", bot.url, error_rule=error_rule)
    hello = centre.guidance("おつなぎします")
    centre.branch(
        ivr, "success", label_id=centre.label("チャットから"), guidance_id=hello, action="transfer",
        destination_agent_id=agent, rule_id=failure_rule,
    )  # fmt: skip
    centre.branch(ivr, "failure", rule_id=failure_rule, destination_agent_id=agent)
    centre.number(entry_ivr_id=ivr)
    return ivr


async def test_a_chat_follows_its_customer_to_the_agent_who_answers(
    desk: Desk, centre: Centre, bot: Bot, ivr: int, agent: int
) -> None:
    """Proves R5, R39, R45, R47, R54, R67, R133, R134."""
    bot.chat("解約したいのですが", "090です")
    await desk.start()
    desk.dial("sim-1")
    await desk.until_step("sim-1", "guidance")
    assert desk.line.heard("sim-1") == ("おつなぎします",)
    desk.time.advance(4)
    await desk.until(lambda: "call.ringing" in centre.events(agent))
    assert centre.presence(agent) == "ringing"
    await desk.until_rung("sim-1", "101")
    desk.line.answer_ring("sim-1", extension="101")
    await desk.until(lambda: centre.call("sim-1")["state"] == "talking")
    assert centre.presence(agent) == "talking"
    desk.line.hang_up("sim-1")
    ended = await desk.until_ended("sim-1")
    assert (ended["outcome"], ended["answered_by_id"], ended["passed_linkage"]) == ("answered", agent, True)
    assert centre.presence(agent) == "after_call"
    assert centre.steps("sim-1") == [
        "entered", "looked_up", "branch", "label", "guidance", "ring", "answered", "left"
    ]  # fmt: skip
    assert (centre.link("sim-1")["reason"], centre.link("sim-1")["source"]) == ("linked", "fetched")
    assert [each["status"] for each in centre.exchanges("sim-1")] == [200]
    assert MOBILE.replace("-", "") not in str(centre.exchanges("sim-1"))
    told = [kind for kind in centre.events(agent) if kind != "call.route"]
    assert told == ["call.ringing", "call.answered", "call.ended"]
    assert [row["text"] for row in centre.rows("SELECT text FROM renkei_chatmessage ORDER BY position")] == [
        "解約したいのですが", "090です",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("chat_age", "withheld", "reason"),
    [
        (None, False, "no_chat"),
        (timedelta(hours=24, seconds=5), False, "expired"),
        (timedelta(hours=1), True, "caller_withheld"),
    ],
)
async def test_without_a_chat_the_call_takes_the_failure_branch(
    desk: Desk, centre: Centre, bot: Bot, ivr: int, *, chat_age: timedelta | None, withheld: bool, reason: str
) -> None:
    """Proves R40, R42, R43, R70, R72, R77."""
    if chat_age is not None:
        bot.chat("こんにちは", at=clock.now() - chat_age)
    await desk.start()
    desk.dial("sim-1", withheld=withheld)
    await desk.until_step("sim-1", "guidance")
    assert desk.line.heard("sim-1") == ("担当におつなぎできません",)
    desk.time.advance(4)
    assert (await desk.until_ended("sim-1"))["outcome"] == "guidance"
    assert centre.link("sim-1")["reason"] == reason
    assert len(centre.exchanges("sim-1")) == (0 if withheld else 1)


async def test_a_mistyped_number_is_named_as_the_reason(desk: Desk, centre: Centre, bot: Bot, ivr: int) -> None:
    """Proves R68, R69. The mistyped chat reached us before, by another caller's look-up."""
    bot.chat("こんにちは", number="090-1234-5687")
    await desk.start()
    desk.dial("sim-1", "090-1234-5687", dialled="+81399999999")
    await desk.until_ended("sim-1")
    centre.rows("SELECT 1")
    conversation = {
        "connector": "dec_support", "project_id": "demo-project", "channel_id": "demo-web", "external_id": "x",
        "typed_number": "090-1234-5687", "e164": "+819012345687", "identified_at": clock.now(),
        "last_customer_at": None, "received_at": clock.now(), "updated_at": clock.now(), "revision": 1,
        "content_sha256": "0" * 64,
        "near_keys": in_weeks(frozenset(near_keys("+819012345687", "")), since=clock.now(), until=clock.now()),
    }  # fmt: skip
    centre.insert("chatconversation", **conversation)
    desk.dial("sim-2", "090-1234-5678")
    await desk.until(lambda: centre.link("sim-2"))
    assert centre.link("sim-2")["reason"] == "number_mismatch"
    assert centre.link("sim-2")["record"]["nearest_last_four"] == "5687"


@pytest.mark.parametrize("failure", [Failure.STATUS_500, Failure.RESET, Failure.NOT_HTTP])
async def test_a_provider_that_fails_sends_the_call_to_the_request_error_rule(
    desk: Desk, centre: Centre, bot: Bot, ivr: int, *, failure: Failure
) -> None:
    """Proves R35, R120, D2."""
    bot.provider.trouble.order(failure)
    await desk.start()
    desk.dial("sim-1")
    await desk.until_step("sim-1", "guidance")
    assert desk.line.heard("sim-1") == ("ただいま混み合っています",)
    assert centre.link("sim-1")["reason"] == "request_error"
    assert centre.exchanges("sim-1")[-1]["outcome"] != "ok"


async def test_a_silent_provider_costs_no_more_than_the_budget(desk: Desk, centre: Centre, bot: Bot, ivr: int) -> None:
    """Proves D14."""
    centre.rows("UPDATE renkei_installation SET lookup_budget_ms = 400 RETURNING id")
    bot.provider.trouble.order(Failure.BLACK_HOLE)
    await desk.start()
    began = asyncio.get_running_loop().time()
    desk.dial("sim-1")
    await desk.until_step("sim-1", "guidance")
    assert asyncio.get_running_loop().time() - began < 1.5
    assert desk.line.heard("sim-1") == ("ただいま混み合っています",)


async def test_switched_off_nothing_is_sent_and_the_request_error_rule_runs(
    desk: Desk, centre: Centre, bot: Bot, ivr: int
) -> None:
    """Proves D12."""
    centre.rows("UPDATE renkei_installation SET chatbot_linkage = false RETURNING id")
    bot.chat("こんにちは")
    await desk.start()
    desk.dial("sim-1")
    await desk.until_step("sim-1", "guidance")
    assert desk.line.heard("sim-1") == ("ただいま混み合っています",)
    assert (centre.link("sim-1")["reason"], centre.exchanges("sim-1")) == ("switched_off", [])


async def test_a_chat_once_obtained_is_linked_to_each_call_even_when_the_provider_fails(
    desk: Desk, centre: Centre, bot: Bot, ivr: int, agent: int
) -> None:
    """Proves R73, R74, D5."""
    bot.chat("こんにちは")
    await desk.start()
    desk.dial("sim-1")
    await desk.until_step("sim-1", "guidance")
    desk.line.hang_up("sim-1")
    bot.provider.trouble.order(Failure.STATUS_500)
    desk.dial("sim-2")
    await desk.until_step("sim-2", "guidance")
    assert desk.line.heard("sim-2") == ("おつなぎします",)
    assert (centre.link("sim-2")["reason"], centre.link("sim-2")["source"]) == ("linked", "stored")
    assert centre.link("sim-1")["conversation_id"] == centre.link("sim-2")["conversation_id"]


async def test_who_declines_or_does_not_answer_passes_the_call_to_the_next_step(
    desk: Desk, centre: Centre, agent: int
) -> None:
    """A rule rings one after the other; who let it ring is 不在 from then on."""
    second = centre.agent("102")
    rule = centre.rule(
        "順番",
        [
            {"do": "ring", "agents": [agent], "seconds": 10},
            {"do": "ring", "agents": [second], "seconds": 10},
            {"do": "busy"},
        ],
    )
    centre.number(entry_rule_id=rule)
    await desk.start()
    desk.dial("sim-1")
    await desk.until_rung("sim-1", "101")
    desk.line.decline_ring("sim-1", extension="101")
    await desk.until(lambda: "call.ringing" in centre.events(second))
    await desk.until_rung("sim-1", "102")
    await desk.until(lambda: "call.taken_back" in centre.events(agent))
    assert centre.presence(agent) == "available"
    desk.time.advance(10)
    ended = await desk.until_ended("sim-1")
    assert ended["outcome"] == "missed"
    assert centre.presence(second) == "offline"
    rings = centre.rows("SELECT agent_id, ended_why FROM renkei_callring ORDER BY id")
    assert [(ring["agent_id"], ring["ended_why"]) for ring in rings] == [(agent, "declined"), (second, "no_answer")]


async def test_nobody_who_is_away_is_rung(desk: Desk, centre: Centre) -> None:
    """Only 受付可 rings; with nobody free the rule goes on at once."""
    away = centre.agent("103", state="away")
    rule = centre.rule("一人", [{"do": "ring", "agents": [away], "seconds": 10}, {"do": "busy"}])
    centre.number(entry_rule_id=rule)
    await desk.start()
    desk.dial("sim-1")
    assert (await desk.until_ended("sim-1"))["outcome"] == "busy"
    assert "nobody_free" in centre.steps("sim-1")
    assert centre.events(away) == []


async def test_ivrs_are_chained_and_a_loop_ends_in_the_numbers_own_behaviour(
    desk: Desk, centre: Centre, bot: Bot
) -> None:
    """Proves R15."""
    first = centre.ivr("一", bot.url, error_rule=centre.busy)
    second = centre.ivr("二", bot.url, error_rule=centre.busy)
    for here, there in ((first, second), (second, first)):
        centre.branch(here, "failure", action="transfer", destination_ivr_id=there)
        centre.branch(here, "success", rule_id=centre.busy)
    centre.number(entry_ivr_id=first)
    await desk.start()
    desk.dial("sim-1")
    await desk.until_ended("sim-1")
    steps = [(step["kind"], step["ivr_name"]) for step in centre.details("sim-1")]
    assert [name for kind, name in steps if kind == "entered"] == ["一", "二"]
    assert "loop" in [kind for kind, _ in steps]


async def test_an_unknown_number_is_busy(desk: Desk, centre: Centre) -> None:
    """A number nobody has set up is a defined action too."""
    await desk.start()
    desk.dial("sim-1", dialled="0399999999")
    assert (await desk.until_ended("sim-1"))["outcome"] == "busy"


async def test_calls_side_by_side_do_not_mix(desk: Desk, centre: Centre, bot: Bot, ivr: int) -> None:
    """Ten callers of the number that is for chats alone, each with a chat of their own; one hangs up in the middle.

    Proves R13, R67.
    """
    numbers = [f"090-1111-00{place:02}" for place in range(10)]
    for number in numbers:
        bot.chat(f"私は{number}", number=number)
    await desk.start()
    for place, number in enumerate(numbers):
        desk.dial(f"sim-{place}", number)
    desk.line.hang_up("sim-3")
    for place, number in enumerate(numbers):
        if place != 3:
            await desk.until(lambda place=place: centre.link(f"sim-{place}"))  # type: ignore[misc]
            typed = centre.rows(
                "SELECT typed_number FROM renkei_chatconversation WHERE id = %(id)s",
                id=centre.link(f"sim-{place}")["conversation_id"],
            )
            assert typed[0]["typed_number"] == number
    assert (await desk.until_ended("sim-3"))["outcome"] == "abandoned"


HOSTILE = [
    "<script>alert(1)</script>", "090\x00123", "\ud800\udfff", "'; DROP TABLE renkei_call; --", "\u202e0901234",
    "9" * 300, "090&PJSIP/itsp/900", "${SHELL(id)}",
]  # fmt: skip


async def test_hostile_callers_are_stored_as_text_and_change_nothing(desk: Desk, centre: Centre, ivr: int) -> None:
    """Proves R78."""
    await desk.start()
    for place, number in enumerate(HOSTILE):
        desk.dial(f"sim-{place}", number)
    for place in range(len(HOSTILE)):
        await desk.until(lambda place=place: centre.link(f"sim-{place}"))  # type: ignore[misc]
        call = centre.call(f"sim-{place}")
        assert call["caller_e164"] is None
        assert len(call["caller_raw"]) <= 200
        assert centre.link(f"sim-{place}")["reason"] == "caller_withheld"

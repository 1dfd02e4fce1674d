"""The linkage on a real telephone: SIPp calls, Asterisk asks us, a browser with a microphone answers."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from renkei.cli.demo.office import CHAT_NUMBER
from renkei.speech.media import write_sound
from tests import sipp
from tests.asterisk_rig import TRUNK, AsteriskRig, is_there, shared_rig
from tests.journeys.conftest import CHROMIUM, QUIET
from tests.journeys.desk import CALLER, Desk, open_newest_call
from tests.journeys.histories import expect_the_histories_to_agree
from tests.journeys.stack import Stack, running_stack, wait_for
from tests.sipp import HANG_UP, SPEAK, WAIT, CallerLooks, Sipp

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not is_there(), reason="no Asterisk in .cache/asterisk or no SIPp: ./renkei test brings them"),
]

DIALLED = "0" + CHAT_NUMBER.removeprefix("+81")
MICROPHONE = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
NOT_CONNECTED = "チャット接続に失敗しました"
NO_CHAT = "お客様が誤った電話番号をチャット入力したか、24時間以内のチャット利用がありません"
Value = TypeVar("Value")


def ask(question: Coroutine[Any, Any, Value]) -> Value:
    """Run something of the event loops' world beside the browser's."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, question).result(30)


@pytest.fixture(scope="module")
def rig() -> AsteriskRig:
    return shared_rig()


@pytest.fixture(scope="module")
def stack(rig: AsteriskRig) -> Iterator[Stack]:
    """A demonstration whose line is Asterisk. Its guidance is short: nobody listens to the whole of it here."""
    told = {
        "RENKEI_LINE": "asterisk",
        "RENKEI_ARI_URL": rig.url,
        "RENKEI_ARI_PASSWORD": rig.password,
        "RENKEI_WORKER_NAME": "renkei-1",
        "RENKEI_DATA_DIR": str(rig.data_dir),
        "RENKEI_SIP_WS_URL": f"ws://127.0.0.1:{rig.http_port}/ws",
    }
    with running_stack(story="asterisk", told=told, before_calls=lambda stack: _shorten(stack, rig)) as running:
        yield running
    ask(rig.clear())


def _shorten(stack: Stack, rig: AsteriskRig) -> None:
    for (key,) in stack.rows("SELECT media FROM renkei_guidance"):
        write_sound(rig.media_dir, key, b"\x00\x10\x00\xf0" * 1200)


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium with a microphone that beeps."""
    with playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *MICROPHONE]) as launched:
        yield launched


@pytest.fixture
def call(rig: AsteriskRig) -> Iterator[Callable[..., Sipp]]:
    """Let a customer call the linkage's number; who answers is spoken to, and hung up on at ``go_on``."""
    placed: list[Sipp] = []

    def place(number: str = CALLER, **looks: Any) -> Sipp:
        digits = number.replace("-", "")
        given = {"identity": f"<sip:{digits}@127.0.0.2>", "sender": f'"" <sip:{digits}@127.0.0.2>'} | looks
        scenario = sipp.caller_scenario(DIALLED, CallerLooks(**given), [SPEAK, WAIT, HANG_UP])
        placed.append(Sipp(scenario, host=TRUNK, remote=f"127.0.0.1:{rig.sip_port}"))
        return placed[-1]

    yield place
    ask(rig.hang_up_all())
    for each in placed:
        each.close()


@pytest.fixture
def desk(newcomer: BrowserContext, open_tab: Callable[[str], Page], stack: Stack, rig: AsteriskRig) -> Desk:
    """The agent at the desk, with a telephone that is registered."""
    # Until the microphone is allowed, Chromium hides its addresses behind names that Asterisk cannot look up.
    newcomer.grant_permissions(["microphone", "clipboard-read", "clipboard-write"])
    desk = Desk.sit_down(open_tab)
    [(extension,)] = stack.rows(
        "SELECT agent.extension FROM renkei_agent agent JOIN renkei_user person ON person.id = agent.user_id"
        " WHERE person.username = %s",
        stack.user,
    )
    wait_for(lambda: ask(_is_online(rig, f"{extension}-web")), within=30, said="the telephone did not register")
    return desk


async def _is_online(rig: AsteriskRig, name: str) -> bool:
    async with rig.ari() as ari:
        found = [each for each in await ari.send("GET", "/endpoints") if each["resource"] == name]
    return bool(found) and found[0]["state"] == "online"


async def _packets(rig: AsteriskRig) -> list[tuple[int, int]]:
    async with rig.ari() as ari:
        bridges = [bridge for bridge in await ari.bridges() if len(bridge["channels"]) == 2]
        stats = [await ari.statistics(channel) for bridge in bridges for channel in bridge["channels"]]
    return [(each["txcount"], each["rxcount"]) for each in stats]


def expect_voices_both_ways(rig: AsteriskRig) -> None:
    """Both legs send and receive sound: more than half a second of it beyond what was there."""
    before = wait_for(lambda: ask(_packets(rig)), said="no conversation")

    def has_grown() -> bool:
        now = ask(_packets(rig))
        return len(now) == 2 and all(n[0] > b[0] + 25 and n[1] > b[1] + 25 for b, n in zip(before, now, strict=True))

    wait_for(has_grown, within=40, said=f"sound does not flow both ways: {before}")


def talk_and_finish(desk: Desk, caller: Sipp, rig: AsteriskRig) -> None:
    """Accept, hear each other, the customer hangs up, after-call work done."""
    desk.do("accept")
    desk.expect_stage("talking")
    expect_voices_both_ways(rig)
    caller.go_on()
    desk.expect_stage("after_call")
    desk.do("finish")
    expect(desk.page.locator('[data-presence="available"]')).to_be_visible()
    assert caller.process.wait(10) == 0


def test_a_chat_follows_its_customer_into_a_real_call(
    desk: Desk, stack: Stack, rig: AsteriskRig, call: Callable[..., Sipp], open_tab: Callable[[str], Page]
) -> None:
    """And the three windows open in their order, and the three histories tell the same of it.

    Proves R1, R2, R85, R86, R88, R89, R133, R134.
    """
    stack.seed_chat(CALLER, "荷物が届かないのですが")
    desk.watch_windows()
    caller = call()
    desk.expect_stage("ringing")
    expect(desk.window("notice")).to_contain_text(CALLER)
    expect(desk.window("route")).to_contain_text("通販 チャット連携")
    expect(desk.window("chat").get_by_text("荷物が届かないのですが")).to_be_visible()
    desk.expect_windows_opened_in_order()
    talk_and_finish(desk, caller, rig)

    page = open_newest_call(open_tab)
    expect(page.locator(".chat-line", has_text="荷物が届かないのですが")).to_be_visible()
    [(outcome, raw, e164)] = stack.rows(
        "SELECT outcome, caller_raw, caller_e164 FROM renkei_call ORDER BY id DESC LIMIT 1"
    )
    assert (outcome, raw, e164) == ("answered", CALLER.replace("-", ""), "+819012345678")
    expect_the_histories_to_agree(
        open_tab, caller=CALLER, dialled=CHAT_NUMBER, ivr="通販 チャット連携", found="連携済み"
    )


@pytest.mark.parametrize(
    ("failure", "looks", "reason", "text"),
    [
        (None, {"privacy": "id"}, "caller_withheld", NO_CHAT),
        (None, {"number": "03-5550-0188"}, "no_chat", NO_CHAT),
        ("status_500", {"number": "03-5550-0177"}, "request_error", NOT_CONNECTED),
        ("black_hole", {"number": "03-5550-0177"}, "request_error", NOT_CONNECTED),
    ],
    ids=["withheld", "unknown number", "provider 500", "provider silent"],
)
def test_a_real_call_without_a_chat_reaches_an_agent_and_says_why(
    failure: str | None, looks: dict[str, str], reason: str, text: str,
    desk: Desk, stack: Stack, rig: AsteriskRig, call: Callable[..., Sipp],
) -> None:  # fmt: skip
    """Proves R41, R70, R77, R99."""
    stack.trouble(failure)
    caller = call(**looks)
    desk.expect_stage("ringing")
    shown = desk.window("chat").locator(".desk-error")
    expect(shown).to_have_attribute("data-reason", reason)
    expect(shown).to_contain_text(text)
    talk_and_finish(desk, caller, rig)
    [(outcome, link)] = stack.rows(
        "SELECT call.outcome, link.reason FROM renkei_call call JOIN renkei_chatlink link ON link.call_id = call.id"
        " ORDER BY call.id DESC LIMIT 1"
    )
    assert (outcome, link) == ("answered", reason)


def test_a_conversation_outlives_its_worker_and_the_desk_has_it_again(
    desk: Desk, stack: Stack, rig: AsteriskRig, call: Callable[..., Sipp]
) -> None:
    """P1: killed in the middle of a conversation; sound flows on, and the agent hangs up as if nothing had been."""
    caller = call()
    desk.expect_stage("ringing")
    desk.do("accept")
    desk.expect_stage("talking")
    os.kill(stack.children["calls"].pid, signal.SIGKILL)
    stack.children["calls"].wait()
    expect_voices_both_ways(rig)
    stack.start("calls")
    wait_for(
        lambda: stack.rows("SELECT 1 FROM renkei_ivrstep WHERE kind = 'taken_over' AND at > now() - interval '60 s'"),
        within=30, said=stack.last_words(),
    )  # fmt: skip
    expect_voices_both_ways(rig)
    desk.do("hang_up")
    desk.expect_stage("after_call")
    desk.do("finish")
    assert caller.process.wait(10) is not None
    [(outcome,)] = stack.rows("SELECT outcome FROM renkei_call ORDER BY id DESC LIMIT 1")
    assert outcome == "answered"

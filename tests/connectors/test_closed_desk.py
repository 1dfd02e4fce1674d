"""Connectors ask the emulated chat desk for completed chats over real HTTP: healthy, misleading, and failing."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from renkei import clock
from renkei.cli.emulate.closed import growth as growing
from renkei.cli.emulate.closed.desk import DEMO_SIGNING_KEY, DEMO_TOKEN
from renkei.cli.emulate.closed.faults import HABITS, Fault
from renkei.cli.emulate.closed.growth import Growth
from renkei.cli.emulate.closed.ledger import DeskClock, Ledger
from renkei.cli.emulate.closed.people import OPERATORS
from renkei.cli.emulate.closed.poison import READABLE, Poison
from renkei.cli.emulate.server import listen, running
from renkei.connectors import standard
from renkei.connectors.conformance import ClosedCases, run_closed_conformance
from renkei.connectors.contract import ClosedQuestion, Delivery
from renkei.connectors.registry import get_connector
from renkei.domain.closed_chat import ClosedChat
from renkei.errors import MisconfiguredError, RetryLaterError
from tests.connectors.closed_desk import RunningDesk, patient, running_desk

SYSTEMS = ["standard", "smart_m_talk"]
RETRY, STOP = RetryLaterError, MisconfiguredError


@pytest.fixture(params=SYSTEMS)
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[RunningDesk]:
    async with running_desk(request.param) as there:
        yield there


@pytest.fixture
async def standard_desk() -> AsyncIterator[RunningDesk]:
    async with running_desk("standard") as there:
        yield there


FAILS: dict[Fault, tuple[type[Exception], str]] = {
    Fault.TOKEN_REFUSED: (STOP, "settings_error_answer"),
    Fault.STATUS_403: (STOP, "chat_system_refuses"),
    Fault.STATUS_404: (STOP, "call_url_unknown"),
    Fault.STATUS_429: (RETRY, "chat_system_limits"),
    Fault.STATUS_500: (RETRY, "http_status"),
    Fault.STATUS_503: (RETRY, "http_status"),
    Fault.INTERNAL_ERROR: (RETRY, "provider_error_answer"),
    Fault.BLACK_HOLE: (RETRY, "timed_out"),
    Fault.SLOW_DRIP: (RETRY, "timed_out"),
    Fault.RESET: (RETRY, "connection_reset"),
    Fault.RESET_IN_BODY: (RETRY, "connection_reset"),
    Fault.NOT_HTTP: (RETRY, "not_http"),
    Fault.TEN_GIGABYTE_BODY: (RETRY, "too_large"),
    Fault.GZIP_BOMB: (RETRY, "too_large"),
    Fault.HTML: (RETRY, "not_json"),
    Fault.TRUNCATED_JSON: (RETRY, "not_json"),
    Fault.NOT_A_NUMBER: (RETRY, "not_a_number"),
    Fault.DEEP_JSON: (RETRY, "too_deep"),
    Fault.UTF_16: (RETRY, "not_utf8"),
    Fault.DUPLICATE_KEYS: (RETRY, "duplicate_key"),
    Fault.WRONG_TYPES: (RETRY, "wrong_type"),
    Fault.TOKEN_IS_AN_OBJECT: (RETRY, "wrong_type"),
    Fault.REDIRECT_TO_LOOPBACK: (RETRY, "redirect_refused"),
}
BIG = {Fault.TEN_GIGABYTE_BODY, Fault.GZIP_BOMB, Fault.DEEP_JSON}


@pytest.mark.parametrize("fault", FAILS)
async def test_each_failure_is_retried_later_or_stops_the_service_and_nothing_else(
    desk: RunningDesk, fault: Fault
) -> None:
    """Proves D16, R148."""
    await desk.seed(2)
    await desk.fault(fault)
    kind, code = FAILS[fault]
    asked = patient(desk, 20.0 if fault in BIG else 1.0)
    with pytest.raises(kind) as failed:
        await asked.ask()
    assert getattr(failed.value, "code", "") == code
    assert DEMO_TOKEN not in repr(failed.value)
    await desk.tell("faults", method="DELETE")
    assert len((await desk.ask()).records) == 2


def test_no_fault_is_without_a_test() -> None:
    assert set(Fault) - HABITS - set(FAILS) == {Fault.PAGE_EXPIRED, Fault.SLOW}


async def test_retry_after_is_honoured_and_bounded(desk: RunningDesk) -> None:
    for told, waited in ((7, 7.0), (3_600, 3_600.0)):
        await desk.fault("status_429", seconds=told, times=1)
        with pytest.raises(RetryLaterError) as limited:
            await desk.ask()
        assert limited.value.after == waited


async def test_a_slow_answer_inside_the_budget_is_read(desk: RunningDesk) -> None:
    await desk.seed()
    await desk.fault("slow", seconds=0.3)
    assert len((await desk.ask()).records) == 1


async def test_a_dead_kept_alive_connection_is_tried_once_more(desk: RunningDesk) -> None:
    await desk.seed()
    await desk.fault("reset", times=1)
    page = await desk.ask()
    assert [each.outcome for each in page.exchanges] == ["connection_reset", "ok"]


async def ask_changed(desk: RunningDesk, changed: dict[str, str]) -> None:
    closed_since = get_connector(desk.system).closed_since
    assert closed_since is not None
    await closed_since(desk.settings(**changed), ClosedQuestion(since=None), desk.context)


async def test_settings_that_cannot_work_stop_the_service(desk: RunningDesk) -> None:
    """Proves R173."""
    secret = {"standard": "token", "smart_m_talk": "api_key"}[desk.system]
    for name, value in ((secret, "wrong"), ("call_url", f"{desk.url}/nowhere"), ("call_url", "http://127.0.0.1:1/x")):
        with pytest.raises(MisconfiguredError):
            await ask_changed(desk, {name: value})
    with pytest.raises(MisconfiguredError) as empty:
        await desk.ask(call_url="", signing_keys="")
    assert empty.value.code == "address_missing"


async def test_a_system_that_only_pushes_is_not_asked(standard_desk: RunningDesk) -> None:
    assert await standard_desk.ask(call_url=" ") == type(await standard_desk.ask(call_url=""))(())
    assert standard_desk.desk.requests == 0


HEALTHY_WALKS = sorted(HABITS - {Fault.ENDLESS_PAGES, Fault.SHIFTING, Fault.SHRINKING, Fault.EMPTY})


@pytest.mark.parametrize("habit", HEALTHY_WALKS)
async def test_a_misleading_listing_still_shows_every_chat(desk: RunningDesk, habit: Fault) -> None:
    """Proves R138, R147."""
    ids = await desk.seed(450)
    await desk.seed(3, status="open")
    await desk.fault(habit)
    seen = desk.read(*await desk.walk())
    assert set(seen) == set(ids)
    for chat in seen.values():
        assert list(chat.messages) == sorted(chat.messages, key=lambda message: message.sent_at)


async def test_pages_that_shift_are_told_as_such_and_those_that_hold_still_lose_nothing(desk: RunningDesk) -> None:
    """Proves R147."""
    ids = set(await desk.seed(1_200))
    await desk.fault("shifting")
    pages = await desk.walk()
    missed = ids - set(desk.read(*pages))
    assert all(page.is_steady is (desk.system == "standard") for page in pages)
    assert bool(missed) is (desk.system == "smart_m_talk")
    await desk.tell("faults", method="DELETE")
    assert ids <= set(desk.read(*pages, *await desk.walk()))


async def test_a_listing_that_shrinks_while_it_is_walked_comes_to_an_end(desk: RunningDesk) -> None:
    ids = set(await desk.seed(700))
    await desk.fault("shrinking")
    seen = set(desk.read(*await desk.walk()))
    left = {each["id"] for each in (await desk.tell("chats", method="GET"))["chats"]}
    assert seen <= ids
    assert len(left) < len(ids)


async def test_a_page_that_leads_to_itself_is_no_way_on(desk: RunningDesk) -> None:
    await desk.seed(3)
    first = await desk.ask()
    assert first.next is None
    await desk.fault("endless_pages")
    page = await desk.ask()
    with pytest.raises(RetryLaterError) as repeated:
        await desk.ask(page=page.next)
    assert repeated.value.code == "page_repeated"


async def test_a_forgotten_page_says_that_the_listing_must_begin_again(desk: RunningDesk) -> None:
    """Proves R148."""
    await desk.seed(600)
    page = await desk.ask()
    await desk.fault("page_expired")
    with pytest.raises(RetryLaterError) as expired:
        await desk.ask(page=page.next)
    assert expired.value.code == "page_expired"
    assert len((await desk.ask()).records) == len(page.records)


CODES = {
    Poison.NOT_A_NUMBER: "not_a_number",
    Poison.DEEP_JSON: "too_deep",
    Poison.DUPLICATE_KEYS: "duplicate_key",
    Poison.NOT_UTF8: "not_utf8",
    Poison.NOT_AN_OBJECT: "wrong_type",
    Poison.NULL_RECORD: "wrong_type",
    Poison.MESSAGES_ARE_TEXT: "wrong_type",
    Poison.MESSAGES_ARE_NULL: "wrong_type",
    Poison.MESSAGE_IS_A_NUMBER: "wrong_type",
    Poison.MANY_MESSAGES: "too_many",
    Poison.TEN_MEGABYTE_MESSAGE: "too_long",
    Poison.ID_IS_AN_OBJECT: "wrong_type",
    Poison.PHONE_IS_A_NUMBER: "wrong_type",
    Poison.TIME_IS_NONSENSE: "bad_time",
    Poison.YEAR_10000: "bad_time",
    Poison.YEAR_1: "bad_time",
    Poison.STATUS_UNKNOWN: "unknown_status",
}


@pytest.mark.parametrize("poison", Poison)
async def test_a_poisoned_chat_stands_alone_and_its_neighbours_are_read(desk: RunningDesk, poison: Poison) -> None:
    """Proves D16, R148."""
    before, after = await desk.seed(minutes_ago=30), await desk.seed(minutes_ago=10)
    if poison is Poison.STATUS_UNKNOWN and desk.system == "standard":
        poison = Poison.TIME_IS_NONSENSE
    await desk.seed(minutes_ago=20, poison=poison.value)
    page = await patient(desk, 20.0).ask()
    read = [desk.parse(record.payload) for record in page.records]
    assert len(read) == 3
    first, spoilt, last = read
    assert isinstance(first, ClosedChat)
    assert isinstance(last, ClosedChat)
    assert [first.external_id, last.external_id] == [*before, *after]
    if poison in READABLE:
        assert isinstance(spoilt, ClosedChat)
        assert all("\x00" not in message.text for message in spoilt.messages)
        repr(spoilt).encode()
    else:
        assert spoilt == CODES[poison]
        json.dumps(page.records[1].payload).encode()


async def test_one_huge_chat_delays_its_neighbours_and_does_not_hide_them(standard_desk: RunningDesk) -> None:
    """Proves R148."""
    ids = [*await standard_desk.seed(40, minutes_ago=30), *await standard_desk.seed(40, minutes_ago=10)]
    for _ in range(3):
        await standard_desk.seed(minutes_ago=20, poison="ten_megabyte_message")
    pages = await patient(standard_desk, 60.0).walk()
    assert set(ids) <= set(standard_desk.read(*pages))
    assert len(pages) > 1


async def test_late_edited_reopened_and_deleted_chats_are_listed_as_they_are(desk: RunningDesk) -> None:
    """Proves R138."""
    (late,) = await desk.seed(minutes_ago=300)
    (chat,) = await desk.seed(minutes_ago=60)
    (held,) = await desk.seed(minutes_ago=60, late_minutes=60)
    (gone,) = await desk.seed()
    await desk.tell(f"chats/{gone}", method="DELETE")
    first = desk.read(*await desk.walk())
    assert set(first) == {late, chat}
    assert held not in first
    await desk.tell(f"chats/{chat}/edit", {"text": "やっぱり違いました"})
    edited = desk.read(*await desk.walk(first[chat].version_at))
    assert list(edited) == [chat]
    assert edited[chat].messages[-1].text == "やっぱり違いました"
    assert edited[chat].version_at > first[chat].version_at
    await desk.tell(f"chats/{chat}/reopen")
    assert set(desk.read(*await desk.walk())) == {late}
    await desk.tell(f"chats/{chat}/close")
    again = desk.read(*await desk.walk())[chat]
    assert again.closed_at > first[chat].closed_at
    assert again.version_at >= edited[chat].version_at


async def test_chats_of_one_moment_are_each_listed_once_across_pages(standard_desk: RunningDesk) -> None:
    """Proves R147."""
    ids = await standard_desk.seed(1_100, closed_at="2025-01-31T09:00:00+09:00")
    pages = await standard_desk.walk()
    assert [len(page.records) for page in pages] == [500, 500, 100]
    assert sorted(record.source_id for page in pages for record in page.records) == sorted(ids)


async def test_moments_are_asked_for_exactly(desk: RunningDesk) -> None:
    (chat,) = await desk.seed(minutes_ago=10)
    version = desk.read(*await desk.walk())[chat].version_at
    instant = timedelta(microseconds=1)
    assert len((await desk.ask(version)).records) == 1
    assert len((await desk.ask(version + instant)).records) == 0
    assert len((await desk.ask(until=version)).records) == 0
    assert len((await desk.ask(until=version + instant)).records) == 1


@pytest.mark.parametrize("hours", [25, -25])
async def test_the_desks_clock_may_be_25_hours_off(desk: RunningDesk, hours: int) -> None:
    await desk.tell("clock", {"hours_ahead": hours}, method="PUT")
    (chat,) = await desk.seed()
    read = desk.read(*await desk.walk())[chat]
    assert abs(read.version_at - clock.now() - timedelta(hours=hours)) < timedelta(minutes=1)


def test_a_clock_that_runs_backwards_closes_the_next_chat_earlier() -> None:
    now = datetime(2025, 1, 31, tzinfo=UTC)
    desk_clock = DeskClock(lambda: now)
    desk_clock.put(ahead=timedelta(), speed=-1.0)
    first = desk_clock.now()
    now += timedelta(minutes=5)
    assert desk_clock.now() == first - timedelta(minutes=5)


async def test_a_hundred_thousand_chats_are_listed_in_pages_and_are_the_same_each_time(
    standard_desk: RunningDesk,
) -> None:
    await standard_desk.tell("bulk", {"count": 100_000, "messages": 10, "name": "B"})
    there = patient(standard_desk, 20.0)
    first, again = await there.ask(), await there.ask()
    assert first.records == again.records
    assert len(first.records) == 500
    middle = there.read(first)["B-0000250"].version_at + timedelta(days=45)
    page = await there.ask(middle)
    assert all(len(chat.messages) == 10 for chat in there.read(page).values())
    assert len(set(there.read(first)) | set(there.read(page))) == 1_000


async def test_pushed_chats_arrive_signed_and_may_be_repeated(standard_desk: RunningDesk) -> None:
    """What could not be read is kept, and what came with it is read (P3 is proven over the database)."""
    arrived: list[Delivery] = []

    async def hook(request: Request) -> Response:
        arrived.append(Delivery(headers=dict(request.headers), body=await request.body()))
        return Response(status_code=204)

    (chat,) = await standard_desk.seed()
    listening = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
    async with running(Starlette(routes=[Route("/hook", hook, methods=["POST"])]), listening):
        for _ in range(2):
            told = await standard_desk.tell("push", {"id": chat, "url": url})
            assert told["status"] == 204
    entered = standard.ClosedChatSettings(signing_keys=DEMO_SIGNING_KEY)
    assert len({standard.verify(entered, each) for each in arrived}) == 1
    (pushed,) = standard.parse_pushed(arrived[0])
    listed = (await standard_desk.ask()).records
    assert (pushed,) == listed


async def test_the_emulated_desk_conforms(desk: RunningDesk) -> None:
    """Proves B11, R146."""
    ids = [*await desk.seed(210, minutes_ago=50), *await desk.seed(2, minutes_ago=5)]
    still_open = await desk.seed(2, status="open")
    await desk.fault("shows_open")
    cases = ClosedCases(closed_ids=tuple(ids), open_ids=tuple(still_open))
    checks = await run_closed_conformance(get_connector(desk.system), desk.settings(), cases, desk.context)
    assert [each for each in checks if not each.holds] == []
    assert len(checks) > 15


async def test_a_desk_that_breaks_its_promises_does_not_conform(desk: RunningDesk) -> None:
    ids = await desk.seed(3, minutes_ago=5)
    await desk.seed(minutes_ago=4, poison="time_is_nonsense")
    await desk.fault("reordered")
    cases = ClosedCases(closed_ids=(*ids, "gone"), since=clock.now() - timedelta(days=1))
    checks = await run_closed_conformance(get_connector(desk.system), desk.settings(), cases, desk.context)
    failed = {each.promise for each in checks if not each.holds}
    assert {"every completed chat is listed", "every record is understood"} <= failed


# -- the demonstration's desk ------------------------------------------------------------------------------


def test_new_chats_close_by_themselves_while_somebody_looks_and_are_kept(tmp_path: Path) -> None:
    now = datetime(2025, 1, 31, tzinfo=UTC)
    ledger = Ledger(DeskClock(lambda: now))
    growth = Growth(tmp_path / "closed_chats.json")
    growth.begin(ledger)
    assert len(ledger.chats) == growing.AT_FIRST
    assert len({chat.subject for chat in ledger.chats.values()}) > 15
    assert all(now - timedelta(days=7) <= chat.updated_at <= now for chat in ledger.chats.values())
    for _ in range(30):
        now += timedelta(seconds=60)
        growth.go_on(ledger)
    assert growing.AT_FIRST + 15 <= len(ledger.chats) <= growing.AT_FIRST + 30
    now += timedelta(days=3)
    growth.go_on(ledger)
    arrived = len(ledger.chats)
    assert arrived <= growing.AT_FIRST + 31
    again = Ledger(DeskClock(lambda: now))
    Growth(tmp_path / "closed_chats.json").begin(again)
    assert again.chats == ledger.chats


def test_growing_ends_and_a_torn_file_does_not_stop_it(tmp_path: Path) -> None:
    (tmp_path / "closed_chats.json").write_text('{"closings": [1]}')
    now = datetime(2025, 1, 31, tzinfo=UTC)
    ledger = Ledger(DeskClock(lambda: now))
    growth = Growth(tmp_path / "closed_chats.json")
    growth.begin(ledger)
    assert len(ledger.chats) == growing.AT_FIRST
    assert (tmp_path / "closed_chats.json.unreadable").exists()
    growth.file = None
    for _ in range(growing.MOST + 100):
        now += timedelta(seconds=growing.MOST_GAP)
        growth.go_on(ledger)
    assert len(ledger.chats) == growing.MOST


def test_the_demonstrations_chats_are_by_several_people_and_some_customers_have_no_id() -> None:
    """Proves R156, R163."""
    ledger = Ledger(DeskClock(clock.now))
    Growth().begin(ledger)
    chats = list(ledger.chats.values())
    assert {chat.operator.number for chat in chats if chat.operator is not None} <= {each.number for each in OPERATORS}
    assert any(chat.customer is not None and not chat.customer.number for chat in chats)
    assert all(chat.customer is not None and chat.customer.kana for chat in chats)


@pytest.mark.parametrize(
    ("path", "body", "method"),
    [
        ("chats", {"count": -1}, "POST"),
        ("chats", {"poison": "x"}, "POST"),
        ("chats", {"texts": [1]}, "POST"),
        ("chats", {"closed_at": "soon"}, "POST"),
        ("chats/none/close", {}, "POST"),
        ("bulk", {"count": 10_000_000}, "POST"),
        ("faults", {"fault": "x"}, "PUT"),
        ("clock", {"hours_ahead": "x"}, "PUT"),
        ("push", {"id": "none"}, "POST"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_the_control(
    standard_desk: RunningDesk, path: str, body: dict[str, object], method: str
) -> None:
    with pytest.raises(AssertionError) as refused:
        await standard_desk.tell(path, body, method=method)
    assert '"error"' in str(refused.value)


async def test_asking_twice_at_once_is_harmless(desk: RunningDesk) -> None:
    ids = await desk.seed(5)
    pages = await asyncio.gather(*(desk.ask() for _ in range(5)))
    assert all(set(desk.read(page)) == set(ids) for page in pages)

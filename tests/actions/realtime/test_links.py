"""The chat shown is the right one (P4): through the real database, against a rule of ten lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renkei import clock
from renkei.actions.realtime.calls import Arrival, begin_call
from renkei.actions.realtime.chats import receive_chats
from renkei.actions.realtime.links import Asking, link_chat
from renkei.domain.chat import Conversation, Kind, Message, Speaker
from renkei.domain.matching import Attempt, LookedUp, Outcome, Reason
from renkei.domain.phone import Telephone
from tests.conftest import DatabaseUrls

Connection = psycopg.AsyncConnection[Any]
CALLER, OTHER = "+819012345678", "+815055550000"
SPELLINGS = {CALLER: ("090-1234-5678", "０９０１２３４５６７８", "+81 90 1234 5678"), OTHER: ("050-5555-0000",)}
WINDOW = timedelta(hours=24)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Kept:
    """A chat before the call: whose number, through which entrance, how long ago in seconds."""

    number: str
    project: str
    channel: str
    age: int
    spelling: int


def oracle(kept: Sequence[Kept]) -> int | None:
    """The place of the chat that P4 promises, or None."""
    best: int | None = None
    for place, chat in enumerate(kept):
        if (chat.number, chat.project, chat.channel) != (CALLER, "p1", "c1"):
            continue
        if not 0 <= chat.age < WINDOW.total_seconds():
            continue
        if best is None or chat.age < kept[best].age:
            best = place
    return best


AGES = st.one_of(st.integers(0, 90_000), st.sampled_from([0, 1, 86_399, 86_400, 86_401]), st.integers(-400, -301))
CHATS = st.lists(
    st.builds(
        Kept,
        number=st.sampled_from([CALLER, CALLER, OTHER]),
        project=st.sampled_from(["p1", "p1", "p2"]),
        channel=st.sampled_from(["c1", "c1", "c2"]),
        age=AGES,
        spelling=st.integers(0, 2),
    ),
    max_size=6,
    unique_by=lambda chat: chat.age,
)


def conversation(name: str, kept: Kept, arrived_at: datetime) -> Conversation:
    at = arrived_at - kept.age * SECOND
    spellings = SPELLINGS[kept.number]
    message = Message(Speaker.CUSTOMER, Kind.TEXT, "こんにちは", at)
    return Conversation(name, kept.project, kept.channel, spellings[kept.spelling % len(spellings)], at, (message,))


async def begun(conn: Connection, name: str, *, at: datetime | None = None) -> tuple[int, datetime]:
    arrival = Arrival(
        line_id=name, caller=Telephone(CALLER), caller_raw="090", caller_name="", dialled_raw="03", number_id=None,
        owner="renkei-1", arrived_at=at,
    )  # fmt: skip
    call = await begin_call(conn, arrival)
    return call.id, call.arrived_at


def asking(call: int, arrived_at: datetime, **changed: str) -> Asking:
    given = {"channel_id": "c1", "project_id": "p1"} | changed
    attempt = Attempt(caller=Telephone(CALLER), arrived_at=arrived_at, window=WINDOW, **given)
    return Asking(call_id=call, ivr_id=None, connector="standard", attempt=attempt)


@pytest.mark.parametrize("is_fetched", [True, False])
@given(kept=CHATS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
async def test_the_chat_shown_is_the_right_one(kept: list[Kept], database_urls: DatabaseUrls, is_fetched: bool) -> None:
    """Proves R67, R71, R72, R75, R78, D3. Fetched in answer to the call, or pushed to us before it."""
    async with await psycopg.AsyncConnection.connect(database_urls.app) as conn, conn.transaction(force_rollback=True):
        now = clock.now()
        chats = [conversation(f"chat-{place}", each, now) for place, each in enumerate(kept)]
        # Fetched ones come with the answer; the others were here before.
        before = () if is_fetched else chats
        stored = await receive_chats(conn, "standard", conversations=before)
        call, arrived_at = await begun(conn, "sim-1", at=now)
        own = [each for each in chats if (each.project_id, each.channel_id) == ("p1", "c1")] if is_fetched else []
        linked = await link_chat(
            conn, asking(call, arrived_at), looked_up=LookedUp(Outcome.ANSWERED), conversations=own
        )
        expected = oracle(kept)
        if expected is None:
            assert linked.decision.chosen is None
            assert linked.decision.reason is not Reason.LINKED
            return
        assert linked.decision.chosen is not None
        cursor = await conn.execute(
            "SELECT external_id FROM renkei_chatconversation WHERE id = %s", [linked.decision.chosen.id]
        )
        assert await cursor.fetchone() == (f"chat-{expected}",)
        assert is_fetched or linked.decision.chosen.id in stored.ids


async def test_what_a_customer_writes_after_the_call_came_does_not_move_the_chats_age(connection: Connection) -> None:
    """Proves D4. The age counts from the last customer message before the arrival."""
    arrived = clock.now()
    old = Message(Speaker.CUSTOMER, Kind.TEXT, "昨日", arrived - timedelta(hours=23))
    new = Message(Speaker.CUSTOMER, Kind.TEXT, "後から", arrived + timedelta(minutes=20))
    chat = Conversation("chat", "p1", "c1", "090-1234-5678", None, (old,))
    await receive_chats(connection, "standard", conversations=[chat])
    call, arrived_at = await begun(connection, "sim-1", at=arrived)
    grown = Conversation("chat", "p1", "c1", "090-1234-5678", None, (old, new))
    await receive_chats(connection, "standard", conversations=[grown])
    linked = await link_chat(connection, asking(call, arrived_at), looked_up=LookedUp(Outcome.ANSWERED))
    assert linked.decision.reason is Reason.LINKED
    assert linked.decision.record.candidates[0].age_seconds == pytest.approx(23 * 3600, abs=1)


@pytest.mark.parametrize(("minutes", "age"), [((-60, 20), 3600.0), ((-60, 3), 0.0), ((3,), 0.0), ((20,), None)])
async def test_a_chat_that_went_on_after_the_call_came_counts_from_what_was_said_before(
    connection: Connection, minutes: tuple[int, ...], age: float | None
) -> None:
    """Proves D4, R75. Fetched late, in answer to the call: up to five minutes ahead is a fast clock, more is after."""
    call, arrived_at = await begun(connection, "sim-1", at=clock.now())
    said = tuple(
        Message(Speaker.CUSTOMER, Kind.TEXT, "こんにちは", arrived_at + timedelta(minutes=each)) for each in minutes
    )
    chat = Conversation("chat", "p1", "c1", "090-1234-5678", None, said)
    answered = LookedUp(Outcome.ANSWERED)
    linked = await link_chat(connection, asking(call, arrived_at), looked_up=answered, conversations=[chat])
    assert (linked.decision.chosen is not None) is (age is not None)
    assert age is None or linked.decision.record.candidates[0].age_seconds == pytest.approx(age, abs=1)


async def test_each_attempt_is_kept_with_its_one_reason(connection: Connection) -> None:
    """Proves D2, R135. A later attempt stands beside the first; the newest counts."""
    call, arrived_at = await begun(connection, "sim-1")
    for outcome in (Outcome.REQUEST_ERROR, Outcome.BAD_PROJECT, Outcome.ANSWERED):
        await link_chat(connection, asking(call, arrived_at), looked_up=LookedUp(outcome, status=401))
    cursor = await connection.execute("SELECT reason, record->>'status' FROM renkei_chatlink ORDER BY id")
    assert await cursor.fetchall() == [("request_error", "401"), ("bad_project", "401"), ("no_chat", "401")]

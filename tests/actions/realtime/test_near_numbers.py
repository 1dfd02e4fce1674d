"""A chat whose number was mistyped is found beside the call that misses it, whatever else came in that day."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from renkei import clock
from renkei.actions.realtime.chats import receive_chats
from renkei.actions.realtime.links import Asking, decide
from renkei.domain.chat import Conversation
from renkei.domain.matching import Attempt, LinkDecision, LookedUp, Outcome, Reason
from renkei.domain.phone import Telephone

Connection = psycopg.AsyncConnection[Any]
CALLER = "+819071234068"


async def receive(conn: Connection, name: str, typed: str, *, channel: str = "near") -> None:
    at = clock.now() - timedelta(minutes=5)
    chat = Conversation(name, "p-near", channel, typed, at, ())
    await receive_chats(conn, "standard", conversations=[chat])


async def ask(conn: Connection, *, since: timedelta = timedelta(0)) -> LinkDecision:
    attempt = Attempt(
        caller=Telephone(CALLER), channel_id="near", project_id="p-near", arrived_at=clock.now() + since,
        window=timedelta(hours=24),
    )  # fmt: skip
    asking = Asking(call_id=None, ivr_id=None, connector="standard", attempt=attempt)
    return await decide(conn, asking, LookedUp(Outcome.ANSWERED))


@pytest.mark.parametrize(
    "typed",
    ["090-7123-4086", "０９０７１２３４０６", "+81 90 7123 4168", "0907123406899", "08071234067"],
    ids=["two swapped", "one left out", "one wrong", "two too many", "two wrong"],
)
async def test_a_mistyped_number_is_the_reason_why_no_chat_is_linked(connection: Connection, typed: str) -> None:
    """Proves D2."""
    await receive(connection, "mistyped", typed)
    decision = await ask(connection)
    assert decision.reason is Reason.NUMBER_MISMATCH
    assert decision.chosen is None


@pytest.mark.parametrize("typed", ["090-7123-9999", "", "お電話ください", "08012345678"])
async def test_another_number_is_no_mistyped_one(connection: Connection, typed: str) -> None:
    """Proves D2."""
    await receive(connection, "other", typed)
    await receive(connection, "elsewhere", "090-7123-4086", channel="another")
    assert (await ask(connection)).reason is Reason.NO_CHAT


async def test_a_number_that_is_corrected_is_found_by_the_new_one_only(connection: Connection) -> None:
    """Proves D2."""
    await receive(connection, "corrected", "090-7123-4086")
    await receive(connection, "corrected", "090-5555-1111")
    assert (await ask(connection)).reason is Reason.NO_CHAT


async def test_a_mistyped_number_counts_inside_the_window_only(connection: Connection) -> None:
    """Proves D2, D3."""
    await receive(connection, "early", "090-7123-4086")
    assert (await ask(connection, since=timedelta(hours=23))).reason is Reason.NUMBER_MISMATCH
    assert (await ask(connection, since=timedelta(hours=25))).reason is Reason.NO_CHAT

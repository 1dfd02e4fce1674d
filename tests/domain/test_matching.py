"""Which chat belongs to a call: D2 to D5, boundary by boundary, and against an oracle."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.chat import StoredConversation
from renkei.domain.decision_record import RECORDED_CANDIDATES
from renkei.domain.extraction import FailureKind
from renkei.domain.matching import (
    DEFAULT_WINDOW,
    FAST_CLOCK,
    Attempt,
    Branch,
    LookedUp,
    Message,
    Outcome,
    Reason,
    Source,
    Verdict,
    decide_link,
    measure_age,
    refuse_to_ask,
)
from renkei.domain.phone import NoNumber, Telephone

CALLER = Telephone("+819012345678")
ARRIVED = datetime(2025, 1, 31, 9, 5, 7, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ATTEMPT = Attempt(CALLER, "channel-1", ARRIVED, project_id="project-1")


def chat(
    number: int,
    *,
    age: timedelta | None = timedelta(hours=1),
    e164: str | None = CALLER.e164,
    typed: str = "",
    channel_id: str = "channel-1",
    project_id: str | None = "project-1",
    received_at: datetime | None = None,
    linked: bool = False,
) -> StoredConversation:
    """A stored conversation whose number was given ``age`` before the arrival."""
    identified_at = None if age is None else ARRIVED - age
    return StoredConversation(
        id=number,
        channel_id=channel_id,
        e164=e164,
        typed_number=typed or (e164 or ""),
        identified_at=identified_at,
        last_customer_at=identified_at,
        received_at=received_at or (identified_at or ARRIVED) - SECOND,
        linked=linked,
        project_id=project_id,
    )


ANSWERED = LookedUp(Outcome.ANSWERED, status=200)
STALE = chat(1, age=timedelta(hours=30))
MISTYPED = chat(2, e164="+819012345687")

FAILURES = [
    (LookedUp(Outcome.SETTINGS_ERROR), Reason.SETTINGS_ERROR, Message.NOT_OBTAINED, Branch.FAILURE),
    (LookedUp(Outcome.SWITCHED_OFF), Reason.SWITCHED_OFF, Message.CONNECTION_FAILED, Branch.REQUEST_ERROR),
    (LookedUp(Outcome.REQUEST_ERROR), Reason.REQUEST_ERROR, Message.CONNECTION_FAILED, Branch.REQUEST_ERROR),
    (LookedUp(Outcome.BAD_PROJECT), Reason.BAD_PROJECT, Message.NOT_OBTAINED, Branch.FAILURE),
    (LookedUp(Outcome.BAD_CHANNEL), Reason.BAD_CHANNEL, Message.NO_CHAT_IN_WINDOW, Branch.FAILURE),
    (LookedUp(Outcome.PROVIDER_ERROR), Reason.PROVIDER_ERROR, Message.NOT_OBTAINED, Branch.FAILURE),
    (LookedUp(Outcome.NOT_OBTAINED), Reason.NOT_OBTAINED, Message.NOT_OBTAINED, Branch.FAILURE),
]


@pytest.mark.parametrize(("looked_up", "reason", "message", "branch"), FAILURES)
def test_each_outcome_of_the_look_up_has_its_reason_message_and_branch(
    looked_up: LookedUp, reason: Reason, message: Message, branch: Branch
) -> None:
    """A stale or mistyped chat beside it does not matter: the first reason of D2 holds.

    Proves R35, R41, R120, R125, R126, R130, D2.
    """
    decision = decide_link(ATTEMPT, looked_up, conversations=[STALE, MISTYPED])
    assert (decision.reason, decision.message, decision.branch) == (reason, message, branch)
    assert decision.chosen is None
    assert decision.source is None


@pytest.mark.parametrize(
    ("conversations", "reason"),
    [
        ([], Reason.NO_CHAT),
        ([STALE], Reason.EXPIRED),
        ([MISTYPED], Reason.NUMBER_MISMATCH),
        ([MISTYPED, STALE], Reason.EXPIRED),
        ([chat(3, age=timedelta(minutes=-6))], Reason.NO_CHAT),
        ([chat(3, age=timedelta(minutes=-6)), STALE], Reason.EXPIRED),
        ([chat(3, age=None)], Reason.NO_CHAT),
        ([replace(MISTYPED, linked=True)], Reason.NO_CHAT),
        ([replace(MISTYPED, channel_id="channel-2")], Reason.NO_CHAT),
        ([replace(MISTYPED, project_id="project-2")], Reason.NO_CHAT),
        ([chat(3, e164="+819012345687", age=DEFAULT_WINDOW)], Reason.NO_CHAT),
        ([chat(3, e164="+819012345687", age=DEFAULT_WINDOW - SECOND)], Reason.NUMBER_MISMATCH),
        ([chat(3, e164="+819012345999")], Reason.NO_CHAT),
        ([chat(3, e164=None, typed="090-1234-567")], Reason.NUMBER_MISMATCH),
        ([chat(3, e164=None, typed="9012345678")], Reason.NUMBER_MISMATCH),
        ([chat(3, e164=None, typed="${SHELL(id)}")], Reason.NO_CHAT),
        ([chat(3, channel_id="channel-2")], Reason.NO_CHAT),
        ([chat(3, project_id="project-2")], Reason.NO_CHAT),
    ],
)
def test_an_empty_answer_is_told_apart_by_what_we_know(
    conversations: Sequence[StoredConversation], reason: Reason
) -> None:
    """Proves R42, R68, R69, R72, R77, D2."""
    decision = decide_link(ATTEMPT, ANSWERED, conversations=conversations)
    assert decision.reason is reason
    assert (decision.branch, decision.message) == (Branch.FAILURE, Message.NO_CHAT_IN_WINDOW)
    assert decision.message_params == {"hours": 24}


@pytest.mark.parametrize("known", [[MISTYPED], [STALE], []], ids=["another number", "after 24 hours", "no chat"])
@pytest.mark.parametrize(
    ("looked_up", "message"),
    [(ANSWERED, Message.NO_CHAT_IN_WINDOW), (LookedUp(Outcome.NOT_OBTAINED, status=404), Message.NOT_OBTAINED)],
    ids=["an empty list", "a bare not found"],
)
def test_the_providers_way_of_saying_no_decides_between_the_two_messages(
    known: list[StoredConversation], looked_up: LookedUp, message: Message
) -> None:
    """The same three causes are seen under either heading, by how the provider answers (D2).

    Proves R122, R123, R124, R127, R128, R129.
    """
    decision = decide_link(ATTEMPT, looked_up, conversations=known)
    assert (decision.message, decision.branch, decision.chosen) == (message, Branch.FAILURE, None)


@pytest.mark.parametrize("caller", list(NoNumber))
@pytest.mark.parametrize("looked_up", [LookedUp(outcome) for outcome in Outcome])
def test_a_caller_without_a_number_is_never_linked(caller: NoNumber, looked_up: LookedUp) -> None:
    """Not even to conversations without a readable number.

    Proves R70, D2.
    """
    nameless = [chat(1, e164=None, typed=caller.value), chat(2)]
    decision = decide_link(replace(ATTEMPT, caller=caller), looked_up, conversations=nameless)
    assert decision.reason is Reason.CALLER_WITHHELD
    assert (decision.branch, decision.message) == (Branch.FAILURE, Message.NO_CHAT_IN_WINDOW)
    assert decision.record.caller == caller.value


def test_nothing_is_asked_without_a_number_or_usable_settings() -> None:
    """In D2's order: the caller first, then the settings, then the switch.

    Proves R70, D2.
    """
    withheld = refuse_to_ask(NoNumber.WITHHELD, settings_problem="empty_channel_id", is_on=False)
    assert withheld == LookedUp(Outcome.NO_CALLER, detail="withheld")
    unset = refuse_to_ask(CALLER, settings_problem="empty_channel_id", is_on=False)
    assert unset == LookedUp(Outcome.SETTINGS_ERROR, detail="empty_channel_id")
    assert refuse_to_ask(CALLER, settings_problem=None, is_on=False) == LookedUp(Outcome.SWITCHED_OFF)
    assert refuse_to_ask(CALLER, settings_problem=None, is_on=True) is None


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_stored_chat_inside_the_window_is_linked_whatever_the_provider_says(outcome: Outcome) -> None:
    """Except where nothing may be asked at all.

    Proves R73, R74, D5.
    """
    decision = decide_link(ATTEMPT, LookedUp(outcome), conversations=[chat(7, linked=True), STALE])
    if outcome in (Outcome.NO_CALLER, Outcome.SETTINGS_ERROR, Outcome.SWITCHED_OFF):
        assert decision.chosen is None
        assert decision.reason is not Reason.LINKED
        return
    assert (decision.reason, decision.branch, decision.source) == (Reason.LINKED, Branch.SUCCESS, Source.STORED)
    assert decision.chosen is not None
    assert decision.chosen.id == 7
    assert decision.message is None


def test_the_nearest_chat_wins_whether_fetched_or_stored() -> None:
    """Proves R71, D5."""
    fetched, stored = chat(1, age=timedelta(hours=10)), chat(2, age=timedelta(hours=1))
    looked_up = LookedUp(Outcome.ANSWERED, fetched=frozenset({1}))
    decision = decide_link(ATTEMPT, looked_up, conversations=[fetched, stored])
    assert (decision.chosen, decision.source) == (stored, Source.STORED)
    decision = decide_link(ATTEMPT, looked_up, conversations=[fetched, chat(2, age=timedelta(hours=11))])
    assert (decision.chosen, decision.source) == (fetched, Source.FETCHED)


def test_each_of_several_calls_from_one_number_gets_the_chat() -> None:
    """Proves R73."""
    conversation = chat(1)
    for minutes in (0, 5, 600):
        attempt = replace(ATTEMPT, arrived_at=ARRIVED + timedelta(minutes=minutes))
        decision = decide_link(attempt, ANSWERED, conversations=[replace(conversation, linked=minutes > 0)])
        assert decision.reason is Reason.LINKED


# New York changes to summer time on 2025-03-09 and back on 2025-11-02, London on 2025-03-30 and 2025-10-26.
TOKYO, NEW_YORK, LONDON = ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York"), ZoneInfo("Europe/London")
ARRIVALS = [
    datetime(2025, 1, 31, 9, 5, 7, tzinfo=UTC),
    datetime(2025, 1, 1, 0, 0, 0, tzinfo=TOKYO),
    datetime(2025, 3, 9, 12, 0, 0, tzinfo=NEW_YORK),
    datetime(2025, 11, 2, 12, 0, 0, tzinfo=NEW_YORK),
    datetime(2025, 11, 2, 1, 30, 0, fold=1, tzinfo=NEW_YORK),
    datetime(2025, 3, 30, 2, 0, 0, tzinfo=LONDON),
    datetime(2025, 10, 26, 23, 59, 59, tzinfo=LONDON),
]


@pytest.mark.parametrize("window", [timedelta(hours=24), timedelta(hours=1), timedelta(hours=36), timedelta(days=3)])
@pytest.mark.parametrize("arrived_at", ARRIVALS, ids=str)
@pytest.mark.parametrize(
    ("before_the_limit", "is_linked"),
    [(SECOND, True), (timedelta(microseconds=1), True), (timedelta(0), False), (-SECOND, False)],
    ids=str,
)
def test_the_window_is_exact_to_the_second_and_across_summer_time(
    arrived_at: datetime, window: timedelta, before_the_limit: timedelta, is_linked: bool
) -> None:
    """The times carry the local zone, where subtracting them as they are would be an hour off.

    Proves R43, R71, R72, D3.
    """
    given_at = (arrived_at.astimezone(UTC) - window + before_the_limit).astimezone(arrived_at.tzinfo)
    conversation = replace(chat(1), identified_at=given_at, received_at=given_at)
    attempt = replace(ATTEMPT, arrived_at=arrived_at, window=window)
    decision = decide_link(attempt, ANSWERED, conversations=[conversation])
    assert decision.reason is (Reason.LINKED if is_linked else Reason.EXPIRED)


BEFORE, AFTER = ARRIVED - SECOND, ARRIVED + SECOND


@pytest.mark.parametrize(
    ("ahead", "received_at", "is_fetched", "age"),
    [
        (timedelta(0), AFTER, False, timedelta(0)),
        (SECOND, BEFORE, False, timedelta(0)),
        (SECOND, AFTER, True, timedelta(0)),
        (SECOND, AFTER, False, -SECOND),
        (SECOND, ARRIVED, False, -SECOND),
        (FAST_CLOCK, BEFORE, False, timedelta(0)),
        (FAST_CLOCK, AFTER, True, timedelta(0)),
        (FAST_CLOCK + SECOND, BEFORE, False, -FAST_CLOCK - SECOND),
        (FAST_CLOCK + SECOND, AFTER, True, -FAST_CLOCK - SECOND),
        (-SECOND, AFTER, False, SECOND),
    ],
)
def test_a_fast_clock_is_forgiven_for_five_minutes(
    ahead: timedelta, received_at: datetime, is_fetched: bool, age: timedelta
) -> None:
    """Only when we knew the chat before the call, or got it in answer to the call.

    Proves R75, D4.
    """
    conversation = chat(1, age=-ahead, received_at=received_at)
    fetched = frozenset({1}) if is_fetched else frozenset[int]()
    assert measure_age(conversation, arrived_at=ARRIVED, fetched=fetched) == age
    decision = decide_link(ATTEMPT, LookedUp(Outcome.ANSWERED, fetched=fetched), conversations=[conversation])
    is_linked = decision.chosen is not None
    assert is_linked == (age >= timedelta(0))


def test_the_age_counts_from_the_number_and_only_then_from_the_last_message() -> None:
    """Proves D4."""
    last_word = ARRIVED - timedelta(hours=2)
    told = replace(chat(1, age=timedelta(hours=25)), last_customer_at=last_word)
    assert measure_age(told, arrived_at=ARRIVED) == timedelta(hours=25)
    untold = replace(told, identified_at=None)
    assert measure_age(untold, arrived_at=ARRIVED) == timedelta(hours=2)
    assert measure_age(replace(untold, last_customer_at=None), arrived_at=ARRIVED) is None


# ── against an oracle ─────────────────────────────────────────────────────────────────────────────────────────

AGES = st.one_of(
    st.none(),
    st.timedeltas(min_value=timedelta(minutes=-10), max_value=timedelta(hours=50)),
    st.sampled_from(
        [-FAST_CLOCK, -FAST_CLOCK - SECOND, timedelta(0), -SECOND, DEFAULT_WINDOW, DEFAULT_WINDOW - SECOND]
    ),
)


@st.composite
def conversations(draw: st.DrawFn) -> list[StoredConversation]:
    """Up to eight stored conversations, most of them nearly the caller's."""
    rows = []
    for number in range(1, draw(st.integers(0, 8)) + 1):
        e164 = draw(st.sampled_from([CALLER.e164, CALLER.e164, CALLER.e164, "+819012345687", "+81312345678", None]))
        row = chat(
            number,
            age=draw(AGES),
            e164=e164,
            typed=draw(st.sampled_from(["", "090-1234-567", "???"])),
            channel_id=draw(st.sampled_from(["channel-1", "channel-1", "channel-1", "channel-2"])),
            project_id=draw(st.sampled_from(["project-1", "project-1", "project-1", "project-2", None])),
            received_at=ARRIVED + draw(st.timedeltas(timedelta(hours=-50), timedelta(minutes=1))),
            linked=draw(st.booleans()),
        )
        rows.append(row)
    return draw(st.permutations(rows))


FETCHED = st.frozensets(st.integers(1, 8))
OUTCOMES = st.sampled_from([*Outcome, Outcome.ANSWERED, Outcome.ANSWERED])
CALLERS = st.sampled_from([CALLER, CALLER, CALLER, Telephone("+81312345678"), NoNumber.WITHHELD])


def oracle(attempt: Attempt, rows: Sequence[StoredConversation], fetched: frozenset[int]) -> set[int]:
    """All conversations that may be shown on the call: the rows of section 5 said once more, slowly."""
    ages = {}
    for row in rows:
        if row.e164 is None or attempt.caller != Telephone(row.e164) or row.channel_id != "channel-1":
            continue
        if row.project_id == "project-2" or row.identified_at is None:
            continue
        late = (row.identified_at - ARRIVED).total_seconds()
        is_forgiven = 0 < late <= 300 and (row.received_at < ARRIVED or row.id in fetched)
        if (late <= 0 or is_forgiven) and -late < attempt.window.total_seconds():
            ages[row.id] = max(0.0, -late)
    return {number for number, age in ages.items() if age == min(ages.values())}


@given(conversations(), FETCHED, OUTCOMES, CALLERS)
def test_the_chat_shown_is_the_right_one_or_none(
    rows: list[StoredConversation],
    fetched: frozenset[int],
    outcome: Outcome,
    caller: Telephone | NoNumber,
) -> None:
    """Same project and channel, same number, inside the window, nearest before the call; otherwise none (P4).

    Proves P4, R67, R71, R75, D2, D3, D4, D5.
    """
    attempt = replace(ATTEMPT, caller=caller)
    decision = decide_link(attempt, LookedUp(outcome, fetched=fetched), conversations=rows)
    nothing_sent = outcome in (Outcome.NO_CALLER, Outcome.SETTINGS_ERROR, Outcome.SWITCHED_OFF)
    right = set[int]() if nothing_sent else oracle(attempt, rows, fetched)
    assert (decision.chosen is not None) == bool(right)
    assert decision.chosen is None or decision.chosen.id in right


@given(conversations(), FETCHED, OUTCOMES, CALLERS, st.randoms(use_true_random=False))
def test_a_decision_is_whole_and_does_not_depend_on_the_order_of_rows(
    rows: list[StoredConversation],
    fetched: frozenset[int],
    outcome: Outcome,
    caller: Telephone | NoNumber,
    random: Random,
) -> None:
    """Linked: chosen and source, success, no message. Not linked: the contrary.

    Proves R38, D2.
    """
    attempt, looked_up = replace(ATTEMPT, caller=caller), LookedUp(outcome, fetched=fetched)
    decision = decide_link(attempt, looked_up, conversations=rows)
    is_linked = decision.reason is Reason.LINKED
    assert is_linked == (decision.chosen is not None) == (decision.source is not None) == (decision.message is None)
    assert is_linked == (decision.branch is Branch.SUCCESS)
    assert (decision.branch is Branch.REQUEST_ERROR) == (decision.reason in (Reason.REQUEST_ERROR, Reason.SWITCHED_OFF))
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert decide_link(attempt, looked_up, conversations=shuffled) == decision


# ── the decision record ───────────────────────────────────────────────────────────────────────────────────────


def test_the_record_tells_how_far_outside_the_window_a_chat_lay() -> None:
    """In seconds: 26 h 10 m with a limit of 24 h."""
    old = chat(4, age=timedelta(hours=26, minutes=10), linked=True)
    record = decide_link(ATTEMPT, ANSWERED, conversations=[STALE, old]).record
    assert [candidate.conversation_id for candidate in record.candidates] == [4, 1]
    nearest = record.candidates[0]
    assert (nearest.verdict, nearest.age_seconds, nearest.over_seconds) == (Verdict.TOO_OLD, 94200.0, 7800.0)
    assert nearest.linked
    assert not nearest.fetched
    assert (record.window_seconds, record.status, record.outcome) == (86400.0, 200, Outcome.ANSWERED)


def test_the_record_shows_the_last_four_digits_of_a_mistyped_number_and_no_more() -> None:
    """ "last four differ: 5678 / 5687", and no whole number anywhere in it."""
    far = chat(5, e164="+819012345687", age=timedelta(hours=9))
    near = chat(6, e164=None, typed="090-1234-5786-", age=timedelta(hours=2))
    record = decide_link(ATTEMPT, ANSWERED, conversations=[far, MISTYPED, near]).record
    assert (record.caller_last_four, record.nearest_last_four) == ("5678", "5687")
    written = json.dumps(record.to_json())
    assert "12345" not in written
    assert json.loads(written)["candidates"][0]["verdict"] == "near_number"


def test_several_chats_that_claim_one_number_are_listed() -> None:
    """All of them inside the window, nearest first; one alone is no warning."""
    rows = [chat(1, age=timedelta(hours=3)), chat(2), chat(3, age=timedelta(hours=25)), MISTYPED]
    decision = decide_link(ATTEMPT, ANSWERED, conversations=rows)
    assert decision.claimed_by == (2, 1)
    assert decide_link(ATTEMPT, ANSWERED, conversations=[chat(2), MISTYPED]).claimed_by == (2,)


def test_the_record_stays_small_however_many_chats_there_are() -> None:
    """The nearest are kept and the others counted."""
    rows = [chat(number, age=timedelta(minutes=number)) for number in range(1, 101)]
    record = decide_link(ATTEMPT, ANSWERED, conversations=rows).record
    assert len(record.candidates) == RECORDED_CANDIDATES
    assert record.left_out == 100 - RECORDED_CANDIDATES
    assert record.candidates[0].verdict is Verdict.CHOSEN


def test_of_two_equally_near_chats_the_one_received_last_wins() -> None:
    """So that two workers decide alike."""
    early, late = chat(1, received_at=ARRIVED - timedelta(minutes=9)), chat(2, received_at=ARRIVED - SECOND)
    for rows in ([early, late], [late, early]):
        assert decide_link(ATTEMPT, ANSWERED, conversations=rows).chosen == late


def test_every_failure_of_a_connector_has_its_outcome() -> None:
    """A bare "not found" is not_obtained, and everything else has the same name."""
    for kind in FailureKind:
        looked_up = LookedUp.failed(kind, detail="http_404", status=404)
        expected = "not_obtained" if kind is FailureKind.NOT_FOUND else kind.value
        assert (looked_up.outcome.value, looked_up.detail, looked_up.status) == (expected, "http_404", 404)

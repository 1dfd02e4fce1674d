"""Which chat belongs to a call, and when none does, the one reason why (D2 to D5, R66 to R78, P4).

The worker asks the provider, stores what it returned, loads the candidates and hands everything to ``decide_link``;
this file never learns where a conversation came from except by its id standing in ``LookedUp.fetched``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from renkei.domain.chat import StoredConversation
from renkei.domain.decision_record import RECORDED_CANDIDATES, DecisionRecord, Weighed
from renkei.domain.decision_record import LookedUp as LookedUp
from renkei.domain.decision_record import Outcome as Outcome
from renkei.domain.decision_record import Verdict as Verdict
from renkei.domain.phone import NoNumber, Telephone, digits_are_near, is_near, last_four

DEFAULT_WINDOW = timedelta(hours=24)
FAST_CLOCK = timedelta(minutes=5)
"""How far a provider's clock may run ahead of ours (D4)."""


class Reason(StrEnum):
    """The one reason a link attempt is stored with; the order is D2's."""

    CALLER_WITHHELD = "caller_withheld"
    SETTINGS_ERROR = "settings_error"
    SWITCHED_OFF = "switched_off"
    REQUEST_ERROR = "request_error"
    BAD_PROJECT = "bad_project"
    BAD_CHANNEL = "bad_channel"
    PROVIDER_ERROR = "provider_error"
    NOT_OBTAINED = "not_obtained"
    EXPIRED = "expired"
    NUMBER_MISMATCH = "number_mismatch"
    NO_CHAT = "no_chat"
    LINKED = "linked"


class Branch(StrEnum):
    """Where the IVR goes on (R35, R38)."""

    SUCCESS = "success"
    FAILURE = "failure"
    REQUEST_ERROR = "request_error"


class Source(StrEnum):
    """Whether the linked conversation came in answer to this call or was stored before (D5)."""

    FETCHED = "fetched"
    STORED = "stored"


class Message(StrEnum):
    """Codes of the sentences that come with a stored link result (R135)."""

    CONNECTION_FAILED = "chat_connection_failed"
    """R120"""
    NO_CHAT_IN_WINDOW = "chat_not_in_window"
    """R121, D1; its parameter is ``hours``"""
    NOT_OBTAINED = "chat_not_obtained"
    """R126"""


_MESSAGES = {
    Reason.CALLER_WITHHELD: Message.NO_CHAT_IN_WINDOW,
    Reason.SETTINGS_ERROR: Message.NOT_OBTAINED,
    Reason.SWITCHED_OFF: Message.CONNECTION_FAILED,
    Reason.REQUEST_ERROR: Message.CONNECTION_FAILED,
    Reason.BAD_PROJECT: Message.NOT_OBTAINED,
    Reason.BAD_CHANNEL: Message.NO_CHAT_IN_WINDOW,
    Reason.PROVIDER_ERROR: Message.NOT_OBTAINED,
    Reason.NOT_OBTAINED: Message.NOT_OBTAINED,
    Reason.EXPIRED: Message.NO_CHAT_IN_WINDOW,
    Reason.NUMBER_MISMATCH: Message.NO_CHAT_IN_WINDOW,
    Reason.NO_CHAT: Message.NO_CHAT_IN_WINDOW,
}


def message_of(reason: Reason, window: timedelta) -> tuple[Message, dict[str, float]] | None:
    """The message that belongs to a stored reason, with its parameters; None for LINKED (R135)."""
    message = _MESSAGES.get(reason)
    if message is None:
        return None
    return message, {"hours": window / timedelta(hours=1)} if message is Message.NO_CHAT_IN_WINDOW else {}


def branch_of(reason: Reason) -> Branch:
    """Where an IVR goes on after this reason (R35, R38)."""
    if reason is Reason.LINKED:
        return Branch.SUCCESS
    return Branch.REQUEST_ERROR if reason in (Reason.REQUEST_ERROR, Reason.SWITCHED_OFF) else Branch.FAILURE


_NOTHING_WAS_SENT = (Reason.CALLER_WITHHELD, Reason.SETTINGS_ERROR, Reason.SWITCHED_OFF)


@dataclass(frozen=True, slots=True)
class LinkDecision:
    """The result of one link attempt.

    ``chosen`` is set when and only when ``reason`` is LINKED, ``message`` (with ``message_params``) when it is not.
    ``claimed_by`` are all conversations that claim the caller's number in the window, nearest first; more than one
    is shown as a warning (a typed number is no proof).
    """

    reason: Reason
    branch: Branch
    record: DecisionRecord
    chosen: StoredConversation | None = None
    source: Source | None = None
    message: Message | None = None
    message_params: dict[str, float] = field(default_factory=dict)
    claimed_by: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to link a call: who called, which entrance was asked, when.

    ``arrived_at`` is the database's stamp (aware). ``project_id`` None trusts the query to have kept to one project.
    """

    caller: Telephone | NoNumber
    channel_id: str
    arrived_at: datetime
    window: timedelta = DEFAULT_WINDOW
    project_id: str | None = None


def refuse_to_ask(caller: Telephone | NoNumber, *, settings_problem: str | None, is_on: bool) -> LookedUp | None:
    """Whether nothing may be sent to the provider, and why; None means: ask. ``settings_problem`` is a detail code."""
    if isinstance(caller, NoNumber):
        return LookedUp(Outcome.NO_CALLER, detail=caller.value)
    if settings_problem:
        return LookedUp(Outcome.SETTINGS_ERROR, detail=settings_problem)
    return None if is_on else LookedUp(Outcome.SWITCHED_OFF)


def measure_age(
    conversation: StoredConversation, *, arrived_at: datetime, fetched: frozenset[int] = frozenset()
) -> timedelta | None:
    """How long before the arrival the customer gave the number (D4); negative after it, None when no time is known.

    A provider's time up to FAST_CLOCK after the arrival is age 0 when we knew the conversation before the arrival
    or the provider returned it in answer to this call.
    """
    moment = conversation.identified_at or conversation.last_customer_at
    if moment is None:
        return None
    # Subtracting two times of one zone compares wall clocks and is an hour off across a summer-time change.
    arrival = arrived_at.astimezone(UTC)
    age = arrival - moment.astimezone(UTC)
    was_known = conversation.received_at.astimezone(UTC) < arrival or conversation.id in fetched
    return timedelta(0) if -FAST_CLOCK <= age < timedelta(0) and was_known else age


def decide_link(attempt: Attempt, looked_up: LookedUp, *, conversations: Sequence[StoredConversation]) -> LinkDecision:
    """Decide one link attempt: exactly one reason, the first of D2 that holds, unless D5 links a stored chat.

    The chat chosen is the one of this number, project and channel that is nearest before the arrival and younger than
    the window (R71, D3); of two equally near the one received last.

    ``conversations`` are rows of this project and channel: all of the caller's number, the ones just fetched
    included, and (for number_mismatch) the unlinked ones of other numbers inside the window; rows that do not
    belong are ignored.
    """
    reason = _before_any_candidate(looked_up, attempt.caller)
    if reason in _NOTHING_WAS_SENT:
        return _unlinked(attempt, looked_up, reason=reason, candidates=())
    own = _own(attempt, conversations, looked_up.fetched)
    if _claims(own):
        return _linked(attempt, looked_up, own=own)
    if reason is not None:
        return _unlinked(attempt, looked_up, reason=reason, candidates=own)
    if any(candidate.verdict is Verdict.TOO_OLD for candidate in own):
        return _unlinked(attempt, looked_up, reason=Reason.EXPIRED, candidates=own)
    near = _near(attempt, conversations, looked_up.fetched)
    reason = Reason.NUMBER_MISMATCH if near else Reason.NO_CHAT
    return _unlinked(attempt, looked_up, reason=reason, candidates=(*own, *near))


@dataclass(frozen=True, slots=True)
class _Candidate:
    conversation: StoredConversation
    age: timedelta | None
    verdict: Verdict


def _own(
    attempt: Attempt, conversations: Iterable[StoredConversation], fetched: frozenset[int]
) -> tuple[_Candidate, ...]:
    """The conversations of the caller's number, nearest first."""
    if not isinstance(attempt.caller, Telephone):
        return ()
    e164 = attempt.caller.e164
    own = (row for row in conversations if row.e164 == e164 and _is_here(attempt, row))
    return tuple(sorted((_weigh(attempt, row, fetched) for row in own), key=_nearness))


def _near(
    attempt: Attempt, conversations: Iterable[StoredConversation], fetched: frozenset[int]
) -> tuple[_Candidate, ...]:
    """Unlinked conversations inside the window whose number is the caller's mistyped, nearest first."""
    if not isinstance(attempt.caller, Telephone):
        return ()
    near = []
    for row in conversations:
        if row.linked or row.e164 == attempt.caller.e164 or not _is_here(attempt, row):
            continue
        weighed = _weigh(attempt, row, fetched)
        if weighed.verdict is Verdict.FARTHER and _is_mistyped(attempt.caller, row):
            near.append(_Candidate(row, weighed.age, Verdict.NEAR_NUMBER))
    return tuple(sorted(near, key=_nearness))


def _is_mistyped(caller: Telephone, row: StoredConversation) -> bool:
    # There may be thousands of rows: one that is E.164 already is not read again.
    return digits_are_near(caller.e164, row.e164) if row.e164 else is_near(caller, row.typed_number)


def _is_here(attempt: Attempt, row: StoredConversation) -> bool:
    same_project = None in (row.project_id, attempt.project_id) or row.project_id == attempt.project_id
    return same_project and row.channel_id == attempt.channel_id


def _weigh(attempt: Attempt, row: StoredConversation, fetched: frozenset[int]) -> _Candidate:
    age = measure_age(row, arrived_at=attempt.arrived_at, fetched=fetched)
    if age is None:
        return _Candidate(row, age, Verdict.NO_TIME)
    if age < timedelta(0):
        return _Candidate(row, age, Verdict.AFTER_ARRIVAL)
    return _Candidate(row, age, Verdict.FARTHER if age < attempt.window else Verdict.TOO_OLD)


def _nearness(candidate: _Candidate) -> tuple[bool, timedelta, float, float, int]:
    row = candidate.conversation
    moment = row.identified_at or row.last_customer_at
    return (
        candidate.age is None,
        abs(candidate.age or timedelta(0)),
        -moment.timestamp() if moment else 0,
        -row.received_at.timestamp(),
        -row.id,
    )


def _claims(own: Iterable[_Candidate]) -> list[_Candidate]:
    return [candidate for candidate in own if candidate.verdict is Verdict.FARTHER]


def _before_any_candidate(looked_up: LookedUp, caller: Telephone | NoNumber) -> Reason | None:
    if isinstance(caller, NoNumber) or looked_up.outcome is Outcome.NO_CALLER:
        return Reason.CALLER_WITHHELD
    return None if looked_up.outcome is Outcome.ANSWERED else Reason(looked_up.outcome.value)


def _linked(attempt: Attempt, looked_up: LookedUp, *, own: Sequence[_Candidate]) -> LinkDecision:
    claims = _claims(own)
    chosen = claims[0].conversation
    return LinkDecision(
        reason=Reason.LINKED,
        branch=branch_of(Reason.LINKED),
        chosen=chosen,
        source=Source.FETCHED if chosen.id in looked_up.fetched else Source.STORED,
        claimed_by=tuple(claim.conversation.id for claim in claims),
        record=_write_record(attempt, looked_up, candidates=own, chosen=chosen),
    )


def _unlinked(
    attempt: Attempt, looked_up: LookedUp, *, reason: Reason, candidates: Sequence[_Candidate]
) -> LinkDecision:
    message, message_params = message_of(reason, attempt.window) or (None, {})
    return LinkDecision(
        reason=reason,
        branch=branch_of(reason),
        message=message,
        message_params=message_params,
        record=_write_record(attempt, looked_up, candidates=candidates, chosen=None),
    )


def _write_record(
    attempt: Attempt,
    looked_up: LookedUp,
    *,
    candidates: Sequence[_Candidate],
    chosen: StoredConversation | None,
) -> DecisionRecord:
    mistyped = next((c.conversation for c in candidates if c.verdict is Verdict.NEAR_NUMBER), None)
    caller = attempt.caller
    return DecisionRecord(
        outcome=looked_up.outcome,
        status=looked_up.status,
        detail=looked_up.detail,
        caller=caller.value if isinstance(caller, NoNumber) else "number",
        window_seconds=attempt.window.total_seconds(),
        candidates=tuple(
            _write_candidate(candidate, attempt.window, looked_up.fetched, chosen)
            for candidate in candidates[:RECORDED_CANDIDATES]
        ),
        left_out=max(0, len(candidates) - RECORDED_CANDIDATES),
        caller_last_four=caller.e164[-4:] if mistyped and isinstance(caller, Telephone) else None,
        nearest_last_four=last_four(mistyped.e164 or mistyped.typed_number) if mistyped else None,
    )


def _write_candidate(
    candidate: _Candidate, window: timedelta, fetched: frozenset[int], chosen: StoredConversation | None
) -> Weighed:
    row, age = candidate.conversation, candidate.age
    return Weighed(
        conversation_id=row.id,
        verdict=Verdict.CHOSEN if chosen is not None and row.id == chosen.id else candidate.verdict,
        age_seconds=None if age is None else age.total_seconds(),
        over_seconds=0.0 if age is None else max(0.0, (age - window).total_seconds()),
        fetched=row.id in fetched,
        linked=row.linked,
    )

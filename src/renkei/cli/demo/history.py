"""Sixty days of the sample office: who called, what came of it, which chats there were. Deterministic by its seed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

from renkei.cli.demo import answers
from renkei.cli.demo.answers import Answered
from renkei.cli.demo.circuits import Circuits
from renkei.cli.demo.customers import make_customers, mistype_number, type_number
from renkei.cli.demo.dialogues import CONTRACT_TALKS, SHOP_TALKS, Spoken, hold_chat
from renkei.cli.demo.office import (
    CHAT_NUMBER,
    CONTRACT_CHAT_NUMBER,
    CONTRACT_NUMBER,
    FREE_NUMBER,
    OSAKA_NUMBER,
    STANDARD_CHAT_NUMBER,
    Office,
)
from renkei.cli.demo.people import ADMINISTRATOR_NAME
from renkei.cli.demo.rehearse import Rehearsal, Story, Told, free_agents
from renkei.cli.demo.shape import choose_arrivals, choose_burst, choose_outages
from renkei.domain.chat import Speaker, StoredConversation
from renkei.domain.line import EndedBy
from renkei.domain.matching import Attempt, LinkDecision, Reason, decide_link
from renkei.domain.phone import NoNumber, Telephone, national_digits, read_number
from renkei.domain.plan import LinePlan

DAYS, CALLS, CUSTOMERS = 60, 3_000, 1_400
_NUMBERS = {
    CHAT_NUMBER: 38,
    FREE_NUMBER: 24,
    CONTRACT_NUMBER: 12,
    CONTRACT_CHAT_NUMBER: 14,
    STANDARD_CHAT_NUMBER: 6,
    OSAKA_NUMBER: 6,
}
_FILES = "https://files.chat.example.jp/u"
_A_MOMENT = timedelta(seconds=0.3)
_REMEMBERED = timedelta(days=7)
"""How long the providers keep a chat."""
_ABSENCES = {
    NoNumber.WITHHELD: 70,
    NoNumber.PAYPHONE: 10,
    NoNumber.OUT_OF_AREA: 15,
    NoNumber.UNKNOWN: 5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleChat:
    """A conversation as it is stored; ``id`` is its row's."""

    id: int
    connector: str
    project_id: str
    channel_id: str
    typed_number: str
    e164: str | None
    identified_at: datetime
    received_at: datetime
    said: tuple[tuple[datetime, Spoken], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleCall:
    """A call with everything that came of it; ``id`` is its row's."""

    id: int
    number: str
    caller: Telephone | NoNumber
    arrived_at: datetime
    decision: LinkDecision | None
    answered: Answered | None
    told: Told


@dataclass(slots=True)
class Sample:
    """The whole history."""

    calls: list[SampleCall] = field(default_factory=list)
    chats: list[SampleChat] = field(default_factory=list)


class Historian:
    """Makes the sample history. ``now`` is when it ends; the same seed and ``now`` give the same history."""

    def __init__(self, office: Office, plan: LinePlan, *, now: datetime, zone: ZoneInfo, seed: int = 20250131) -> None:
        self._chance = Random(seed)
        self._plan, self._now, self._zone = plan, now, zone
        self._staff = [agent.pk for name, agent in office.agents.items() if name != ADMINISTRATOR_NAME]
        self._customers = make_customers(self._chance, CUSTOMERS)
        self._busy_until: dict[int, datetime] = {}
        self._at_work: dict[str, list[int]] = {}
        self._linked: set[int] = set()
        self._reasons: list[Reason] = []
        self._circuits = Circuits()
        self._outages = choose_outages(self._chance, now=now, zone=zone)
        self._chats_of: dict[tuple[str, str], list[SampleChat]] = {}
        """By number and channel."""
        self._sample = Sample()

    def write(self, call_ids: Mapping[int, int], chat_ids: list[int], *, calls: int = CALLS) -> Sample:
        """The history; ``call_ids`` maps 0, 1, 2 … to row ids, ``chat_ids`` are handed out in order."""
        self._call_ids, self._chat_ids = call_ids, chat_ids
        arrivals = choose_arrivals(self._chance, now=self._now, days=DAYS, count=calls, zone=self._zone)
        usual = [(at, self._chance.choices(list(_NUMBERS), list(_NUMBERS.values()))[0]) for at in arrivals]
        on_top = [(at, CHAT_NUMBER) for outage in self._outages for at in choose_burst(self._chance, outage)]
        again: Telephone | None = None
        for arrived_at, number in sorted(usual + on_top):
            again = self._call(number, arrived_at, again)
        return self._sample

    def _call(self, number: str, arrived_at: datetime, again: Telephone | None) -> Telephone | None:
        """One call; returns a caller who was not helped and will call once more (R73)."""
        entry = self._plan.numbers[number].entry
        ivr_id = getattr(entry, "ivr_id", None)
        reason = self._choose_reason(arrived_at) if ivr_id is not None else None
        caller = self._choose_caller(reason, again if self._chance.random() < 0.5 else None)
        decision = answered = None
        if ivr_id is not None and reason is not None:
            decision, answered = self._look_up(ivr_id, caller, reason, arrived_at)
        told = self._rehearse(number, arrived_at, decision, answered)
        call_id = self._call_ids[len(self._sample.calls)]
        self._sample.calls.append(
            SampleCall(
                id=call_id, number=number, caller=caller, arrived_at=arrived_at, decision=decision,
                answered=answered if told.linkage_ivr else None, told=told,
            )
        )  # fmt: skip
        is_lost = told.outcome != "answered" and isinstance(caller, Telephone)
        return caller if is_lost and isinstance(caller, Telephone) else None

    def _choose_reason(self, arrived_at: datetime) -> Reason:
        if any(outage.covers(arrived_at) for outage in self._outages):
            return Reason.REQUEST_ERROR
        if not self._reasons:
            self._reasons = answers.shuffle_reasons(self._chance)
        return self._reasons.pop()

    def _choose_caller(self, reason: Reason | None, again: Telephone | None) -> Telephone | NoNumber:
        is_withheld = reason is Reason.CALLER_WITHHELD or (reason is None and self._chance.random() < 0.05)
        if is_withheld:
            return self._chance.choices(list(_ABSENCES), list(_ABSENCES.values()))[0]
        return again or self._chance.choice(self._customers)

    # ── the look-up ──

    def _look_up(
        self, ivr_id: int, caller: Telephone | NoNumber, reason: Reason, arrived_at: datetime
    ) -> tuple[LinkDecision, Answered]:
        linkage = self._plan.ivrs[ivr_id].linkage
        assert linkage is not None
        entrance = (linkage.connector, linkage.project_id, linkage.channel_id)
        known = self._chats_of.setdefault((caller.e164 if isinstance(caller, Telephone) else "", entrance[2]), [])
        earlier = [self._as_stored(chat) for chat in known if arrived_at - chat.identified_at < _REMEMBERED]
        chat = self._chat_before(caller, reason, arrived_at, entrance) if isinstance(caller, Telephone) else None
        stored = earlier if chat is None else [*earlier, self._as_stored(chat)]
        is_own = reason is not Reason.NUMBER_MISMATCH
        fetched = frozenset(each.id for each in (stored if is_own else earlier))
        absence = caller.value if isinstance(caller, NoNumber) else ""
        answered = self._ask(linkage.connector, reason, arrived_at, fetched=fetched, absence=absence)
        attempt = Attempt(caller, linkage.channel_id, arrived_at)
        decision = decide_link(attempt, answered.looked_up, conversations=stored)
        if chat is not None and is_own:
            known.append(chat)
        if decision.chosen is not None:
            self._linked.add(decision.chosen.id)
        return decision, answered

    def _ask(
        self, connector: str, reason: Reason, arrived_at: datetime, *, fetched: frozenset[int], absence: str
    ) -> Answered:
        """The provider's answer; none at all while its circuit is open."""
        answered = answers.answer(self._chance, reason, fetched=fetched, absence=absence)
        if not answered.outcome:
            return answered
        if not self._circuits.admit(connector, arrived_at):
            return answers.CIRCUIT_OPEN
        self._circuits.note(connector, arrived_at, answered)
        return answered

    def _chat_before(
        self, caller: Telephone, reason: Reason, arrived_at: datetime, entrance: tuple[str, str, str]
    ) -> SampleChat | None:
        """The chat that makes a look-up end with that reason."""
        chance = self._chance
        match reason:
            case Reason.LINKED:
                minutes = chance.lognormvariate(2.6, 1.1)
                age, typed = timedelta(minutes=min(minutes, 1_400)), type_number(chance, caller)
            case Reason.EXPIRED:
                age, typed = timedelta(hours=chance.uniform(24.2, 80)), type_number(chance, caller)
            case Reason.NUMBER_MISMATCH:
                age, typed = timedelta(minutes=chance.uniform(2, 90)), mistype_number(chance, caller)
            case _:
                return None
        read = read_number(typed) if reason is Reason.NUMBER_MISMATCH else caller
        return self._chat(entrance, typed, read, identified_at=arrived_at - age, received_at=arrived_at + _A_MOMENT)

    def _chat(
        self,
        entrance: tuple[str, str, str],
        typed: str,
        read: Telephone | NoNumber,
        *,
        identified_at: datetime,
        received_at: datetime,
    ) -> SampleChat:
        talks = CONTRACT_TALKS if entrance[2].endswith("line") else SHOP_TALKS
        spoken = hold_chat(self._chance, talks, number=typed, files_url=_FILES)
        chat = SampleChat(
            id=self._chat_ids[len(self._sample.chats)],
            connector=entrance[0],
            project_id=entrance[1],
            channel_id=entrance[2],
            typed_number=typed,
            e164=read.e164 if isinstance(read, Telephone) else None,
            identified_at=identified_at,
            received_at=received_at,
            said=tuple(self._with_times(spoken, identified_at)),
        )
        self._sample.chats.append(chat)
        return chat

    def _with_times(self, spoken: list[Spoken], identified_at: datetime) -> list[tuple[datetime, Spoken]]:
        place = next(index for index, each in enumerate(spoken) if each.is_number)
        moments = [identified_at]
        for each in reversed(spoken[:place]):
            pause = self._chance.uniform(8, 50) if each.speaker is not Speaker.CUSTOMER else self._chance.uniform(1, 3)
            moments.insert(0, moments[0] - timedelta(seconds=pause))
        for each in spoken[place + 1 :]:
            pause = 1.2 if each.speaker is not Speaker.CUSTOMER else self._chance.uniform(5, 30)
            moments.append(moments[-1] + timedelta(seconds=pause))
        return list(zip(moments, spoken, strict=True))

    def _as_stored(self, chat: SampleChat) -> StoredConversation:
        return StoredConversation(
            id=chat.id,
            channel_id=chat.channel_id,
            e164=chat.e164,
            typed_number=chat.typed_number,
            identified_at=chat.identified_at,
            last_customer_at=None,
            received_at=chat.received_at,
            linked=chat.id in self._linked,
        )

    # ── the call itself ──

    def _rehearse(
        self, number: str, arrived_at: datetime, decision: LinkDecision | None, answered: Answered | None
    ) -> Told:
        chance = self._chance
        is_picked_up = chance.random() < 0.93
        story = Story(
            line_id=f"demo-{len(self._sample.calls):05}",
            dialled="0" + number.removeprefix("+81"),
            arrived_at=arrived_at,
            decision=decision,
            look_up_seconds=answered.seconds if answered else 0.0,
            patience=chance.uniform(6, 25) if chance.random() < 0.06 else chance.uniform(60, 240),
            answer_after=chance.uniform(2, 15) if is_picked_up else None,
            talk_seconds=min(chance.lognormvariate(5.2, 0.7), 2_400),
            free=free_agents(self._busy_until, self._who_works(arrived_at), now=arrived_at),
            ended_by=EndedBy.CALLER if chance.random() < 0.7 else EndedBy.AGENT,
        )
        told = Rehearsal(self._plan, story, chance).run()
        if told.answered_by is not None and told.ended_at is not None:
            self._busy_until[told.answered_by] = told.ended_at + timedelta(seconds=75)
        return told

    def _who_works(self, moment: datetime) -> list[int]:
        local = moment.astimezone(self._zone)
        shift = f"{local.date()} {local.hour // 5}"
        if shift not in self._at_work:
            share = 0.45 if local.weekday() >= 5 else 0.6
            self._at_work[shift] = self._chance.sample(self._staff, max(3, round(len(self._staff) * share)))
        return self._at_work[shift]


@cache
def dialled_form(caller: Telephone | NoNumber) -> str:
    """The caller's number as a trunk delivers it."""
    return national_digits(caller) if isinstance(caller, Telephone) else ""

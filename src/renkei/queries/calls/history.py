"""発着信履歴: the list of calls a viewer may see, newest first."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from renkei.domain.lengths import count_seconds
from renkei.domain.matching import Reason
from renkei.domain.phone import NoNumber, Telephone, digits_of, read_number, show_number
from renkei.domain.search_words import cut_words
from renkei.domain.transcript import show_inert
from renkei.models import Call, ChatLink
from renkei.models.calls import SEARCH_GRAMS, CallLabel
from renkei.permissions import require
from renkei.queries.paging import PAGE_SIZE, Keyset, Page, turn_to
from renkei.queries.scope import Viewer, visible_calls

KEYSET = Keyset("calls", "arrived_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """What the list is narrowed to; None or empty does not narrow. ``who`` is a number, part of one, or a name."""

    since: datetime | None = None
    until: datetime | None = None
    who: str = ""
    agent_id: int | None = None
    outcome: str = ""
    direction: str = ""
    reason: str = ""
    number_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """One call as a list shows it. ``caller`` is the number for people, None when there is none: then ``absence``, and
    ``written`` is what the line gave instead, where the caller did not withhold it."""

    id: int
    direction: str
    state: str
    outcome: str
    caller: str | None
    absence: NoNumber | None
    written: str
    caller_name: str
    dialled: str
    number_name: str
    agent: str
    arrived_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    during_outage: bool
    passed_linkage: bool
    reason: Reason | None
    labels: tuple[str, ...] = field(default=())

    @property
    def talked(self) -> timedelta | None:
        """How long the conversation lasted, in whole seconds; None when there was none or it still goes on."""
        if self.answered_at is None or self.ended_at is None:
            return None
        return timedelta(seconds=count_seconds(self.answered_at, self.ended_at))


def list_calls(
    viewer: Viewer, wanted: CallFilter, *, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[CallRow]:
    """One page. RejectedError: ``forbidden``, ``bad_cursor``."""
    require(viewer, "call_history.view")
    page = turn_to(narrow(visible_calls(viewer), wanted), KEYSET, cursor=cursor, size=size)
    labels = labels_of([call.pk for call in page.rows])
    return page.convert(lambda call: show_call(call, labels=labels.get(call.pk, ())))


def with_newest_reason(calls: QuerySet[Call]) -> QuerySet[Call]:
    """The calls with ``newest_reason``: how their newest link attempt ended."""
    newest = ChatLink.objects.filter(call=OuterRef("pk")).order_by("-id").values("reason")[:1]
    return calls.annotate(newest_reason=Subquery(newest)).select_related("number", "answered_by__user")


def show_call(call: Call, *, labels: Iterable[str] = ()) -> CallRow:
    """A row of ``with_newest_reason`` for people."""
    reason = getattr(call, "newest_reason", None)
    caller, absence = show_caller(call)
    return CallRow(
        id=call.pk,
        direction=call.direction,
        state=call.state,
        outcome=call.outcome,
        caller=caller,
        absence=absence,
        written=show_inert(call.caller_raw) if absence not in (None, NoNumber.WITHHELD) else "",
        caller_name=show_inert(call.caller_name),
        dialled=_show_dialled(call),
        number_name=call.number.name if call.number else "",
        agent=call.answered_by.user.display_name if call.answered_by else "",
        arrived_at=call.arrived_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        during_outage=call.during_outage,
        passed_linkage=call.passed_linkage,
        reason=Reason(reason) if reason else None,
        labels=tuple(labels),
    )


def show_caller(call: Call) -> tuple[str | None, NoNumber | None]:
    """The caller's number for people, or why there is none."""
    if call.caller_e164:
        return show_number(Telephone(call.caller_e164)), None
    try:
        return None, NoNumber(call.caller_unknown)
    except ValueError:
        return None, NoNumber.UNKNOWN


def _show_dialled(call: Call) -> str:
    if call.number is not None:
        return show_number(Telephone(call.number.e164))
    return show_inert(call.dialled_raw)


def narrow(calls: QuerySet[Call], wanted: CallFilter) -> QuerySet[Call]:
    """The calls that the filter leaves, with their newest reason."""
    calls = with_newest_reason(calls)
    if wanted.since:
        calls = calls.filter(arrived_at__gte=wanted.since)
    if wanted.until:
        calls = calls.filter(arrived_at__lt=wanted.until)
    if wanted.agent_id:
        calls = calls.filter(answered_by=wanted.agent_id)
    if wanted.number_id:
        calls = calls.filter(number=wanted.number_id)
    if wanted.outcome:
        calls = calls.filter(outcome=wanted.outcome)
    if wanted.direction:
        calls = calls.filter(direction=wanted.direction)
    if wanted.reason:
        newer = ChatLink.objects.filter(call=OuterRef("call"), pk__gt=OuterRef("pk"))
        newest = ChatLink.objects.filter(~Exists(newer), reason=wanted.reason)
        calls = calls.filter(pk__in=newest.values("call"))
    return calls.alias(grams=SEARCH_GRAMS).filter(_named(wanted.who)) if wanted.who.strip() else calls


def _named(who: str) -> Q:
    who = who.strip().replace("\x00", "")
    number = read_number(who)
    if isinstance(number, Telephone):
        return Q(caller_e164=number.e164)
    digits = digits_of(who).lstrip("+").lstrip("0")
    named = Q(caller_name__icontains=who)
    written = Q(caller_raw__icontains=who)
    arms = [(named, cut_words(who, 2))]
    if len(who) >= 3 or who.isdecimal():
        arms.append((written, cut_words(who, 3)))
    if len(digits) >= 3:
        arms.append((Q(caller_e164__contains=digits), cut_words(digits, 3)))
    plain = reduce(or_, (words for words, _grams in arms))
    if not all(grams for _words, grams in arms):
        return plain  # one letter, or two digits: so many have them that the newest are found by walking
    # What the index finds is a conjunct of its own, so that it is not worked out again for each call found.
    return reduce(or_, (Q(grams__contains=grams) for _words, grams in arms)) & plain


def labels_of(call_ids: list[int]) -> dict[int, tuple[str, ...]]:
    """The business labels each of these calls received, in order; one query."""
    found: dict[int, tuple[str, ...]] = {}
    rows = CallLabel.objects.filter(call__in=call_ids).order_by("id").values_list("call_id", "label__name")
    for call_id, name in rows:
        found[call_id] = (*found.get(call_id, ()), name)
    return found

"""ケース検索: interactions, imported or not, found by words, period, people and state (R142)."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from renkei.domain.letter_pairs import fold, pairs_to_find
from renkei.domain.phone import Telephone, read_number
from renkei.models import Interaction
from renkei.permissions import require
from renkei.queries.paging import PAGE_SIZE, Keyset, Page, turn_to
from renkei.queries.scope import Viewer, visible_interactions

KEYSET = Keyset("interactions", "started_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """What the search is narrowed to. ``words`` are all to be found in title, items or conversation; ``who`` is the
    customer's number, name or e-mail; ``case_id`` one case."""

    words: str = ""
    who: str = ""
    since: datetime | None = None
    until: datetime | None = None
    agent_id: int | None = None
    group_id: int | None = None
    setting_id: int | None = None
    customer_id: int | None = None
    channel: str = ""
    state: str = ""
    case_id: int | None = None
    only_default_agent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionRow:
    """One interaction as a list shows it."""

    id: int
    case_id: int
    title: str
    customer_id: int
    customer: str
    channel: str
    setting: str
    state: str
    agent: str
    is_default_agent: bool
    group: str
    started_at: datetime
    closed_at: datetime | None
    revision: int


def search_interactions(
    viewer: Viewer, wanted: CaseFilter, *, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[InteractionRow]:
    """One page, newest first. RejectedError: ``forbidden``, ``bad_cursor``."""
    require(viewer, "case.view")
    if wanted.words.strip():
        # Who may not read chats must not learn by searching what was said in them (R109).
        require(viewer, "chat_content.view")
    return turn_to(narrow(visible_interactions(viewer), wanted), KEYSET, cursor=cursor, size=size).convert(show_row)


def show_row(row: Interaction) -> InteractionRow:
    """A row of ``narrow`` for people."""
    return InteractionRow(
        id=row.pk,
        case_id=row.case_id,
        title=str(row.edited.get("title") or row.values.get("title") or row.case.title),
        customer_id=row.case.customer_id,
        customer=str(row.case.customer),
        channel=row.channel,
        setting=row.setting.name if row.setting else "",
        state=row.state,
        agent=row.current_agent.user.display_name,
        is_default_agent=row.is_default_agent,
        group=row.current_group.name,
        started_at=row.started_at,
        closed_at=row.closed_at,
        revision=row.revision,
    )


def with_names(rows: QuerySet[Interaction]) -> QuerySet[Interaction]:
    """The rows with what ``show_row`` reads, and without the text only search needs."""
    return rows.select_related("case__customer", "setting", "current_agent__user", "current_group").defer(
        "search_text", "grams"
    )


def narrow(rows: QuerySet[Interaction], wanted: CaseFilter) -> QuerySet[Interaction]:
    """The interactions that the filter leaves."""
    rows = with_names(rows)
    plain = {
        "started_at__gte": wanted.since,
        "started_at__lt": wanted.until,
        "current_agent": wanted.agent_id,
        "current_group": wanted.group_id,
        "setting": wanted.setting_id,
        "case__customer": wanted.customer_id,
        "channel": wanted.channel or None,
        "state": wanted.state or None,
        "case": wanted.case_id,
        "is_default_agent": True if wanted.only_default_agent else None,
    }
    rows = rows.filter(**{name: value for name, value in plain.items() if value is not None})
    if wanted.who.strip():
        rows = rows.filter(_named(wanted.who))
    return _with_words(rows, wanted.words)


def _with_words(rows: QuerySet[Interaction], words: str) -> QuerySet[Interaction]:
    """Each word must be there: the pairs find candidates by their index, the text itself decides."""
    folded = fold(words)[:200]
    if not folded:
        return rows
    rows = rows.filter(grams__contains=pairs_to_find(folded))
    for word in folded.split(" "):
        if len(word) > 2:
            rows = rows.filter(search_text__contains=word)
    return rows


def _named(who: str) -> Q:
    who = who.strip().replace("\x00", "")
    number = read_number(who)
    if isinstance(number, Telephone):
        return Q(case__customer__e164=number.e164)
    named = Q(case__customer__name__icontains=who) | Q(case__customer__name_kana__icontains=who)
    return named | Q(case__customer__email_key__contains=who.casefold())

"""A part of a number or name finds its calls, by the index and without a call lost."""

import pytest
from django.db import connection

from renkei.domain.search_words import cut_words
from renkei.models import Call, ChatLink, User
from renkei.permissions import ADMINISTRATOR
from renkei.queries.calls.history import CallFilter, list_calls, narrow
from renkei.queries.scope import visible_calls
from tests.sample_centre import make_call, make_person

pytestmark = pytest.mark.django_db

CALLERS = (
    ("+819012345678", "09012345678", ""),
    ("+819012340000", "+81 90-1234-0000", "山田 花子"),
    ("+815055551234", "050-5555-1234", "ヤマダ商事 ABC"),
    (None, "anonymous", "山"),
    (None, "201", ""),
    (None, "%_\\'; DROP TABLE", "100%_割引"),
)
SEARCHES = (
    "1234", "5678", "123", "090", "0901234", "90-1234", "１２３４", "0000", "山田", "山", "田 花", "abc", "ABC",
    "商事 a", "anon", "ON", "201", "20", "2", "%_", "100%", "_割", "\\'", "'; drop", "ない名前", "9" * 80, "0" * 80,
    "z", " 花子 ", "\x00", "1\x002",
)  # fmt: skip
FULL_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")


@pytest.fixture
def viewer() -> User:
    for e164, raw, name in CALLERS:
        make_call(caller_e164=e164, caller_unknown="" if e164 else "unknown", caller_raw=raw, caller_name=name)
    return make_person(ADMINISTRATOR)


def plainly(who: str) -> set[int]:
    """What a reader of all calls would find."""
    who = who.strip().replace("\x00", "").lower()
    digits = "".join(
        each for each in who.translate(str.maketrans("０１２３４５６７８９", "0123456789")) if each.isdigit()
    )
    digits = digits.lstrip("0") if who.strip("0123456789０１２３４５６７８９+-() ") == "" else ""
    found = set()
    for call in Call.objects.all():
        in_name, in_number = who in call.caller_name.lower(), who in call.caller_raw.lower() and len(who) >= 3
        in_number |= who.isdecimal() and who in call.caller_raw
        if in_name or in_number or (len(digits) >= 3 and digits in (call.caller_e164 or "")):
            found.add(call.pk)
    return found


@pytest.mark.parametrize("who", SEARCHES)
def test_a_search_finds_what_a_reader_of_all_calls_would_find(viewer: User, who: str) -> None:
    """Parts of numbers, of names, of what the line wrote; signs are letters like others."""
    page = list_calls(viewer, CallFilter(who=who))
    assert {row.id for row in page.rows} == plainly(who), who
    assert page.count == len(page.rows)


@pytest.mark.parametrize("words", ["0123456789", "山田 花子", "AbC%_\\'x", "", "1", "１２３"])
def test_the_database_cuts_as_the_rule_does(words: str) -> None:
    """Numbers in threes, the name in twos."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT search_grams(%s, %s, ''), search_grams(NULL, '', %s)", [words.lower(), "", words])
        row = cursor.fetchone()
    assert row is not None
    threes, twos = row
    assert (sorted(set(threes)), sorted(set(twos))) == (cut_words(words, 3), cut_words(words, 2))


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (CallFilter(who="5678"), "call_by_words"),
        (CallFilter(who="山田"), "call_by_words"),
        (CallFilter(who="ない名前"), "call_by_words"),
        (CallFilter(who="09012345678"), "call_by_caller"),
        (CallFilter(outcome="fallback"), "call_by_outcome"),
        (CallFilter(reason="bad_channel"), "link_by_reason"),
    ],
)
def test_a_filter_has_its_index(viewer: User, wanted: CallFilter, index: str) -> None:
    """A filter that no index can answer walks over a million calls: this one could be answered."""
    with connection.cursor() as cursor:
        # Only ways that need a condition the index can answer: a handful of calls is read by any other just as well.
        for way in ("seqscan", "indexscan", "indexonlyscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    plan = narrow(visible_calls(viewer), wanted).order_by()[:10_001].values("pk").explain()
    assert index in plan, plan


def test_a_reason_that_a_later_attempt_replaced_is_not_found(viewer: User) -> None:
    """The newest attempt counts."""
    call, other = make_call(passed_linkage=True), make_call(passed_linkage=True)
    for reason in ("request_error", "no_chat"):
        ChatLink.objects.create(call=call, reason=reason)
    ChatLink.objects.create(call=other, reason="request_error")
    assert [row.id for row in list_calls(viewer, CallFilter(reason="request_error")).rows] == [other.pk]
    assert [row.id for row in list_calls(viewer, CallFilter(reason="no_chat")).rows] == [call.pk]

"""What an imported chat becomes, decided without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.chat import Kind, Speaker
from renkei.domain.closed_chat import LONGEST_ID, ClosedChat, ClosedMessage, digest_of, is_weak, key_of, stored_id
from renkei.domain.importing import (
    Arriving,
    ImportRules,
    Known,
    NewCustomer,
    email_key,
    newest_of,
    plan_batch,
)
from renkei.domain.inbox import ShownChat, make_rows, tombstone_of
from renkei.domain.interaction_items import ITEMS, VARIABLES, check_template, fill_items
from renkei.domain.letter_pairs import fold, pairs_of, pairs_to_find
from renkei.domain.listing import (
    MOST_PASSES,
    Finished,
    Listing,
    begin_listing,
    keep_listing,
    move_cursor,
    read_listing,
    turn_page,
)
from renkei.domain.patience import LONGEST_SECONDS, SHORTEST_SECONDS, wait_after
from renkei.domain.people import sort_key
from renkei.errors import RejectedError

AT = datetime(2025, 1, 31, 5, 0, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")
RULES = ImportRules(setting_id=7, setting_name="夜間", group_id=1, default_agent_id=10)

moments = st.integers(-30_000_000, 30_000_000).map(lambda seconds: AT + timedelta(seconds=seconds))
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
chats = st.builds(
    ClosedChat,
    external_id=st.none() | st.sampled_from(["c-1", "c-2", "weak:x", "raw:1", "長" * 300]),
    started_at=moments,
    closed_at=moments,
    version_at=moments,
    agent_number=st.sampled_from(["", "A-1", "A-9"]),
    customer_number=st.sampled_from(["", "K-1", "K-2"]),
    customer_name=words,
    customer_phone=st.sampled_from(["", "090-1234-5678", "09012345678", "+81 90 1234 5678", "x"]),
    customer_email=st.sampled_from(["", "a@example.jp", "A@EXAMPLE.JP", "nobody"]),
    subject=words,
    messages=st.lists(
        st.builds(ClosedMessage, st.sampled_from(Speaker), st.just(Kind.TEXT), words, moments), max_size=3
    ).map(tuple),
)
batches = st.lists(chats, max_size=6).map(
    lambda found: [Arriving(place, 1, key_of(chat, 7) + f"#{place}", chat) for place, chat in enumerate(found)]
)


def chat(**changed: object) -> ClosedChat:
    plain = ClosedChat(external_id="c-1", started_at=AT, closed_at=AT, version_at=AT)
    return replace(plain, **changed)  # type: ignore[arg-type]


@given(arriving=batches, cut=st.integers(0, 6), reuses=st.booleans())
def test_the_size_of_the_batches_changes_nothing(arriving: list[Arriving], cut: int, reuses: bool) -> None:
    """What one chat founds the next one finds: decided together or in two parts, the same chats share customers."""
    rules = replace(RULES, reuses_customers=reuses)
    whole = plan_batch(arriving, Known(), rules)
    first = plan_batch(arriving[:cut], Known(), rules)
    ids = {each.place: 1_000 + each.place for each in first.customers}

    def stored(customer: int | NewCustomer) -> int:
        return customer if isinstance(customer, int) else ids[customer.place]

    by_e164: dict[str, frozenset[int]] = {}
    by_email: dict[str, frozenset[int]] = {}
    for each in first.customers:
        if each.e164:
            by_e164[each.e164] = by_e164.get(each.e164, frozenset()) | {ids[each.place]}
        if each.email_key:
            by_email[each.email_key] = by_email.get(each.email_key, frozenset()) | {ids[each.place]}
    known = Known(
        by_number={each.number: stored(each.customer) for each in first.entries},
        by_natural_key={each.natural_key: ids[each.place] for each in first.customers if each.natural_key},
        by_e164=by_e164 if reuses else {},
        by_email=by_email if reuses else {},
    )
    second = plan_batch(arriving[cut:], known, rules)
    together = [each.customer if isinstance(each.customer, int) else each.customer.place for each in whole.plans]
    apart: list[int] = [stored(each.customer) - 1_000 for each in first.plans]
    for each in second.plans:
        there = each.customer
        apart.append(there - 1_000 if isinstance(there, int) else len(first.customers) + there.place)
    assert together == apart


@given(arriving=batches)
def test_equal_customer_ids_have_one_customer_and_chats_without_an_id_their_own(arriving: list[Arriving]) -> None:
    """Proves R161, R162, R163, D8."""
    plans = plan_batch(arriving, Known(by_number={"K-1": 5}), RULES).plans
    owners: dict[str, set[object]] = {}
    for each in plans:
        number = each.arriving.chat.customer_number
        owner = each.customer if isinstance(each.customer, int) else ("new", each.customer.place)
        owners.setdefault(number or each.arriving.key, set()).add(owner)
    assert all(len(found) == 1 for found in owners.values())
    assert owners.get("K-1", {5}) == {5}
    alone = [next(iter(found)) for key, found in owners.items() if key not in ("K-1", "K-2")]
    assert len(set(alone)) == len(alone)


@given(arriving=batches)
def test_every_chat_has_the_agent_of_its_number_or_the_default(arriving: list[Arriving]) -> None:
    """Proves R155, R156."""
    for each in plan_batch(arriving, Known(agents={"A-1": 42}), RULES).plans:
        is_known = each.arriving.chat.agent_number == "A-1"
        assert (each.agent_id, each.is_default_agent) == ((42, False) if is_known else (10, True))


def test_a_customer_is_reused_only_when_exactly_one_could_be_meant() -> None:
    """Proves D8."""
    rules = replace(RULES, reuses_customers=True)
    arriving = [Arriving(1, 1, "c-1", chat(customer_phone="090-1234-5678", customer_email="a@example.jp"))]

    def owner(known: Known) -> int | None:
        found = plan_batch(arriving, known, rules).plans[0].customer
        return found if isinstance(found, int) else None

    number, address = "+819012345678", "a@example.jp"
    assert owner(Known(by_e164={number: frozenset({3})})) == 3
    assert owner(Known(by_e164={number: frozenset({3})}, by_email={address: frozenset({3})})) == 3
    assert owner(Known(by_e164={number: frozenset({3, 4})})) is None
    assert owner(Known(by_e164={number: frozenset({3})}, by_email={address: frozenset({4})})) is None
    assert owner(Known()) is None


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Ａ＠Example.JP", "a@example.jp"),
        (" a@example.jp ", "a@example.jp"),
        ("a b@example.jp", ""),
        ("@example.jp", ""),
        ("nobody", ""),
        ("", ""),
    ],
)
def test_addresses_are_compared_in_one_form(typed: str, key: str) -> None:
    """What is no address is compared with nothing."""
    assert email_key(typed) == key


@given(chat=chats, setting=st.integers(1, 9))
def test_a_key_fits_its_column_and_only_chats_without_an_id_are_weak(chat: ClosedChat, setting: int) -> None:
    """A foreign id that looks like one of our keys cannot pass for one."""
    key = key_of(chat, setting)
    assert 0 < len(key) <= LONGEST_ID
    assert is_weak(key) == (not chat.external_id)
    assert not key.startswith("raw:")


@given(first=words, second=words)
def test_different_ids_have_different_keys(first: str, second: str) -> None:
    """Long or strange ones too."""
    assert (stored_id("x" * 200 + first) == stored_id("x" * 200 + second)) == (first == second)


@given(chat=chats)
def test_the_digest_tells_every_change_of_content(chat: ClosedChat) -> None:
    """And nothing else: the same content has the same digest."""
    assert digest_of(chat) == digest_of(replace(chat))
    told = ClosedMessage(Speaker.CUSTOMER, Kind.TEXT, "増えた", AT)
    assert digest_of(replace(chat, messages=(*chat.messages, told))) != digest_of(chat)
    assert digest_of(replace(chat, agent_number=chat.agent_number + "x")) != digest_of(chat)


ranks = st.tuples(moments, st.integers(0, 3), st.sampled_from("abc"))


@given(versions=st.lists(st.tuples(st.sampled_from("xyz"), ranks)), data=st.data())
def test_the_newest_content_wins_in_any_order(
    versions: list[tuple[str, tuple[datetime, int, str]]], data: st.DataObject
) -> None:
    """Proves R147."""
    mixed = data.draw(st.permutations(versions))
    assert newest_of(versions) == newest_of(mixed) == newest_of([*mixed, *versions])


@given(found=st.lists(chats, max_size=6), data=st.data())
def test_a_page_has_one_row_for_each_chat_whatever_its_order(found: list[ClosedChat], data: st.DataObject) -> None:
    """A statement may not touch a row twice."""
    shown = [ShownChat({"n": place}, each.external_id or "", each) for place, each in enumerate(found)]
    rows = make_rows(7, shown, secret=b"s").columns
    mixed = make_rows(7, data.draw(st.permutations(shown)), secret=b"s").columns
    assert len(set(rows.get("keys", []))) == len(rows.get("keys", []))
    assert {name: sorted(map(str, each)) for name, each in rows.items()} == {
        name: sorted(map(str, each)) for name, each in mixed.items()
    }


def test_a_tombstone_tells_nobody_which_chat_it_was() -> None:
    """P7: keyed, so that it cannot be tried out; different for each setting."""
    one = tombstone_of(1, "c-1", secret=b"a")
    assert one not in (tombstone_of(1, "c-1", secret=b"b"), tombstone_of(2, "c-1", secret=b"a"))
    assert one == tombstone_of(1, "c-1", secret=b"a")
    assert "c-1" not in one


# ── listing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(cursor=st.none() | moments, newest=st.none() | moments, now=moments)
def test_the_cursor_never_goes_back_nor_beyond_our_clock(
    cursor: datetime | None, newest: datetime | None, now: datetime
) -> None:
    """A clock that ran ahead over there must not hide what is closed after it was put right."""
    moved = move_cursor(cursor, newest, now=now)
    if cursor is not None:
        assert moved is not None
        assert moved >= cursor
    if moved is not None and moved != cursor:
        assert newest is not None
        assert moved <= min(now, newest)


def test_a_listing_begins_the_overlap_before_the_cursor() -> None:
    """Proves D17. Without a cursor from the beginning of time."""
    assert begin_listing(AT, timedelta(hours=24)).since == AT - timedelta(hours=24)
    assert begin_listing(None, timedelta(hours=24)).since is None


@given(
    pages=st.lists(st.tuples(st.none() | moments, st.booleans()), min_size=1, max_size=5),
    is_steady=st.booleans(),
    cursor=st.none() | moments,
)
def test_a_listing_visits_every_page_then_ends(
    pages: list[tuple[datetime | None, bool]], is_steady: bool, cursor: datetime | None
) -> None:
    """Proves R148. Unsteady pages are walked again until nothing is new, three times at most."""
    listing, visited = Listing(since=cursor), []
    for _ in range(len(pages) * MOST_PASSES + 1):
        place = int(listing.page or 0)
        visited.append(place)
        newest, has_news = pages[place]
        following = str(place + 1) if place + 1 < len(pages) else None
        kept = read_listing(keep_listing(listing))
        assert kept == listing
        done = turn_page(
            kept, next_page=following, newest=newest, has_news=has_news, is_steady=is_steady, cursor=cursor,
            now=datetime(2030, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        if isinstance(done, Finished):
            break
        listing = done
    else:
        pytest.fail("never through")
    assert visited[: len(pages)] == list(range(len(pages)))
    assert len(visited) % len(pages) == 0
    if is_steady or len(pages) == 1:
        assert len(visited) == len(pages)
    seen = [newest for newest, _ in pages if newest is not None]
    assert done.cursor == max([*seen, *([cursor] if cursor else [])], default=None)


def test_a_page_that_names_itself_as_the_next_ends_the_listing() -> None:
    """A chat system that goes round in circles does not hold a service for ever."""
    listing = Listing(since=None, page="same", pages=1)
    done = turn_page(
        listing, next_page="same", newest=AT, has_news=True, is_steady=True, cursor=None, now=AT + timedelta(days=1)
    )
    assert done == Finished(AT)


# ── items ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(chat=chats, text=st.text(max_size=30))
def test_what_a_chat_says_is_never_read_for_variables(chat: ClosedChat, text: str) -> None:
    """Proves R141. A subject like {{customer_name}} stays as it is."""
    hostile = replace(chat, subject="{{customer_name}}")
    made = fill_items({"title": "{{ subject }}", "memo": text}, hostile, setting_name="夜間", zone=TOKYO)
    assert made["title"] == "{{customer_name}}"
    assert all(len(value) <= ITEMS[item] for item, value in made.items())


def test_every_variable_is_filled() -> None:
    """Proves R141, R176."""
    told = chat(
        subject="解約", entrance="web", agent_name="佐藤", agent_number="A-1", customer_name="山田",
        customer_number="K-1", messages=(ClosedMessage(Speaker.CUSTOMER, Kind.TEXT, "秘密", AT),),
    )  # fmt: skip
    text = " ".join(f"{{{{{name}}}}}" for name in VARIABLES)
    made = fill_items({"content": text}, told, setting_name="夜間", zone=TOKYO)["content"]
    assert made == "c-1 解約 web 2025/01/31 14:00:00 2025/01/31 14:00:00 山田 K-1 佐藤 A-1 1 夜間"
    assert "秘密" not in made


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"colour": "x"}, "unknown_item"),
        ({"title": "{{message}}"}, "unknown_variable"),
        ({"title": "x" * 201}, "too_long"),
    ],
)
def test_a_template_that_cannot_work_is_refused(values: dict[str, str], code: str) -> None:
    """Before it is saved, not at the import."""
    with pytest.raises(RejectedError) as refused:
        check_template(values)
    assert refused.value.code == code or refused.value.code.startswith(code.split("_")[0])


# ── search, order, patience ──────────────────────────────────────────────────────────────────────────────────────────


@given(text=words, start=st.integers(0, 8), length=st.integers(1, 5))
def test_whatever_is_in_a_text_is_found_by_its_pairs(text: str, start: int, length: int) -> None:
    """Proves R142. No word of a text is missed, of one letter or of many."""
    folded = fold(text)
    part = folded[start : start + length].strip()
    assert set(pairs_to_find(part)) <= set(pairs_of(folded))


@pytest.mark.parametrize(("typed", "written"), [("カイヤク", "かいやく"), ("ＡＢＣ", "abc"), ("ﾘｮｳｷﾝ", "りょうきん")])
def test_width_and_kana_do_not_matter(typed: str, written: str) -> None:
    """Proves R142."""
    assert fold(typed) == fold(written)


def test_people_sort_by_kana_and_those_without_come_last() -> None:
    """Proves D19."""
    people = [("佐藤", "サトウ"), ("相田", "あいだ"), ("山田", ""), ("ワダ", "ﾜﾀﾞ")]
    ordered = sorted(people, key=lambda each: sort_key(*each))
    assert [name for name, _ in ordered] == ["相田", "佐藤", "ワダ", "山田"]


@given(failures=st.integers(-1, 200), asked=st.floats(-5, 10_000))
def test_a_service_waits_longer_each_time_and_never_for_ever(failures: int, asked: float) -> None:
    """At least what the other side asked for, within reason."""
    seconds = wait_after(failures, asked=asked)
    assert SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS
    assert seconds >= min(asked, LONGEST_SECONDS)
    assert wait_after(failures + 1) >= wait_after(failures)

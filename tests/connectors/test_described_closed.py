"""Descriptions of listings: their own test vectors, those that are wrong, and the recipe's optional parameters."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from renkei.connectors import described, standard
from renkei.connectors.contract import ClosedContext, ClosedQuestion, read_settings
from renkei.connectors.described import ClosedDescription, ClosedVector, Description
from renkei.connectors.fetching import fetch_page, read_retry_after
from renkei.domain.recipe import Value
from renkei.errors import MalformedPayloadError, MisconfiguredError, RetryLaterError
from renkei.outbound import AllowList, Answer, HttpClient
from tests.outbound.hostile_server import answer, hostile

CLOSED = [
    (each, each.closed)
    for each in (described.shipped(path.stem) for path in sorted(described.DESCRIPTIONS.glob("*.toml")))
    if each.closed is not None
]
VECTORS = [(description, closed, vector) for description, closed in CLOSED for vector in closed.vectors]


@pytest.fixture
async def context() -> AsyncIterator[ClosedContext]:
    http = HttpClient()
    yield ClosedContext(http=http, budget_seconds=5.0)
    await http.aclose()


@pytest.mark.parametrize(
    ("description", "closed", "vector"), VECTORS, ids=[f"{d.name}: {v.name}" for d, _, v in VECTORS]
)
async def test_each_vector_of_each_listing_comes_true(
    context: ClosedContext, description: Description, closed: ClosedDescription, vector: ClosedVector
) -> None:
    """Proves B11, D16, R146."""
    connector = described.make_connector(description)
    assert connector.closed_since is not None
    assert connector.closed_chat_settings is not None
    head = b"HTTP/1.1 %d Status" % vector.status
    async with hostile(answer(vector.answer.encode(), head=head)) as there:
        entered = {each.name: there.url if each.is_address else "secret" for each in closed.settings}
        settings = read_settings(connector.closed_chat_settings, entered)
        allowed = dataclasses.replace(context, allow=AllowList.of([there.url]))
        question = ClosedQuestion(since=datetime(2025, 1, 31, tzinfo=UTC), page=vector.page)
        if vector.outcome != "page":
            with pytest.raises({"retry": RetryLaterError, "stop": MisconfiguredError}[vector.outcome]) as refused:
                await connector.closed_since(settings, question, allowed)
            assert getattr(refused.value, "code", "") == vector.code
            return
        page = await connector.closed_since(settings, question, allowed)
    assert (vector.outcome, page.next) == ("page", vector.next)
    assert connector.parse_closed is not None
    read: list[str | None] = []
    malformed = 0
    for record in page.records:
        try:
            chat = connector.parse_closed(record.payload)
        except MalformedPayloadError:
            malformed += 1
            continue
        read.append(None if chat is None else chat.external_id)
    assert tuple(each for each in read if each is not None) == vector.chats
    assert (read.count(None), malformed) == (vector.open, vector.malformed)


def test_every_listing_has_vectors_for_each_outcome_and_each_error_it_names() -> None:
    for _, closed in CLOSED:
        assert {"page", "retry", "stop"} == {vector.outcome for vector in closed.vectors}
        codes = {vector.code for vector in closed.vectors}
        assert {f"{rule.kind.value}_answer" for rule in closed.listing.recipe.errors} <= codes
        assert (closed.listing.paging.expired is None) or "page_expired" in codes


GOOD = (described.DESCRIPTIONS / "smart_m_talk.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("[closed.request]", "[closed.requests]"),
        GOOD.replace("[closed.paging]", "[closed.pages]"),
        GOOD.replace('resolved = "closed"', 'resolved = "finished"'),
        GOOD.replace("steady = false", "is_steady = false"),
        GOOD.replace('closed_at = "closed_at"', 'ended_at = "closed_at"'),
        GOOD.replace('expired = { path', 'expired = { where'),
        GOOD.replace('kind = "settings_error"', 'kind = "bad_luck"'),
        'name = "x"\nlabel = "x"\n',
    ],
)  # fmt: skip
def test_a_listing_that_contradicts_itself_says_so_at_the_start(text: str) -> None:
    """Proves D16."""
    with pytest.raises(MisconfiguredError) as refused:
        described.read_description(text)
    assert refused.value.params["reason"]


NUMBERED = GOOD.replace('next_path = "$.next_cursor"\npage_size = 200', "first = 1\npage_size = 2").replace(
    'cursor = "{{page}}"', 'page = "{{page}}"'
)


async def test_numbered_pages_are_counted_on_until_a_short_one(context: ClosedContext) -> None:
    closed = described.read_description(NUMBERED).closed
    assert closed is not None
    async with hostile(answer(b'{"chats": [{"chat_id": "a"}, {"chat_id": "b"}]}')) as there:
        allowed = dataclasses.replace(context, allow=AllowList.of([there.url]))
        entered = {"call_url": Value.address(there.url), "api_key": Value.secret("k")}
        first = await fetch_page(closed.listing, entered, ClosedQuestion(since=None), allowed)
        second = await fetch_page(closed.listing, entered, ClosedQuestion(since=None, page=first.next), allowed)
    assert (first.next, second.next, first.is_steady) == ("2", "3", False)
    assert b"page=1&limit=2" in there.heads[0]
    assert b"page=2&limit=2" in there.heads[1]
    async with hostile(answer(b'{"chats": [{"chat_id": "a"}]}')) as there:
        allowed = dataclasses.replace(context, allow=AllowList.of([there.url]))
        entered = {"call_url": Value.address(there.url), "api_key": Value.secret("k")}
        last = await fetch_page(closed.listing, entered, ClosedQuestion(since=None, page="3"), allowed)
    assert last.next is None


async def test_what_is_not_asked_for_is_left_out_and_moments_travel_exactly(context: ClosedContext) -> None:
    japan = timezone(timedelta(hours=9))
    async with hostile(answer(b'{"conversations": [], "next": null}')) as there:
        allowed = dataclasses.replace(context, allow=AllowList.of([there.url]))
        settings = standard.ClosedChatSettings(call_url=there.url, token="s3cret-token")
        await standard.closed_since(settings, ClosedQuestion(since=None), allowed)
        moment = datetime(2025, 1, 31, 9, 5, 7, 999_999, tzinfo=japan)
        page = await standard.closed_since(settings, ClosedQuestion(since=moment, until=moment, page="a b&c"), allowed)
    assert there.heads[0].startswith(b"GET /closed-conversations?limit=500 HTTP/1.1\r\n")
    told = b"since=2025-01-31T00%3A05%3A07.999999Z&until=2025-01-31T00%3A05%3A07.999999Z&page=a%20b%26c&limit=500"
    assert told in there.heads[1]
    assert b"authorization: Bearer s3cret-token\r\n" in there.heads[0]
    assert "s3cret" not in repr(page.exchanges)


@pytest.mark.parametrize(
    ("told", "date", "waited"),
    [
        ("7", "", 7.0),
        ("999999999999", "", 86_400.0),
        ("Fri, 31 Jan 2025 00:10:00 GMT", "Fri, 31 Jan 2025 00:05:00 GMT", 300.0),
        ("Fri, 31 Jan 2025 00:00:00 GMT", "Fri, 31 Jan 2025 00:05:00 GMT", 0.0),
        ("Fri, 31 Jan 2025 00:10:00 GMT", "", 30.0),
        ("soon", "soon", 30.0),
        ("-5", "", 30.0),
        ("٣", "", 30.0),
    ],
)
def test_retry_after_is_read_by_seconds_or_by_the_other_sides_own_clock(told: str, date: str, waited: float) -> None:
    answered = Answer(429, (("Retry-After", told), ("Date", date)), b"", 0)
    assert read_retry_after(answered, 30.0) == waited

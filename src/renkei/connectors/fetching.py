"""Fetches one page of completed chats by a recipe: which failures pass by themselves, and which a person must mend.

What a chat system answers never raises anything but RetryLaterError and MisconfiguredError. A page too large to be read
is asked for again in smaller parts where pages hold still; a record that is nonsense stands alone (closed_reading.py).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn

from renkei.connectors.asking import excerpt
from renkei.connectors.closed_reading import ClosedShape, cut_large, read_records
from renkei.connectors.contract import (
    PAGE_EXPIRED,
    ApiExchange,
    ClosedContext,
    ClosedPage,
    ClosedQuestion,
    ClosedRecord,
)
from renkei.domain.extraction import ErrorRule, FailureKind, RuleError, claim, pick
from renkei.domain.foreign_json import Json, read_json
from renkei.domain.recipe import Canned, Recipe, RecipeError, Value, Variables, Written, write
from renkei.errors import MalformedPayloadError, MisconfiguredError, RetryLaterError
from renkei.outbound import (
    Answer,
    Caps,
    OutboundError,
    OutgoingRequest,
    RefusedAddressError,
    ResetByPeerError,
    TimedOutError,
    TooLargeError,
)

AFTER_TROUBLE = 30.0
AFTER_LIMIT = 60.0
LONGEST_AFTER = 86_400.0
LONGEST_TOKEN = 4_000
# So that one huge chat delays its neighbours and does not hide them: from this share of a page down to one chat.
SMALLER = (10, 100)
CAPS = Caps()
CAPS_OF_ONE = Caps(wire_bytes=20_000_000, inflated_bytes=40_000_000)
"""For a chat that alone is more than a page may be: it is read to be set aside, so that those behind it are reached."""
_PASSES_BY_ITSELF = {FailureKind.PROVIDER_ERROR, FailureKind.REQUEST_ERROR}
_REFUSALS = {401: "chat_system_refuses", 403: "chat_system_refuses", 404: "call_url_unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPaging:
    """How the pages of a listing follow each other.

    With ``next_path`` an answer holds the next page's token; without it pages are numbered from ``first`` and the last
    one is shorter than ``page_size``. ``steady`` is whether pages hold still while they are walked. ``expired`` knows
    the answer that says that a token is too old.
    """

    next_path: str = ""
    first: int = 1
    page_size: int = 200
    steady: bool = False
    expired: ErrorRule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A chat system's listing of completed chats. The recipe may name ``since`` and ``until`` (ISO 8601 in UTC),
    ``since_seconds``, ``until_seconds``, ``since_milliseconds``, ``until_milliseconds``, ``page`` and ``page_size``;
    what is not asked for is empty (``Recipe.optional``)."""

    recipe: Recipe
    shape: ClosedShape
    paging: ClosedPaging


async def fetch_page(
    listing: Listing, settings: Mapping[str, Value], question: ClosedQuestion, context: ClosedContext
) -> ClosedPage:
    """Fetch one page within the context's budget; raises RetryLaterError and MisconfiguredError."""
    fetching = _Fetching(listing=listing, settings=settings, question=question, context=context)
    try:
        return await fetching.run()
    except TimeoutError as error:
        raise RetryLaterError("timed_out", after=AFTER_TROUBLE) from error
    except (RecipeError, RuleError) as error:
        raise MisconfiguredError(error.code) from error


@dataclass(slots=True, kw_only=True)
class _Fetching:
    listing: Listing
    settings: Mapping[str, Value]
    question: ClosedQuestion
    context: ClosedContext
    began: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    exchanges: list[ApiExchange] = field(default_factory=list)

    async def run(self) -> ClosedPage:
        paging = self.listing.paging
        sizes = [paging.page_size]
        if paging.next_path:  # a smaller page from the same place loses nothing
            sizes += [size for share in SMALLER if (size := paging.page_size // share) > 1] + [1]
        tries = [(size, CAPS) for size in dict.fromkeys(sizes)] + [(1, CAPS_OF_ONE)] * bool(paging.next_path)
        for size, caps in tries:
            try:
                return await self._fetch(size, caps)
            except TooLargeError:
                continue
        raise RetryLaterError("too_large", after=AFTER_TROUBLE)

    async def _fetch(self, size: int, caps: Caps) -> ClosedPage:
        variables = {**self.settings, **describe_question(self.question, self.listing.paging, size)}
        written = write(self.listing.recipe, variables)
        if isinstance(written, Canned):
            raise MisconfiguredError("bad_address")
        started = self._now()
        try:
            answer = await self._send(written, caps)
        except ResetByPeerError as error:  # a kept-alive connection may turn out to be dead; a GET may be repeated
            self._record(written, started, variables, outcome=error.code)
            answer = await self._send_again(written, caps, error)
        except OutboundError as error:
            self._record(written, started, variables, outcome=error.detail or error.code)
            _refuse_unanswered(error)
        try:
            async with asyncio.timeout(self._left()):  # sending has its own: two of them would leave a connection open
                document, records = await self._judge(answer)
                if caps is CAPS_OF_ONE:
                    records = await asyncio.to_thread(cut_large, records)
            page = self._page(document, records, size)
        except (RetryLaterError, MisconfiguredError) as error:
            self._record(written, started, variables, outcome=error.code, answer=answer)
            raise
        self._record(written, started, variables, outcome="ok", answer=answer)
        return ClosedPage(page.records, page.next, page.is_steady, tuple(self.exchanges))

    async def _send(self, written: Written, caps: Caps) -> Answer:
        request = OutgoingRequest(method=written.method, url=written.url, headers=written.headers, body=written.body)
        if self._left() <= 0:
            raise TimedOutError
        http, allow = self.context.http, self.context.allow
        return await http.send(request, allow=allow, deadline_seconds=self._left(), caps=caps)

    async def _send_again(self, written: Written, caps: Caps, error: OutboundError) -> Answer:
        if written.method != "GET":
            _refuse_unanswered(error)
        try:
            return await self._send(written, caps)
        except OutboundError as again:
            _refuse_unanswered(again)

    async def _judge(self, answer: Answer) -> tuple[Json, tuple[ClosedRecord, ...]]:
        """The document and its records, or why there are none: the error map first, then status, then body."""
        listing = self.listing
        told = await asyncio.to_thread(_read_told, listing, answer)
        if told is not None:
            expired = listing.paging.expired
            if self.question.page is not None and expired is not None and expired.claims(answer.status, told.document):
                raise RetryLaterError(PAGE_EXPIRED, after=1.0)
            kind = claim(listing.recipe.errors, answer.status, told.document)
            if kind is not None and kind not in _PASSES_BY_ITSELF:
                raise MisconfiguredError(f"{kind.value}_answer")
            if kind is not None:
                raise RetryLaterError(f"{kind.value}_answer", after=read_retry_after(answer, AFTER_TROUBLE))
        if not 200 <= answer.status < 300:
            _refuse_status(answer)
        try:
            return await asyncio.to_thread(read_records, answer.body, listing.shape)
        except MalformedPayloadError as error:
            raise RetryLaterError(error.code, after=AFTER_TROUBLE, **error.params) from error

    def _page(self, document: Json, records: tuple[ClosedRecord, ...], size: int) -> ClosedPage:
        paging = self.listing.paging
        token = self._read_token(document) if paging.next_path else self._count_on(records, size)
        if token is not None and token == self.question.page:
            if records:
                raise RetryLaterError("page_repeated", after=AFTER_TROUBLE)
            token = None
        return ClosedPage(records, token, paging.steady, tuple(self.exchanges))

    def _read_token(self, document: Json) -> str | None:
        token = pick(document, self.listing.paging.next_path)
        if token is None or token == "":
            return None
        if isinstance(token, bool) or not isinstance(token, str | int) or len(text := str(token)) > LONGEST_TOKEN:
            raise RetryLaterError("wrong_type", after=AFTER_TROUBLE, field=self.listing.paging.next_path)
        return text

    def _count_on(self, records: tuple[ClosedRecord, ...], size: int) -> str | None:
        if len(records) < size:
            return None
        page = self.question.page
        return str((int(page) if page is not None and page.isascii() and page.isdecimal() else self._first()) + 1)

    def _first(self) -> int:
        return self.listing.paging.first

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _left(self) -> float:
        return self.context.budget_seconds - (self._now() - self.began)

    def _record(
        self, written: Written, started: float, variables: Variables, *, outcome: str, answer: Answer | None = None
    ) -> None:
        is_quoted = answer is not None and outcome != "ok"
        self.exchanges.append(
            ApiExchange(
                started_ms=round((started - self.began) * 1_000),
                duration_ms=round((self._now() - started) * 1_000),
                method=written.method,
                url=written.shown_url,
                request_headers=written.shown_headers,
                request_body=written.shown_body,
                status=answer.status if answer is not None else None,
                answer_bytes=len(answer.body) if answer is not None else 0,
                answer_excerpt=excerpt(answer.body, variables) if answer is not None and is_quoted else "",
                is_confidential=is_quoted and answer is not None and answer.status < 300,
                outcome=outcome,
            )
        )


def describe_question(question: ClosedQuestion, paging: ClosedPaging, size: int) -> dict[str, Value]:
    """The variables a listing's recipe may name. Moments are never rounded to later ones."""
    page = question.page
    if page is None and not paging.next_path:
        page = str(paging.first)
    told = {"page": page or "", "page_size": str(size)}
    for name, moment in (("since", question.since), ("until", question.until)):
        told[name] = "" if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
        microseconds = None if moment is None else _microseconds(moment)
        told[f"{name}_seconds"] = "" if microseconds is None else str(microseconds // 1_000_000)
        told[f"{name}_milliseconds"] = "" if microseconds is None else str(microseconds // 1_000)
    return {name: Value.plain(text) for name, text in told.items()}


def _microseconds(moment: datetime) -> int:
    age = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (age.days * 86_400 + age.seconds) * 1_000_000 + age.microseconds


@dataclass(frozen=True, slots=True)
class _Told:
    document: Json


def _read_told(listing: Listing, answer: Answer) -> _Told | None:
    """An answer that may be an error of the chat system's own: anything but a page of chats that reads well."""
    if 200 <= answer.status < 300 and (not listing.recipe.errors or len(answer.body) > 10_000):
        return None
    try:
        return _Told(read_json(answer.body))
    except MalformedPayloadError:
        return _Told(None)


def _refuse_unanswered(error: OutboundError) -> NoReturn:
    if isinstance(error, TooLargeError):
        raise error
    if isinstance(error, RefusedAddressError):
        raise MisconfiguredError(error.detail) from error
    raise RetryLaterError(error.code, after=AFTER_TROUBLE) from error


def _refuse_status(answer: Answer) -> NoReturn:
    if answer.status in _REFUSALS:
        raise MisconfiguredError(_REFUSALS[answer.status], status=answer.status)
    if answer.status == 429:
        raise RetryLaterError("chat_system_limits", after=read_retry_after(answer, AFTER_LIMIT))
    code = "redirect_refused" if 300 <= answer.status < 400 else "http_status"
    raise RetryLaterError(code, after=read_retry_after(answer, AFTER_TROUBLE), status=answer.status)


def read_retry_after(answer: Answer, default: float) -> float:
    """Seconds to wait by Retry-After (RFC 9110 10.2.3), at most a day. A date counts from the answer's own Date, so
    that no clock of ours is asked about theirs."""
    told = (answer.header("retry-after") or "").strip()
    if told.isascii() and told.isdecimal():
        return min(float(told[:9]), LONGEST_AFTER)
    try:
        wait = parsedate_to_datetime(told) - parsedate_to_datetime(answer.header("date") or "")
    except (ValueError, TypeError):
        return default
    return min(max(wait.total_seconds(), 0.0), LONGEST_AFTER)

"""Runs a look-up's recipe: one deadline over all its requests, one circuit, a record of every attempt (R134, D14)."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from renkei.connectors.contract import (
    ApiExchange,
    Found,
    LookupContext,
    LookupFailure,
    LookupQuestion,
    LookupResult,
)
from renkei.domain.chat import Conversation
from renkei.domain.extraction import FailureKind, RuleError, claim, pick
from renkei.domain.foreign_json import Json, clean_text, read_json
from renkei.domain.phone import Telephone, national_digits, read_number
from renkei.domain.recipe import Canned, Recipe, RecipeError, Value, Variables, Written, write
from renkei.errors import MalformedPayloadError
from renkei.outbound import (
    Answer,
    BreakerKey,
    OutboundError,
    OutgoingRequest,
    RefusedAddressError,
    ResetByPeerError,
    TimedOutError,
    TooLargeError,
)

LONGEST_EXCERPT = 1_000
# Reading more than this stops the event loop for too long, and with it every other call.
MOST_BYTES_READ_INLINE = 100_000
# Controls but tab and line feed, and the characters that turn a line's direction round.
_NOT_PLAIN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

T = TypeVar("T")
Read = Callable[[Json], tuple[Conversation, ...]]


def find_problem(question: LookupQuestion) -> LookupFailure | None:
    """Say why we cannot even ask (D2 settings_error), or None where we can."""
    for name, value in (("project_id", question.project_id), ("channel_id", question.channel_id)):
        if not value.strip():
            return LookupFailure(FailureKind.SETTINGS_ERROR, f"{name}_missing")
    return None


def describe_question(question: LookupQuestion) -> dict[str, Value]:
    """The variables every look-up recipe may name: phone (E.164), phone_national, project_id, channel_id."""
    number = read_number(question.phone)
    national = national_digits(number) if isinstance(number, Telephone) else question.phone
    return {
        "phone": Value.phone(question.phone),
        "phone_national": Value.phone(national),
        "project_id": Value.plain(question.project_id.strip()),
        "channel_id": Value.plain(question.channel_id.strip()),
    }


async def ask(
    recipe: Recipe, variables: Variables, read: Read, *, key: BreakerKey, context: LookupContext
) -> LookupResult:
    """Send the recipe's request, and those of its further pages, and read conversations from the answers.

    Never raises for anything a provider does. ``read`` is pure and may raise MalformedPayloadError.
    """
    asking = _Asking(recipe=recipe, variables=variables, read=read, key=key, context=context)
    try:
        outcome = await asking.run()
    except RuleError as error:  # the description is wrong, not the provider
        outcome = LookupFailure(FailureKind.SETTINGS_ERROR, error.code)
    return LookupResult(outcome, tuple(asking.exchanges))


@dataclass(slots=True, kw_only=True)
class _Asking:
    recipe: Recipe
    variables: Variables
    read: Read
    key: BreakerKey
    context: LookupContext
    began: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    exchanges: list[ApiExchange] = field(default_factory=list)

    async def run(self) -> Found | LookupFailure:
        try:
            first = write(self.recipe, self.variables)
        except RecipeError as error:
            return LookupFailure(FailureKind.SETTINGS_ERROR, error.code)
        if isinstance(first, Canned):
            return await self._read_canned(first)
        if not self.context.breakers.admit(self.key):
            self._record(first, self._now(), outcome="circuit_open")
            return LookupFailure(FailureKind.REQUEST_ERROR, "circuit_open")
        return await self._read_pages(first)

    async def _read_canned(self, canned: Canned) -> Found | LookupFailure:
        try:
            return Found(self.read(read_json(canned.body.encode("utf-8"))))
        except MalformedPayloadError as error:
            return LookupFailure(FailureKind.PROVIDER_ERROR, error.code, 200)

    async def _read_pages(self, first: Written) -> Found | LookupFailure:
        """Follow the pages until there is no next one, one comes again, or there are too many."""
        found: dict[str, Conversation] = {}
        seen: set[str] = set()
        written: Written | Canned = first
        while isinstance(written, Written):
            page = await self._read_page(written)
            if isinstance(page, LookupFailure):
                return page
            for each in page.conversations:
                before = found.get(each.external_id)
                if before is None or len(before.messages) <= len(each.messages):
                    found[each.external_id] = each
            if page.next is None or page.next in seen or len(seen) + 1 >= self._most_pages():
                break
            seen.add(page.next)
            written = write(self.recipe, self.variables, page=page.next)
        return Found(tuple(found.values()))

    async def _read_page(self, written: Written) -> "_Page | LookupFailure":
        started = self._now()
        try:
            answer = await self._send(written)
        except OutboundError as error:
            return self._fail_unanswered(written, started, error)
        try:
            async with asyncio.timeout(self._left()):
                document, malformed = await _parse(answer)
                return await self._judge(written, started, answer, document, malformed)
        except TimeoutError:
            return self._fail_unanswered(written, started, TimedOutError())

    async def _send(self, written: Written) -> Answer:
        """Send once; a second time when a kept-alive connection turned out to be dead, which a GET may be."""
        started = self._now()
        try:
            return await self._send_once(written)
        except ResetByPeerError as error:
            if written.method != "GET" or self._left() <= 0:
                raise
            self._record(written, started, outcome=error.code)
            return await self._send_once(written)

    async def _send_once(self, written: Written) -> Answer:
        if self._left() <= 0:
            raise TimedOutError
        request = OutgoingRequest(method=written.method, url=written.url, headers=written.headers, body=written.body)
        return await self.context.http.send(request, allow=self.context.allow, deadline_seconds=self._left())

    def _fail_unanswered(self, written: Written, started: float, error: OutboundError) -> LookupFailure:
        detail = error.detail if isinstance(error, RefusedAddressError) else error.code
        self._record(written, started, outcome=detail)
        if isinstance(error, RefusedAddressError):
            return LookupFailure(FailureKind.SETTINGS_ERROR, detail)
        if isinstance(error, TooLargeError):
            self.context.breakers.succeed(self.key)
            return LookupFailure(FailureKind.PROVIDER_ERROR, detail)
        self.context.breakers.fail(self.key)
        return LookupFailure(FailureKind.REQUEST_ERROR, detail)

    async def _judge(
        self, written: Written, started: float, answer: Answer, document: Json, malformed: str
    ) -> "_Page | LookupFailure":
        """Tell what an answer means: the error map first, then the status, then the body."""
        if answer.status >= 500:
            self.context.breakers.fail(self.key)
        else:
            self.context.breakers.succeed(self.key)
        claimed = claim(self.recipe.errors, answer.status, document)
        if claimed is not None:
            return self._fail(written, started, answer, claimed, f"{claimed.value}_answer")
        if not 200 <= answer.status < 300:
            detail = "redirect_refused" if 300 <= answer.status < 400 else f"http_{answer.status}"
            return self._fail(written, started, answer, FailureKind.REQUEST_ERROR, detail)
        if malformed:
            return self._fail(written, started, answer, FailureKind.PROVIDER_ERROR, malformed)
        try:
            conversations = await _run(answer, lambda: self.read(document))
        except MalformedPayloadError as error:
            return self._fail(written, started, answer, FailureKind.PROVIDER_ERROR, error.code)
        self._record(written, started, answer=answer, outcome="ok")
        return _Page(conversations, self._next(document))

    def _fail(self, written: Written, started: float, answer: Answer, kind: FailureKind, detail: str) -> LookupFailure:
        self._record(written, started, answer=answer, outcome=detail)
        return LookupFailure(kind, detail, answer.status)

    def _next(self, document: Json) -> str | None:
        if self.recipe.paging is None:
            return None
        token = pick(document, self.recipe.paging.next_path)
        return str(token) if isinstance(token, str | int) and token and not isinstance(token, bool) else None

    def _most_pages(self) -> int:
        return self.recipe.paging.most_pages if self.recipe.paging is not None else 1

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _left(self) -> float:
        return self.context.budget_seconds - (self._now() - self.began)

    def _record(self, written: Written, started: float, *, outcome: str, answer: Answer | None = None) -> None:
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
                answer_excerpt=excerpt(answer.body, self.variables) if answer is not None and is_quoted else "",
                is_confidential=is_quoted and answer is not None and answer.status < 300,
                outcome=outcome,
            )
        )


@dataclass(frozen=True, slots=True)
class _Page:
    conversations: tuple[Conversation, ...]
    next: str | None


async def _parse(answer: Answer) -> tuple[Json, str]:
    """Return the document and no code, or None and the code of what is wrong with it."""
    try:
        return await _run(answer, lambda: read_json(answer.body)), ""
    except MalformedPayloadError as error:
        return None, error.code


async def _run(answer: Answer, work: Callable[[], T]) -> T:
    if len(answer.body) <= MOST_BYTES_READ_INLINE:
        return work()
    return await asyncio.to_thread(work)


def _written_anyhow(phone: str) -> re.Pattern[str]:
    """The last eight digits of a number, with whatever separators somebody put between them."""
    return re.compile(r"[-\s().]{0,3}".join(re.escape(digit) for digit in phone[-8:]))


def excerpt(body: bytes, variables: Variables) -> str:
    """The beginning of an answer as inert text, with our secrets and the number masked where they are echoed."""
    text = clean_text(body[: LONGEST_EXCERPT * 6].decode("utf-8", "replace"))
    for value in variables.values():
        if value.shown != value.text and len(value.text) >= 4:
            text = text.replace(value.text, value.shown)
            if value.is_phone:
                text = _written_anyhow(value.text).sub(value.shown[-8:], text)
    return _NOT_PLAIN.sub("\ufffd", text)[:LONGEST_EXCERPT]

"""A conformance run that any vendor can make against a real or emulated provider (docs/connectors/README.md).

It asks through a connector as a call, or an import, would, and says of each promise whether it held. It changes
nothing over there.
"""

import dataclasses
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from renkei.connectors.contract import (
    ApiExchange,
    ClosedContext,
    ClosedPage,
    ClosedQuestion,
    Connector,
    FailureKind,
    Found,
    LookupContext,
    LookupFailure,
    LookupQuestion,
    LookupResult,
    setting_fields,
)
from renkei.domain.closed_chat import ClosedChat, digest_of
from renkei.errors import MalformedPayloadError, MisconfiguredError, RetryLaterError

HOSTILE_PHONES = (
    "",
    "+",
    "0",
    "+81 90 0000 000",
    "٠٩٠٠٠٠٠",
    "../../",
    "{{7*7}}",
    "%00",
    '"',
    "9" * 300,
    "a\r\nb: c",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """What the provider was prepared with: a number in E.164 that has a chat, one that has none, and wrong names."""

    known_phone: str
    unknown_phone: str
    project_id: str
    channel_id: str
    wrong_project_id: str = "no-such-project"
    wrong_channel_id: str = "no-such-channel"


@dataclass(frozen=True, slots=True)
class Check:
    """One promise and whether it held; ``seen`` is what was seen instead, in codes, never chat text."""

    promise: str
    holds: bool
    seen: str = ""


async def run_conformance(
    connector: Connector, settings: Any, cases: Cases, context: LookupContext
) -> tuple[Check, ...]:
    """Make the run; every check is made, whatever came before it."""
    ask = _Run(connector, settings, cases, context)
    checks = [
        await ask.check("a number with a chat brings it, in time order", _has_chat, phone=cases.known_phone),
        await ask.check("the same question again brings the same answer", _has_chat, phone=cases.known_phone),
        await ask.check("a number without a chat brings none", _has_none, phone=cases.unknown_phone),
        await ask.check(
            "a wrong project is told as such",
            _fails_as(FailureKind.BAD_PROJECT, FailureKind.NOT_FOUND),
            phone=cases.known_phone,
            project_id=cases.wrong_project_id,
        ),
        await ask.check(
            "a wrong channel is told as such",
            _fails_as(FailureKind.BAD_CHANNEL, FailureKind.NOT_FOUND),
            phone=cases.known_phone,
            channel_id=cases.wrong_channel_id,
        ),
        await ask.check("without a project nothing is sent", _sends_nothing, phone=cases.known_phone, project_id=" "),
        await ask.check("without a channel nothing is sent", _sends_nothing, phone=cases.known_phone, channel_id=""),
    ]
    for position, phone in enumerate(HOSTILE_PHONES):
        checks.append(await ask.check(f"an odd number brings no chat of others ({position})", _has_none, phone=phone))
    checks.append(Check("no secret and no whole number is in the history", *ask.find_leak()))
    return tuple(checks)


class _Run:
    def __init__(self, connector: Connector, settings: Any, cases: Cases, context: LookupContext) -> None:
        self._connector = connector
        self._settings = settings
        self._cases = cases
        self._context = context
        self._exchanges: list[ApiExchange] = []

    async def check(self, promise: str, holds: Callable[[LookupResult], bool], *, phone: str, **changed: str) -> Check:
        assert self._connector.find_by_phone is not None
        question = LookupQuestion(phone=phone, project_id=self._cases.project_id, channel_id=self._cases.channel_id)
        question = dataclasses.replace(question, **changed)
        result = await self._connector.find_by_phone(self._settings, question, self._context)
        self._exchanges += result.exchanges
        return Check(promise, holds(result), _describe(result))

    def find_leak(self) -> tuple[bool, str]:
        shown = repr(self._exchanges)
        fields = setting_fields(type(self._settings))
        secrets = [getattr(self._settings, each.name) for each in fields if each.is_secret]
        digits = self._cases.known_phone.lstrip("+")[2:]
        leaked = any(secret and secret in shown for secret in secrets) or digits in shown
        return (not leaked, "leaked" if leaked else "")


def _has_chat(result: LookupResult) -> bool:
    if not isinstance(result.outcome, Found) or not result.outcome.conversations:
        return False
    return all(
        bool(chat.external_id and chat.typed_number)
        and list(chat.messages) == sorted(chat.messages, key=lambda message: message.sent_at)
        and (chat.identified_at is None or chat.identified_at.tzinfo is not None)
        for chat in result.outcome.conversations
    )


def _has_none(result: LookupResult) -> bool:
    match result.outcome:
        case Found(conversations):
            return not conversations
        case LookupFailure(kind):
            return kind is not FailureKind.REQUEST_ERROR or not result.exchanges


def _fails_as(*kinds: FailureKind) -> Callable[[LookupResult], bool]:
    return lambda result: isinstance(result.outcome, LookupFailure) and result.outcome.kind in kinds


def _sends_nothing(result: LookupResult) -> bool:
    return _fails_as(FailureKind.SETTINGS_ERROR)(result) and not result.exchanges


def _describe(result: LookupResult) -> str:
    match result.outcome:
        case Found(conversations):
            return f"found {len(conversations)}"
        case LookupFailure(kind, detail, status):
            return f"{kind.value} {detail} {status or ''}".strip()


# -- completed chats ---------------------------------------------------------------------------------------

HOSTILE_PAGES = ("0", "-1", "1000000", "../../", "{{7*7}}", "\u0000", "é", '"', "x" * 2_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedCases:
    """What the chat system was prepared with: ids of completed chats changed at or after ``since``, at least two of
    them at different moments, and ids of chats that are open. The run walks at most ``most_pages`` pages."""

    closed_ids: tuple[str, ...]
    open_ids: tuple[str, ...] = ()
    since: datetime | None = None
    most_pages: int = 50


async def run_closed_conformance(
    connector: Connector, settings: Any, cases: ClosedCases, context: ClosedContext
) -> tuple[Check, ...]:
    """Make the run; every check is made, whatever came before it."""
    run = _ClosedRun(connector, settings, cases, context)
    first, again = await run.walk(cases.since), await run.walk(cases.since)
    known = [first.chats[each] for each in cases.closed_ids if each in first.chats]
    newest = max((chat.version_at for chat in known), default=None)
    missing = set(cases.closed_ids) - set(first.chats)
    shown_open = set(cases.open_ids) & set(first.chats)
    return (
        Check("the listing comes to an end", first.is_whole, first.problem),
        Check("every completed chat is listed", not missing, f"{len(missing)} missing"),
        Check("every record is understood", not first.malformed, _count(first.malformed)),
        Check("a chat that is open is not listed as completed", not shown_open, f"{len(shown_open)} listed"),
        Check("every chat has an id, a time with a zone, and its messages in time order", _are_whole(first)),
        Check("the same question again brings the same chats", _are_same(known, again)),
        Check("pages that hold still list the oldest change first", _are_in_order(first)),
        Check("a chat is listed from the very moment of its change on", *await run.check_since(newest)),
        Check("before that moment means without it", *await run.check_until(newest)),
        Check("from a moment to come on nothing is listed", *await run.check_future()),
        Check("a wrong token or key is told as such", *await run.check_refusal()),
        *[Check(f"an odd page does no harm ({i})", *await run.check_page(p)) for i, p in enumerate(HOSTILE_PAGES)],
        Check("no secret is in the history", *run.find_leak()),
    )


@dataclass(slots=True)
class _Walked:
    """A listing that was walked: its chats by id, how often each came, and what went wrong."""

    chats: dict[str, ClosedChat] = field(default_factory=dict)
    order: list[datetime] = field(default_factory=list)
    nameless: int = 0
    malformed: Counter[str] = field(default_factory=Counter)
    is_steady: bool = True
    is_whole: bool = False
    problem: str = ""


class _ClosedRun:
    def __init__(self, connector: Connector, settings: Any, cases: ClosedCases, context: ClosedContext) -> None:
        self._connector = connector
        self._settings = settings
        self._cases = cases
        self._context = context
        self._exchanges: list[ApiExchange] = []

    async def walk(self, since: datetime | None, *, until: datetime | None = None) -> _Walked:
        walked = _Walked()
        page: str | None = None
        for _ in range(self._cases.most_pages):
            try:
                shown = await self._ask(ClosedQuestion(since=since, page=page, until=until), self._settings)
            except (RetryLaterError, MisconfiguredError) as error:
                walked.problem = error.code
                return walked
            self._read(shown, walked)
            if shown.next is None:
                walked.is_whole = True
                return walked
            page = shown.next
        walked.problem = "too_many_pages"
        return walked

    async def check_since(self, newest: datetime | None) -> tuple[bool, str]:
        if newest is None:
            return False, "no chat known"
        walked = await self.walk(newest)
        older = [chat for chat in walked.chats.values() if chat.version_at < newest]
        has_it = any(chat.version_at == newest for chat in walked.chats.values())
        return has_it and not older, f"{len(walked.chats)} listed, {len(older)} older"

    async def check_until(self, newest: datetime | None) -> tuple[bool, str]:
        if newest is None:
            return False, "no chat known"
        walked = await self.walk(self._cases.since, until=newest)
        late = [chat for chat in walked.chats.values() if chat.version_at >= newest]
        return walked.is_whole and bool(walked.chats) and not late, f"{len(walked.chats)} listed, {len(late)} late"

    async def check_future(self) -> tuple[bool, str]:
        walked = await self.walk(datetime(2999, 1, 1, tzinfo=UTC))
        return walked.is_whole and not walked.chats, walked.problem or f"{len(walked.chats)} listed"

    async def check_refusal(self) -> tuple[bool, str]:
        """Without a secret among its settings a system cannot tell us from others; then nothing is promised."""
        secrets = [each.name for each in setting_fields(type(self._settings)) if each.is_secret]
        wrong = dataclasses.replace(self._settings, **dict.fromkeys(secrets, "wrong"))
        if not secrets:
            return True, ""
        try:
            await self._ask(ClosedQuestion(since=self._cases.since), wrong)
        except MisconfiguredError as error:
            return True, error.code
        except RetryLaterError as error:
            return False, error.code
        return False, "listed"

    async def check_page(self, page: str) -> tuple[bool, str]:
        try:
            await self._ask(ClosedQuestion(since=self._cases.since, page=page), self._settings)
        except RetryLaterError as error:
            return True, error.code
        except MisconfiguredError as error:
            return False, error.code
        return True, ""

    def find_leak(self) -> tuple[bool, str]:
        shown = repr(self._exchanges)
        fields = setting_fields(type(self._settings))
        secrets = [str(getattr(self._settings, each.name)) for each in fields if each.is_secret]
        leaked = any(secret.strip() and secret.strip() in shown for secret in secrets)
        return (not leaked, "leaked" if leaked else "")

    async def _ask(self, question: ClosedQuestion, settings: Any) -> ClosedPage:
        assert self._connector.closed_since is not None
        page = await self._connector.closed_since(settings, question, self._context)
        self._exchanges += page.exchanges
        return page

    def _read(self, page: ClosedPage, walked: _Walked) -> None:
        assert self._connector.parse_closed is not None
        walked.is_steady = walked.is_steady and page.is_steady
        for record in page.records:
            try:
                chat = self._connector.parse_closed(record.payload)
            except MalformedPayloadError as error:
                walked.malformed[error.code] += 1
                continue
            if chat is None:
                continue
            walked.order.append(chat.version_at)
            if chat.external_id is None:
                walked.nameless += 1
            else:
                walked.chats[chat.external_id] = chat


def _are_whole(walked: _Walked) -> bool:
    return not walked.nameless and all(
        chat.started_at.tzinfo is not None
        and list(chat.messages) == sorted(chat.messages, key=lambda message: message.sent_at)
        for chat in walked.chats.values()
    )


def _are_same(known: list[ClosedChat], again: _Walked) -> bool:
    """What has changed in between has a later version; everything else is word for word the same."""
    return bool(known) and all(
        (now := again.chats.get(chat.external_id or "")) is not None
        and (now.version_at > chat.version_at or digest_of(now) == digest_of(chat))
        for chat in known
    )


def _are_in_order(walked: _Walked) -> bool:
    return not walked.is_steady or walked.order == sorted(walked.order)


def _count(codes: Counter[str]) -> str:
    return ", ".join(f"{code} {count}" for code, count in sorted(codes.items()))

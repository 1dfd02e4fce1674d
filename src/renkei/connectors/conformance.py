"""A conformance run that any vendor can make against a real or emulated provider (docs/connectors/README.md).

It asks through a connector as a call would, and says of each promise whether it held. It changes nothing over there.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from renkei.connectors.contract import (
    ApiExchange,
    Connector,
    FailureKind,
    Found,
    LookupContext,
    LookupFailure,
    LookupQuestion,
    LookupResult,
    setting_fields,
)

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

"""What every chat system's connector offers and returns.

A connector declares up to two frozen dataclasses of settings, from which the screens draw their forms, and fills the
functions it can: ``find_by_phone`` (asked when a call arrives), ``verify`` and ``parse`` (it pushes to us),
``closed_since`` and ``parse_closed`` (its completed chats are imported). Each field of a settings dataclass carries
metadata made by ``setting``; its label and help are message ids in English.
"""

import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from renkei.domain.chat import Conversation
from renkei.domain.closed_chat import ClosedChat
from renkei.domain.exchanges import ApiExchange as ApiExchange
from renkei.domain.extraction import FailureKind as FailureKind
from renkei.domain.foreign_json import Json
from renkei.outbound import AllowList, Breakers, HttpClient

DEFAULT_BUDGET_SECONDS = 3.0
LONGEST_BUDGET_SECONDS = 8.0
NOTHING_ALLOWED = AllowList()
PAGE_EXPIRED = "page_expired"
"""The code of the RetryLaterError that says: this page's token is too old, begin the listing again (from ``since``)."""


@dataclass(frozen=True, slots=True)
class Found:
    """A valid answer for this project and channel. Empty is valid: the provider knows no chat of this number."""

    conversations: tuple[Conversation, ...]


@dataclass(frozen=True, slots=True)
class LookupFailure:
    """No valid answer. ``detail`` is a stable code (timed_out, http_500, not_json …), never the provider's words.

    ``http_status`` is the last status received, None where none came.
    """

    kind: FailureKind
    detail: str
    http_status: int | None = None


@dataclass(frozen=True, slots=True)
class LookupResult:
    """How a look-up ended, with every attempt it made. Where nothing was sent ``exchanges`` is empty."""

    outcome: Found | LookupFailure
    exchanges: tuple[ApiExchange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupQuestion:
    """Whose conversations: the caller's number in E.164 (``+819012345678``), the provider's two names (R31, R32)."""

    phone: str
    project_id: str
    channel_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupContext:
    """What a look-up may use: the client, the circuits, the destinations allowed, and the seconds it may take (D14)."""

    http: HttpClient
    breakers: Breakers
    allow: AllowList = NOTHING_ALLOWED
    budget_seconds: float = DEFAULT_BUDGET_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a chat system pushed to us, as it came. Header names in any case; ``body`` is untouched bytes."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedQuestion:
    """Which closed chats: those whose content changed at or after ``since`` (the chat system's time; None: all of
    them), and before ``until`` where it is given. ``page`` is the token the page before gave, None for the first."""

    since: datetime | None
    page: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClosedRecord:
    """A chat system's record as it came; ``source_id`` is the id found in it, empty where it has none. ``version_at``
    is when its content last changed, as far as that can be read even where the record as a whole cannot."""

    payload: Json
    source_id: str = ""
    version_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClosedPage:
    """One page of closed chats. ``next`` is the next page's token, None after the last. ``is_steady`` is False where
    records may shift from page to page while they are walked (numbered pages)."""

    records: tuple[ClosedRecord, ...]
    next: str | None = None
    is_steady: bool = True
    exchanges: tuple[ApiExchange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedContext:
    """What a fetch may use: the client, the destinations allowed, and the seconds one page may take."""

    http: HttpClient
    allow: AllowList = NOTHING_ALLOWED
    budget_seconds: float = 30.0


ClosedSince = Callable[[Any, ClosedQuestion, ClosedContext], Awaitable[ClosedPage]]
ParseClosed = Callable[[Json], ClosedChat | None]
ParsePushed = Callable[[Delivery], tuple[ClosedRecord, ...]]
FindByPhone = Callable[[Any, LookupQuestion, LookupContext], Awaitable[LookupResult]]
Verify = Callable[[Any, Delivery], str]
Parse = Callable[[Delivery], tuple[Conversation, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """One chat system. ``name`` is stable and stored; ``label`` is a message id (R20, R24).

    ``system`` is the chat system's own name as SNS種別, a message id too (R151); where it is empty the label stands.
    ``note`` is a message id shown beside the connection test, empty where there is nothing to say (D16).
    ``find_by_phone(settings, question, context)`` never raises for anything a provider does.
    ``verify(settings, delivery)`` returns the delivery's id for the ledger, or raises BadSignatureError.
    ``parse(delivery)`` is pure and raises MalformedPayloadError.
    ``closed_since(settings, question, context)`` fetches one page of completed chats; it raises RetryLaterError (the
    chat system is tired, away, or answers nonsense) and MisconfiguredError (it refuses our address, token or names).
    With the code PAGE_EXPIRED the bookmark is of no use any more: the next fetch must ask for the first page.
    ``parse_closed(payload)`` is pure: one record, None for a chat that is still open (R138); MalformedPayloadError.
    ``verify_closed`` and ``parse_pushed`` are verify and parse for completed chats; parse_pushed raises
    MalformedPayloadError for a body that is no such push, never for a record in it.
    ``closed_chat_settings`` may have a field ``call_url``: the chat setting's own 呼び出しURL (R173) stands there.
    """

    name: str
    label: str
    system: str = ""
    note: str = ""
    lookup_settings: type[Any] | None = None
    closed_chat_settings: type[Any] | None = None
    find_by_phone: FindByPhone | None = None
    verify: Verify | None = None
    parse: Parse | None = None
    closed_since: ClosedSince | None = None
    parse_closed: ParseClosed | None = None
    verify_closed: Verify | None = None
    parse_pushed: ParsePushed | None = None


def setting(*, label: str, help: str = "", secret: bool = False, default: str | None = "") -> Any:
    """Declare one field of a settings dataclass; ``default`` None makes it required."""
    metadata = {"label": label, "help": help, "secret": secret}
    if default is None:
        return field(metadata=metadata, repr=not secret)
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingField:
    """One field to draw: its name, the two message ids, whether it is a secret, and its default."""

    name: str
    label: str
    help: str
    is_secret: bool
    is_required: bool
    default: str


def setting_fields(settings: type[Any]) -> tuple[SettingField, ...]:
    """List the fields of a settings dataclass in the order they are drawn."""
    return tuple(_setting_field(each) for each in dataclasses.fields(settings))


def _setting_field(each: "dataclasses.Field[Any]") -> SettingField:
    is_required = each.default is dataclasses.MISSING
    return SettingField(
        name=each.name,
        label=each.metadata["label"],
        help=each.metadata["help"],
        is_secret=each.metadata["secret"],
        is_required=is_required,
        default="" if is_required else str(each.default),
    )


def read_settings(settings: type[Any], stored: Mapping[str, object]) -> Any:
    """Make the settings from what was stored; a missing or unknown key is an empty or ignored field."""
    return settings(**{each.name: str(stored.get(each.name, each.default)) for each in setting_fields(settings)})

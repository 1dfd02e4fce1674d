"""Requests to other systems: as a connector measured them, and as 外部API連携履歴 keeps them (R134)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiExchange:
    """One attempt, for 外部API連携履歴 (R134): what we sent and what came back, secrets and number masked.

    ``started_ms`` counts from the beginning of the look-up; both times are whole milliseconds. ``outcome`` is ``ok`` or
    the code of what went wrong. ``answer_excerpt`` is plain text of at most 1 000 characters, safe to store; where
    ``is_confidential`` it may quote a chat and is shown only to those who may read chats (R109). The excerpt of a
    usable answer is empty: its conversations are stored once, in their own place.
    """

    started_ms: int
    duration_ms: int
    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: str
    status: int | None
    answer_bytes: int
    answer_excerpt: str
    is_confidential: bool
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request to another system, secrets masked, as 外部API連携履歴 keeps it (R134). ``at`` is when it began."""

    at: datetime
    method: str
    url: str
    request_headers: Sequence[tuple[str, str]]
    request_body: str
    status: int | None
    outcome: str
    error: str
    duration_ms: int
    answer_excerpt: str
    is_confidential: bool = False


def date_exchange(exchange: ApiExchange, *, began: datetime) -> Exchange:
    """A connector's record as the history keeps it; ``began`` is when the look-up did."""
    return Exchange(
        at=began + timedelta(milliseconds=exchange.started_ms),
        method=exchange.method,
        url=exchange.url,
        request_headers=exchange.request_headers,
        request_body=exchange.request_body,
        status=exchange.status,
        outcome=exchange.outcome,
        error="" if exchange.outcome == "ok" else exchange.outcome,
        duration_ms=exchange.duration_ms,
        answer_excerpt=exchange.answer_excerpt,
        is_confidential=exchange.is_confidential,
    )

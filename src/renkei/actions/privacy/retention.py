"""Takes histories away when 履歴保持期間(日) is over, and the chats together with them (R110, R111)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from renkei.actions.privacy.imported import purge_imported
from renkei.models import Installation
from renkei.models.statements import retention

MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Purged:
    """How many calls, chats and imported interactions are gone for good."""

    calls: int
    chats: int
    interactions: int = 0


def purge_histories() -> Purged:
    """Delete what is older than the retention, batch by batch, each its own transaction; repeating it is harmless.

    A chat that a younger call is linked to stays until that call goes, an imported one until its case is closed.
    """
    days = Installation.objects.values_list("history_retention_days", flat=True).get(id=1)
    calls = _repeat(lambda: _purge_calls(days))
    chats = _repeat(lambda: _purge_chats(days))
    with transaction.atomic():
        for statement in (
            retention.DELETE_LOOSE_EXCHANGES,
            retention.DELETE_DELIVERIES,
            retention.DELETE_SIMULATED,
        ):
            _run(statement, days=days)
    return Purged(calls, chats, purge_imported(days))


def _repeat(batch: Callable[[], int]) -> int:
    gone = 0
    while done := batch():
        gone += done
    return gone


@transaction.atomic
def _purge_calls(days: int) -> int:
    calls = _ids(retention.OLD_CALLS, days)
    for statement in (
        retention.FORGET_IN_PRESENCE,
        retention.DELETE_LABELS,
        retention.DELETE_RINGS,
        retention.DELETE_LINKS,
        retention.DELETE_STEPS,
        retention.DELETE_EXCHANGES,
        retention.DELETE_COMMANDS,
        retention.DELETE_CALLS,
    ):
        if calls:
            _run(statement, calls=calls)
    return len(calls)


@transaction.atomic
def _purge_chats(days: int) -> int:
    chats = _ids(retention.OLD_CHATS, days)
    for statement in (retention.DELETE_MESSAGES, retention.DELETE_CHATS):
        if chats:
            _run(statement, chats=chats)
    return len(chats)


def _ids(statement: str, days: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"days": days, "most": MOST_AT_ONCE})
        row = cursor.fetchone()
    return list(row[0] or ()) if row else []


def _run(statement: str, **params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)

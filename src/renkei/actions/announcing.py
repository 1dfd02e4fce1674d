"""Telling agents' streams from synchronous actions; the hot path calls the same SQL function."""

import json
from collections.abc import Iterable

from django.db import connection

from renkei.domain.stream import CALLS_CHANNEL, EventKind


def announce(agents: Iterable[int], kind: EventKind, **refs: object) -> None:
    """Append one event to each agent's stream, heard when this transaction commits. Ids only, never text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT announce(%s::bigint[], %s, %s::jsonb)", [sorted(set(agents)), kind.value, json.dumps(refs)]
        )


def tell_calls_worker(what: str, row_id: int) -> None:
    """NOTIFY the calls workers of a row they must carry out: ``command`` or ``simulated``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CALLS_CHANNEL, f"{what}:{row_id}"])

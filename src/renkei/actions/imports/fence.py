"""The lease on a chat setting and its fence: who writes with an older epoch changes nothing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from renkei.models.statements import imports

LEASE_SECONDS = 30.0
"""How long a service that does not beat keeps others out; also what shows as 停止(異常)."""


class StaleLeaseError(Exception):
    """Somebody else holds the lease by now; nothing was written."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write for one chat setting."""

    setting_id: int
    epoch: int


def take_lease(setting_id: int, owner: str, *, seconds: float = LEASE_SECONDS) -> Lease | None:
    """Take the setting where its service is wanted and nobody's lease lives; None otherwise."""
    row = run_one(imports.TAKE_LEASE, setting=setting_id, owner=owner[:60], seconds=seconds)
    return None if row is None else Lease(setting_id, int(row[0]))


def find_waiting() -> list[int]:
    """The settings whose services are wanted and that nobody runs."""
    return [int(row[0]) for row in run_all(imports.WAITING_SERVICES, {})]


def beat(lease: Lease, *, seconds: float = LEASE_SECONDS) -> bool:
    """Prolong the lease. False when the service is not wanted any more; StaleLeaseError when it is somebody else's."""
    row = run_one(imports.BEAT, setting=lease.setting_id, epoch=lease.epoch, seconds=seconds)
    if row is None:
        raise StaleLeaseError
    return bool(row[0])


def give_back(lease: Lease) -> None:
    """End the lease, so that another process may begin at once. Of a stale lease nothing happens."""
    run(imports.GIVE_BACK, setting=lease.setting_id, epoch=lease.epoch)


@contextmanager
def fenced(lease: Lease) -> Iterator[datetime | None]:
    """One transaction under the fence, given the setting's cursor. StaleLeaseError before anything is written."""
    with transaction.atomic():
        row = run_one(imports.FENCE, setting=lease.setting_id, epoch=lease.epoch)
        if row is None:
            raise StaleLeaseError
        yield row[0]


def run(statement: str, **params: Any) -> int:
    """Run one statement; the number of rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.rowcount)


def run_one(statement: str, **params: Any) -> tuple[Any, ...] | None:
    """Run one statement; its first row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        row = cursor.fetchone()
    return None if row is None else tuple(row)


def run_all(statement: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run one statement; all its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [tuple(row) for row in cursor.fetchall()]

"""A merge (名寄せ) as its statements do it, without what people see of it: for tests of what the import makes of it."""

from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from renkei.models.statements import merging

_STILL_ROOTS = "SELECT count(*) FROM renkei_customer WHERE id IN (%(to)s, %(from)s) AND merged_into_id IS NULL"
_MOVE = (
    "UPDATE renkei_case SET customer_id = %(to)s WHERE customer_id = %(from)s",
    "UPDATE renkei_snscustomer SET customer_id = %(to)s WHERE customer_id = %(from)s",
    "UPDATE renkei_customer SET merged_into_id = %(to)s WHERE merged_into_id = %(from)s",
    "UPDATE renkei_customer SET merged_into_id = %(to)s WHERE id = %(from)s",
)


@transaction.atomic
def merge(survivor: int, merged: int, *, before_commit: Callable[[], None] = lambda: None) -> bool:
    """Everything of the one becomes the other's; False when either is no root any more."""
    pair: dict[str, Any] = {"to": survivor, "from": merged, "ids": [survivor, merged]}
    with connection.cursor() as cursor:
        cursor.execute(merging.ONE_AT_A_TIME)
        cursor.execute(merging.LOCK_CUSTOMERS, pair)
        cursor.execute(_STILL_ROOTS, pair)
        if cursor.fetchone() != (2,):
            return False
        for statement in _MOVE:
            cursor.execute(statement, pair)
    before_commit()
    return True

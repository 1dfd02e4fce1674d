"""What the database refuses becomes a refusal people understand."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from renkei.errors import RejectedError


def refuse_stale(seen: str, now: str) -> None:
    """RejectedError ``changed_meanwhile`` where a locked row is not any more what its editor was shown; ``seen`` is
    empty where nobody was shown anything."""
    if seen and seen != now:
        raise RejectedError("changed_meanwhile")


@contextmanager
def refusing_conflicts() -> Iterator[None]:
    """One transaction; RejectedError ``already_exists`` for a value that must be unique, ``in_use`` for a row that
    others still need, ``service_type_fixed`` or ``chat_system_fixed`` where a trigger holds what cannot be changed
    (R21, D17)."""
    try:
        with transaction.atomic():
            yield
    except ProtectedError as error:
        raise RejectedError("in_use") from error
    except IntegrityError as error:
        if "ivr_kind_is_fixed" in str(error):
            raise RejectedError("service_type_fixed") from error
        if "chat_system_is_fixed" in str(error):
            raise RejectedError("chat_system_fixed") from error
        if "foreign key" in str(error):
            raise RejectedError("in_use") from error
        if "unique" in str(error):
            raise RejectedError("already_exists") from error
        raise

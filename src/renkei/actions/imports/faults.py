"""What a failed deed of the import means: the database is away, a chat is too heavy, or a fault of its own."""

from django.db import InterfaceError, InternalError, OperationalError, connections
from psycopg import errors

_CUT_OFF = (errors.IdleInTransactionSessionTimeout, errors.InFailedSqlTransaction)
"""We were frozen or slow inside a transaction, and the database has given it up."""


def is_database_away(error: BaseException) -> bool:
    """Whether the database, and not a chat, is the reason. A statement that ran too long is the chat's fault."""
    if isinstance(error, InternalError):
        return is_cut_off(error)
    return isinstance(error, OperationalError | InterfaceError) and not is_too_heavy(error)


def is_cut_off(error: BaseException) -> bool:
    """Whether the database ended a transaction in which we did nothing for too long: we were frozen, or the batch was
    too much to be thought through in time. Our connection is of no use any more."""
    return isinstance(error.__cause__, _CUT_OFF)


def is_too_heavy(error: BaseException) -> bool:
    """Whether a statement was given up because it took too long."""
    return isinstance(error.__cause__, errors.QueryCanceled)


def let_go() -> None:
    """Close this thread's connections; the next deed opens its own."""
    connections.close_all()

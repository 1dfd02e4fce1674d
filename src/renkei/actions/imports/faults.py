"""What a failed deed of the import means: the database is away, a chat is too heavy, or a fault of its own."""

from django.db import InterfaceError, OperationalError, connections
from psycopg import errors


def is_database_away(error: BaseException) -> bool:
    """Whether the database, and not a chat, is the reason. A statement that ran too long is the chat's fault."""
    return isinstance(error, OperationalError | InterfaceError) and not is_too_heavy(error)


def is_too_heavy(error: BaseException) -> bool:
    """Whether a statement was given up because it took too long."""
    return isinstance(error.__cause__, errors.QueryCanceled)


def let_go() -> None:
    """Close this thread's connections; the next deed opens its own."""
    connections.close_all()

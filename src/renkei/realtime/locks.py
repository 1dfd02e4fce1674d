"""The lock each route carries, in the words of the pages' locks, so that one test walks both (web and realtime never
import each other)."""

from collections.abc import Callable
from typing import TypeVar

from renkei.permissions import known

OPEN = "open to all"
_MARK = "renkei_lock"

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])


def locked_by(right: str) -> Callable[[Endpoint], Endpoint]:
    """This endpoint checks ``right`` itself; KeyError at import for a right that does not exist."""
    return _mark(known(right))


def open_to_all(endpoint: Endpoint) -> Endpoint:
    """Everybody comes in; say why beside it."""
    return _mark(OPEN)(endpoint)


def _mark(lock: str) -> Callable[[Endpoint], Endpoint]:
    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _MARK, lock)
        return endpoint

    return mark

"""Who calls: ``Authorization: Bearer rk_…``. Each operation names its right, as a view names its lock."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.http import HttpRequest
from ninja.security import HttpBearer

from renkei.actions.accounts import take_api_key
from renkei.permissions import known, require
from renkei.queries.scope import KeyHolder

P = ParamSpec("P")
Answer = TypeVar("Answer")
Operation = Callable[Concatenate[HttpRequest, P], Answer]
Anything = TypeVar("Anything", bound=Callable[..., object])

ANY_KEY = "any key"
_MARK = "renkei_lock"  # read by the door test, as the marks of the pages


class ApiKeyBearer(HttpBearer):
    """The key of another system; 401 without a valid one."""

    def authenticate(self, request: HttpRequest, token: str) -> KeyHolder | None:
        """Who holds this key."""
        return take_api_key(token)


def may(right: str) -> Callable[[Operation[P, Answer]], Operation[P, Answer]]:
    """Only a key that holds ``right`` comes in; KeyError at import for a right that does not exist."""
    lock = known(right)

    def decorate(operation: Operation[P, Answer]) -> Operation[P, Answer]:
        @wraps(operation)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
            require(holder_of(request), lock)
            return operation(request, *args, **kwargs)

        setattr(guarded, _MARK, lock)
        return guarded

    return decorate


def any_key(operation: Anything) -> Anything:
    """Every valid key comes in, whatever its rights; say why beside it."""
    setattr(operation, _MARK, ANY_KEY)
    return operation


def lock_of(operation: object) -> str | None:
    """The right an operation needs, or ANY_KEY; None when it has no lock."""
    lock = getattr(operation, _MARK, None)
    return lock if isinstance(lock, str) else None


def holder_of(request: HttpRequest) -> KeyHolder:
    """The key behind an authenticated request."""
    holder = getattr(request, "auth", None)
    assert isinstance(holder, KeyHolder)
    return holder

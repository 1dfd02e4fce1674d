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

        guarded.renkei_lock = lock  # type: ignore[attr-defined]  # the mark that the door test reads
        return guarded

    return decorate


def holder_of(request: HttpRequest) -> KeyHolder:
    """The key behind an authenticated request."""
    holder = getattr(request, "auth", None)
    assert isinstance(holder, KeyHolder)
    return holder

"""Every view has a lock: a right of the table, "signed in", or an explicit "open to all". A test walks all addresses.

``@may("call_history.view")`` refuses an unknown right at import. Nobody signed in goes to the sign-in page, somebody
without the right gets a page that says so. The API's operations and the event stream's routes carry the same mark.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control

from renkei.errors import RejectedError
from renkei.permissions import holds, known
from renkei.web.asked import ask_to_sign_in

OPEN = "open to all"
SIGNED_IN = "signed in"

P = ParamSpec("P")
Response = TypeVar("Response", bound=HttpResponseBase)
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
Anything = TypeVar("Anything", bound=Callable[..., object])

_MARK = "renkei_lock"


def may(right: str) -> Callable[[View[P]], View[P]]:
    """Only who holds ``right`` comes in; KeyError at import for a right that does not exist."""
    return _lock(known(right))


def signed_in(view: View[P]) -> View[P]:
    """Everybody who is signed in comes in: own profile, home, signing out."""
    return _lock(SIGNED_IN)(view)


def open_to_all(view: Anything) -> Anything:
    """Everybody comes in, signed in or not; say why beside it."""
    setattr(view, _MARK, OPEN)
    return view


def lock_of(endpoint: object) -> str | None:
    """The lock of a view or endpoint, OPEN or SIGNED_IN included; None when it has none."""
    lock = getattr(endpoint, _MARK, None)
    return lock if isinstance(lock, str) else None


def _lock(lock: str) -> Callable[[View[P]], View[P]]:
    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return ask_to_sign_in(request)
            if lock != SIGNED_IN and not holds(request.user, lock):
                raise RejectedError("forbidden", right=lock)
            response = view(request, *args, **kwargs)
            patch_cache_control(response, no_store=True)
            return response

        setattr(guarded, _MARK, lock)
        return guarded

    return decorate

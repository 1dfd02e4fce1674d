"""Around every page: the person's language, the end of old sessions, and refusals as pages with a sentence."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from renkei import clock
from renkei.domain.sessions import Engagement, Limits, is_session_over, read_lifetime
from renkei.errors import RejectedError, RenkeiError
from renkei.messages import say
from renkei.queries.accounts.engagement import engagement_of
from renkei.queries.settings.installation import read_installation
from renkei.settings import config
from renkei.web.asked import ask_to_sign_in, refuse_without_page

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_STATUS = {"not_found": 404, "forbidden": 403, "feature_off": 403, "sign_in_required": 401, "bad_cursor": 400}
_NOTE_SEEN_EVERY = timedelta(seconds=20)
_BY_ITSELF = "Renkei-By-Itself"
"""A page that asks for news of its own accord says so in this header: nobody is at work because of it."""


class PersonMiddleware:
    """Language of the signed-in person, times in the centre's zone; pages are not kept by any cache."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer in the person's language."""
        if request.user.is_authenticated:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()
            # Undone afterwards: this thread's next page may be somebody's who is not signed in.
            with timezone.override(read_installation().zone):
                response = self.get_response(request)
        else:
            response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class SessionLimitsMiddleware:
    """Sessions end when idle or too old, as settings say; a call in hand keeps them (domain/sessions.py)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """End the session or note that it was used."""
        if request.user.is_authenticated and self._is_over(request, request.user.pk):
            logout(request)
            messages.info(request, _("Your session has ended because it was not used for a while. Sign in again."))
            return ask_to_sign_in(request)
        return self.get_response(request)

    def _is_over(self, request: HttpRequest, user_id: int) -> bool:
        now = clock.now()
        life = read_lifetime(dict(request.session.items()), now=now)
        began, seen = life.began, life.seen
        limits = Limits.of(idle_minutes=config.session_idle_minutes, absolute_hours=config.session_absolute_hours)
        is_over = is_session_over(began=began, seen=seen, now=now, engagement=Engagement.NONE, limits=limits)
        if is_over:
            is_over = is_session_over(began=began, seen=seen, now=now, engagement=engagement_of(user_id), limits=limits)
        is_used = now - seen >= _NOTE_SEEN_EVERY and _BY_ITSELF not in request.headers
        if not is_over and ("began" not in request.session or is_used):
            request.session["began"] = began.isoformat()
            request.session["seen"] = now.isoformat()
        return is_over


class RefusalMiddleware:
    """An expected failure becomes a page that says what happened; everything else stays a bug."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page, or for a fragment or program the sentence alone."""
        if not isinstance(exception, RenkeiError):
            return None
        return refuse(request, exception)


def refuse(request: HttpRequest, error: RenkeiError) -> HttpResponse:
    """The answer to an expected failure: a page with its sentence and its status."""
    status = _STATUS.get(error.code, 409 if isinstance(error, RejectedError) else 502)
    shown = refuse_without_page(request, error.code, say(error), status=status)
    return shown or render(request, "console/refused.html", {"sentence": say(error), "status": status}, status=status)

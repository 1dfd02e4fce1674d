"""What everybody may do for themselves: the first page, the language, the appearance."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from renkei.actions.accounts import choose_language, choose_theme
from renkei.errors import RejectedError
from renkei.queries.agents.directory import is_agent
from renkei.settings import Mode, config
from renkei.web.frame import Frame
from renkei.web.locks import open_to_all, signed_in


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """Where a person begins: the try-it page in the demonstration, the desk for an agent, else the first screen."""
    assert request.user.is_authenticated
    firsts = ["demo:home"] if config.mode is Mode.DEMO else []
    firsts += ["agent:desk"] if is_agent(request.user.pk) else []
    entries = [entry for _section, entries in Frame(request).menu for entry in entries if entry.is_listed]
    offered = {entry.href for entry in entries}
    for name in firsts:
        try:
            path = reverse(name)
        except NoReverseMatch:
            continue
        if path in offered:
            return redirect(path)
    if not entries:
        raise RejectedError("forbidden")
    preferred = reverse("console:calls")
    return redirect(preferred if preferred in offered else entries[0].href)


@open_to_all  # the sign-in page can be read in both languages
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language, for this browser and, when signed in, for the person."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        raise RejectedError("wrong_type")
    if request.user.is_authenticated:
        choose_language(request.user, chosen)
    response = _back(request)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, chosen, max_age=365 * 86400, samesite="Lax", secure=config.has_tls, httponly=True
    )
    return response


@signed_in
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Switch the appearance."""
    assert request.user.is_authenticated
    choose_theme(request.user, request.POST.get("theme", ""))
    return _back(request)


def _back(request: HttpRequest) -> HttpResponseRedirect:
    there = request.POST.get("next", "/")
    is_ours = url_has_allowed_host_and_scheme(there, allowed_hosts=None) and there.startswith("/")
    return HttpResponseRedirect(there if is_ours else "/")

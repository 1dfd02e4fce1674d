"""What kind of answer a request wants: a page for a person, a fragment for a script of ours, JSON for a program."""

from enum import StrEnum

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from renkei.messages import sentence


class Wants(StrEnum):
    """Who reads the answer."""

    PAGE = "page"
    FRAGMENT = "fragment"
    """htmx, or a script of ours (X-Requested-With): never to be filled with a whole page."""
    JSON = "json"


def wanted_by(request: HttpRequest) -> Wants:
    """What a request wants; a program that names nothing (``*/*``) is treated like a person's browser."""
    if request.headers.get("HX-Request") or request.headers.get("X-Requested-With"):
        return Wants.FRAGMENT
    accepted = request.headers.get("Accept", "")
    return Wants.JSON if "application/json" in accepted and "text/html" not in accepted else Wants.PAGE


def ask_to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """Nobody is signed in (any more): the sign-in page, or 401 for whom a page would be of no use."""
    code = "sign_in_required"
    match wanted_by(request):
        case Wants.FRAGMENT:
            # htmx reloads the whole page instead of filling the sign-in page into a part of it.
            return _text(sentence(code), status=401, headers={"HX-Refresh": "true"})
        case Wants.JSON:
            return JsonResponse({"error": {"code": code, "message": sentence(code)}}, status=401)
        case Wants.PAGE:
            return redirect_to_login(request.get_full_path() if request.method in ("GET", "HEAD") else "/")


def refuse_without_page(request: HttpRequest, code: str, words: str, *, status: int) -> HttpResponse | None:
    """A refusal as its sentence alone, or as JSON; None where a page is wanted."""
    match wanted_by(request):
        case Wants.FRAGMENT:
            return _text(words, status=status)
        case Wants.JSON:
            return JsonResponse({"error": {"code": code, "message": words}}, status=status)
        case Wants.PAGE:
            return None


def _text(words: str, *, status: int, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8", headers=headers)

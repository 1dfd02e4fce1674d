"""Signing in as somebody of the sample office with one click."""

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from renkei.actions.accounts.become import become as become_person
from renkei.web.locks import may

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@may("rehearsal.create")
@require_POST
def become(request: HttpRequest, username: str) -> HttpResponse:
    """Be that agent in this browser from now on."""
    assert request.user.is_authenticated
    user = become_person(request.user, username)
    login(request, user, backend=BACKEND)
    messages.info(request, _("You are now %(name)s. Sign in again to be somebody else.") % {"name": user.display_name})
    return redirect("demo:home")

"""The one-time sign-in of the first administrator: choose a user name and a password, and be in."""

from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from renkei.actions.accounts import is_first_sign_in_open, take_first_sign_in
from renkei.errors import RejectedError
from renkei.messages import say
from renkei.web.locks import open_to_all

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class FirstForm(forms.Form):
    """Who the first administrator is."""

    username = forms.CharField(label=gettext_lazy("User name"), max_length=64, strip=True)
    display_name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    password = forms.CharField(
        label=gettext_lazy("Password"),
        help_text=gettext_lazy("At least 10 characters; not a common one."),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=gettext_lazy("Password (again)"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, object]:
        """Both passwords agree."""
        values = super().clean() or {}
        if values.get("password") != values.get("again"):
            self.add_error("again", _("The two passwords differ."))
        return values


@open_to_all  # nobody can be signed in yet: the token in the address is the key
@never_cache
@sensitive_post_parameters("password", "again")
def first(request: HttpRequest, token: str) -> HttpResponse:
    """Draw the form; on success sign in."""
    if not ratelimit.consume(request, action="first_sign_in") or not is_first_sign_in_open(token):
        raise RejectedError("first_sign_in_over")
    form = FirstForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        taken = _take(request, form, token)
        if taken is not None:
            return taken
    return render(request, "account/first.html", {"form": form})


def _take(request: HttpRequest, form: FirstForm, token: str) -> HttpResponse | None:
    values = form.cleaned_data
    try:
        user = take_first_sign_in(
            token,
            username=values["username"],
            display_name=values["display_name"],
            password=values["password"],
        )
    except ValidationError as error:
        form.add_error("password", error)
        return None
    except RejectedError as error:
        if error.code != "already_exists":
            raise
        form.add_error("username", say(error))
        return None
    login(request, user, backend=BACKEND)
    messages.success(request, _("You are signed in. From now on sign in with your user name and password."))
    return redirect("/")

"""システム設定 > APIキー: made (and shown once), listed, revoked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from renkei.actions.accounts import GRANTABLE, create_api_key, revoke_api_key
from renkei.domain.api_key import KeyState
from renkei.errors import RejectedError
from renkei.permissions import RESOURCES
from renkei.queries.accounts.api_keys import ApiKeyShown, list_api_keys
from renkei.web.console.agents import DEEDS
from renkei.web.console.forms import ScreenForm, sent
from renkei.web.locks import may
from renkei.web.people import person_of

asking_again: Callable[[Any], Any] = reauthentication_required


@dataclass(frozen=True, slots=True)
class StateWords:
    """A key's state for people; ``why`` says what it means and what to do, and is empty where nothing is."""

    word: Promise
    kind: str
    why: Promise | str = ""


STATES = {
    KeyState.VALID: StateWords(gettext_lazy("Valid"), "good"),
    KeyState.FEWER_RIGHTS: StateWords(
        gettext_lazy("Valid, with fewer rights"),
        "warn",
        gettext_lazy(
            "Whoever made it has lost the rights struck out, and so has the key. They come back with the person's."
        ),
    ),
    KeyState.NO_RIGHTS: StateWords(
        gettext_lazy("Without rights"),
        "bad",
        gettext_lazy("Whoever made it has lost all of these rights, so the key may do nothing. Make a new one."),
    ),
    KeyState.MAKER_DISABLED: StateWords(
        gettext_lazy("Asleep"),
        "bad",
        gettext_lazy("The account that made it is disabled, so the key opens nothing. Make a new one."),
    ),
    KeyState.MAKER_BOUND: StateWords(
        gettext_lazy("Asleep"),
        "bad",
        gettext_lazy(
            "A key reaches every call, and whoever made it does so no longer. It opens nothing. Make a new one."
        ),
    ),
    KeyState.REVOKED: StateWords(gettext_lazy("Revoked"), "bad"),
}


class ApiKeyForm(ScreenForm):
    """A new key."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("Which system uses it, for example 基幹CRM.")
    )
    rights = forms.MultipleChoiceField(label=gettext_lazy("Rights"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *positional: Any, **options: Any) -> None:
        super().__init__(*positional, **options)
        known = [f"{name}.{deed}" for name, what in RESOURCES.items() for deed in what.deeds]
        self.choose("rights", [(right, right_words(right)) for right in known if right in GRANTABLE])


@require_GET
@may("api_key.view")
def api_keys(request: HttpRequest) -> HttpResponse:
    """The list."""
    rows = [(key, _rights(key), STATES[key.state]) for key in list_api_keys(person_of(request))]
    return render(request, "console/api_keys.html", {"rows": rows})


@may("api_key.create")
@asking_again
def new_api_key(request: HttpRequest) -> HttpResponse:
    """Make one; its secret is on the answer's page and nowhere else."""
    form = ApiKeyForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = create_api_key(person_of(request), **form.cleaned_data)
        except RejectedError as error:
            form.refuse(error)
        else:
            return render(request, "console/api_key_made.html", {"secret": made.secret})
    return render(request, "console/api_key_new.html", {"form": form})


@require_POST
@may("api_key.delete")
def revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    """From now on it opens nothing."""
    revoke_api_key(person_of(request), key_id)
    messages.success(request, _("The key is revoked."))
    return redirect("console:api_keys")


def _rights(key: ApiKeyShown) -> list[tuple[str, bool]]:
    """Each right in words, and whether it sleeps."""
    return [(right_words(right), right in key.sleeping) for right in key.rights]


def right_words(right: str) -> str:
    """``call_history.view`` as people read it."""
    resource, _dot, deed = right.partition(".")
    return f"{RESOURCES[resource].label}: {DEEDS[deed]}" if resource in RESOURCES else right

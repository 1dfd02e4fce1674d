"""設定 > CTI設定 > 基本設定: numbers linked, whether the chat opens, one's own extras (R81 to R84, D10)."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from renkei.actions.agents.cti import CtiChoice, save_cti
from renkei.domain.phone import Telephone, show_number
from renkei.queries import desk as queries
from renkei.queries.settings.installation import Feature, read_installation
from renkei.web.agent.person import person_of
from renkei.web.locks import may


def _tick() -> forms.CheckboxInput:
    return forms.CheckboxInput(attrs={"class": "form-check-input"})


class CtiForm(forms.Form):
    """One's own CTI settings."""

    numbers = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Telephone numbers to link with CTI"),
        help_text=gettext_lazy("The chat window opens only for calls to the numbers ticked here."),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
    )
    show_chat = forms.BooleanField(label=gettext_lazy("Enable chat display"), required=False, widget=_tick())
    show_times_and_copy = forms.BooleanField(
        label=gettext_lazy("Show times and copy in the pop-up"),
        help_text=gettext_lazy("Off by default: the pop-up then shows neither time nor copy; the histories always do."),
        required=False,
        widget=_tick(),
    )
    play_tone = forms.BooleanField(
        label=gettext_lazy("Play a tone when a call arrives"), required=False, widget=_tick()
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came
        field = self.fields["numbers"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = [(key, f"{show_number(Telephone(e164))} {name}") for key, e164, name in queries.list_numbers()]

    def choice(self) -> CtiChoice:
        """What was ticked; after is_valid."""
        return CtiChoice(
            number_ids=frozenset(self.cleaned_data["numbers"]),
            show_chat=self.cleaned_data["show_chat"],
            show_times_and_copy=self.cleaned_data["show_times_and_copy"],
            play_tone=self.cleaned_data["play_tone"],
        )


@require_http_methods(["GET", "POST"])
@may("desk.view")
def basic(request: HttpRequest) -> HttpResponse:
    """Show, or save and show again what is stored."""
    person = person_of(request)
    if request.method == "POST":
        form = CtiForm(request.POST)
        if form.is_valid():
            save_cti(person, form.choice())
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(reverse("agent:cti"))
    else:
        form = CtiForm(initial=_stored(queries.read_cti(person)))
    installation = read_installation()
    is_off = not installation.has_chatbot or not installation.has(Feature.CRM_LINKAGE)
    return render(request, "agent/cti.html", {"form": form, "is_off": is_off})


def _stored(cti: queries.CtiShown) -> dict[str, object]:
    return {
        "numbers": sorted(cti.number_ids),
        "show_chat": cti.show_chat,
        "show_times_and_copy": cti.show_times_and_copy,
        "play_tone": cti.play_tone,
    }

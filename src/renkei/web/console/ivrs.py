"""コールセンター > IVR: the list, making one (R16 to R27), renaming and taking away."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from renkei.actions.settings.ivrs import create_ivr, delete_ivr, edit_ivr
from renkei.domain.line_check import Fault
from renkei.domain.phone import Telephone, show_number
from renkei.errors import RejectedError
from renkei.messages import say
from renkei.queries.settings.installation import read_installation
from renkei.queries.settings.ivrs import IvrRow, check_ivrs, list_ivrs, read_ivr
from renkei.web.connector_forms import connector_label
from renkei.web.console.forms import ScreenForm, sent
from renkei.web.locks import may
from renkei.web.people import person_of

SERVICE_TYPES = (("chatbot_dec_support", "dec_support"), ("chatbot_standard", "standard"))
FAULTS = {
    Fault.STILL_BUSY: gettext_lazy(
        "The incoming rule is still the initial “busy”: callers hear nothing else. Choose a destination before going "
        "live."
    ),
    Fault.OPTION_OFF: gettext_lazy(
        "Its option is switched off in the system settings: every call takes the behaviour on request error."
    ),
    Fault.CIRCLE: gettext_lazy("This destination leads back to the same IVR. Choose another one."),
}
CONDITIONS = {"success": gettext_lazy("Success"), "failure": gettext_lazy("Failure")}


class IvrForm(ScreenForm):
    """A new IVR. The two lower fields cannot be changed later (R21, R22)."""

    name = forms.CharField(label=gettext_lazy("IVR name"), max_length=80)
    use_api = forms.ChoiceField(
        label=gettext_lazy("Use API linkage"),
        choices=[("no", pgettext_lazy("API linkage", "Do not use")), ("yes", pgettext_lazy("API linkage", "Use"))],
        initial="no",
        widget=forms.RadioSelect,
    )
    service_type = forms.ChoiceField(label=gettext_lazy("Service type"), required=False)

    def __init__(self, *positional: Any, has_chatbot: bool, **options: Any) -> None:
        super().__init__(*positional, **options)
        self.choose("service_type", [(key, connector_label(connector)) for key, connector in SERVICE_TYPES])
        if not has_chatbot:
            del self.fields["use_api"], self.fields["service_type"]


class IvrNameForm(ScreenForm):
    """Renaming; what else is sent and differs from what is stored is refused (R23)."""

    name = forms.CharField(label=gettext_lazy("IVR name"), max_length=80)


@require_GET
@may("ivr.view")
def ivrs(request: HttpRequest) -> HttpResponse:
    """The list, and what the check finds wrong before a customer does (R57, D12)."""
    only_chatbot = request.GET.get("kind") == "chatbot"
    rows = list_ivrs(person_of(request), only_chatbot=only_chatbot)
    has_chatbot = read_installation().has_chatbot
    shown = [(row, kind_words(row), [show_number(Telephone(number)) for number in row.numbers]) for row in rows]
    context = {
        "rows": shown,
        "only_chatbot": only_chatbot,
        "has_chatbot": has_chatbot,
        "found": list(_word_faults(request, rows, has_chatbot=has_chatbot)),
    }
    return render(request, "console/ivrs.html", context)


def _word_faults(
    request: HttpRequest, rows: tuple[IvrRow, ...], *, has_chatbot: bool
) -> Iterator[tuple[str, object, object, str]]:
    """(the IVR's name, the response condition or nothing, what is wrong, where it is mended) of the IVRs listed."""
    names = {row.id: row.name for row in rows}
    for found in check_ivrs(person_of(request), has_chatbot=has_chatbot):
        if found.ivr_id in names:
            place = reverse("console:ivr", args=[found.ivr_id])
            if found.condition and has_chatbot:
                place = reverse("console:branch", args=[found.ivr_id, found.condition])
            yield names[found.ivr_id], CONDITIONS.get(found.condition, ""), FAULTS[found.fault], place


@may("ivr.create")
def new_ivr(request: HttpRequest) -> HttpResponse:
    """Make one; afterwards the stored values are shown (R26)."""
    form = IvrForm(sent(request), has_chatbot=read_installation().has_chatbot)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        use_api = values.get("use_api", request.POST.get("use_api")) == "yes"
        service_type = values.get("service_type") or request.POST.get("service_type")
        try:
            ivr_id = create_ivr(
                person_of(request),
                name=values["name"],
                use_api=use_api,
                service_type=service_type if use_api else None,
            )
        except RejectedError as error:
            form.refuse(error, "name" if error.code == "already_exists" else None)
        else:
            say_saved(request)
            return redirect("console:ivr", ivr_id)
    return render(request, "console/ivr_new.html", {"form": form})


@require_GET
@may("ivr.view")
def ivr(request: HttpRequest, ivr_id: int) -> HttpResponse:
    """The first tab: what the IVR is."""
    shown = read_ivr(person_of(request), ivr_id)
    context = {
        "ivr": shown.row,
        "kind": kind_words(shown.row),
        "tab": "basic",
        "has_tabs": has_tabs(shown.row),
        "numbers": [show_number(Telephone(number)) for number in shown.row.numbers],
        "linkage": shown.linkage,
    }
    return render(request, "console/ivr.html", context)


@may("ivr.edit")
def edit(request: HttpRequest, ivr_id: int) -> HttpResponse:
    """Rename."""
    shown = read_ivr(person_of(request), ivr_id).row
    form = IvrNameForm(sent(request), initial={"name": shown.name})
    if request.method == "POST" and form.is_valid():
        use_api, service_type = _kind_sent(request, shown)
        try:
            edit_ivr(
                person_of(request), ivr_id, name=form.cleaned_data["name"], use_api=use_api, service_type=service_type
            )
        except RejectedError as error:
            form.refuse(error, "name" if error.code == "already_exists" else None)
        else:
            say_saved(request)
            return redirect("console:ivr", ivr_id)
    context = {"form": form, "ivr": shown, "kind": kind_words(shown), "tab": "basic", "has_tabs": has_tabs(shown)}
    return render(request, "console/ivr_edit.html", context, status=400 if form.errors else 200)


@require_POST
@may("ivr.delete")
def delete(request: HttpRequest, ivr_id: int) -> HttpResponse:
    """Take away, or say what still leads to it."""
    try:
        delete_ivr(person_of(request), ivr_id)
    except RejectedError as error:
        if error.code != "in_use":
            raise
        messages.error(request, say(error))
        return redirect("console:ivr", ivr_id)
    messages.success(request, _("Deleted."))
    return redirect("console:ivrs")


def kind_words(row: IvrRow) -> str:
    """The service type's label, empty for a standard IVR."""
    return connector_label(dict(SERVICE_TYPES)[row.service_type]) if row.service_type else ""


def has_tabs(row: IvrRow) -> bool:
    """Whether the linkage tabs are there: for an API-linked IVR, while the options are on (D12)."""
    return row.use_api and read_installation().has_chatbot


def say_saved(request: HttpRequest) -> None:
    """R26."""
    messages.success(request, _("Saved. Check that the settings below are as you want them."))


def _kind_sent(request: HttpRequest, stored: IvrRow) -> tuple[bool | None, str | None]:
    """What somebody sent for the fixed fields, though the form does not offer them."""
    if "use_api" not in request.POST and "service_type" not in request.POST:
        return None, None
    use_api = request.POST.get("use_api", "yes" if stored.use_api else "no") == "yes"
    return use_api, request.POST.get("service_type", stored.service_type or "") or None

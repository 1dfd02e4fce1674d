"""システム設定: 契約オプション (D12), 履歴保持期間(日) (R110), the window and the time limit of linking."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from renkei.actions.settings.installation import InstallationSettings, edit_installation
from renkei.domain.asterisk_versions import OLDEST, Holed, TooOld
from renkei.errors import RejectedError
from renkei.queries.settings.installation import Feature, InstallationShown, read_installation
from renkei.queries.settings.telephone_systems import list_telephone_systems
from renkei.web.console.forms import ScreenForm, sent
from renkei.web.locks import may
from renkei.web.people import person_of

FEATURES = {
    Feature.API_LINKED_IVR: gettext_lazy("API-linked IVR"),
    Feature.CHATBOT_LINKAGE: gettext_lazy("Chatbot linkage"),
    Feature.CRM_LINKAGE: gettext_lazy("CRM linkage"),
    Feature.REALTIME_SPEECH: gettext_lazy("Real-time speech synthesis"),
    Feature.CHAT_IMPORT: gettext_lazy("Chat linkage (import)"),
}


class SettingsForm(ScreenForm):
    """The whole installation."""

    centre_name = forms.CharField(label=gettext_lazy("Contact centre name"), max_length=80)
    zone = forms.CharField(
        label=gettext_lazy("Time zone"), max_length=40, widget=forms.TextInput(attrs={"list": "zones"})
    )
    features = forms.MultipleChoiceField(
        label=gettext_lazy("Contract options"),
        choices=[(key.value, word) for key, word in FEATURES.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("An option that is off hides its screens; nothing stored is changed."),
    )
    history_retention_days = forms.IntegerField(
        label=gettext_lazy("History retention (days)"),
        min_value=1,
        max_value=3650,
        help_text=gettext_lazy("Calls, chats and histories older than this are deleted together."),
    )
    link_window_minutes = forms.IntegerField(
        label=gettext_lazy("Window for linking a chat (minutes)"), min_value=1, max_value=43200
    )
    lookup_budget_ms = forms.IntegerField(
        label=gettext_lazy("Time limit of a look-up (ms)"), min_value=200, max_value=8000
    )


@require_GET
@may("system_settings.view")
def settings(request: HttpRequest) -> HttpResponse:
    """Read-only, with 「編集」."""
    shown = read_installation()
    switches = [(word, shown.has(feature)) for feature, word in FEATURES.items()]
    systems = [(system, _warn(system.finding)) for system in list_telephone_systems()]
    return render(request, "console/settings.html", {"shown": shown, "switches": switches, "systems": systems})


def _warn(finding: TooOld | Holed | None) -> str:
    """What is wrong with an Asterisk, what it means, what to do; empty for nothing known."""
    match finding:
        case TooOld(version):
            words = _(
                "Asterisk %(version)s is too old for Renkei, which works with Asterisk %(oldest)s or newer: calls may "
                "fail, or not reach their rule when something fails. Install a newer Asterisk."
            )
            return words % {"version": version, "oldest": OLDEST}
        case Holed(version, fixed, advisory):
            words = _(
                "Asterisk %(version)s has a known hole through which it can be attacked (%(advisory)s). Install "
                "%(fixed)s or newer."
            )
            return words % {"version": version, "advisory": advisory, "fixed": fixed}
        case None:
            return ""


@may("system_settings.edit")
def edit(request: HttpRequest) -> HttpResponse:
    """Edit; afterwards the stored values are shown."""
    form = SettingsForm(sent(request), initial=_initial(read_installation()))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        entered = InstallationSettings(
            **{**values, "features": frozenset(Feature(name) for name in values["features"])}
        )
        try:
            edit_installation(person_of(request), entered)
        except RejectedError as error:
            form.refuse(error, "zone" if error.code == "bad_zone" else None)
        else:
            messages.success(request, _("Saved. Check that the settings below are as you want them."))
            return redirect("console:settings")
    return render(request, "console/settings_edit.html", {"form": form, "zones": sorted(available_timezones())})


def _initial(shown: InstallationShown) -> dict[str, Any]:
    return {
        "centre_name": shown.centre_name,
        "zone": shown.zone.key,
        "features": [feature.value for feature in shown.features],
        "history_retention_days": shown.history_retention_days,
        "link_window_minutes": shown.link_window_minutes,
        "lookup_budget_ms": shown.lookup_budget_ms,
    }

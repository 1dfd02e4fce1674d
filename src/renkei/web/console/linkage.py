"""The tab 「チャットボット連携設定」 of an IVR: read, then edited (R28 to R35)."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from renkei.actions.settings.ivrs import LinkageSettings, edit_linkage
from renkei.errors import RejectedError
from renkei.queries.settings.installation import require_chatbot
from renkei.queries.settings.ivrs import IvrShown, LinkageShown, read_ivr
from renkei.queries.settings.line import list_rule_choices
from renkei.web.connector_forms import connector_note, draw_fields, read_entered, show_settings
from renkei.web.console.connection_test import show_connection_test
from renkei.web.console.forms import ScreenForm, sent
from renkei.web.console.ivrs import has_tabs, kind_words, say_saved
from renkei.web.locks import may
from renkei.web.people import person_of


class LinkageForm(ScreenForm):
    """Project and channel are free text, for the provider issues them (R33); the connector's own fields follow."""

    project_id = forms.CharField(label=_("Project ID"), max_length=120, required=False)
    channel_id = forms.CharField(label=_("Channel ID"), max_length=120, required=False)
    request_error_rule = forms.ChoiceField(
        label=_("Behaviour on request error"),
        help_text=_("Runs when the request itself failed: no answer, a time-out, or an error status."),
    )

    def __init__(self, *positional: Any, linkage: LinkageShown, **options: Any) -> None:
        super().__init__(*positional, **options)
        self.choose("request_error_rule", [(str(rule.id), rule.name) for rule in list_rule_choices()])
        fields = draw_fields(linkage.connector, linkage.connector_settings, secrets_set=linkage.secrets_set)
        self.fields.update(fields)


@require_GET
@may("ivr.view")
def linkage(request: HttpRequest, ivr_id: int) -> HttpResponse:
    """Read-only, with 「編集」."""
    shown, tab = _read(request, ivr_id)
    context = {
        **_tab_context(shown),
        "linkage": tab,
        "settings": show_settings(tab.connector, tab.connector_settings, secrets_set=tab.secrets_set),
        "test": show_connection_test(request, ivr_id),
    }
    return render(request, "console/linkage.html", context)


@may("ivr.edit")
def edit(request: HttpRequest, ivr_id: int) -> HttpResponse:
    """Edit; afterwards the stored values are shown (R27)."""
    shown, tab = _read(request, ivr_id)
    initial = {
        "project_id": tab.project_id,
        "channel_id": tab.channel_id,
        "request_error_rule": str(tab.request_error_rule_id),
    }
    form = LinkageForm(sent(request), linkage=tab, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        entered = read_entered(tab.connector, values)
        settings = LinkageSettings(
            project_id=values["project_id"],
            channel_id=values["channel_id"],
            request_error_rule_id=int(values["request_error_rule"]),
            connector_settings=entered.settings,
            secrets=entered.secrets,
            cleared=entered.cleared,
        )
        try:
            edit_linkage(person_of(request), ivr_id, settings)
        except RejectedError as error:
            form.refuse(error)
        else:
            say_saved(request)
            return redirect("console:linkage", ivr_id)
    return render(request, "console/linkage_edit.html", {**_tab_context(shown), "form": form})


def _read(request: HttpRequest, ivr_id: int) -> tuple[IvrShown, LinkageShown]:
    require_chatbot()
    shown = read_ivr(person_of(request), ivr_id)
    if shown.linkage is None:
        raise RejectedError("not_found")
    return shown, shown.linkage


def _tab_context(shown: IvrShown) -> dict[str, Any]:
    assert shown.linkage is not None
    return {
        "ivr": shown.row,
        "kind": kind_words(shown.row),
        "tab": "linkage",
        "has_tabs": has_tabs(shown.row),
        "note": connector_note(shown.linkage.connector),
    }

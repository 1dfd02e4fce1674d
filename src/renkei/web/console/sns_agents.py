"""担当者 > SNS担当者詳細 (R150 to R154, R158, R159): who an agent is in the chat systems."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from renkei.actions.agents.sns_entries import SnsEntered, delete_sns_entry, save_sns_entry
from renkei.errors import RejectedError
from renkei.permissions import holds
from renkei.queries.scope import Person
from renkei.queries.settings.chat_settings import list_setting_choices
from renkei.queries.settings.installation import Feature, read_installation, require_chat_import
from renkei.queries.settings.sns import SnsEntryShown, SnsShown, pick_entry, read_sns
from renkei.web.connector_forms import sns_label, sns_types
from renkei.web.console.forms import NOTHING, ScreenForm, sent
from renkei.web.locks import may
from renkei.web.people import person_of


class SnsForm(ScreenForm):
    """One entry. SNS種別 comes first; SNS設定 offers only settings of that type (D17)."""

    connector = forms.ChoiceField(label=gettext_lazy("SNS type"))
    setting = forms.ChoiceField(
        label=gettext_lazy("SNS setting"),
        help_text=gettext_lazy("Only the chat settings of the chosen SNS type are offered."),
    )
    registration_number = forms.CharField(
        label=gettext_lazy("SNS agent registration number"),
        max_length=200,
        help_text=gettext_lazy("The ID by which the chat system knows this agent."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    display_name = forms.CharField(
        label=gettext_lazy("Display name"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Shown as the agent's name inside the conversation."),
    )

    def __init__(self, *positional: Any, connector: str, **options: Any) -> None:
        super().__init__(*positional, **options)
        offered = [each for each in list_setting_choices() if each.connector == connector]
        self.choose("connector", [NOTHING, *_types()])
        self.fields["connector"].initial = connector
        self.choose("setting", [NOTHING, *((str(each.id), each.name) for each in offered)])


def sns_beside(person: Person, user_id: int) -> dict[str, Any]:
    """The sub-window for an agent's page (``_sns_entries.html``); empty while the option is off (D12)."""
    if not read_installation().has(Feature.CHAT_IMPORT):
        return {}
    shown = read_sns(person, user_id)
    rows = [(entry, sns_label(entry.connector)) for entry in shown.entries]
    return {"sns": shown, "sns_rows": rows, "sns_may_edit": holds(person, "agent.edit")}


@require_GET
@may("agent.view")
def sns_entries(request: HttpRequest, row_id: int) -> HttpResponse:
    """The sub-window on a page of its own."""
    require_chat_import()
    return render(request, "console/sns_entries.html", sns_beside(person_of(request), row_id))


@may("agent.edit")
def new_sns_entry(request: HttpRequest, row_id: int) -> HttpResponse:
    """Add one."""
    return _serve(request, read_sns(person_of(request), row_id), None)


@may("agent.edit")
def edit_sns_entry(request: HttpRequest, row_id: int, entry_id: int) -> HttpResponse:
    """Change one."""
    shown = read_sns(person_of(request), row_id)
    return _serve(request, shown, pick_entry(shown, entry_id))


@require_POST
@may("agent.edit")
def remove_sns_entry(request: HttpRequest, row_id: int, entry_id: int) -> HttpResponse:
    """Take one away."""
    delete_sns_entry(person_of(request), row_id, entry_id)
    messages.success(request, _("Deleted."))
    return redirect("console:sns_entries", row_id)


@require_GET
@may("agent.edit")
def sns_setting_choices(request: HttpRequest, row_id: int) -> HttpResponse:
    """The field SNS設定 for the SNS種別 just chosen."""
    read_sns(person_of(request), row_id)
    form = SnsForm(connector=request.GET.get("connector", ""))
    return render(request, "console/_one_field.html", {"field": form["setting"]})


def _serve(request: HttpRequest, shown: SnsShown, entry: SnsEntryShown | None) -> HttpResponse:
    connector = request.POST.get("connector", "") if request.method == "POST" else entry.connector if entry else _only()
    form = SnsForm(sent(request), connector=connector, initial=_initial(entry, connector))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        entered = SnsEntered(
            connector=values["connector"],
            setting_id=int(values["setting"]),
            registration_number=values["registration_number"],
            display_name=values["display_name"],
        )
        try:
            save_sns_entry(person_of(request), shown.person.id, entry.id if entry else None, entered)
        except RejectedError as error:
            if error.code in ("forbidden", "not_found", "feature_off"):
                raise
            form.refuse(error, "registration_number" if error.code == "sns_number_taken" else None)
        else:
            messages.success(request, _("Saved. Check that the settings below are as you want them."))
            return redirect("console:sns_entries", shown.person.id)
    context = {"sns": shown, "entry": entry, "form": form, "has_settings": bool(list_setting_choices())}
    return render(request, "console/sns_edit.html", context)


def _initial(entry: SnsEntryShown | None, connector: str) -> dict[str, Any]:
    if entry is None:
        return {}
    return {
        "connector": entry.connector,
        "setting": str(entry.setting_id),
        "registration_number": entry.registration_number,
        "display_name": entry.display_name,
    }


def _types() -> list[tuple[str, str]]:
    """The SNS種別 that can be chosen, one no longer shipped too while a setting has it."""
    offered = dict(sns_types())
    used = {each.connector for each in list_setting_choices()}
    return [*offered.items(), *((name, sns_label(name)) for name in sorted(used - offered.keys()))]


def _only() -> str:
    """The SNS種別 where there is but one."""
    types = {each.connector for each in list_setting_choices()}
    return types.pop() if len(types) == 1 else ""

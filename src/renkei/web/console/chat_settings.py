"""マスタ管理 > SNS設定 > チャット設定 (R170 to R182, D6, D8, D17)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from renkei.actions.settings.chat_settings import (
    INTERVALS,
    OVERLAPS,
    ChatSettingEntered,
    create_chat_setting,
    delete_chat_setting,
    edit_chat_setting,
)
from renkei.errors import RejectedError
from renkei.messages import say
from renkei.queries.agents.directory import list_agent_choices, list_group_choices
from renkei.queries.settings.chat_settings import (
    ChatSettingShown,
    list_chat_settings,
    list_template_choices,
    name_agent,
    read_chat_setting,
)
from renkei.queries.settings.installation import require_chat_import
from renkei.web.connector_forms import (
    Part,
    call_url_hint,
    connector_note,
    draw_fields,
    is_known,
    read_entered,
    show_settings,
    sns_label,
    sns_types,
)
from renkei.web.console.chat_setting_test import show_setting_test
from renkei.web.console.forms import NOTHING, ScreenForm, number_or_none, sent
from renkei.web.locks import may
from renkei.web.people import person_of

_FIELDS = {
    "already_exists": "name",
    "bad_address": "call_url",
    "secrets_for_other_host": "call_url",
    "template_of_other_group": "template",
    "chat_system_fixed": None,
}


class ChatSettingForm(ScreenForm):
    """A setting; the connector's own fields follow. コール作成設定 are those of the chosen business group (R177)."""

    name = forms.CharField(label=gettext_lazy("Chat setting name"), max_length=80)
    group = forms.ChoiceField(label=gettext_lazy("Business group"))
    call_url = forms.CharField(
        label=gettext_lazy("Call URL"),
        max_length=2000,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )
    default_agent = forms.ChoiceField(
        label=gettext_lazy("Default agent"),
        help_text=gettext_lazy("Chats whose agent is not known here are registered under this agent."),
    )
    template = forms.ChoiceField(
        label=gettext_lazy("Interaction template"),
        required=False,
        help_text=gettext_lazy(
            "Optional: the values of the imported interaction's items. Those of the business group are offered."
        ),
    )
    is_enabled = forms.BooleanField(
        label=gettext_lazy("Enabled state"),
        required=False,
        help_text=gettext_lazy(
            "While this is off the setting has no effect, even when every required item is filled in: no chats are "
            "fetched and its service cannot be started."
        ),
    )
    interval_seconds = forms.IntegerField(
        label=gettext_lazy("Interval (seconds)"),
        min_value=INTERVALS.start,
        max_value=INTERVALS.stop - 1,
        initial=300,
        help_text=gettext_lazy("How long the service waits between two runs."),
    )
    overlap_minutes = forms.IntegerField(
        label=gettext_lazy("Overlap (minutes)"),
        min_value=OVERLAPS.start,
        max_value=OVERLAPS.stop - 1,
        initial=1440,
        help_text=gettext_lazy("How far each run looks back, so that chats closed or changed late are found."),
    )
    reuses_customers = forms.BooleanField(
        label=gettext_lazy("Reuse a customer whose telephone number or e-mail matches exactly and unambiguously"),
        required=False,
        help_text=gettext_lazy("Off: a chat without the chat system's customer ID always makes a new customer."),
    )

    def __init__(self, *positional: Any, connector: str, shown: ChatSettingShown | None = None, **options: Any) -> None:
        super().__init__(*positional, **options)
        agents = {str(each.id): each.name for each in list_agent_choices()}
        if shown and str(shown.default_agent_id) not in agents and (kept := name_agent(shown.default_agent_id)):
            agents[str(kept.id)] = kept.name
        group = str(self.data.get("group") or self.initial.get("group") or "")
        self.choose("group", [NOTHING, *((str(each.id), each.name) for each in list_group_choices())])
        self.choose("default_agent", [NOTHING, *agents.items()])
        self.choose("template", template_choices(group))
        if connector:
            self._draw_connector(connector, shown)

    def _draw_connector(self, connector: str, shown: ChatSettingShown | None) -> None:
        hint, is_needed = call_url_hint(connector)
        self.fields["call_url"].required = is_needed
        self.fields["call_url"].help_text = hint or _("The address from which closed chats are fetched.")
        stored = shown.connector_settings if shown else {}
        secrets_set = shown.secrets_set if shown else frozenset[str]()
        self.fields.update(draw_fields(connector, stored, secrets_set=secrets_set, part=Part.CLOSED))

    def entered(self, connector: str) -> ChatSettingEntered:
        """What a valid form holds."""
        values = self.cleaned_data
        own = read_entered(connector, values, part=Part.CLOSED)
        return ChatSettingEntered(
            name=values["name"],
            business_group_id=int(values["group"]),
            call_url=values["call_url"],
            default_agent_id=int(values["default_agent"]),
            template_id=number_or_none(values["template"]),
            is_enabled=values["is_enabled"],
            interval_seconds=values["interval_seconds"],
            overlap_minutes=values["overlap_minutes"],
            reuses_customers=values["reuses_customers"],
            connector_settings=own.settings,
            secrets=own.secrets,
            cleared=own.cleared,
        )


@require_GET
@may("chat_setting.view")
def chat_settings(request: HttpRequest) -> HttpResponse:
    """The list."""
    rows = [(row, sns_label(row.connector)) for row in list_chat_settings(person_of(request))]
    return render(request, "console/chat_settings.html", {"rows": rows})


@may("chat_setting.create")
def new_chat_setting(request: HttpRequest) -> HttpResponse:
    """Make one: first the SNS種別, whose fields then follow; it cannot be changed later (D17)."""
    require_chat_import()
    types = dict(sns_types())
    connector = (request.POST if request.method == "POST" else request.GET).get("connector", "")
    if connector not in types:
        connector = next(iter(types)) if len(types) == 1 else ""
    form = ChatSettingForm(sent(request), connector=connector)
    if request.method == "POST" and connector and form.is_valid():
        try:
            setting_id = create_chat_setting(person_of(request), connector, form.entered(connector))
        except RejectedError as error:
            _refuse(form, error)
        else:
            messages.success(
                request,
                _("Saved. Check that the settings below are as you want them.")
                + _("Its service “chat linkage processing” now stands in the service management; start it there."),
            )
            return redirect("console:chat_setting", setting_id)
    context = {"form": form, "types": types.items(), "connector": connector, "note": _note(connector)}
    return render(request, "console/chat_setting_new.html", context)


@require_GET
@may("chat_setting.view")
def chat_setting(request: HttpRequest, row_id: int) -> HttpResponse:
    """Read-only, with 「編集」 and 接続テスト."""
    shown = read_chat_setting(person_of(request), row_id)
    connector = shown.row.connector
    context = {
        "setting": shown,
        "kind": sns_label(connector),
        "note": _note(connector),
        "fields": show_settings(connector, shown.connector_settings, secrets_set=shown.secrets_set, part=Part.CLOSED),
        "test": show_setting_test(request, row_id),
    }
    return render(request, "console/chat_setting.html", context)


@may("chat_setting.edit")
def edit_setting(request: HttpRequest, row_id: int) -> HttpResponse:
    """Edit; afterwards the stored values are shown. Another SNS種別 is refused (D17)."""
    shown = read_chat_setting(person_of(request), row_id)
    connector = shown.row.connector
    form = ChatSettingForm(sent(request), connector=connector, shown=shown, initial=_initial(shown))
    if request.method == "POST" and form.is_valid():
        wanted, seen = request.POST.get("connector"), str(shown.version)
        try:
            edit_chat_setting(person_of(request), row_id, form.entered(connector), connector=wanted, seen=seen)
        except RejectedError as error:
            _refuse(form, error)
        else:
            messages.success(
                request,
                _("Saved. Check that the settings below are as you want them.")
                + _("A running service keeps the old setting until it is restarted in the service management."),
            )
            return redirect("console:chat_setting", row_id)
    context = {"form": form, "setting": shown, "kind": sns_label(connector), "note": _note(connector)}
    return render(request, "console/chat_setting_edit.html", context, status=400 if form.errors else 200)


@require_POST
@may("chat_setting.delete")
def remove_chat_setting(request: HttpRequest, row_id: int) -> HttpResponse:
    """Take one away, or say what still needs it."""
    try:
        delete_chat_setting(person_of(request), row_id)
    except RejectedError as error:
        if error.code not in ("in_use", "service_still_wanted"):
            raise
        messages.error(request, say(error))
        return redirect("console:chat_setting", row_id)
    messages.success(request, _("Deleted."))
    return redirect("console:chat_settings")


@require_GET
@may("chat_setting.view")
def templates_of_group(request: HttpRequest) -> HttpResponse:
    """The field コール作成設定 for the business group just chosen (R177); one that still fits stays chosen."""
    require_chat_import()
    chosen = {name: request.GET.get(name, "") for name in ("group", "template")}
    form = ChatSettingForm(connector="", initial=chosen)
    return render(request, "console/_one_field.html", {"field": form["template"]})


def template_choices(group: str) -> list[tuple[str, str]]:
    """Those of a group as it was sent; none for what is no id."""
    group_id = int(group) if group.isascii() and group.isdecimal() and len(group) < 19 else None
    return [NOTHING, *((str(each.id), each.name) for each in list_template_choices(group_id))]


def _note(connector: str) -> str:
    return connector_note(connector) if is_known(connector) else ""


def _refuse(form: ChatSettingForm, error: RejectedError) -> None:
    if error.code in ("forbidden", "feature_off"):
        raise error
    form.refuse(error, _FIELDS.get(error.code))


def _initial(shown: ChatSettingShown) -> dict[str, Any]:
    return {
        "name": shown.row.name,
        "group": str(shown.group_id),
        "call_url": shown.call_url,
        "default_agent": str(shown.default_agent_id),
        "template": str(shown.template_id or ""),
        "is_enabled": shown.row.is_enabled,
        "interval_seconds": shown.interval_seconds,
        "overlap_minutes": shown.overlap_minutes,
        "reuses_customers": shown.reuses_customers,
        "version": shown.version,
    }

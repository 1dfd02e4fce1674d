"""担当者管理 > 担当者 and 権限: people, their roles and extensions; what each role may do."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET

from renkei.actions.accounts import AgentSettings, save_agent
from renkei.permissions import RESOURCES, ROLE_LABELS
from renkei.queries.agents.directory import list_group_choices
from renkei.queries.agents.people import PersonShown, list_people, list_roles, read_person
from renkei.web.console.forms import ScreenForm, sent
from renkei.web.console.plain_screens import FormScreen, ListScreen, draw_form, draw_list, save_and_go
from renkei.web.console.sns_agents import sns_beside
from renkei.web.locks import may
from renkei.web.people import person_of

DEEDS = {
    "view": pgettext_lazy("right", "View"),
    "create": pgettext_lazy("right", "Create"),
    "edit": pgettext_lazy("right", "Edit"),
    "delete": pgettext_lazy("right", "Delete"),
    "export": pgettext_lazy("right", "Export"),
}


class AgentForm(ScreenForm):
    """One person."""

    username = forms.CharField(
        label=gettext_lazy("User name"), max_length=64, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    display_name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    display_name_kana = forms.CharField(label=gettext_lazy("Name (kana)"), max_length=80, required=False)
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=list(ROLE_LABELS.items()))
    extension = forms.RegexField(
        r"\A[0-9]{2,6}\Z",
        label=gettext_lazy("Extension"),
        required=False,
        help_text=gettext_lazy("Two to six digits; empty for who takes no calls."),
    )
    group = forms.CharField(
        label=gettext_lazy("Business group"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"list": "groups"}),
    )
    is_enabled = forms.BooleanField(label=gettext_lazy("Enabled"), required=False, initial=True)
    password = forms.CharField(
        label=gettext_lazy("New password"),
        required=False,
        strip=False,
        help_text=gettext_lazy("At least 10 characters. Empty: unchanged. A new password ends the person's sessions."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


@require_GET
@may("agent.view")
def agents(request: HttpRequest) -> HttpResponse:
    """The list, by kana (D19)."""
    screen = ListScreen(
        title=_("Agents"),
        section=_("Agent management"),
        resource="agent",
        new="console:new_agent",
        edit="console:edit_agent",
        columns=(_("Name"), _("User name"), _("Role"), _("Extension"), _("Business group"), _("State")),
        empty=_("Nobody here yet."),
        empty_next=_("Make an account for each person who works here."),
    )
    rows = [(row.id, _cells(row)) for row in list_people(person_of(request))]
    return draw_list(request, screen, rows)


@sensitive_post_parameters("password")
@may("agent.create")
def new_agent(request: HttpRequest) -> HttpResponse:
    """Make one."""
    return _draw(request, None, AgentForm(sent(request), initial={"role": "agent"}), _("New agent"))


@sensitive_post_parameters("password")
@may("agent.edit")
def edit_agent(request: HttpRequest, row_id: int) -> HttpResponse:
    """Change one."""
    shown = read_person(person_of(request), row_id)
    initial = {name: getattr(shown, name) for name in AgentForm.base_fields if name != "password"}
    return _draw(request, row_id, AgentForm(sent(request), initial=initial), shown.display_name)


@require_GET
@may("role.view")
def roles(request: HttpRequest) -> HttpResponse:
    """What each role may do."""
    held = list_roles()
    rows = [
        (
            what.label,
            [(role, [DEEDS[deed] for deed in what.deeds if f"{name}.{deed}" in rights]) for role, rights in held],
        )
        for name, what in RESOURCES.items()
    ]
    return render(request, "console/roles.html", {"rows": rows, "roles": [ROLE_LABELS[role] for role, _rights in held]})


def _cells(row: PersonShown) -> tuple[Any, ...]:
    return (
        row.display_name,
        row.username,
        str(ROLE_LABELS[row.role]) if row.role else "–",
        row.extension or "–",
        row.group or "–",
        _("Enabled") if row.is_enabled else _("Disabled"),
    )


def _draw(request: HttpRequest, row_id: int | None, form: AgentForm, title: str) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            done = save_and_go(
                request,
                form,
                lambda: save_agent(person_of(request), row_id, AgentSettings(**form.cleaned_data)),
                back="console:agents",
                field=None,
            )
        except ValidationError as error:
            form.add_error("password", error)
            done = None
        if done:
            return done
    screen = FormScreen(
        title=title,
        section=_("Agent management"),
        resource="agent",
        list_title=_("Agents"),
        list_view="console:agents",
        row_id=row_id,
        note=_("Disabling a person or changing the role ends that person's sessions at once."),
    )
    form.groups = [each.name for each in list_group_choices()]  # type: ignore[attr-defined]  # read by the template
    beside = {} if row_id is None else sns_beside(person_of(request), row_id)
    return draw_form(request, screen, form, template="console/agent.html", beside=beside)

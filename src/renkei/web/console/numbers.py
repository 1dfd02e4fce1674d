"""コールセンター > 電話番号: where a call on a number enters, and what happens when we are away (障害時の動作)."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from renkei.actions.settings.line import delete_number, save_number
from renkei.domain.phone import Telephone, show_number
from renkei.queries.agents.directory import list_group_choices
from renkei.queries.settings.line import list_ivr_choices, list_rule_choices
from renkei.queries.settings.lists import list_numbers, pick
from renkei.web.console.forms import ScreenForm, sent
from renkei.web.console.plain_screens import FormScreen, ListScreen, draw_list, serve_form, take_away
from renkei.web.locks import may
from renkei.web.people import person_of

_NO_GROUP_YET = gettext_lazy(
    "There is no business group yet, and a number belongs to one. A group comes into being with its first agent: enter "
    "its name under Agent management > Agents > New, then come back."
)


class NumberForm(ScreenForm):
    """One number."""

    number = forms.CharField(
        label=gettext_lazy("Telephone number"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "tel", "placeholder": "03-1234-5678"}),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    group = forms.ChoiceField(label=gettext_lazy("Business group"))
    entry = forms.ChoiceField(label=gettext_lazy("Where calls go"))
    fallback = forms.ChoiceField(
        label=gettext_lazy("Behaviour in case of failure"),
        help_text=gettext_lazy("The telephone system runs this incoming rule by itself when Renkei does not answer."),
    )

    def __init__(self, *positional: Any, **options: Any) -> None:
        super().__init__(*positional, **options)
        ivrs = [(f"ivr:{each.id}", each.name) for each in list_ivr_choices()]
        rules = [(f"rule:{each.id}", each.name) for each in list_rule_choices()]
        groups = [(str(each.id), each.name) for each in list_group_choices()]
        self.has_groups = bool(groups)
        self.choose("group", groups)
        self.choose("entry", [(_("IVR"), ivrs), (_("Incoming rule"), rules)])
        self.choose("fallback", [(str(each.id), each.name) for each in list_rule_choices()])


@require_GET
@may("phone_number.view")
def numbers(request: HttpRequest) -> HttpResponse:
    """The list."""
    screen = ListScreen(
        title=_("Telephone numbers"),
        section=_("Call centre"),
        resource="phone_number",
        new="console:new_number",
        edit="console:edit_number",
        columns=(
            _("Telephone number"),
            _("Name"),
            _("Business group"),
            _("Where calls go"),
            _("Behaviour in case of failure"),
        ),
        empty=_("No telephone number yet."),
        empty_next=_("A call can only arrive on a number that stands here."),
    )
    rows = [
        (row.id, (show_number(Telephone(row.e164)), row.name, row.group, row.entry, row.fallback_rule))
        for row in list_numbers(person_of(request))
    ]
    return draw_list(request, screen, rows)


@may("phone_number.create")
def new_number(request: HttpRequest) -> HttpResponse:
    """Make one."""
    return _draw(request, None, NumberForm(sent(request)), _("New telephone number"))


@may("phone_number.edit")
def edit_number(request: HttpRequest, row_id: int) -> HttpResponse:
    """Change one."""
    shown = pick(list_numbers(person_of(request)), row_id)
    initial = {
        "number": show_number(Telephone(shown.e164)),
        "name": shown.name,
        "group": shown.group_id,
        "entry": f"ivr:{shown.ivr_id}" if shown.ivr_id else f"rule:{shown.rule_id}",
        "fallback": shown.fallback_rule_id,
    }
    return _draw(request, row_id, NumberForm(sent(request), initial=initial), show_number(Telephone(shown.e164)))


@require_POST
@may("phone_number.delete")
def remove_number(request: HttpRequest, row_id: int) -> HttpResponse:
    """Take one away."""
    return take_away(request, lambda: delete_number(person_of(request), row_id), back="console:numbers")


def _draw(request: HttpRequest, row_id: int | None, form: NumberForm, title: str) -> HttpResponse:
    def save() -> int:
        values = form.cleaned_data
        kind, _colon, entry_id = values["entry"].partition(":")
        return save_number(
            person_of(request),
            row_id,
            number=values["number"],
            name=values["name"],
            group_id=int(values["group"]),
            ivr_id=int(entry_id) if kind == "ivr" else None,
            rule_id=int(entry_id) if kind == "rule" else None,
            fallback_rule_id=int(values["fallback"]),
        )

    screen = FormScreen(
        title=title,
        section=_("Call centre"),
        resource="phone_number",
        list_title=_("Telephone numbers"),
        list_view="console:numbers",
        remove="console:remove_number",
        row_id=row_id,
        note="" if form.has_groups else str(_NO_GROUP_YET),
    )
    return serve_form(request, screen, form, save, field="number")

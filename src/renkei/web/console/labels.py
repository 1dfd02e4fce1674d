"""コールセンター > 業務ラベル."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from renkei.actions.settings.line import delete_label, save_label
from renkei.queries.settings.lists import list_labels, pick
from renkei.web.console.forms import ScreenForm, sent
from renkei.web.console.plain_screens import FormScreen, ListScreen, draw_list, serve_form, take_away
from renkei.web.locks import may
from renkei.web.people import person_of


class LabelForm(ScreenForm):
    """One label."""

    name = forms.CharField(label=gettext_lazy("Business label"), max_length=40)


@require_GET
@may("business_label.view")
def labels(request: HttpRequest) -> HttpResponse:
    """The list."""
    screen = ListScreen(
        title=_("Business labels"),
        section=_("Call centre"),
        resource="business_label",
        new="console:new_label",
        edit="console:edit_label",
        columns=(_("Business label"),),
        empty=_("No business label yet."),
        empty_next=_("A label marks the way a call has taken; an IVR's transfer destinations give it."),
    )
    return draw_list(request, screen, [(row.id, (row.name,)) for row in list_labels(person_of(request))])


@may("business_label.create")
def new_label(request: HttpRequest) -> HttpResponse:
    """Make one."""
    return _draw(request, None, LabelForm(sent(request)), _("New business label"))


@may("business_label.edit")
def edit_label(request: HttpRequest, row_id: int) -> HttpResponse:
    """Rename one."""
    shown = pick(list_labels(person_of(request)), row_id)
    return _draw(request, row_id, LabelForm(sent(request), initial={"name": shown.name}), shown.name)


@require_POST
@may("business_label.delete")
def remove_label(request: HttpRequest, row_id: int) -> HttpResponse:
    """Take one away."""
    return take_away(request, lambda: delete_label(person_of(request), row_id), back="console:labels")


def _draw(request: HttpRequest, row_id: int | None, form: LabelForm, title: str) -> HttpResponse:
    def save() -> int:
        return save_label(person_of(request), row_id, name=form.cleaned_data["name"])

    screen = FormScreen(
        title=title,
        section=_("Call centre"),
        resource="business_label",
        list_title=_("Business labels"),
        list_view="console:labels",
        remove="console:remove_label",
        row_id=row_id,
    )
    return serve_form(request, screen, form, save, field="name")

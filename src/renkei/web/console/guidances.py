"""コールセンター > ガイダンス: common guidance, and the individual guidance of one IVR (R48)."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from renkei.actions.settings.line import delete_guidance, save_guidance
from renkei.domain.branch import LONGEST_SPEECH
from renkei.queries.settings.line import list_ivr_choices
from renkei.queries.settings.lists import list_guidances, pick
from renkei.queries.settings.voice import has_voice
from renkei.settings import LineKind, config
from renkei.web.console.forms import CountedField, ScreenForm, number_or_none, sent
from renkei.web.console.plain_screens import FormScreen, ListScreen, Notice, draw_list, serve_form, take_away
from renkei.web.locks import may
from renkei.web.people import person_of


class GuidanceForm(ScreenForm):
    """One guidance; where it belongs is settled when it is made."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    ivr = forms.ChoiceField(label=gettext_lazy("Belongs to"), required=False)
    words = CountedField(
        label=gettext_lazy("Words"),
        limit=LONGEST_SPEECH,
        rows=4,
        help_text=gettext_lazy("Spoken by the built-in voice; the simulated line shows them as text."),
    )

    def __init__(self, *positional: Any, is_new: bool, **options: Any) -> None:
        super().__init__(*positional, **options)
        if is_new:
            self.choose(
                "ivr", [("", _("Common guidance")), *((str(each.id), each.name) for each in list_ivr_choices())]
            )
        else:
            del self.fields["ivr"]


@require_GET
@may("guidance.view")
def guidances(request: HttpRequest) -> HttpResponse:
    """The list."""
    screen = ListScreen(
        title=_("Guidance"),
        section=_("Call centre"),
        resource="guidance",
        new="console:new_guidance",
        edit="console:edit_guidance",
        columns=(_("Name"), _("Belongs to"), _("Words"), _("Length")),
        empty=_("No guidance yet."),
        empty_next=_("Guidance is what a caller hears; write its words here."),
        state=_voice_notice(),
    )
    rows = [
        (
            row.id,
            (
                row.name,
                row.ivr or _("Common guidance"),
                row.words,
                _("%(seconds)s s") % {"seconds": f"{row.seconds:g}"},
            ),
        )
        for row in list_guidances(person_of(request))
    ]
    return draw_list(request, screen, rows)


def _voice_notice() -> Notice | None:
    if config.line is not LineKind.ASTERISK or has_voice():
        return None
    return Notice(
        "warning",
        _(
            "No voice is installed on this machine, so callers do not hear guidance that has no sound file. "
            "Start Renkei again with “./renkei run”: it installs the voice."
        ),
    )


@may("guidance.create")
def new_guidance(request: HttpRequest) -> HttpResponse:
    """Make one."""
    return _draw(request, None, GuidanceForm(sent(request), is_new=True), _("New guidance"))


@may("guidance.edit")
def edit_guidance(request: HttpRequest, row_id: int) -> HttpResponse:
    """Change one."""
    shown = pick(list_guidances(person_of(request)), row_id)
    form = GuidanceForm(sent(request), is_new=False, initial={"name": shown.name, "words": shown.words})
    return _draw(request, row_id, form, shown.name, is_fixed=shown.is_builtin)


@require_POST
@may("guidance.delete")
def remove_guidance(request: HttpRequest, row_id: int) -> HttpResponse:
    """Take one away."""
    return take_away(request, lambda: delete_guidance(person_of(request), row_id), back="console:guidances")


def _draw(
    request: HttpRequest, row_id: int | None, form: GuidanceForm, title: str, *, is_fixed: bool = False
) -> HttpResponse:
    def save() -> int:
        values = form.cleaned_data
        ivr_id = number_or_none(values.get("ivr"))
        return save_guidance(person_of(request), row_id, name=values["name"], words=values["words"], ivr_id=ivr_id)

    screen = FormScreen(
        title=title,
        section=_("Call centre"),
        resource="guidance",
        list_title=_("Guidance"),
        list_view="console:guidances",
        remove="console:remove_guidance",
        row_id=row_id,
        is_fixed=is_fixed,
    )
    return serve_form(request, screen, form, save, field="name")

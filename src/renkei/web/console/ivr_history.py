"""履歴 > IVR履歴: each step of each call through an IVR (R133)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from renkei.errors import RejectedError
from renkei.messages import say
from renkei.queries.calls.ivr_history import StepFilter, list_ivr_history, read_ivr_history
from renkei.queries.settings.installation import read_installation
from renkei.queries.settings.line import list_ivr_choices
from renkei.web.console import words
from renkei.web.console.filters import ANY, CallField, FilterForm, MomentField, read_filter
from renkei.web.locks import may
from renkei.web.people import person_of


class StepFilterForm(FilterForm):
    """Filters of the list of steps."""

    since = MomentField(label=_("From"))
    until = MomentField(label=_("Until"), is_end=True)
    ivr_id = forms.ChoiceField(label=_("IVR"), required=False)
    call = CallField(label=_("Call number"))
    kind = forms.ChoiceField(label=_("Step"), required=False, choices=[ANY, *words.STEPS.items()])

    def __init__(self, data: Any, **options: Any) -> None:
        super().__init__(data, **options)
        field = self.fields["ivr_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [ANY, *((str(ivr.id), ivr.name) for ivr in list_ivr_choices())]


@require_GET
@may("ivr_history.view")
def ivr_history(request: HttpRequest) -> HttpResponse:
    """The list."""
    form = StepFilterForm(read_filter(request, ()), zone=read_installation().zone)
    wanted = form.wanted
    if "ivr_id" in wanted:
        wanted["ivr_id"] = int(wanted["ivr_id"])
    status, cursor = 200, request.GET.get("cursor")
    try:
        page = list_ivr_history(person_of(request), StepFilter(**wanted), cursor=cursor)
    except RejectedError as error:
        if error.code != "bad_cursor":
            raise
        messages.warning(request, say(error))
        status = 400
        page = list_ivr_history(person_of(request), StepFilter(**wanted))
    rows = [(row, words.caller_words(row), words.step_label(row.kind), words.step_words(row)) for row in page.rows]
    context = {"form": form, "page": page, "rows": rows, "query": form.address_words(), "filter_method": "get"}
    return render(request, "console/ivr_history.html", context, status=status)


@require_GET
@may("ivr_history.view")
def ivr_history_call(request: HttpRequest, call_id: int) -> HttpResponse:
    """All steps of one call, each with an address of its own (``#step-<id>``)."""
    row, steps = read_ivr_history(person_of(request), call_id)
    context = {
        "call": row,
        "caller": words.caller_words(row),
        "outcome": words.outcome_badge(row),
        "steps": [(step, words.step_label(step.kind), words.step_words(step)) for step in steps],
    }
    return render(request, "console/ivr_history_call.html", context)

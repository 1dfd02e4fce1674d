"""履歴 > 発着信履歴: the list and the detail of calls."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from renkei import clock
from renkei.errors import RejectedError
from renkei.messages import say
from renkei.queries.agents.directory import list_agent_choices
from renkei.queries.calls.detail import RingShown, read_call
from renkei.queries.calls.export import MOST_ROWS
from renkei.queries.calls.history import CallFilter, CallRow, list_calls
from renkei.queries.settings.installation import read_installation
from renkei.web.console import words
from renkei.web.console.chat import show_chat
from renkei.web.console.filters import ANY, FilterForm, MomentField, read_filter
from renkei.web.locks import may
from renkei.web.people import person_of


class CallFilterForm(FilterForm):
    """Filters of the list of calls."""

    private = ("who",)

    since = MomentField(label=_("From"))
    until = MomentField(label=_("Until"), is_end=True)
    who = forms.CharField(
        label=_("Number or caller"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    agent_id = forms.ChoiceField(label=_("Agent"), required=False)
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        required=False,
        choices=[ANY, *((key, word) for key, (word, _kind) in words.OUTCOMES.items())],
    )
    reason = forms.ChoiceField(
        label=_("Chat linkage"),
        required=False,
        choices=[ANY, *((key.value, word) for key, (word, _kind) in words.REASONS.items())],
    )

    def __init__(self, data: Any, **options: Any) -> None:
        super().__init__(data, **options)
        agents = [(str(agent.id), agent.name) for agent in list_agent_choices()]
        field = self.fields["agent_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [ANY, *agents]

    @property
    def call_filter(self) -> CallFilter:
        """What the query is asked for."""
        wanted = self.wanted
        if "agent_id" in wanted:
            wanted["agent_id"] = int(wanted["agent_id"])
        return CallFilter(**wanted)


@dataclass(frozen=True, slots=True)
class RowWords:
    """A row with its words."""

    row: CallRow
    caller: str
    outcome: words.Badge
    reason: words.Badge | None


@may("call_history.view")
def calls(request: HttpRequest) -> HttpResponse:
    """The list. A sent filter becomes an address, in which the person's words are encrypted."""
    zone = read_installation().zone
    form = CallFilterForm(read_filter(request, CallFilterForm.private), zone=zone)
    if request.method == "POST":
        return redirect(f"{request.path}?{form.address_words()}".rstrip("?&"))
    wanted = form.call_filter
    status = 200
    try:
        page = list_calls(person_of(request), wanted, cursor=request.GET.get("cursor"))
    except RejectedError as error:
        if error.code != "bad_cursor":
            raise
        messages.warning(request, say(error))
        status = 400
        page = list_calls(person_of(request), wanted)
    context = {
        "form": form,
        "page": page,
        "rows": [_with_words(row) for row in page.rows],
        "query": form.address_words(),
        "quick": tuple(_quick_periods()),
        "most_exported": f"{MOST_ROWS:,}",
    }
    return render(request, "console/calls.html", context, status=status)


@require_GET
@may("call_history.view")
def call(request: HttpRequest, call_id: int) -> HttpResponse:
    """The detail, with the section 「チャット内容」 for a call that passed the linkage IVR (R107)."""
    person = person_of(request)
    shown = read_call(person, call_id)
    context = {
        "call": shown.row,
        "words": _with_words(shown.row),
        "direction": words.DIRECTIONS.get(shown.row.direction, ""),
        "steps": [(step, words.step_label(step.kind), words.step_words(step)) for step in shown.steps],
        "rings": [(ring, _ring_word(ring)) for ring in shown.rings],
        "labels": shown.labels,
        "chat": show_chat(request, shown) if shown.row.passed_linkage else None,
    }
    return render(request, "console/call.html", context)


def _with_words(row: CallRow) -> RowWords:
    return RowWords(row, words.caller_words(row), words.outcome_badge(row), words.reason_badge(row.reason))


def _ring_word(ring: RingShown) -> str:
    return str(words.RING_ENDS.get(ring.ended_why, ring.ended_why or words.STATES["ringing"]))


def _quick_periods() -> Iterator[tuple[Any, str]]:
    today = timezone.localtime(clock.now()).date()
    for label, days in ((_("Today"), 0), (_("7 days"), 6), (_("30 days"), 29)):
        yield label, f"?since={today - timedelta(days=days):%Y/%m/%d}"

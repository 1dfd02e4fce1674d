"""履歴 > 外部API連携履歴: each request to another system, secrets and numbers masked (R134)."""

from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from renkei.errors import RejectedError
from renkei.messages import say
from renkei.queries.calls.api_history import RequestFilter, RequestShown, list_api_history, read_api_call
from renkei.queries.settings.installation import Feature, read_installation
from renkei.web.connector_forms import system_label
from renkei.web.console import words
from renkei.web.console.filters import CallField, FilterForm, MomentField, read_filter
from renkei.web.locks import may
from renkei.web.people import person_of


class RequestFilterForm(FilterForm):
    """Filters of the list of requests."""

    since = MomentField(label=_("From"))
    until = MomentField(label=_("Until"), is_end=True)
    call = CallField(label=_("Call number"))
    status = forms.IntegerField(label=_("Status code"), required=False, min_value=100, max_value=599)
    only_failed = forms.BooleanField(
        label=_("Only failed ones"), required=False, widget=forms.CheckboxInput(attrs={"class": "form-check-input"})
    )


@require_GET
@may("external_api_history.view")
def api_history(request: HttpRequest) -> HttpResponse:
    """The list."""
    installation = read_installation()
    if not installation.has(Feature.API_LINKED_IVR):
        raise RejectedError("feature_off")
    form = RequestFilterForm(read_filter(request, ()), zone=installation.zone)
    wanted = RequestFilter(**form.wanted)
    status, cursor = 200, request.GET.get("cursor")
    try:
        page = list_api_history(person_of(request), wanted, cursor=cursor)
    except RejectedError as error:
        if error.code != "bad_cursor":
            raise
        messages.warning(request, say(error))
        status = 400
        page = list_api_history(person_of(request), wanted)
    rows = [(row, _path(row.url), *_words(row)) for row in page.rows]
    context = {"form": form, "page": page, "rows": rows, "query": form.address_words(), "filter_method": "get"}
    return render(request, "console/api_history.html", context, status=status)


@require_GET
@may("external_api_history.view")
def api_call(request: HttpRequest, request_id: int) -> HttpResponse:
    """One request in full."""
    if not read_installation().has(Feature.API_LINKED_IVR):
        raise RejectedError("feature_off")
    shown = read_api_call(person_of(request), request_id)
    what, kind = _words(shown)
    context = {"request_shown": shown, "system": system_label(shown.connector), "what": what, "kind": kind}
    return render(request, "console/api_call.html", context)


def _path(url: str) -> str:
    """The part of an address in which the requests of one list differ; the whole stands in the detail."""
    parts = urlsplit(url)
    return parts._replace(scheme="", netloc="").geturl() or url


def _words(row: RequestShown) -> tuple[str, str]:
    return words.request_words(row.outcome, row.error, row.status), "good" if row.outcome == "ok" else "bad"

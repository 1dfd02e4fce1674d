"""履歴 > IVR履歴 and 外部API連携履歴 > 「CSVダウンロード」: what a filter leaves. Never a chat's words (R109)."""

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.views.decorators.http import require_GET

from renkei.actions.calls import export_requests, export_steps
from renkei.domain.csv_format import format_time
from renkei.errors import RejectedError
from renkei.queries.calls.api_history import RequestFilter
from renkei.queries.calls.ivr_history import StepFilter
from renkei.queries.settings.installation import Feature, read_installation
from renkei.web.console import words
from renkei.web.console.api_history import RequestFilterForm
from renkei.web.console.csv_file import send_csv, write_line, write_number
from renkei.web.console.filters import FilterForm, read_filter
from renkei.web.console.ivr_history import StepFilterForm
from renkei.web.locks import may
from renkei.web.people import person_of

STEP_COLUMNS = (
    pgettext_lazy("column", "Time"),
    pgettext_lazy("column", "Call number"),
    pgettext_lazy("column", "Caller's number"),
    pgettext_lazy("column", "IVR"),
    pgettext_lazy("column", "Step"),
    pgettext_lazy("column", "Content"),
)
REQUEST_COLUMNS = (
    pgettext_lazy("column", "Time"),
    pgettext_lazy("column", "Call number"),
    pgettext_lazy("column", "IVR"),
    pgettext_lazy("column", "Method"),
    pgettext_lazy("column", "Address"),
    pgettext_lazy("column", "Status code"),
    pgettext_lazy("column", "Result"),
    pgettext_lazy("column", "Duration (ms)"),
)


@require_GET
@may("ivr_history.export")
def steps_csv(request: HttpRequest, encoding: str) -> HttpResponseBase:
    """IVR履歴: one row a step."""
    zone = read_installation().zone
    form = StepFilterForm(read_filter(request, ()), zone=zone)
    if not form.is_valid():
        return _refuse(request, form, "console:ivr_history")
    wanted = form.wanted
    if "ivr_id" in wanted:
        wanted["ivr_id"] = int(wanted["ivr_id"])
    export = export_steps(person_of(request), StepFilter(**wanted))
    return send_csv(
        export.chunks,
        lambda row: (
            format_time(row.at, zone),
            row.call_id,
            write_number(words.caller_words(row)),
            write_line(row.ivr_name),
            words.step_label(row.kind),
            write_line(words.step_words(row)),
        ),
        columns=STEP_COLUMNS,
        name="IVR履歴",
        encoding=encoding,
        zone=zone,
    )


@require_GET
@may("external_api_history.export")
def requests_csv(request: HttpRequest, encoding: str) -> HttpResponseBase:
    """外部API連携履歴: one row a request, secrets and numbers masked as on the screen, nothing of an answer's body."""
    installation = read_installation()
    if not installation.has(Feature.API_LINKED_IVR):
        raise RejectedError("feature_off")
    zone = installation.zone
    form = RequestFilterForm(read_filter(request, ()), zone=zone)
    if not form.is_valid():
        return _refuse(request, form, "console:api_history")
    export = export_requests(person_of(request), RequestFilter(**form.wanted))
    return send_csv(
        export.chunks,
        lambda row: (
            format_time(row.at, zone),
            row.call_id,
            write_line(row.ivr_name),
            write_line(row.method),
            write_line(row.url),
            row.status,
            write_line(words.request_words(row.outcome, row.error, row.status)),
            row.duration_ms,
        ),
        columns=REQUEST_COLUMNS,
        name="外部API連携履歴",
        encoding=encoding,
        zone=zone,
    )


def _refuse(request: HttpRequest, form: FilterForm, name: str) -> HttpResponseBase:
    """Without a filter that is not understood more would leave the house than was meant."""
    messages.warning(request, gettext("No file was made: a filter was not understood. Correct it and try again."))
    return redirect(f"{reverse(name)}?{form.address_words()}".rstrip("?&"))

"""履歴 > 発着信履歴 > 「CSVダウンロード」: the calls the list's filter leaves. Never a chat's words (R109)."""

from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.views.decorators.http import require_GET

from renkei.actions.calls import export_calls
from renkei.domain.csv_format import format_time
from renkei.queries.calls.export import CallExported
from renkei.queries.settings.installation import read_installation
from renkei.web.console import words
from renkei.web.console.calls import CallFilterForm
from renkei.web.console.csv_file import Row, send_csv, write_line, write_number
from renkei.web.console.filters import read_filter
from renkei.web.lists import join_words
from renkei.web.locks import may
from renkei.web.people import person_of

COLUMNS = (
    pgettext_lazy("column", "Arrived at"),
    pgettext_lazy("column", "Direction"),
    pgettext_lazy("column", "Caller's number"),
    pgettext_lazy("column", "Caller's name"),
    pgettext_lazy("column", "Number dialled"),
    pgettext_lazy("column", "Business group"),
    pgettext_lazy("column", "Agent"),
    pgettext_lazy("column", "Outcome"),
    pgettext_lazy("column", "Answered at"),
    pgettext_lazy("column", "Ended at"),
    pgettext_lazy("column", "Talk time (seconds)"),
    pgettext_lazy("column", "Chat linkage"),
    pgettext_lazy("column", "Business labels"),
)


@require_GET
@may("call_history.export")
def csv(request: HttpRequest, encoding: str) -> HttpResponseBase:
    """The file, Shift_JIS or UTF-8 with a byte order mark (D9). A filter that is not understood gives none: without
    it more would leave the house than was meant."""
    zone = read_installation().zone
    form = CallFilterForm(read_filter(request, CallFilterForm.private), zone=zone)
    if not form.is_valid():
        messages.warning(request, gettext("No file was made: a filter was not understood. Correct it and try again."))
        return redirect(f"{reverse('console:calls')}?{form.address_words()}".rstrip("?&"))
    export = export_calls(person_of(request), form.call_filter)
    return send_csv(
        export.chunks,
        lambda call: _write_row(call, zone),
        columns=COLUMNS,
        name="発着信履歴",
        encoding=encoding,
        zone=zone,
    )


def _write_row(call: CallExported, zone: ZoneInfo) -> Row:
    row = call.row
    reason = words.reason_badge(row.reason)
    return (
        format_time(row.arrived_at, zone),
        str(words.DIRECTIONS.get(row.direction, row.direction)),
        write_number(words.caller_words(row)),
        write_line(row.caller_name),
        write_number(row.dialled),
        write_line(call.group),
        write_line(row.agent),
        words.outcome_badge(row).word,
        format_time(row.answered_at, zone) if row.answered_at else None,
        format_time(row.ended_at, zone) if row.ended_at else None,
        int(row.talked.total_seconds()) if row.talked is not None else None,
        reason.word if reason else None,
        write_line(join_words(row.labels)),
    )

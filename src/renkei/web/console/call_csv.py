"""履歴 > 発着信履歴 > 「CSVダウンロード」: the calls the list's filter leaves. Never a chat's words (R109)."""

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language, gettext, override, pgettext_lazy
from django.views.decorators.http import require_GET

from renkei import clock
from renkei.actions.calls import CallsExport, export_calls
from renkei.domain.csv_format import Cell, Encoding, attach_as, format_time, gather, write_rows
from renkei.domain.transcript import show_inert
from renkei.queries.calls.export import CallExported
from renkei.queries.settings.installation import read_installation
from renkei.web.console import words
from renkei.web.console.calls import CallFilterForm
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
Row = tuple[Cell, ...]
_NUMBER_FROM_ABROAD = re.compile(r"\+[0-9 -]+\Z")
_BREAKS = re.compile(r"[\n\t]+")


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
    chosen = Encoding(encoding)
    columns = [str(column) for column in COLUMNS]
    pieces = gather(write_rows(_rows(export, zone, get_language()), columns=columns, encoding=chosen))
    charset = "Shift_JIS" if chosen is Encoding.SHIFT_JIS else "utf-8"
    response = StreamingHttpResponse(pieces, content_type=f"text/csv; charset={charset}")
    response["Content-Disposition"] = attach_as(f"発着信履歴_{clock.now().astimezone(zone):%Y%m%d_%H%M%S}.csv")
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _rows(export: CallsExport, zone: ZoneInfo, language: str | None) -> Iterator[Row]:
    # The file is written while it is sent, when this request's language is no longer set.
    for chunk in export.chunks:
        with override(language):
            rows = [_write_row(call, zone) for call in chunk]
        yield from rows


def _write_row(call: CallExported, zone: ZoneInfo) -> Row:
    row = call.row
    reason = words.reason_badge(row.reason)
    return (
        format_time(row.arrived_at, zone),
        str(words.DIRECTIONS.get(row.direction, row.direction)),
        _write_number(words.caller_words(row)),
        _write_line(row.caller_name),
        _write_number(row.dialled),
        _write_line(call.group),
        _write_line(row.agent),
        words.outcome_badge(row).word,
        format_time(row.answered_at, zone) if row.answered_at else None,
        format_time(row.ended_at, zone) if row.ended_at else None,
        int(row.talked.total_seconds()) if row.talked is not None else None,
        reason.word if reason else None,
        _write_line(join_words(row.labels)),
    )


def _write_number(number: str) -> str:
    """As on the screen; one from abroad without its spaces, so that it is E.164 and survives as it is (D9)."""
    return re.sub("[ -]", "", number) if _NUMBER_FROM_ABROAD.match(number) else _write_line(number)


def _write_line(text: str) -> str:
    """One line without anything that acts: a call is one line of the file, for the plainest of readers."""
    return _BREAKS.sub(" ", show_inert(text))

"""How a list of the console is sent as a CSV file, whatever stands in it."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.http import StreamingHttpResponse
from django.utils.functional import Promise
from django.utils.translation import get_language, override

from renkei import clock
from renkei.domain.csv_format import Cell, Encoding, attach_as, gather, write_rows, write_transcript_csv
from renkei.domain.transcript import Line, show_inert

Row = tuple[Cell, ...]
Shown = TypeVar("Shown")
_NUMBER_FROM_ABROAD = re.compile(r"\+[0-9 -]+\Z")
_BREAKS = re.compile(r"[\n\t]+")


def send_csv(
    chunks: Iterable[Sequence[Shown]],
    write_row: Callable[[Shown], Row],
    *,
    columns: Iterable[Promise],
    name: str,
    encoding: str,
    zone: ZoneInfo,
) -> StreamingHttpResponse:
    """The file ``<name>_<now>.csv``, Shift_JIS or UTF-8 with a byte order mark (D9), written while it is sent."""
    chosen = Encoding(encoding)
    rows = _write(chunks, write_row, get_language())
    pieces = gather(write_rows(rows, columns=[str(column) for column in columns], encoding=chosen))
    charset = "Shift_JIS" if chosen is Encoding.SHIFT_JIS else "utf-8"
    response = StreamingHttpResponse(pieces, content_type=f"text/csv; charset={charset}")
    response["Content-Disposition"] = attach_as(f"{name}_{clock.now().astimezone(zone):%Y%m%d_%H%M%S}.csv")
    response["X-Content-Type-Options"] = "nosniff"
    return response


def send_transcript(lines: Sequence[Line], *, name: str, encoding: str, zone: ZoneInfo) -> StreamingHttpResponse:
    """A conversation as the file ``チャット_<its beginning>_<name>.csv`` (R104, R112 to R116, D9)."""
    chosen = Encoding(encoding)
    pieces = write_transcript_csv(lines, zone=zone, encoding=chosen)
    charset = "Shift_JIS" if chosen is Encoding.SHIFT_JIS else "utf-8"
    response = StreamingHttpResponse(pieces, content_type=f"text/csv; charset={charset}")
    first = lines[0].sent_at.astimezone(zone)
    response["Content-Disposition"] = attach_as(f"チャット_{first:%Y%m%d_%H%M%S}_{name}.csv")
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _write(chunks: Iterable[Sequence[Shown]], write_row: Callable[[Shown], Row], language: str | None) -> Iterator[Row]:
    # The file is written while it is sent, when this request's language is no longer set.
    for chunk in chunks:
        with override(language):
            rows = [write_row(each) for each in chunk]
        yield from rows


def write_number(number: str) -> str:
    """As on the screen; one from abroad without its spaces, so that it is E.164 and survives as it is (D9)."""
    return re.sub("[ -]", "", number) if _NUMBER_FROM_ABROAD.match(number) else write_line(number)


def write_line(text: str) -> str:
    """One line without anything that acts: an entry is one line of the file, for the plainest of readers."""
    return _BREAKS.sub(" ", show_inert(text))

"""The page between 「リンクを開く」 and where it leads: desk, call history and SNS tab show the same (R94, R106)."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from renkei.domain.chat import Kind
from renkei.domain.transcript import Line
from renkei.errors import RejectedError

_STAYS_WITH_PROVIDER = frozenset({Kind.IMAGE, Kind.AUDIO, Kind.VIDEO, Kind.FILE})
"""A lone address and a place on a map are nobody's upload (R96, R97)."""


def show_way_out(request: HttpRequest, lines: Iterable[Line], number: int) -> HttpResponse:
    """Where the link of line ``number`` really leads, its host in ASCII; RejectedError ``not_found`` without one."""
    line = next((line for line in lines if line.number == number and line.link), None)
    if line is None:
        raise RejectedError("not_found")
    context = {"link": line.link, "is_upload": line.kind in _STAYS_WITH_PROVIDER}
    return render(request, "leave.html", context)

"""「チャット内容」 of a call's detail: what is shown, copied, downloaded, and the page before a link (R100 to R119)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from renkei.actions.chats import ChatShown, open_chat
from renkei.domain.csv_format import Losses, copy_all, copy_one, list_transcript_losses
from renkei.domain.transcript import Line, Side
from renkei.errors import RejectedError
from renkei.messages import explain_reason, explain_record, sentence
from renkei.permissions import holds
from renkei.queries.calls.detail import CallShown
from renkei.web.console import words
from renkei.web.console.csv_file import send_transcript
from renkei.web.leaving import show_way_out
from renkei.web.lists import join_words
from renkei.web.locks import may
from renkei.web.people import person_of

_MOST_LOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class LineWords:
    """One message ready for the page."""

    line: Line
    is_right: bool
    speaker: str
    copy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The section as this person may see it. ``refused`` is a sentence instead of everything else."""

    refused: str = ""
    shown: ChatShown | None = None
    lines: Sequence[LineWords] = ()
    message: str = ""
    why: str = ""
    record: Sequence[str] = ()
    warning: str = ""
    losses: str = ""
    reason: words.Badge | None = None
    may_export: bool = False
    step_id: int | None = None
    api_call_id: int | None = None
    may_see_steps: bool = False
    may_see_requests: bool = False


def show_chat(request: HttpRequest, call: CallShown) -> Section:
    """Open the chat for the detail page; a refusal becomes its sentence."""
    person = person_of(request)
    try:
        shown = open_chat(person, call.row.id, via="history")
    except RejectedError as error:
        return Section(refused=sentence(error.code, error.params))
    steps = [step.id for step in call.steps if step.kind == "looked_up"]
    may_export = holds(person, "chat_content.export")
    return Section(
        shown=shown,
        lines=[_line_words(line) for line in shown.lines],
        message=sentence(shown.message, shown.message_params) if shown.message else "",
        why=explain_reason(shown.reason) if shown.reason and shown.message else "",
        record=_record_words(shown),
        warning=sentence("claimed_by_several", {"count": shown.claimed_by}) if shown.claimed_by > 1 else "",
        losses=losses_words(list_transcript_losses(shown.lines)) if may_export else "",
        reason=words.reason_badge(shown.reason),
        may_export=may_export,
        step_id=steps[-1] if steps else None,
        api_call_id=shown.api_call_id,
        may_see_steps=holds(person, "ivr_history.view"),
        may_see_requests=holds(person, "external_api_history.view"),
    )


@require_GET
@may("chat_content.export")
def csv(request: HttpRequest, call_id: int, encoding: str) -> HttpResponseBase:
    """「CSVダウンロード」 (R104, R112 to R116, D9): Shift_JIS or UTF-8 with a byte order mark."""
    shown = _open_with_content(request, call_id, via="csv")
    return send_transcript(shown.lines, name=str(call_id), encoding=encoding, zone=shown.zone)


@require_GET
@may("chat_content.view")
def clipboard(request: HttpRequest, call_id: int) -> HttpResponse:
    """「クリップボードへコピー」 (R103, R117, R118): the text that the page puts there."""
    shown = _open_with_content(request, call_id, via="clipboard")
    return HttpResponse(copy_all(shown.lines), content_type="text/plain; charset=utf-8")


@require_GET
@may("chat_content.view")
def link(request: HttpRequest, call_id: int, number: int) -> HttpResponse:
    """Between 「リンクを開く」 and the address: where the link really leads, its host in ASCII (R94)."""
    return show_way_out(request, open_chat(person_of(request), call_id, via="link").lines, number)


def _open_with_content(request: HttpRequest, call_id: int, *, via: Any) -> ChatShown:
    shown = open_chat(person_of(request), call_id, via=via)
    if not shown.lines:
        raise RejectedError("not_found")
    return shown


def _line_words(line: Line) -> LineWords:
    return LineWords(line, line.side is Side.RIGHT, sentence(line.label.value), copy_one(line))


def _record_words(shown: ChatShown) -> list[str]:
    return explain_record(shown.record) if shown.record else []


def losses_words(losses: Losses) -> str:
    """What a Shift_JIS file of a conversation cannot say; empty where it says all."""
    if not losses.count:
        return ""
    shown = losses.characters[:_MOST_LOST_SHOWN]
    characters = join_words(words.character_words(character) for character, _count in shown)
    more = " …" if len(losses.characters) > _MOST_LOST_SHOWN else ""
    return sentence("shift_jis_losses", {"count": losses.count, "characters": characters + more})

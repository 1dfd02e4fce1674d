"""チャット内容 at the desk: the window that opens by itself, and the page between a link and where it leads."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from renkei.actions.chats import ChatShown, open_chat
from renkei.messages import explain_reason, sentence
from renkei.permissions import holds
from renkei.queries import desk as queries
from renkei.queries.settings.installation import read_installation
from renkei.web.agent.person import person_of
from renkei.web.agent.words import address_of, shown_lines
from renkei.web.leaving import show_way_out
from renkei.web.locks import may


@require_GET
@may("desk.view")
def window(request: HttpRequest, call_id: int) -> HttpResponse:
    """The chat window's content: 200 with it, 202 while the look-up still runs, 204 when none opens (R84)."""
    person = person_of(request)
    if queries.why_no_chat_window(person, call_id, installation=read_installation()) is not None:
        return HttpResponse(status=204)
    shown = open_chat(person, call_id, via="popup")
    if shown.reason is None:
        return HttpResponse(status=202)
    has_extras = queries.read_cti(person).show_times_and_copy
    context = {
        "chat": shown,
        "lines": shown_lines(shown.lines, with_times_and_copy=has_extras),
        "with_times_and_copy": has_extras,
        "open_link": sentence("open_link"),
        "hint": sentence("caller_is_a_hint"),
        "warning": _warning(shown),
        "error": _error(shown),
        "why": None if shown.message is None else explain_reason(shown.reason),
        "where": sentence("see_histories"),
        **_where_to_look(person, shown),
    }
    return render(request, "agent/_chat.html", context)


@require_GET
@may("chat_content.view")
def leave(request: HttpRequest, call_id: int, number: int) -> HttpResponse:
    """The page between 「リンクを開く」 and the address: it shows where the link leads, host in ASCII (R94)."""
    return show_way_out(request, open_chat(person_of(request), call_id, via="link").lines, number)


def _error(shown: ChatShown) -> str | None:
    return None if shown.message is None else sentence(shown.message, shown.message_params)


def _where_to_look(person: queries.Person, chat: ChatShown) -> dict[str, str]:
    """Links to the step that looked up and to its request, for who may see them (R132). Without such a step or row
    to the call's part of the history, where it is said what there is instead."""
    if chat.message is None:
        return {}
    where = {}
    if holds(person, "ivr_history.view"):
        step = queries.newest_look_up(person, chat.call_id)
        mark = "" if step is None else f"#step-{step}"
        where["ivr_history"] = address_of("console:ivr_history_call", chat.call_id, ending=mark)
    if holds(person, "external_api_history.view"):
        row = chat.api_call_id
        listed = address_of("console:api_history", ending=f"?call={chat.call_id}")
        where["api_history"] = listed if row is None else address_of("console:api_call", row)
    return where


def _warning(shown: ChatShown) -> str | None:
    return sentence("claimed_by_several", {"count": shown.claimed_by}) if shown.claimed_by > 1 else None

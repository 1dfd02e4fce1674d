"""One call at the desk: its notice and route, and what its agent asks of it."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from renkei import clock
from renkei.actions.calls import ask, finish_after_call
from renkei.domain.transcript import show_inert
from renkei.queries import desk as queries
from renkei.queries.settings.installation import read_installation
from renkei.web.agent.person import person_of
from renkei.web.agent.words import shown_caller, shown_dialled, shown_route
from renkei.web.locks import may


@require_GET
@may("desk.view")
def notice(request: HttpRequest, call_id: int) -> HttpResponse:
    """着信通知 with the softphone's buttons; its stage and whether a chat window follows stand in data- attributes."""
    found = queries.read_notice(person_of(request), call_id, installation=read_installation())
    caller = shown_caller(found.caller, found.written)
    context = {
        "notice": found,
        "caller": caller,
        "caller_name": show_inert(found.caller_name),
        "dialled": shown_dialled(found.dialled),
        "now": clock.now(),
    }
    return render(request, "agent/_notice.html", context)


@require_GET
@may("desk.view")
def route(request: HttpRequest, call_id: int) -> HttpResponse:
    """経路: number, IVRs, keys and labels the call has passed."""
    found = queries.read_route(person_of(request), call_id)
    context = {"route": found, "dialled": shown_dialled(found.dialled), "steps": shown_route(found)}
    return render(request, "agent/_route.html", context)


@require_POST
@may("desk.view")
def ask_call(request: HttpRequest, call_id: int, kind: str) -> HttpResponse:
    """Ask something of the call; the answer names the command whose end the stream tells (command.done)."""
    return JsonResponse({"command": ask(person_of(request), call_id, kind=kind)}, status=202)


@require_POST
@may("desk.view")
def finish(request: HttpRequest, call_id: int) -> HttpResponse:
    """After-call work is done (完了)."""
    finish_after_call(person_of(request), call_id)
    return HttpResponse(status=204)

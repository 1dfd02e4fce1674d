"""The desk's page and what belongs to the whole of it: state, presence, own calls of today, the telephone."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from renkei import clock
from renkei.actions.agents.browser_phone import read_phone
from renkei.actions.agents.presence import set_presence
from renkei.messages import sentence
from renkei.permissions import holds
from renkei.queries import desk as queries
from renkei.queries.settings.installation import read_installation
from renkei.settings import config
from renkei.web.agent.person import person_of
from renkei.web.agent.words import script_words, shown_presence, shown_today
from renkei.web.locks import may

HISTORY = "call_history.view"


@require_GET
@may("desk.view")
def page(request: HttpRequest) -> HttpResponse:
    """The desk. It brings the frame of everything; the calls that are up are loaded by their ids (B7)."""
    person = person_of(request)
    desk = queries.read_desk(person)
    cti = queries.read_cti(person)
    words = script_words()
    script = {
        "agent": desk.agent_id,
        "line": "sip" if config.sip_ws_url else "simulator",
        "showChat": cti.show_chat,
        "playTone": cti.play_tone,
        "csrf": get_token(request),
        "words": words,
    }
    context = {
        "desk": desk,
        "presence": shown_presence(desk.presence),
        "now": clock.now(),
        "words": words,
        "script": script,
    }
    return render(request, "agent/desk.html", context)


@require_GET
@may("desk.view")
def state(request: HttpRequest) -> HttpResponse:
    """What is up, by ids: ``{"calls": [{"id", "stage", "ring"}], "presence": …}``. Loaded after the stream is open."""
    desk = queries.read_desk(person_of(request))
    calls = [{"id": call.id, "stage": call.stage.value, "ring": call.ring} for call in desk.calls]
    return JsonResponse({"calls": calls, "presence": desk.presence.state})


@require_http_methods(["GET", "POST"])
@may("desk.view")
def presence(request: HttpRequest) -> HttpResponse:
    """The presence bar; a POST chooses a status first."""
    person = person_of(request)
    if request.method == "POST":
        set_presence(person, request.POST.get("state", ""))
    shown = shown_presence(queries.read_desk(person).presence)
    return render(request, "agent/_presence.html", {"presence": shown, "now": clock.now()})


@require_GET
@may("desk.view")
def today(request: HttpRequest) -> HttpResponse:
    """One's own calls since midnight."""
    person = person_of(request)
    calls = queries.list_today(person, zone=read_installation().zone)
    return render(request, "agent/_today.html", {"calls": shown_today(calls, has_history=holds(person, HISTORY))})


@require_GET
@may("desk.view")
def sentence_of(request: HttpRequest, code: str) -> HttpResponse:
    """The sentence of a code that the stream brought: events carry no text."""
    return HttpResponse(sentence(code.replace("-", "_")), content_type="text/plain; charset=utf-8")


@sensitive_variables()
@require_POST
@may("desk.view")
def phone(request: HttpRequest) -> HttpResponse:
    """What the browser's telephone registers with: one's own credentials, never kept (POST, no-store)."""
    credentials = read_phone(person_of(request))
    return JsonResponse(
        {
            "server": config.sip_ws_url,
            "user": credentials.user,
            "password": credentials.password,
            "extension": credentials.extension,
            "name": credentials.display_name,
        }
    )

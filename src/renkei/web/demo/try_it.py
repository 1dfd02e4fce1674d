"""The "try it" page: four steps of the linkage and one of the import, marked as they are done."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from renkei import clock
from renkei.actions.accounts.become import list_demo_people
from renkei.errors import RejectedError
from renkei.permissions import holds
from renkei.queries.settings.installation import Feature, read_installation
from renkei.queries.simulated_line import Progress, list_dialable, see_progress
from renkei.settings import config
from renkei.web.locks import may

SAMPLE_CALLER = "090-1234-5678"
"""The number a newcomer gives in the chat and calls from."""

APP_NUMBER, APP_CHANNEL = "+81345001202", "shop-app"
"""The number and the chat channel of the shop's app, whose chats are pushed: a mistyped number is noticed there."""
MISTYPED, MISTYPER = "090-2222-3345", "090-2222-3354"
"""Given in the app's chat, and called from."""
FORGOTTEN = "090-3333-4455"
"""Given in a chat that is then made too old."""

_BEGAN, _CHAT_OPENED = "try_it_began", "try_it_chat_opened"


@dataclass(frozen=True, slots=True)
class Mark:
    """One line of a step: done or still to do."""

    text: Promise
    is_done: bool


@dataclass(frozen=True, slots=True)
class Marks:
    """A step with its lines."""

    lines: tuple[Mark, ...]

    @property
    def is_done(self) -> bool:
        """All lines are."""
        return all(line.is_done for line in self.lines)


@may("rehearsal.view")
def home(request: HttpRequest) -> HttpResponse:
    """The page; the marks renew themselves."""
    assert request.user.is_authenticated
    numbers = list_dialable(request.user)
    values = _shown(request) | {
        "numbers": numbers,
        "sample_caller": SAMPLE_CALLER,
        "app_number": APP_NUMBER if any(each.e164 == APP_NUMBER for each in numbers) else None,
        "mistyped": MISTYPED,
        "mistyper": MISTYPER,
        "forgotten": FORGOTTEN,
        "people": list_demo_people(request.user),
        "has_import": read_installation().has(Feature.CHAT_IMPORT) and holds(request.user, "case.view"),
    }
    return render(request, "demo/home.html", values)


@may("rehearsal.view")
def progress(request: HttpRequest) -> HttpResponse:
    """The marks alone, fetched again and again while the page is open."""
    return render(request, "demo/_marks.html", _shown(request))


@may("rehearsal.view")
@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """Begin anew: earlier calls do not count any more."""
    request.session[_BEGAN] = clock.now().isoformat()
    request.session.pop(_CHAT_OPENED, None)
    return redirect("demo:home")


@may("rehearsal.view")
def chat(request: HttpRequest) -> HttpResponse:
    """Open the emulated chatbot's page, which is another company's address; remembered as begun."""
    request.session[_CHAT_OPENED] = True
    return redirect(_emulator())


@may("rehearsal.view")
def app_chat(request: HttpRequest) -> HttpResponse:
    """Open the chat of the shop's app on the emulated chatbot's page."""
    return redirect(f"{_emulator()}/?channel={APP_CHANNEL}")


@may("rehearsal.view")
def trouble(request: HttpRequest) -> HttpResponse:
    """Open the page on which the emulated provider is told to fail."""
    return redirect(f"{_emulator()}/trouble")


def _shown(request: HttpRequest) -> dict[str, object]:
    assert request.user.is_authenticated
    found = see_progress(request.user, began_at=_began_at(request))
    return {"steps": _steps(found, is_chat_open=_CHAT_OPENED in request.session), "progress": found}


def _began_at(request: HttpRequest) -> datetime:
    began = request.session.get(_BEGAN)
    if not isinstance(began, str):
        began = request.session[_BEGAN] = clock.now().isoformat()
    return datetime.fromisoformat(began)


def _steps(found: Progress, *, is_chat_open: bool) -> dict[str, Marks]:
    return {
        "chat": Marks(
            (
                Mark(_("Chat opened"), is_chat_open or found.has_chatted),
                Mark(_("The chat has followed its customer into a call"), found.has_chatted),
            )
        ),
        "call": Marks((Mark(_("Dialled on the simulated line"), found.has_dialled),)),
        "agent": Marks(
            (
                Mark(_("The agent's telephone rang"), found.has_rung),
                Mark(_("Answered"), found.has_answered),
                Mark(_("Hung up"), found.has_ended),
            )
        ),
        "history": Marks(
            (
                Mark(_("Chat read in the call history"), found.has_read),
                Mark(_("CSV downloaded"), found.has_exported),
            )
        ),
        "imported": Marks(
            (
                Mark(_("A completed chat has arrived since you began"), found.has_imported),
                Mark(_("Conversation read on the SNS tab"), found.has_read_import),
            )
        ),
    }


def _emulator() -> str:
    """Where the emulated provider listens; without one its pages do not exist."""
    if not config.emulator_url:
        raise RejectedError("not_found")
    return config.emulator_url

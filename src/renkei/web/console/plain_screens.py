"""The plain settings screens: a list with 「新規」, a form that asks 「保存しますか?」, taking away with a question."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from renkei.errors import RejectedError
from renkei.messages import say
from renkei.permissions import holds
from renkei.web.console.forms import ScreenForm
from renkei.web.people import person_of


@dataclass(frozen=True, slots=True)
class Notice:
    """How things stand, above a list; ``at`` is since when."""

    kind: str
    words: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListScreen:
    """A list. ``resource`` decides what is offered; ``new`` and ``edit`` name views; the first column leads there for
    those who may do what ``opens_for`` says."""

    title: str
    section: str
    resource: str
    new: str
    edit: str
    columns: Sequence[str]
    empty: str
    empty_next: str
    state: Notice | None = None
    opens_for: str = "edit"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormScreen:
    """A form. ``list_view`` is where it came from and goes back to; ``remove`` names the view that takes away."""

    title: str
    section: str
    resource: str
    list_title: str
    list_view: str
    remove: str = ""
    row_id: int | None = None
    note: str = ""
    is_fixed: bool = False


def draw_list(request: HttpRequest, screen: ListScreen, rows: Sequence[tuple[int, Sequence[Any]]]) -> HttpResponse:
    """Draw a list; a row is its id and its cells."""
    person = person_of(request)
    context = {
        "screen": screen,
        "rows": [(row_id, list(zip(screen.columns, cells, strict=True))) for row_id, cells in rows],
        "may_create": bool(screen.new) and holds(person, f"{screen.resource}.create"),
        "may_open": holds(person, f"{screen.resource}.{screen.opens_for}"),
    }
    return render(request, "console/plain_list.html", context)


def serve_form(
    request: HttpRequest, screen: FormScreen, form: ScreenForm, save: Callable[[], object], *, field: str | None
) -> HttpResponse:
    """Save a form that was sent and is valid, and go back to the list; else draw it. ``field`` gets the refusal."""
    if request.method == "POST" and form.is_valid():
        done = save_and_go(request, form, save, back=screen.list_view, field=field)
        if done:
            return done
    return draw_form(request, screen, form)


def draw_form(
    request: HttpRequest,
    screen: FormScreen,
    form: ScreenForm,
    *,
    template: str = "console/plain_form.html",
    beside: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Draw a form; what was typed and refused stays. ``beside`` is what a template of its own shows besides."""
    may_remove = (
        bool(screen.remove)
        and screen.row_id is not None
        and not screen.is_fixed
        and holds(person_of(request), f"{screen.resource}.delete")
    )
    context = {"screen": screen, "form": form, "may_remove": may_remove, **(beside or {})}
    return render(request, template, context)


def save_and_go(
    request: HttpRequest, form: ScreenForm, save: Callable[[], object], *, back: str, field: str | None
) -> HttpResponse | None:
    """Save a valid form and go back to the list; None when it was refused (the form says why)."""
    try:
        save()
    except RejectedError as error:
        if error.code in ("forbidden", "not_found", "feature_off"):
            raise
        form.refuse(error, field)
        return None
    messages.success(request, _("Saved. Check that the settings below are as you want them."))
    return redirect(back)


def take_away(request: HttpRequest, remove: Callable[[], None], *, back: str) -> HttpResponse:
    """Take something away, or say what still needs it."""
    try:
        remove()
    except RejectedError as error:
        if error.code not in ("in_use", "built_in"):
            raise
        messages.error(request, say(error))
    else:
        messages.success(request, _("Deleted."))
    return redirect(back)

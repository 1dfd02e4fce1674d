"""The simulated telephone: a customer dials, presses keys, listens and hangs up."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from renkei.actions.calls.simulate import LONGEST_NUMBER, simulate
from renkei.errors import RejectedError
from renkei.messages import say, sentence
from renkei.queries.simulated_line import Dialable, Heard, hear, list_dialable
from renkei.web.demo.try_it import SAMPLE_CALLER
from renkei.web.locks import may

KEYPAD = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#")


class DialForm(forms.Form):
    """Who calls, and which number."""

    number = forms.CharField(
        label=_("Your number (caller)"), required=False, max_length=LONGEST_NUMBER, strip=False,
        widget=forms.TextInput(
            attrs={"class": "form-control", "inputmode": "tel", "autocomplete": "off", "list": "sample-numbers"}
        ),
    )  # fmt: skip
    withheld = forms.BooleanField(
        label=_("Withhold the number (184)"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )
    dialled = forms.ChoiceField(
        label=_("Number to call"), choices=(), widget=forms.Select(attrs={"class": "form-select"})
    )

    def __init__(self, *args: object, numbers: tuple[Dialable, ...], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came
        choices = [(each.e164, f"{each.name}  {each.shown}") for each in numbers]
        self.fields["dialled"].choices = choices  # type: ignore[attr-defined]  # of a ChoiceField


@may("rehearsal.view")
def telephone(request: HttpRequest) -> HttpResponse:
    """The telephone on its hook."""
    assert request.user.is_authenticated
    numbers = list_dialable(request.user)
    first: dict[str, object] = {
        "number": request.GET.get("from") or SAMPLE_CALLER,
        "dialled": request.GET.get("to") or "",
        "withheld": "withheld" in request.GET,
    }
    if not first["dialled"] and numbers:
        first["dialled"] = numbers[0].e164
    return _draw(request, DialForm(initial=first, numbers=numbers))


@may("rehearsal.create")
@require_POST
def dial(request: HttpRequest) -> HttpResponse:
    """Place the call."""
    assert request.user.is_authenticated
    form = DialForm(request.POST, numbers=list_dialable(request.user))
    if not form.is_valid():
        return _draw(request, form, status=422)
    try:
        asked = simulate(request.user, line_id=None, kind="dial", args=form.cleaned_data)
    except RejectedError as error:
        form.add_error("number", say(error))
        return _draw(request, form, status=422)
    return redirect("demo:call", line_id=asked.line_id)


@may("rehearsal.view")
def call(request: HttpRequest, line_id: str) -> HttpResponse:
    """The telephone in a call."""
    assert request.user.is_authenticated
    return render(request, "demo/call.html", {**_heard(hear(request.user, line_id)), "keypad": KEYPAD})


@may("rehearsal.view")
def heard(request: HttpRequest, line_id: str) -> HttpResponse:
    """What is to be heard now, alone; asked again and again during the call, answered when it has changed."""
    assert request.user.is_authenticated
    now_heard = hear(request.user, line_id)
    if request.GET.get("was") == now_heard.mark:
        return HttpResponse(status=204)
    return render(request, "demo/_heard.html", _heard(now_heard))


@may("rehearsal.create")
@require_POST
def press(request: HttpRequest, line_id: str) -> HttpResponse:
    """Press one key."""
    assert request.user.is_authenticated
    simulate(request.user, line_id=line_id, kind="press", args={"digit": request.POST.get("digit", "")})
    return _after(request, line_id)


@may("rehearsal.create")
@require_POST
def hang_up(request: HttpRequest, line_id: str) -> HttpResponse:
    """Put the receiver down."""
    assert request.user.is_authenticated
    simulate(request.user, line_id=line_id, kind="hang_up")
    return _after(request, line_id)


def _heard(heard: Heard) -> dict[str, object]:
    return {"heard": heard, "error": sentence(heard.error_code) if heard.error_code else ""}


def _after(request: HttpRequest, line_id: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    return redirect("demo:call", line_id=line_id)


def _draw(request: HttpRequest, form: DialForm, *, status: int = 200) -> HttpResponse:
    return render(request, "demo/telephone.html", {"form": form, "keypad": KEYPAD}, status=status)
